"""Values of every kind and random specs, drawn as IR values.

Strings drawn from a grammar mostly do not parse; values always print. A new layer or
setting is covered by itself, since its fields say which values it takes.
"""

import itertools
import math
from collections.abc import Iterator
from random import Random
from typing import Any

from cnnspec.core.record import MISSING
from cnnspec.core.shapes import Image, Shape, Vector, shape_of
from cnnspec.diagnostics.claims import NothingValidates
from cnnspec.diagnostics.silence import SILENCEABLE
from cnnspec.ir.claims import BYTES, METRIC_NAMES, QUANTITIES, RELATIONS, Budget, Expectation
from cnnspec.ir.conflicts import check_settings
from cnnspec.ir.datasets import DATASETS
from cnnspec.ir.spec import (
    NO_DATA,
    Data,
    Element,
    From,
    Merge,
    Names,
    Node,
    SharedRepeat,
    Spec,
    is_automatic,
)
from cnnspec.ir.training import Training
from cnnspec.language.arg_types import ArgType, Float, Int
from cnnspec.language.choices import Bool, Choice, Union, WordSet
from cnnspec.language.constructs import Construct
from cnnspec.language.several import Dimensions, Numbers, Pair
from cnnspec.language.tables import Construction, OneOf
from cnnspec.language.texts import Name, Source, Text
from cnnspec.layers.base import Layer, ShapeError
from cnnspec.layers.dense import Dense
from cnnspec.layers.merging import MERGES, Merging
from cnnspec.layers.pooling import GlobalAverage
from cnnspec.layers.table import LAYERS

DTYPES = tuple(dtype for dtype in BYTES if dtype != "float32")
NAMES = ("a", "stem_1", "in", "x", "x3", "my net", "a.b-c", "größe", "3x3", "k", "true", "√2")


def reals(kind: Float) -> list[float]:
    """Numbers at both ends of a range and inside of it."""
    candidates = (kind.low, kind.high, -1.5, 0.0, 1e-7, 0.1, 1 / 3, 0.5, 1.0, 2.0, 1e16, 1.5e37)
    return [
        value
        for value in dict.fromkeys(candidates)
        if math.isfinite(value)
        and (value > kind.low if kind.above else value >= kind.low)
        and (value < kind.high if kind.below else value <= kind.high)
    ]


def samples(kind: ArgType) -> list[Any]:
    """Values of a kind, its limits among them."""
    match kind:
        case Int(low=low, high=high):
            return [low, low + 1, low + 2, min(1000, high), high]
        case Float():
            return reals(kind)
        case Numbers(item=item):
            return [(value,) * 10 for value in reals(item)] + [tuple(reals(item))]
        case Pair(side=side):
            low = side.low
            return [(low, low), (low + 1, low + 1), (low + 1, low + 2), (side.high, low)]
        case Dimensions(least=least):
            return [(4, 6, 2)[:n] for n in range(least, 4)] + [(2**31 - 1,) * least]
        case Choice(words=words):
            return list(words)
        case Bool():
            return [True, False]
        case Name():
            return list(NAMES)
        case Text():
            return [*NAMES, "a/b", "../größe und mehr/x.h5", "C:\\data", "it's", "=cmd()", "~"]
        case Source(words=words, path=path):
            return [*words, *samples(path)]
        case Union(kind=inner, words=words):
            return [*samples(inner), *words]
        case WordSet(words=words):
            return [c for n in range(1, len(words) + 1) for c in itertools.permutations(words, n)]
        case OneOf(table=table):
            return [entry for cls in table.values() for entry in entries(cls)]
        case Construction(cls=cls):
            return list(entries(cls))
    raise TypeError(kind)


def required(cls: type[Construct]) -> dict[str, Any]:
    """A value for each field without a default, and for the first where one at least is needed."""
    needed = [name for name in cls.specs if cls.fields[name] is MISSING]
    if not needed and cls().conflict() is not None:
        needed = list(cls.specs)[:1]
    return {name: samples(cls.specs[name].kind)[:2][-1] for name in needed}


def entries(cls: type[Construct]) -> Iterator[Construct]:
    """An entry for each value of each field, the other fields at their defaults."""
    base = required(cls)
    if cls(**base).conflict() is None:
        yield cls(**base)
    for name, spec in cls.specs.items():
        for value in samples(spec.kind):
            entry = cls(**(base | {name: value}))
            if entry.conflict() is None:
                yield entry


def draw(kind: ArgType, random: Random, size: int = 24) -> Any:
    """A small value of a kind; `size` is what the sizes of a shape multiply to."""
    match kind:
        case Int(low=low, high=high):
            return min(low + random.choice((0, 1, 1, 2, 3, 5, 7, 11)), high)
        case Pair(side=side):
            first = draw(side, random)
            return first, random.choice((first, draw(side, random)))
        case Dimensions(least=least):
            sizes = [size]
            for _ in range(random.randrange(least - 1, 3)):
                divisor = random.choice([d for d in range(1, 60) if sizes[0] % d == 0])
                sizes[0:1] = [sizes[0] // divisor, divisor]
            return tuple(sizes)
        case Numbers(item=item):
            return tuple(random.choice(reals(item)) for _ in range(10))
        case Union(kind=inner, words=words):
            return random.choice((draw(inner, random), random.choice(words)))
        case OneOf(table=table):
            return draw_entry(random.choice(list(table.values())), random)
        case Construction(cls=cls):
            return draw_entry(cls, random)
    return random.choice(samples(kind))


def draw_entry(cls: type[Construct], random: Random, size: int = 24) -> Any:
    """An entry with some of its fields drawn and no conflict between them."""
    while True:
        values = {
            name: draw(spec.kind, random, size)
            for name, spec in cls.specs.items()
            if cls.fields[name] is MISSING or random.random() < 0.3
        }
        entry = cls(**values)
        if entry.conflict() is None:
            return entry


# A dozen activations must not crowd out the convolutions.
FAMILIES = [
    list(family) for _, family in itertools.groupby(LAYERS.values(), lambda c: c.__module__)
]


def draw_layer(random: Random, shape: Shape) -> tuple[Layer, Shape]:
    """A layer that takes the shape, and what comes out."""
    while True:
        layer = draw_entry(random.choice(random.choice(FAMILIES)), random, shape.size)
        given = Vector(shape.size) if isinstance(layer, Dense) else shape
        try:
            after = layer.infer(given).shape
        except ShapeError:
            continue
        if after.size <= 100_000:
            return layer, after


class Drawing:
    """Elements that fit each other, with the names that a text would give them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names = Names()
        self.given = iter(random.sample([n for n in NAMES if not is_automatic(n)], 4))
        self.room = 12
        self.sources: dict[str, Shape] = {}
        """The shapes of the layers with a name of their own, by those names."""

    def name(self, word: str) -> str:
        if self.random.random() < 0.1 and (given := next(self.given, None)):
            return given
        return self.names.next(word)

    def elements(self, shape: Shape, most: int, depth: int = 0) -> tuple[list[Element], Shape]:
        """Up to `most` elements, and the shape they end in."""
        drawn: list[Element] = []
        for _ in range(self.random.randint(0, most)):
            if self.room <= 0:
                break
            self.room -= 1
            chance = self.random.random()
            if depth < 3 and chance < 0.2:
                element, shape = self.merge(shape, depth)
            elif depth < 3 and chance < 0.25:
                element, shape = self.shared(shape)
            else:
                layer, shape = draw_layer(self.random, shape)
                element = Node(name=self.name(layer.word), layer=layer)
                if not is_automatic(element.name):
                    self.sources[element.name] = shape
            drawn.append(element)
        return drawn, shape

    def merge(self, shape: Shape, depth: int) -> tuple[Element, Shape]:
        """Branches of one shape: one that is drawn, and the input or the same again."""
        word = self.random.choice(list(MERGES))
        fitting = [name for name, known in self.sources.items() if known == shape]
        if fitting and self.random.random() < 0.5:
            # A branch that begins elsewhere, with the shape of the input beside it.
            begun = From(source=self.random.choice(fitting))
            layer = draw_entry(MERGES[word], self.random, 1)
            after = layer.join((shape, shape)).shape
            return Merge(name=self.name(word), layer=layer, branches=((), (begun,))), after
        if word == "multiply" and isinstance(shape, Image) and self.random.random() < 0.5:
            gate = Dense(units=shape.channels, activation="sigmoid")
            squeeze: list[Layer] = [GlobalAverage(), gate]
            named = [Node(name=self.name(layer.word), layer=layer) for layer in squeeze]
            branches: list[list[Element]] = [[], [*named]]
            ends = [shape]
        else:
            first, after = self.elements(shape, 3, depth + 1)
            branches, ends = [first], [after]
            if after == shape or (word == "concat" and after.dims[:-1] == shape.dims[:-1]):
                at = self.random.randint(0, 1)
                branches.insert(at, [])
                ends.insert(at, shape)
            else:
                branches.append([self.renamed(element) for element in first])
                ends.append(after)
            if self.random.random() < 0.2:
                branches.append([self.renamed(element) for element in first])
                ends.append(after)
        layer = draw_entry(MERGES[word], self.random, 1)
        assert isinstance(layer, Merging)
        name = self.name(word)
        merge = Merge(name=name, layer=layer, branches=tuple(map(tuple, branches)))
        return merge, layer.join(tuple(ends)).shape

    def renamed(self, element: Element) -> Element:
        """The same element under other names."""
        match element:
            case Node():
                return element.replace(name=self.name(element.layer.word))
            case Merge():
                branches = tuple(tuple(map(self.renamed, branch)) for branch in element.branches)
                return element.replace(branches=branches, name=self.name(element.layer.word))
            case SharedRepeat():
                return element.replace(body=tuple(map(self.renamed, element.body)))
            case From():
                return element
        raise AssertionError(element)

    def shared(self, shape: Shape, depth: int = 0) -> tuple[Element, Shape]:
        """Layers that keep the shape, applied more than once."""
        body = tuple(self.lasting(shape, depth))
        return SharedRepeat(times=self.random.randint(1, 3), body=body), shape

    def lasting(self, shape: Shape, depth: int) -> Iterator[Element]:
        """Layers that keep the shape, and repeats and residuals of such layers."""
        for _ in range(self.random.randint(1, 2)):
            chance = self.random.random()
            if depth < 3 and chance < 0.15:
                yield self.shared(shape, depth + 1)[0]
            elif depth < 3 and chance < 0.3:
                inside = tuple(self.lasting(shape, depth + 1))
                layer = draw_entry(MERGES["add"], self.random, 1)
                yield Merge(name=self.name("add"), layer=layer, branches=(inside, ()))
            else:
                for _ in range(30):
                    layer, after = draw_layer(self.random, shape)
                    if after == shape:
                        yield Node(name=self.name(layer.word), layer=layer)
                        break


def draw_nodes(random: Random, shape: Shape, classes: int) -> tuple[Element, ...]:
    """A network with layers, merges and shared weights that ends in a value for each class."""
    drawing = Drawing(random)
    elements, _ = drawing.elements(shape, 8)
    last = Dense(units=classes, activation="softmax")
    return (*elements, Node(name=drawing.name(last.word), layer=last))


def draw_spec(random: Random) -> Spec:
    """A valid spec; its budgets need not hold."""
    data, shape, classes = random.choice(
        [
            *((Data(known.name), known.shape, known.classes) for known in DATASETS.values()),
            (Data("größe und mehr/x.h5", test_labels="a/b c"), (12, 10, 3), 7),
            (Data("./mnist", train_images="x"), (8, 9), 2),
            (Data(NO_DATA), (7, 10, 4), 3),
        ]
    )
    limits = (0.5, 1.0, 98.0, 6000.0, 61_706.0, 2**31 + 0.0, 1e20, 1 / 3)
    budgets = []
    for quantity in random.sample(list(QUANTITIES), random.randrange(3)):
        dtype = random.choice(("", *DTYPES)) if quantity in ("flash", "ram") else ""
        relation = random.choice(list(RELATIONS))
        budgets.append(Budget(quantity, relation, random.choice(limits), dtype))
    expectations = [
        Expectation(measure, random.choice(list(RELATIONS)), random.choice((0.0, 0.5, 0.98, 1.0)))
        for measure in random.sample(METRIC_NAMES, random.randrange(3))
    ]
    spec = Spec(
        model=random.choice(NAMES),
        data=data,
        input=shape,
        classes=classes,
        silence=tuple(random.sample(SILENCEABLE, random.choice((0, 0, 1, 2)))),
        nodes=draw_nodes(random, shape_of(shape), classes),
        budgets=tuple(budgets),
        expectations=tuple(expectations),
    )
    while True:
        drawn = spec.replace(train=draw_entry(Training, random))
        if all(isinstance(fault, NothingValidates) for fault in check_settings(drawn, {})):
            return drawn
