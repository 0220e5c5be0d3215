"""Drawn networks mean what Keras says: shapes, counts, sharing and outputs.

The Keras model of each is made by hand from what was drawn (`tests.support.keras_by_hand`);
a model that the package builds would repeat the package's own mistakes.
"""

from typing import Any

import numpy as np
import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.ir.spec import From, Merge, Node, SharedRepeat, every
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS
from tests.support.keras_by_hand import COVERING, PUSHED, Drawn, draw_network
from tests.support.keras_network import Statement
from tests.support.paths import SPECS
from tests.support.seeds import seeds

pytestmark = pytest.mark.usefixtures("backend")


def checked(text: str) -> CheckedSpec:
    result = check(Source("drawn", text))
    assert result.graph.errors == (), result.graph.errors
    return result


def sizes(weights: list[Any]) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)


def numbered(names: list[Any]) -> list[int]:
    """Equal things as equal numbers, in the order in which they come."""
    order = list(dict.fromkeys(names))
    return [order.index(name) for name in names]


def compare(drawn: Drawn) -> None:
    """Everything that the checker and the builder say, against the model made by hand."""
    spec = checked(drawn.text)
    theirs, applied = drawn.keras_model(), drawn.applied()
    # What is applied, in the order of the text: names, shapes, costs.
    ours = [(c.name, c.input_shape.dims, c.output_shape.dims, c.macs) for c in spec.layers]
    assert ours == [(a.name, a.inputs[0], a.output, a.macs) for a in applied]
    # Which of these are the same layer; its weights count where it is applied first.
    owners = numbered([id(a.layer) for a in applied])
    assert numbered([c.weights_from or c.name for c in spec.layers]) == owners
    first = [owner not in owners[:index] for index, owner in enumerate(owners)]
    assert [(c.trainable, c.params) for c in spec.layers] == [
        (sizes(a.layer.trainable_weights), a.layer.count_params()) if new else (0, 0)
        for a, new in zip(applied, first, strict=True)
    ]
    assert spec.totals is not None
    assert spec.totals.params == theirs.count_params()
    assert spec.totals.trainable == sizes(theirs.trainable_weights)
    assert spec.totals.macs == sum(a.macs for a in applied)
    compare_built(spec, drawn)


def compare_built(spec: CheckedSpec, drawn: Drawn) -> None:
    """The model that the package builds, with the weights of the one made by hand."""
    from cnnspec.targets.keras.build import build

    ours, theirs = build(spec, seed=1), drawn.keras_model()
    assert len(ours.layers) == len(theirs.layers)
    for kind in ("weights", "trainable_weights"):
        shapes = [[weight.shape for weight in getattr(m, kind)] for m in (ours, theirs)]
        assert shapes[0] == shapes[1]
    ours.set_weights(theirs.get_weights())
    expected = np.asarray(theirs(drawn.images()))
    np.testing.assert_allclose(np.asarray(ours(drawn.images())), expected, rtol=1e-4, atol=1e-6)
    penalties = [float(sum(model.losses)) for model in (ours, theirs)]
    assert penalties[0] == pytest.approx(penalties[1], rel=1e-5)


@pytest.mark.parametrize("seed", seeds(PUSHED, 1000))
def test_drawn_network_is_what_keras_computes(seed: int) -> None:
    compare(draw_network(seed))


def test_covering_networks_have_every_word_and_form() -> None:
    specs = [checked(draw_network(seed).text).spec for seed in COVERING]
    elements = [list(every(spec.nodes)) for spec in specs]
    words = {e.layer.word for found in elements for e in found if isinstance(e, Node | Merge)}
    assert words == {*LAYERS, *MERGES}
    sources = [e.source for found in elements for e in found if isinstance(e, From)]
    assert "input" in sources
    assert len(set(sources)) > 1
    shared = [e for found in elements for e in found if isinstance(e, SharedRepeat)]
    inside = [e for s in shared if s.times > 1 for e in every(s.body)]
    assert any(isinstance(e, SharedRepeat) and e.times > 1 for e in inside)
    assert any(isinstance(e, Merge) for e in inside)
    assert any(isinstance(e, From) for e in inside)
    assert any(source.endswith(".inner") for source in sources)
    # A block in a branch of a merge that is applied again.
    branches = [b for e in inside if isinstance(e, Merge) for b in e.branches]
    assert any(n.name.startswith("part") for b in branches for n in b if isinstance(n, Node))
    names = {call.name for seed in COVERING for call in checked(draw_network(seed).text).layers}
    for part in (
        ".flatten",
        ".project",
        ".project_2",
        ".project.bn",
        ".gate",
        "@2",
        "part0.",
        "part0_2.",
    ):
        assert any(part in name for name in names), part


def test_drawn_networks_mostly_have_outputs_that_say_something() -> None:
    outputs = [draw_network(seed).keras_model()(draw_network(seed).images()) for seed in PUSHED]
    telling = [np.isfinite(y).all() and not np.allclose(y[0], y[1]) for y in map(np.array, outputs)]
    assert np.mean(telling) > 0.7


def drawn(*body: Statement, image: tuple[int, int, int] = (28, 28, 1)) -> Drawn:
    """A network of these statements that ends in ten classes."""
    last = {"word": "dense", "arguments": {"units": 10, "activation": "softmax"}}
    network = {"input": image, "classes": 10, "lets": {}, "blocks": [PART]}
    return Drawn(0, {**network, "body": [*body, last]})


CONV = {
    "word": "conv",
    "arguments": {"filters": 4, "kernel": (3, 3), "padding": "same", "activation": "relu"},
}
PART = {"name": "part", "parameters": {}, "body": [CONV]}


def shared(*body: Statement) -> Statement:
    return {"word": "repeat", "times": 2, "shared": True, "body": [*body]}


# One convolution of 148 weights on four channels: 40 + 148 + (28 * 28 * 4 + 1) * 10, however
# the two repeats that share it nest.
@pytest.mark.parametrize(
    "inner",
    [
        shared(shared(CONV)),
        shared({"word": "part", "arguments": {}}, shared({"word": "part", "arguments": {}})),
        shared({"word": "residual", "body": [shared(CONV)]}),
    ],
    ids=["plain", "block", "residual"],
)
def test_shared_within_shared_is_one_layer_for_each_place(inner: Statement) -> None:
    network = drawn(CONV, inner)
    places = 2 if "part" in str(inner) else 1
    spec = checked(network.text)
    assert spec.totals is not None
    assert spec.totals.params == 40 + 148 * places + (28 * 28 * 4 + 1) * 10
    compare(network)


def test_a_block_between_two_shared_repeats_is_one_layer() -> None:
    use = {"word": "twice", "arguments": {}}
    network = drawn(CONV, shared(use))
    network.network["blocks"].append({"name": "twice", "parameters": {}, "body": [shared(CONV)]})
    spec = checked(network.text)
    assert spec.totals is not None
    assert spec.totals.params == 31_558
    compare(network)


def test_three_levels_of_sharing_before_gap_are_one_layer() -> None:
    # (9 + 1) * 4 + (36 + 1) * 4 + (4 + 1) * 10
    gap = {"word": "gap", "arguments": {}}
    network = drawn(CONV, shared(shared(shared(CONV))), gap)
    spec = checked(network.text)
    assert spec.totals is not None
    assert spec.totals.params == 238
    compare(network)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_spec_is_built_as_it_is_checked(path: Any) -> None:
    from cnnspec.targets.keras.build import build

    spec = check(Source(path.name, path.read_text(encoding="utf-8")))
    assert spec.ok
    model = build(spec, seed=1)
    layers = {layer.name: layer for layer in model.layers}
    for call in spec.layers:
        layer = layers[call.weights_from or call.name]
        assert tuple(layer.output.shape[1:]) == call.output_shape.dims
        costs = (sizes(layer.trainable_weights), layer.count_params())
        assert call.weights_from or costs == (call.trainable, call.params)
    assert spec.totals.params == model.count_params()
