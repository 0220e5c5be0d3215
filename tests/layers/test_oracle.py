"""Keras is the oracle: shapes and counts of every layer are what Keras says they are."""

import itertools
from collections import Counter
from math import prod
from random import Random
from typing import Any

import numpy as np
import pytest

from cnnspec.analysis.check import LayerCall, check
from cnnspec.core.record import MISSING
from cnnspec.core.shapes import Image, Shape, Vector
from cnnspec.core.source import Source
from cnnspec.language.arg_types import ArgType, Dimensions, Int, Pair
from cnnspec.language.choices import Bool, Choice, Union
from cnnspec.language.tables import OneOf
from cnnspec.layers.base import Layer, ShapeError
from cnnspec.layers.dense import Dense
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm
from cnnspec.layers.table import LAYERS
from cnnspec.targets.keras.lowering.table import lower
from tests.support.places import SPECS
from tests.support.samples import draw_nodes, draw_spec, samples

pytestmark = pytest.mark.usefixtures("backend")

SHAPES: tuple[Shape, ...] = (Image(7, 8, 6), Image(4, 3, 2), Image(1, 1, 1), Vector(24))
MAX_VARIANTS = 120
"""No more of a layer's grid is tried on one shape; which, is drawn from a seed."""


def few(kind: ArgType) -> list[Any]:
    """A handful of small values of a kind, so that all their combinations can be tried."""
    match kind:
        case Int(low=low):
            return [low, low + 1, low + 2]
        case Pair(side=side):
            low = side.low
            return [(low, low), (low + 1, low + 1), (low + 2, low), (low, low + 2)]
        case Dimensions():
            return [(24,), (6, 4), (2, 3, 4), (7, 8, 6), (5, 5, 5)]
        case Bool():
            return [True, False]
        case Union(kind=inner, words=words):
            return [*few(inner), *words]
        case Choice(words=words):
            return list(words[:2])
        case OneOf(table=table):
            return [cls() for cls in table.values() if MISSING not in cls.fields.values()][:2]
    return samples(kind)[:2]


def grid(cls: type[Layer]) -> list[Layer]:
    """At most `MAX_VARIANTS` combinations of a few values of every field, and each value once."""
    random = Random(cls.word)
    axes = {name: few(spec.kind) for name, spec in cls.specs.items()}
    base = {name: few(spec.kind)[1] for name, spec in cls.specs.items()}
    base |= {n: spec.default for n, spec in cls.specs.items() if spec.default is not MISSING}
    values = [
        base | {name: value} for name, spec in cls.specs.items() for value in samples_of(spec.kind)
    ]
    values += [
        dict(zip(axes, (random.choice(axis) for axis in axes.values()), strict=True))
        for _ in range(MAX_VARIANTS)
    ]
    layers = dict.fromkeys([cls(**base), *(cls(**v) for v in values)])
    return [layer for layer in layers if layer.conflict() is None]


def samples_of(kind: ArgType) -> list[Any]:
    """All words of a kind; of numbers a few small ones, so that kernels stay small."""
    return list(kind.words) if isinstance(kind, Choice) else few(kind)


def keras_layer(layer: Layer) -> Any:
    from cnnspec.targets.keras.build import Seeds, make

    return make(lower(layer), Seeds(1))


def symbol(shape: Shape) -> Any:
    import keras

    return keras.KerasTensor((None, *shape.dims))


def given(layer: Layer, shape: Shape) -> Shape:
    """The shape a layer gets: a dense one brings a flatten along."""
    return Vector(shape.size) if isinstance(layer, Dense) else shape


def fits(layer: Layer, shape: Shape) -> bool:
    try:
        layer.infer(given(layer, shape))
    except ShapeError:
        return False
    return True


def facts(rows: tuple[LayerCall, ...]) -> list[tuple[Any, ...]]:
    """What the checker says of every layer."""
    return [(row.name, row.output_shape.dims, row.trainable, row.params) for row in rows]


def keras_facts(model: Any, rows: tuple[LayerCall, ...]) -> list[tuple[Any, ...]]:
    """What Keras says of them; a layer that shares weights adds none the second time."""
    from cnnspec.targets.keras.build import plain_names

    uses: Counter[str] = Counter()
    names = plain_names(row.name for row in rows if not row.weights_from)
    found = []
    for row in rows:
        layer = model.get_layer(names[row.weights_from or row.name])
        # A layer has a node of the graph for each time it is applied.
        out = layer._inbound_nodes[uses[layer.name]].outputs[0]
        trainable = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
        costs = (0, 0) if uses[layer.name] else (trainable, layer.count_params())
        uses[layer.name] += 1
        found.append((row.name, tuple(out.shape[1:]), *costs))
    return found


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_layer_is_what_keras_says(cls: type[Layer]) -> None:
    accepted = 0
    for layer, shape in itertools.product(grid(cls), SHAPES):
        shape = given(layer, shape)
        try:
            infer = layer.infer(shape)
        except ShapeError:
            continue
        accepted += 1
        theirs = keras_layer(layer)
        out = tuple(theirs(symbol(shape)).shape[1:])
        trainable = sum(int(np.prod(weight.shape)) for weight in theirs.trainable_weights)
        ours = (infer.shape.dims, infer.params.value, infer.params.value + infer.frozen.value)
        assert ours == (out, trainable, theirs.count_params()), (str(layer), str(shape))
    assert accepted


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_weights_have_the_names_shapes_and_order_of_keras(cls: type[Layer]) -> None:
    tried = 0
    for layer, shape in itertools.product(grid(cls), SHAPES):
        shape = given(layer, shape)
        try:
            infer = layer.infer(shape)
        except ShapeError:
            continue
        tried += 1
        theirs = keras_layer(layer)
        theirs.build((None, *shape.dims))
        found = layer.weights(shape)
        expected = [(weight.name, tuple(weight.shape)) for weight in theirs.weights]
        assert list(found.items()) == expected, (str(layer), str(shape))
        total = sum(prod(dims) for dims in found.values())
        assert total == infer.params.value + infer.frozen.value
    assert tried


# Keras's Resizing takes any rank and fails on a vector only when it runs.
@pytest.mark.parametrize(
    "cls",
    [cls for word, cls in LAYERS.items() if word != "resize"],
    ids=lambda cls: cls.word,
)
def test_what_does_not_fit_is_refused_by_keras_too(cls: type[Layer]) -> None:
    check_settings = 0
    for layer, shape in itertools.product(grid(cls), SHAPES):
        try:
            layer.infer(given(layer, shape))
        except ShapeError:
            check_settings += 1
            if check_settings > 40:
                break
            with pytest.raises((ValueError, TypeError, IndexError)):
                keras_layer(layer)(symbol(given(layer, shape)))


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_shape_is_that_of_real_values(cls: type[Layer]) -> None:
    shape = Image(7, 8, 6)
    tried = 0
    for layer in grid(cls)[:: max(1, len(grid(cls)) // 8)]:
        try:
            expected = layer.infer(given(layer, shape)).shape.dims
        except ShapeError:
            continue
        tried += 1
        values = np.ones((2, *given(layer, shape).dims), "float32")
        assert tuple(keras_layer(layer)(values).shape) == (2, *expected), str(layer)
    assert tried or cls.word == "reshape"


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_only_a_layer_that_says_so_mixes_the_images_of_a_batch(cls: type[Layer]) -> None:
    """The first image beside another one, and by itself."""
    if issubclass(cls, Dropout | SpatialDropout | Noise):
        pytest.skip("draws other numbers for it")
    shape = Image(7, 8, 6)
    fitting = (layer for layer in grid(cls) if fits(layer, shape))
    layer = next(fitting)
    theirs = keras_layer(layer)
    images = np.random.default_rng(1).normal(size=(2, *given(layer, shape).dims))
    options = {"training": True} if cls is BatchNorm else {}
    both, alone = (np.asarray(theirs(images[:n].astype("float32"), **options)) for n in (2, 1))
    assert np.allclose(both[0], alone[0], atol=1e-4) != cls.mixes_images


@pytest.mark.parametrize("seed", range(1000))
def test_random_network_is_what_keras_builds(seed: int) -> None:
    from cnnspec.targets.keras.build import build

    random = Random(seed)
    spec = draw_spec(random)
    spec = spec.replace(nodes=draw_nodes(random, spec.shape, spec.classes), budgets=())
    checked = check(Source("random", str(spec)))
    assert checked.totals is not None
    model = build(checked, seed=1)
    assert facts(checked.layers) == keras_facts(model, checked.layers)
    assert checked.totals.params == model.count_params()
    assert checked.totals.trainable == sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_spec_is_what_keras_builds(path: Any) -> None:
    from cnnspec.targets.keras.build import build

    checked = check(Source(path.name, path.read_text(encoding="utf-8")))
    assert checked.ok
    model = build(checked, seed=1)
    assert facts(checked.layers) == keras_facts(model, checked.layers)
