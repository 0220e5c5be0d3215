"""Keras models of networks that are plain data, built by hand.

A network is a dict: `input` (a tuple of sizes), `classes`, `lets` (numbers by their names),
`blocks` and `body`. A body is a list of statements, each a dict with its `word` and

- of a layer: `arguments` by the names of `keras_layers`, and perhaps a `name`;
- of a merge: `branches`, a list of bodies; of `residual` its `body`; both perhaps `project`
  and with that `bn`;
- of `repeat`: `body` and `times` (perhaps `shared`), or `variable`, `first` and `last`;
- of `from`: the `source`, which is `input` or the name of a statement before;
- of a block: `arguments`. A block is a dict with `name`, `parameters` (defaults) and `body`.

A string such as `=2*f` is an expression. Nothing of `cnnspec` is asked here, so that a
mistake of the compiler is not made a second time.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import keras

from tests.support.keras_layers import LAYERS, MERGES, layer_of

_FUNCTIONS = {
    "Fraction": Fraction,
    "floor": math.floor,
    "ceil": math.ceil,
    # A half goes away from zero; no number here is below 0.
    "round": lambda number: math.floor(number + Fraction(1, 2)),
    "min": min,
    "max": max,
}

Statement = dict[str, Any]
Path = tuple[Any, ...]
"""Where a statement is: its number in each list around it, and the rounds of plain repeats."""


@dataclass(frozen=True)
class Applied:
    """A layer applied once: its name, the Keras layer, the shapes it took and gave."""

    name: str
    layer: Any
    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]

    @property
    def macs(self) -> int:
        """Each number of a kernel once for each place where it is applied."""
        layer = self.layer
        places = math.prod(self.output[:-1])
        if isinstance(layer, keras.layers.Conv2DTranspose):
            places = math.prod(self.inputs[0][:-1])
        elif isinstance(layer, keras.layers.SeparableConv2D):
            kernels = (layer.depthwise_kernel, layer.pointwise_kernel)
            return places * sum(math.prod(kernel.shape) for kernel in kernels)
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
            return places * math.prod(layer.kernel.shape)
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            return places * math.prod(layer.kernel.shape)
        return math.prod(layer.kernel.shape) if isinstance(layer, keras.layers.Dense) else 0


class _Scope:
    """The numbers and blocks that statements can name, and the names given to layers."""

    def __init__(self, values: dict[str, int], blocks: list[dict[str, Any]], prefix: str = ""):
        self.values = values
        self.blocks = blocks
        self.prefix = prefix
        self.counts: Counter[str] = Counter()

    def name(self, word: str) -> str:
        self.counts[word] += 1
        number = self.counts[word]
        return f"{self.prefix}{word}" if number == 1 else f"{self.prefix}{word}_{number}"

    def value(self, value: Any) -> Any:
        """An argument with its expressions worked out; those are strings such as `=2*f`."""
        if isinstance(value, str) and value.startswith("="):
            # Numbers of the language are exact.
            exact = re.sub(r"\d+\.\d+", r"Fraction('\g<0>')", value[1:])
            names = {name: Fraction(number) for name, number in self.values.items()}
            found = eval(exact, _FUNCTIONS, names)
            return int(found) if found == int(found) else found
        return tuple(map(self.value, value)) if isinstance(value, tuple) else value


class KerasByHand:
    """The layers of a network and how they were applied.

    A layer belongs to its place in the text: whoever comes there again, in another round of
    a shared repeat, applies the same one. The rounds of other repeats are places apart.
    """

    def __init__(self, network: dict[str, Any]) -> None:
        self.network = network
        self.applied: list[Applied] = []
        self.outputs: dict[str, Any] = {}
        """The latest output of every statement with a name, and `input`."""
        self._layers: dict[Path, Any] = {}
        self._names: dict[Path, str] = {}
        self._scopes: dict[Path, _Scope] = {(): _Scope(network["lets"], network["blocks"])}
        self._times: Counter[Path] = Counter()
        self._brought: Counter[Path] = Counter()

    def model(self) -> keras.Model:
        """The network as a functional model."""
        image = keras.Input(self.network["input"])
        self.outputs["input"] = image
        return keras.Model(image, self.sequence(self.network["body"], image))

    def sequence(self, statements: list[Statement], x: Any, path: Path = ()) -> Any:
        """Applies statements one after another, with the names of the scope at `path`."""
        for number, statement in enumerate(statements):
            x = self.statement(statement, x, (*path, number), self._scope(path))
        return x

    def _scope(self, path: Path) -> _Scope:
        """The scope of the innermost place that has one of its own."""
        while path not in self._scopes:
            path = path[:-1]
        return self._scopes[path]

    def statement(self, statement: Statement, x: Any, path: Path, scope: _Scope) -> Any:
        if statement["word"] == "from":
            # A name of the block comes before one of the text around it.
            own = f"{scope.prefix}{statement['source']}"
            return self.outputs[own if own in self.outputs else statement["source"]]
        x = self._made(statement, x, path, scope)
        if statement.get("name"):
            self.outputs[f"{scope.prefix}{statement['name']}"] = x
        return x

    def _made(self, statement: Statement, x: Any, path: Path, scope: _Scope) -> Any:
        word = statement["word"]
        if word == "repeat":
            return self._repeat(statement, x, path, scope)
        if word == "residual" or word in MERGES:
            return self._merge(statement, x, path, scope)
        if word not in LAYERS:
            return self._block(statement, x, path, scope)
        if word == "dense" and len(x.shape) > 2:
            # Named after the dense layer, which takes its name first.
            name = self._name(path, word, statement, scope)
            x = self._apply((*path, "flatten"), f"{name}.flatten", keras.layers.Flatten, x)
        name = self._name(path, word, statement, scope)
        arguments = {n: scope.value(value) for n, value in statement["arguments"].items()}
        return self._apply(path, name, lambda: layer_of(word, arguments), x)

    def _repeat(self, statement: Statement, x: Any, path: Path, scope: _Scope) -> Any:
        if statement.get("shared"):
            for _ in range(statement["times"]):
                x = self.sequence(statement["body"], x, path)
            return x
        name = statement.get("variable")
        rounds = range(statement["first"], statement["last"] + 1) if name else None
        for number in rounds or range(statement["times"]):
            inner = (*path, f"round {number}")
            if name and inner not in self._scopes:
                # A round has a number of its own; names go on from round to round.
                within = _Scope(scope.values | {name: number}, scope.blocks, scope.prefix)
                within.counts = scope.counts
                self._scopes[inner] = within
            x = self.sequence(statement["body"], x, inner)
        return x

    def _block(self, statement: Statement, x: Any, path: Path, scope: _Scope) -> Any:
        number, block = next(
            (n, b) for n, b in enumerate(scope.blocks) if b["name"] == statement["word"]
        )
        if path not in self._scopes:
            prefix = self._name(path, block["name"], statement, scope)
            given = {n: scope.value(value) for n, value in statement["arguments"].items()}
            # A block sees the lets and blocks above it, not the numbers where it is used.
            values = self.network["lets"] | block["parameters"] | given
            self._scopes[path] = _Scope(values, scope.blocks[:number], f"{prefix}.")
        return self.sequence(block["body"], x, path)

    def _merge(self, statement: Statement, x: Any, path: Path, scope: _Scope) -> Any:
        word = "add" if statement["word"] == "residual" else statement["word"]
        branches = statement["branches"] if word == statement["word"] else [statement["body"], []]
        ends = [self.sequence(b, x, (*path, f"branch {n}")) for n, b in enumerate(branches)]
        name = self._name(path, word, statement, scope)
        if statement.get("project"):
            norm = _last_norm(branches, scope) if statement.get("bn") else None
            ends = self._projected(ends, branches, path, name, norm)
        if word == "multiply":
            ends = self._gates(ends, path, name)
        if word != "concat" and not _fit(word, [tuple(end.shape[1:]) for end in ends]):
            raise ValueError("Keras would stretch one of them; the language does not")
        return self._apply(path, name, MERGES[word], *ends)

    def _projected(
        self,
        ends: list[Any],
        branches: list[Any],
        path: Path,
        name: str,
        norm: dict[str, Any] | None,
    ) -> list[Any]:
        """The empty branches brought to the shape of the first other one."""
        drawn = [end for end, branch in zip(ends, branches, strict=True) if not _empty(branch)]
        if not drawn:
            return ends
        target = drawn[0].shape[1:]
        found = []
        for number, (end, branch) in enumerate(zip(ends, branches, strict=True)):
            if _empty(branch) and end.shape[1:] != target:
                strides = [math.ceil(a / b) for a, b in zip(end.shape[1:3], target, strict=False)]
                end = self._bring(
                    path,
                    f"{name}.project",
                    number,
                    lambda steps=strides: keras.layers.Conv2D(
                        target[-1], 1, strides=steps, padding="same", use_bias=norm is None
                    ),
                    end,
                )
                if norm is not None:
                    brought = self._names[(*path, f"{name}.project", number)]
                    end = self._apply(
                        (*path, "bn", number), f"{brought}.bn", lambda: layer_of("bn", norm), end
                    )
            found.append(end)
        return found

    def _gates(self, ends: list[Any], path: Path, name: str) -> list[Any]:
        """The vectors beside an image as images of one pixel."""
        if all(len(end.shape) == 2 for end in ends):
            return ends
        found = []
        for number, end in enumerate(ends):
            if len(end.shape) == 2:
                shape = (1, 1, end.shape[-1])
                end = self._bring(
                    path,
                    f"{name}.gate",
                    number,
                    lambda sizes=shape: keras.layers.Reshape(sizes),
                    end,
                )
            found.append(end)
        return found

    def _bring(self, path: Path, stem: str, branch: int, make: Callable[[], Any], end: Any) -> Any:
        """Applies a layer that a merge adds to one of its branches: `add.project_2`."""
        place = (*path, stem, branch)
        if place not in self._names:
            self._brought[path] += 1
            number = self._brought[path]
            self._names[place] = stem if number == 1 else f"{stem}_{number}"
        return self._apply(place, self._names[place], make, end)

    def _name(self, path: Path, word: str, statement: Statement, scope: _Scope) -> str:
        if path not in self._names:
            given = statement.get("name")
            self._names[path] = f"{scope.prefix}{given}" if given else scope.name(word)
        return self._names[path]

    def _apply(self, path: Path, name: str, make: Callable[[], Any], *inputs: Any) -> Any:
        """Applies the layer of a place, which is made when it is first needed."""
        if path not in self._layers:
            self._layers[path] = make()
        layer = self._layers[path]
        self._times[path] += 1
        output = layer(list(inputs) if len(inputs) > 1 else inputs[0])
        shapes = tuple(tuple(value.shape[1:]) for value in inputs)
        if layer.weights and any(
            a.layer is layer and a.inputs[0][-1] != shapes[0][-1] for a in self.applied
        ):
            raise ValueError("one set of weights for different numbers of channels")
        time = self._times[path]
        shown = name if time == 1 else f"{name}@{time}"
        self.applied.append(Applied(shown, layer, shapes, tuple(output.shape[1:])))
        return output


def _empty(branch: list[Statement]) -> bool:
    """Whether a branch makes nothing: it has no statement, or says only where it begins."""
    return all(statement["word"] == "from" for statement in branch)


def _last_norm(branches: list[list[Statement]], scope: _Scope) -> dict[str, Any]:
    """The arguments of the last batch norm that is written in the branches, blocks looked into."""
    found: dict[str, Any] = {}
    for branch in branches:
        for statement in branch:
            if statement["word"] == "bn":
                found = statement["arguments"]
            inner = [*statement.get("branches", []), statement.get("body", [])]
            if statement.get("times", 1) > 0:
                inner += [b["body"] for b in scope.blocks if b["name"] == statement["word"]]
                found = _last_norm(inner, scope) or found
    return found


def _fit(word: str, shapes: list[tuple[int, ...]]) -> bool:
    """Whether values can be joined one by one; only gates hold one for a channel or a pixel."""
    largest = max(shapes, key=math.prod)
    gates = []
    if word == "multiply" and len(largest) == 3:
        gates = [(1, 1, largest[-1]), (*largest[:2], 1)]
    return all(shape in (largest, *gates) for shape in shapes)
