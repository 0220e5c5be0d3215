"""Keras is the oracle: every layer has the shapes, counts and settings of Keras's own.

The Keras layers are written out in `tests.support.keras_layers`, not built by the package.
"""

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.record import MISSING
from cnnspec.core.shapes import Image, Shape, Vector
from cnnspec.core.source import Source
from cnnspec.language.arg_types import ArgType, Int
from cnnspec.language.choices import Bool, Choice, Union
from cnnspec.language.several import Dimensions, Pair
from cnnspec.language.tables import OneOf
from cnnspec.layers.base import Layer
from cnnspec.layers.initializers import Initializer
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS
from tests.support import keras_layers
from tests.support.keras_layers import layer_of
from tests.support.keras_network import Applied
from tests.support.network_text import layer_text
from tests.support.random_specs import samples

pytestmark = pytest.mark.usefixtures("backend")

SHAPES: tuple[Shape, ...] = (Image(7, 8, 6), Image(4, 3, 2), Image(1, 1, 1), Vector(24))
FEW, MANY = 30, 120
"""No more of a layer's grid is tried on one shape; which, is drawn from a seed."""
WORDS = pytest.mark.parametrize(
    ("word", "variants"),
    [
        *(pytest.param(word, FEW, id=word) for word in LAYERS),
        *(pytest.param(w, MANY, id=f"{w}, many", marks=pytest.mark.slow) for w in LAYERS),
    ],
)


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


def grid(cls: type[Layer], variants: int) -> list[Layer]:
    """At most so many combinations of a few values of every field, and each value once."""
    random = Random(cls.word)
    axes = {name: few(spec.kind) for name, spec in cls.specs.items()}
    base = {name: few(spec.kind)[1] for name, spec in cls.specs.items()}
    base |= {n: spec.default for n, spec in cls.specs.items() if spec.default is not MISSING}
    values = [
        base | {name: value} for name, spec in cls.specs.items() for value in samples_of(spec.kind)
    ]
    values += [
        dict(zip(axes, (random.choice(axis) for axis in axes.values()), strict=True))
        for _ in range(variants)
    ]
    layers = dict.fromkeys([cls(**base), *(cls(**v) for v in values)])
    return [layer for layer in layers if layer.conflict() is None]


def samples_of(kind: ArgType) -> list[Any]:
    """All words of a kind; of numbers a few small ones, so that kernels stay small."""
    return list(kind.words) if isinstance(kind, Choice) else few(kind)


def arguments(layer: Layer) -> dict[str, Any]:
    """The arguments of a layer as plain data, without those that have their defaults."""
    given = {name: getattr(layer, name) for name in type(layer).specs}
    changed = {n: v for n, v in given.items() if v != type(layer).specs[n].default}
    return {name: plain(value) for name, value in changed.items()}


def plain(value: Any) -> Any:
    if not isinstance(value, Initializer):
        return value
    return value.word, {n: v for n, v in arguments(value).items() if v is not None}


def cases(
    cls: type[Layer], variants: int = FEW
) -> Iterator[tuple[Shape, dict[str, Any], CheckedSpec]]:
    """Shapes, arguments and what the checker makes of a spec with this layer alone."""
    for layer, shape in itertools.product(grid(cls, variants), SHAPES):
        given = arguments(layer)
        head = f"input {shape}" if isinstance(shape, Image) else f"input {shape}x1x1; flatten"
        text = f'data "x.npz"; classes 2; {head}; {layer_text(cls.word, given)}'
        checked = check(Source("x", text))
        assert all(problem.code[:4] in ("CNN2", "CNN6") for problem in checked.problems), text
        yield shape, given, checked


def by_hand(word: str, given: dict[str, Any], shape: Shape) -> tuple[Any, Any]:
    """The Keras layer written out by hand, and a symbol of its input: a dense one flattens."""
    import keras

    dims = (shape.size,) if word == "dense" else shape.dims
    return layer_of(word, given), keras.KerasTensor((None, *dims))


def settings(layer: Any) -> Any:
    """The settings of a Keras layer, without its name and the seeds that were not given."""
    return without(layer.get_config(), "name", "seed")


def without(value: Any, *names: str) -> Any:
    match value:
        case dict():
            return {k: without(v, *names) for k, v in value.items() if k not in names}
        case list() | tuple():
            return [without(item, *names) for item in value]
    return value


def test_every_word_is_written_out_by_hand() -> None:
    assert set(keras_layers.LAYERS) == set(LAYERS)
    assert set(keras_layers.MERGES) == set(MERGES)


@WORDS
def test_layer_has_the_shapes_and_counts_of_keras(word: str, variants: int) -> None:
    accepted = 0
    for shape, given, checked in cases(LAYERS[word], variants):
        if checked.graph.errors:
            continue
        accepted += 1
        call = checked.layers[-1]
        layer, symbol = by_hand(word, given, shape)
        out = tuple(layer(symbol).shape[1:])
        trainable = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
        macs = Applied("", layer, (tuple(symbol.shape[1:]),), out).macs
        ours = (call.output_shape.dims, call.trainable, call.params, call.macs)
        assert ours == (out, trainable, layer.count_params(), macs), (given, str(shape))
        weights = [(weight.name, tuple(weight.shape)) for weight in layer.weights]
        assert list(call.layer.weights(call.input_shape).items()) == weights, (given, str(shape))
    assert accepted


@WORDS
def test_layer_is_built_with_the_settings_of_keras(word: str, variants: int) -> None:
    from cnnspec.targets.keras.build import build

    seen = set()
    for shape, given, checked in cases(LAYERS[word], variants):
        if checked.graph.errors or str(given) in seen:
            continue
        # They do not depend on the shape: one that fits will do.
        seen.add(str(given))
        layer, symbol = by_hand(word, given, shape)
        layer(symbol)
        ours = build(checked, seed=1).layers[-1]
        if isinstance(layer, keras_layers.BY_HAND):
            # Keras has no such layer: what they compute is compared.
            x = np.random.default_rng(1).normal(size=(2, *symbol.shape[1:])).astype("float32")
            layer.set_weights(ours.get_weights())
            np.testing.assert_allclose(ours(x), layer(x), 1e-5, 1e-6, err_msg=str(given))
            again = type(ours).from_config(ours.get_config())
            again.build(x.shape)
            again.set_weights(ours.get_weights())
            np.testing.assert_array_equal(ours(x), again(x))
            continue
        assert type(ours) is type(layer)
        assert settings(ours) == settings(layer), given


# Keras's Resizing takes any rank and fails on a vector only when it runs.
@pytest.mark.parametrize("word", [word for word in LAYERS if word != "resize"])
def test_layer_that_does_not_fit_is_refused_by_keras_too(word: str) -> None:
    refused = (case for case in cases(LAYERS[word]) if case[2].graph.errors)
    for shape, given, _ in itertools.islice(refused, 40):
        layer, symbol = by_hand(word, given, shape)
        with pytest.raises((ValueError, TypeError, IndexError)):
            layer(symbol)


# A softmax of one channel is 1 whatever comes in.
@pytest.mark.filterwarnings("ignore:.*softmax over axis")
@pytest.mark.parametrize("word", LAYERS)
def test_layer_gives_arrays_of_the_shape_that_is_checked(word: str) -> None:
    fitting = [case for case in cases(LAYERS[word]) if not case[2].graph.errors]
    for shape, given, checked in fitting[:: max(1, len(fitting) // 8)]:
        layer, symbol = by_hand(word, given, shape)
        values = np.ones((2, *symbol.shape[1:]), "float32")
        assert tuple(layer(values).shape) == (2, *checked.layers[-1].output_shape.dims), given


DISTURBING = ("dropout", "sdropout", "noise")
"""Draw other numbers for an image alone than for one of two."""


@pytest.mark.parametrize("word", [word for word in LAYERS if word not in DISTURBING])
def test_layer_mixes_the_images_of_a_batch_only_where_it_says_so(word: str) -> None:
    image = Image(7, 8, 6)
    fitting = (case for case in cases(LAYERS[word]) if case[0] == image)
    shape, given, checked = next(case for case in fitting if not case[2].graph.errors)
    layer, symbol = by_hand(word, given, shape)
    images = np.random.default_rng(1).normal(size=(2, *symbol.shape[1:])).astype("float32")
    options = {"training": True} if word == "bn" else {}
    both, alone = (np.asarray(layer(images[:n], **options)) for n in (2, 1))
    mixes = any(operation.mixes_images for operation in checked.graph.operations[-1])
    assert np.allclose(both[0], alone[0], atol=1e-4) != mixes
