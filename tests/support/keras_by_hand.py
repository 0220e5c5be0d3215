"""Random networks with their text and their Keras model, both made by hand.

`draw_network(seed)` gives a `Drawn`: `.text` is a spec, `.keras_model()` what it must mean.
Whether a drawn statement fits is asked of Keras, which is handed every one as it is drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from random import Random
from typing import Any

import keras
import numpy as np

from tests.support.keras_layers import LAYERS, MERGES
from tests.support.keras_network import Applied, KerasByHand, Statement
from tests.support.network_text import network_text

INPUTS = ((12, 10, 3), (8, 9, 1), (9, 7, 4), (14, 14, 1))
MAX_VALUES = 4000
"""No layer gives more values than this."""

FUNCTIONS = (
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh",
    "sigmoid", "hard_sigmoid", "hard_silu", "softplus", "softsign", "exponential", "softmax",
)  # fmt: skip
"""What a layer with a kernel can end with."""


COVERING = (0, 3, 5, 13, 14, 15, 18, 28, 35, 49, 67)
"""Seeds of networks that together have every word and form, as `test_oracle.py` demands."""
PUSHED = tuple(sorted({*range(19), *COVERING}))
"""The seeds that are tried at every push."""


@dataclass(frozen=True)
class Drawn:
    """A drawn network: plain data, its text, its Keras model."""

    seed: int
    network: dict[str, Any]

    @cached_property
    def text(self) -> str:
        """The spec that says it."""
        return network_text(self.network)

    @cached_property
    def _by_hand(self) -> tuple[KerasByHand, keras.Model]:
        by_hand = KerasByHand(self.network)
        model = by_hand.model()
        _fill(model, self.seed)
        return by_hand, model

    def keras_model(self) -> keras.Model:
        """The model it must mean, with weights that are all different from 0 and 1."""
        return self._by_hand[1]

    def applied(self) -> list[Applied]:
        """Every layer of the model each time it is applied, in the order of the text."""
        return self._by_hand[0].applied

    def images(self, count: int = 2) -> np.ndarray:
        """Inputs, the same for the same seed: (count, height, width, channels)."""
        shape = (count, *self.network["input"])
        return np.random.default_rng(self.seed).random(shape, np.float32)


def _fill(model: keras.Model, seed: int) -> None:
    """Weights that no initializer leaves: biases and statistics that do something.

    All of them are positive where a variance must be, and small enough for deep networks.
    """
    random = np.random.default_rng(seed)
    for weight in model.weights:
        spread = 1 / np.sqrt(max(1, np.prod(weight.shape[:-1])))
        values = random.normal(0, spread, weight.shape)
        if "variance" in weight.name:
            values = random.uniform(0.5, 2, weight.shape)
        weight.assign(values.astype("float32"))


def _sensible(applied: Applied) -> bool:
    """Whether an output is neither too large nor the softmax of one value, which Keras warns of."""
    function = getattr(applied.layer, "activation", None)
    alone = function is keras.activations.softmax and applied.output[-1] == 1
    return 0 < np.prod(applied.output) <= MAX_VALUES and not alone


@cache
def draw_network(seed: int) -> Drawn:
    """A network of up to a dozen statements, the same for the same seed."""
    return Drawn(seed, _Drawing(Random(seed)).network())


class _Drawing:
    """A network being drawn."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.room = 12
        self.lets = {"w": random.randint(1, 4)}
        self.blocks: list[dict[str, Any]] = []
        self.sources: dict[str, Any] = {}
        """What a branch can begin with: outputs of statements with a name, and the input."""
        self.given = iter(random.sample(["stem", "größe", "a.b-c", "√2", "_x", "my net"], 4))

    def network(self) -> dict[str, Any]:
        """The whole."""
        image = self.random.choice(INPUTS)
        classes = self.random.randint(2, 7)
        x = keras.KerasTensor((None, *image))
        for number in range(self.random.choice((0, 0, 1, 2))):
            self.block(number, x)
        self.sources["input"] = x
        body, _ = self.sequence(x, 8, 0)
        last = {"units": classes, **self.weighted(("softmax", "sigmoid", "linear"))}
        body.append({"word": "dense", "arguments": last})
        return {
            "input": image,
            "classes": classes,
            "lets": self.lets,
            "blocks": self.blocks,
            "body": body,
        }

    # --- statements -----------------------------------------------------------------------

    def sequence(self, x: Any, most: int, depth: int, names: tuple[str, ...] = ("w",)) -> Any:
        """Up to `most` statements that fit each other, and what they end in."""
        drawn: list[Statement] = []
        for _ in range(self.random.randint(0 if depth else 3, most)):
            if self.room <= 0:
                break
            self.room -= 1
            statement, x = self.fitting(lambda x=x: self.statement(x, depth, names), x)
            drawn += [statement] if statement else []
            if statement and statement.get("name") and statement["word"] in (*LAYERS, *MERGES):
                self.sources[statement["name"]] = x
        return drawn, x

    def fitting(self, draw: Callable[[], Statement], x: Any) -> tuple[Statement | None, Any]:
        """A statement that Keras can apply, and its output; none where many tries fail."""
        for _ in range(20):
            statement = draw()
            after = self.output([statement], x)
            if after is not None:
                return statement, after
        return None, x

    def lasting(self, x: Any, depth: int, names: tuple[str, ...]) -> Any:
        """A statement that mostly keeps the shape, so that it can be applied once more."""
        for _ in range(10):
            statement, after = self.fitting(lambda: self.statement(x, depth, names), x)
            if statement and (after.shape == x.shape or self.random.random() < 0.05):
                return [statement], after
        return [], x

    def output(self, body: list[Statement], x: Any) -> Any:
        """What a body makes of `x`; `None` where Keras refuses it or it grows too large."""
        # A name of a repeat is known there only; statements are tried with its first number.
        by_hand = KerasByHand({"lets": {"i": 1, "f": 2, "k": 1} | self.lets, "blocks": self.blocks})
        by_hand.outputs = dict(self.sources)
        try:
            after = by_hand.sequence(body, x)
        except (ValueError, TypeError, IndexError):
            return None
        return after if all(map(_sensible, by_hand.applied)) else None

    def statement(self, x: Any, depth: int, names: tuple[str, ...]) -> Statement:
        chance = self.random.random()
        if depth == 0 and chance < 0.05:
            return self.crossing(x, names, next(self.given, None))
        if depth < 3 and chance < 0.2:
            statement = self.merge(x, depth, names)
        elif depth < 3 and chance < 0.35:
            return self.repeat(x, depth, names)
        elif self.blocks and chance < 0.55 and depth < 3:
            statement = self.use(names)
        else:
            statement = self.layer(x, names)
        # A name can be given once only, so nowhere that is expanded several times.
        if depth == 0 and self.random.random() < 0.1 and (name := next(self.given, None)):
            statement["name"] = name
        return statement

    def merge(self, x: Any, depth: int, names: tuple[str, ...]) -> Statement:
        """Branches that join: one that is drawn beside the input, a gate, or the same again."""
        word = self.random.choice(["residual", *MERGES])
        project = word in ("add", "residual") and self.random.random() < 0.5
        if word == "multiply" and len(x.shape) == 4 and self.random.random() < 0.6:
            return {"word": word, "branches": self.shuffled([[], self.gate(x.shape[-1])])}
        first, after = self.sequence(x, 3, depth + 1, names)
        if self.blocks and self.random.random() < 0.3:
            statement, after = self.fitting(lambda: self.use(names), x)
            first = [statement] if statement else []
        beside = word in ("concat", "residual") or project
        if beside and self.random.random() < 0.25 and self.sources:
            # The drawn branch begins elsewhere, and the input is the other one.
            source = self.random.choice(list(self.sources))
            drawn, after = self.sequence(self.sources[source], 3, depth + 1, names)
            first = [{"word": "from", "source": source}, *drawn]
        if project and len(x.shape) == 4 and self.random.random() < 0.3:
            # Half the size and other channels: what a projection is mostly for.
            sizes = {"filters": self.number(names), "kernel": (3, 3), "padding": "same"}
            first = [{"word": "conv", "arguments": {**sizes, "stride": (2, 2)}}]
        norm = {"bn": True} if project and self.random.random() < 0.5 else {}
        if word == "residual":
            return {"word": word, "project": project, **norm, "body": first}
        branches: list[list[Statement]] = [first]
        if project or after.shape == x.shape or word == "concat":
            branches += [[]] * self.random.choice((1, 1, 2))
            if self.random.random() < 0.4 and self.sources:
                source = self.random.choice(list(self.sources))
                branches.append([{"word": "from", "source": source}])
        else:
            branches += [first] * self.random.choice((1, 2))
        return {"word": word, "project": project, **norm, "branches": self.shuffled(branches)}

    def crossing(
        self, x: Any, names: tuple[str, ...], name: str | None, filters: Any = None
    ) -> Statement:
        """Two branches, the second of which takes a value from the middle of the first."""
        if name is None or len(x.shape) != 4:
            return self.layer(x, names)
        sizes = {"filters": filters or self.number(names), "kernel": (3, 3), "padding": "same"}
        conv: Statement = {"word": "conv", "arguments": sizes}
        first = [conv | {"name": name}, conv]
        inner = {"word": "concat", "branches": [[], [{"word": "from", "source": name}, conv]]}
        ends = self.random.choice(("add", "maximum") if filters else ("add", "maximum", "concat"))
        return {"word": ends, "branches": [first, [conv, inner, conv]]}

    def gate(self, channels: int) -> list[Statement]:
        """What a multiplication stretches: a vector, a single pixel or a single channel."""
        end = {"activation": "sigmoid"}
        pixel: list[Statement] = [{"word": "gap", "arguments": {"keep": True}}]
        conv = {"word": "conv", "arguments": {"filters": channels, "kernel": (1, 1), **end}}
        spatial = {"filters": 1, "kernel": (3, 3), "padding": "same", **end}
        return self.random.choice(
            [
                [
                    {"word": "gap", "arguments": {}},
                    {"word": "dense", "arguments": {"units": channels, **end}},
                ],
                [*pixel, conv],
                [{"word": "conv", "arguments": spatial}],
            ]
        )

    def repeat(self, x: Any, depth: int, names: tuple[str, ...]) -> Statement:
        """A repeat whose rounds fit each other: plain, with a number, or shared."""
        kind = self.random.choice(("plain", "number", "shared", "shared", "shared"))
        inner = (*names, "i") if kind == "number" and "i" not in names else names
        body: list[Statement] = []
        for _ in range(self.random.randint(1, 2)):
            drawn, x = self.lasting(x, depth + 1, inner)
            body += drawn
        if depth == 0 and kind == "shared" and len(x.shape) == 4 and self.random.random() < 0.2:
            # As many channels as before, for the next round. Its names are those of each round.
            route = self.crossing(x, names, next(self.given, None), x.shape[-1])
            statement, after = self.fitting(lambda: route, x)
            if statement and after.shape == x.shape:
                body.append(statement)
        if "i" in inner and "i" not in names:
            first = self.random.randint(1, 2)
            last = first + self.random.randint(0, 2)
            numbers = {"variable": "i", "first": first, "last": last}
            return {"word": "repeat", **numbers, "body": body}
        times = self.random.randint(1, 3)
        return {"word": "repeat", "times": times, "shared": kind == "shared", "body": body}

    def block(self, number: int, x: Any) -> None:
        """A block with two numbers, the second with a default; it may use those before it."""
        room, self.room = self.room, 4
        body, after = self.sequence(x, 3, 1, ("w", "f", "k"))
        if self.random.random() < 0.6:
            route = self.crossing(after, ("w", "f", "k"), "inner")
            statement, _ = self.fitting(lambda: route, after)
            body += [statement] if statement else []
        self.room = room
        parameters = {"f": None, "k": self.random.randint(1, 3)}
        self.blocks.append({"name": f"part{number}", "parameters": parameters, "body": body})

    def use(self, names: tuple[str, ...]) -> Statement:
        given: dict[str, Any] = {"f": self.number(names)}
        if self.random.random() < 0.5:
            given["k"] = self.random.randint(1, 3)
        return {"word": self.random.choice(self.blocks)["name"], "arguments": given}

    # --- layers ---------------------------------------------------------------------------

    def layer(self, x: Any, names: tuple[str, ...]) -> Statement:
        """A layer for an image or for a vector; a family first, as most are activations."""
        image = len(x.shape) == 4
        size, channels = int(np.prod(x.shape[1:])), x.shape[-1]
        kernels = ("conv", "conv", "dwconv", "sepconv", "tconv")
        windows = ("pool", "avgpool", "gap", "gmp", "pad", "crop", "resize", "upsample", "sdropout")
        windows += ("slice", "shuffle")
        anywhere = ("bn", "ln", "gn", "dropout", "noise", "flatten", "reshape", "dense")
        anywhere += ("slice",) if channels > 1 else ()
        functions = (*FUNCTIONS, "prelu", "prelu", "relu", "elu", "leaky_relu")
        families = (kernels, kernels, windows) if image else ()
        word = self.random.choice(self.random.choice((*families, anywhere, functions)))
        return {"word": word, "arguments": self.arguments(word, x, size, names)}

    def arguments(self, word: str, x: Any, size: int, names: tuple[str, ...]) -> dict[str, Any]:
        random, channels = self.random, x.shape[-1]
        match word:
            case "conv" | "tconv" | "sepconv" | "dwconv":
                return self.convolution(word, channels, names)
            case "pool" | "avgpool":
                word = random.choice(("same", "ceil", ""))
                padding = {"padding": word} if word else {}
                stride = {"stride": self.pair(1, 3)} if random.random() < 0.4 else {}
                return (
                    {"size": self.pair(1, 3), **padding, **stride} if random.random() < 0.8 else {}
                )
            case "dense":
                return {"units": self.number(names), **self.weighted()}
            case "dropout" | "sdropout":
                return {"rate": random.choice((0.25, 0.5))}
            case "noise":
                return {"stddev": 0.1}
            case "bn" | "ln" | "gn":
                return self.norm(word, channels)
            case "gap" | "gmp":
                return self.some(keep=True)
            case "pad" | "crop":
                sides = self.some(top=random.randint(0, 2), bottom=1, left=2, right=0)
                border = {"border": self.pair(0, 2)}
                return border | sides if not sides or random.random() < 0.3 else sides
            case "slice":
                taken = random.randint(1, channels)
                return {"channels": taken} | self.some(start=random.randint(0, channels - taken))
            case "shuffle":
                divisors = [d for d in range(1, channels + 1) if channels % d == 0]
                return {"groups": random.choice(divisors)}
            case "resize":
                way = self.some(interpolation=random.choice(("bilinear", "nearest", "bicubic")))
                return {"size": self.pair(1, 9), **way}
            case "upsample":
                return self.some(factor=self.pair(1, 3))
            case "reshape":
                rows = random.choice([d for d in range(1, 13) if size % d == 0])
                columns = random.choice([d for d in range(1, 13) if size // rows % d == 0])
                shapes = [(size,), (rows, size // rows), (rows, columns, size // rows // columns)]
                return {"shape": random.choice(shapes)}
            case "relu":
                return self.some(max=random.choice((1.0, 6.0)), slope=random.choice((0.1, 0.5)))
            case "leaky_relu":
                return self.some(slope=0.1)
            case "elu":
                return self.some(alpha=0.5)
            case "prelu":
                return self.some(shared=True) if len(x.shape) == 4 else {}
        return {}

    def convolution(self, word: str, channels: int, names: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {} if word == "dwconv" else {"filters": self.number(names)}
        found["kernel"] = self.pair(1, 4)
        if self.random.random() < 0.6:
            found["padding"] = self.random.choice(("same", "same", "valid"))
        chance = self.random.random()
        if chance < 0.25:
            step = self.random.randint(1, 3)
            found["stride"] = self.pair(1, 3) if word in ("conv", "tconv") else (step, step)
        elif chance < 0.4:
            found["dilation"] = self.pair(1, 2)
        if word == "conv" and self.random.random() < 0.3:
            divisors = [d for d in range(1, channels + 1) if channels % d == 0]
            found["groups"] = self.random.choice(divisors)
            found["filters"] = found["groups"] * self.random.randint(1, 3)
        if word in ("dwconv", "sepconv") and self.random.random() < 0.3:
            found["multiplier"] = self.random.randint(1, 3)
        return found | self.weighted()

    def weighted(self, functions: tuple[str, ...] = FUNCTIONS) -> dict[str, Any]:
        """What layers with a kernel share."""
        normal = ("random_normal", {"stddev": 0.1, "seed": 3})
        init = self.random.choice([("he_normal", {}), normal, ("orthogonal", {"gain": 0.5})])
        return self.some(
            activation=self.random.choice(functions),
            bias=False,
            init=init,
            bias_init=self.random.choice([("ones", {}), ("constant", {"value": -0.5})]),
            l1=0.001,
            l2=0.01,
        )

    def norm(self, word: str, channels: int) -> dict[str, Any]:
        found = self.some(center=False, scale=False, epsilon=0.01)
        if word == "bn":
            found |= self.some(momentum=0.9)
        if word == "gn":
            divisors = [d for d in range(1, channels + 1) if channels % d == 0]
            found["groups"] = self.random.choice([*divisors, "instance"])
        return found

    # --- values ---------------------------------------------------------------------------

    def number(self, names: tuple[str, ...]) -> Any:
        """A small number, or an expression with a name that is known here."""
        if self.random.random() < 0.6:
            return self.random.randint(1, 6)
        name = self.random.choice(names)
        return self.random.choice(
            (
                f"={name}",
                f"=2*{name}",
                f"={name} + 1",
                f"=8 - 2*{name} % 3",
                f"=7 // {name} + 1",
                f"=max({name} - 2, 1)",
                f"=min({name}, 3, 5)",
                f"=ceil({name} / 3)",
                f"=floor(0.7*{name}) + 1",
                f"=round({name} * 1.5)",
                f"=0.1*{name}*10",
            )
        )

    def pair(self, low: int, high: int) -> tuple[int, int]:
        first = self.random.randint(low, high)
        return first, self.random.choice((first, first, self.random.randint(low, high)))

    def some(self, **values: Any) -> dict[str, Any]:
        """Each value with a chance of three in ten."""
        return {name: value for name, value in values.items() if self.random.random() < 0.3}

    def shuffled(self, branches: list[list[Statement]]) -> list[list[Statement]]:
        return self.random.sample(branches, len(branches))
