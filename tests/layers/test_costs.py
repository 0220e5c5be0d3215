"""Costs worked out by hand; shapes and parameters are Keras's business, in test_oracle."""

import itertools
from math import prod

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.shapes import Image, Shape, Vector
from cnnspec.core.source import Source
from cnnspec.expansion.expand import read
from cnnspec.ir.spec import Node
from cnnspec.layers.base import Inference, ShapeError
from cnnspec.layers.table import LAYERS
from tests.support.random_specs import entries

IMAGE = Image(8, 6, 4)


def infer(text: str, shape: Shape = IMAGE) -> Inference:
    expanded = read(Source("x", text))
    assert expanded.problems == ()
    (node,) = expanded.spec.nodes
    assert isinstance(node, Node)
    return node.layer.infer(shape)


# One row a layer: statement, MACs and parameters by hand, output.
# conv: each of Ho*Wo*F outputs sums Kh*Kw*Cin products (Dumoulin and Visin 2016, 2).
# dwconv: Ho*Wo*Kh*Kw*Cin*M, sepconv: that and Ho*Wo*Cin*M*F (Howard et al. 2017, 3.1).
# tconv: each of Hi*Wi*Cin inputs paints Kh*Kw*F products (Dumoulin and Visin 2016, 4).
@pytest.mark.parametrize(
    ("text", "macs", "params", "out"),
    [
        ("conv 5x3", 6 * 4 * 5 * 9 * 4, (9 * 4 + 1) * 5, "6x4x5"),
        ("conv 5x3 no_bias", 6 * 4 * 5 * 9 * 4, 9 * 4 * 5, "6x4x5"),
        ("conv 5x3 same", 8 * 6 * 5 * 9 * 4, 185, "8x6x5"),
        ("conv 5x3 same stride=2", 4 * 3 * 5 * 9 * 4, 185, "4x3x5"),
        ("conv 5x3x1", 6 * 6 * 5 * 3 * 4, (3 * 4 + 1) * 5, "6x6x5"),
        ("conv 5x3 dilation=2", 4 * 2 * 5 * 9 * 4, 185, "4x2x5"),
        ("conv 6x3 groups=2", 6 * 4 * 6 * 9 * 2, (9 * 2 + 1) * 6, "6x4x6"),
        ("dwconv 3", 6 * 4 * 9 * 4, (9 + 1) * 4, "6x4x4"),
        ("dwconv 3 multiplier=2", 6 * 4 * 9 * 8, (9 + 1) * 8, "6x4x8"),
        ("sepconv 5x3", 6 * 4 * (9 * 4 + 4 * 5), 9 * 4 + (4 + 1) * 5, "6x4x5"),
        ("sepconv 5x3 multiplier=2", 6 * 4 * (9 * 8 + 8 * 5), 9 * 8 + (8 + 1) * 5, "6x4x5"),
        ("tconv 5x3", 8 * 6 * 9 * 4 * 5, (9 * 4 + 1) * 5, "10x8x5"),
        ("tconv 5x3 stride=2 same", 8 * 6 * 9 * 4 * 5, 185, "16x12x5"),
        ("dense 10", 192 * 10, (192 + 1) * 10, "10"),
        ("dense 10 no_bias relu", 192 * 10, 192 * 10, "10"),
        ("pool 2", 0, 0, "4x3x4"),
        ("avgpool 3 same", 0, 0, "3x2x4"),
        ("gap", 0, 0, "4"),
        ("gmp", 0, 0, "4"),
        ("flatten", 0, 0, "192"),
        ("reshape 12x16", 0, 0, "12x16x1"),
        ("pad 1x2", 0, 0, "10x10x4"),
        ("crop 1x2", 0, 0, "6x2x4"),
        ("pad bottom=1 right=2", 0, 0, "9x8x4"),
        ("pad 1 top=3", 0, 0, "12x8x4"),
        ("pad 1x2 left=0", 0, 0, "10x8x4"),
        ("crop top=1 left=2", 0, 0, "7x4x4"),
        ("crop 1 bottom=0", 0, 0, "7x4x4"),
        ("slice 3", 0, 0, "8x6x3"),
        ("slice 2 start=2", 0, 0, "8x6x2"),
        ("shuffle 2", 0, 0, "8x6x4"),
        # Eight rows, three a window: begun at 0, 2, 4 and 6; at 6 two rows are left.
        ("pool 3 stride=2 ceil", 0, 0, "4x3x4"),
        ("avgpool 3 ceil", 0, 0, "3x2x4"),
        # A window that would begin behind the image is not there: at 0 and 5, not at 10.
        ("pool 2 stride=5 ceil", 0, 0, "2x2x4"),
        ("pool 2x1 stride=7x5 ceil", 0, 0, "2x2x4"),
        ("gap keep", 0, 0, "1x1x4"),
        ("gmp keep", 0, 0, "1x1x4"),
        ("resize 3x5", 0, 0, "3x5x4"),
        ("upsample 2", 0, 0, "16x12x4"),
        ("upsample 1x3", 0, 0, "8x18x4"),
        ("dropout 0.5", 0, 0, "8x6x4"),
        ("sdropout 0.5", 0, 0, "8x6x4"),
        ("noise 0.1", 0, 0, "8x6x4"),
        ("bn", 0, 8, "8x6x4"),
        ("bn no_center", 0, 4, "8x6x4"),
        ("ln", 0, 8, "8x6x4"),
        ("gn 2", 0, 8, "8x6x4"),
        ("gn instance no_scale no_center", 0, 0, "8x6x4"),
        ("prelu", 0, 192, "8x6x4"),
        ("prelu shared", 0, 4, "8x6x4"),
        ("relu", 0, 0, "8x6x4"),
        ("softmax", 0, 0, "8x6x4"),
    ],
)
def test_costs_by_hand(text: str, macs: int, params: int, out: str) -> None:
    found = infer(text)
    assert (found.macs.value, found.params.value, str(found.shape)) == (macs, params, out)


def test_moving_statistics_are_not_trained() -> None:
    assert infer("bn").frozen.value == 2 * 4
    assert infer("bn no_center no_scale").frozen.value == 2 * 4
    assert infer("ln").frozen.value == 0


def test_every_layer_has_a_story_and_help() -> None:
    for word, cls in LAYERS.items():
        assert cls.word == word
        assert (cls.__doc__ or "").strip()
        assert all(spec.help for spec in cls.specs.values())


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_operations_do_what_the_layer_says(cls) -> None:
    tried = 0
    for layer, shape in itertools.product(itertools.islice(entries(cls), 40), (IMAGE, Vector(192))):
        try:
            found = layer.infer(shape)
        except ShapeError:
            continue
        if found.shape.size > 10**7:
            continue
        if cls is LAYERS["dense"] and shape is IMAGE:
            continue
        tried += 1
        at: Shape = shape
        macs, weights = 0, {}
        for operation in layer.operations(shape):
            macs += operation.macs(at)
            weights |= operation.weights(at)
            after = operation.shape((at,))
            assert not operation.in_place or after.size == at.size
            assert not operation.keeps_shape or after == at
            at = after
        assert at == found.shape
        assert macs == found.macs.value
        # By the same names; a stored array may have another shape with as many values.
        stored = layer.weights(shape)
        assert {n: prod(d) for n, d in weights.items()} == {n: prod(d) for n, d in stored.items()}
    assert tried or cls.word == "reshape"


@pytest.mark.parametrize("cls", LAYERS.values(), ids=lambda cls: cls.word)
def test_every_derivation_is_worth_its_value(cls) -> None:
    from math import ceil, floor

    for layer in list(entries(cls))[:6]:
        try:
            found = layer.infer(IMAGE)
        except ShapeError:
            continue
        for number in (*found.out, found.params, found.frozen, found.macs):
            known = {"floor": floor, "ceil": ceil}
            assert eval(number.numbers, known) == number.value


def checked(text: str) -> CheckedSpec:
    return check(Source("x", text))


def test_lenet_5_as_published() -> None:
    # LeCun et al. 1998, with pooling and padding as in the course notebook.
    result = checked(
        "data mnist; conv 6x5 same relu; pool 2; conv 16x5 relu; pool 2;"
        "dense 120 relu; dense 84 relu; dense 10 softmax"
    )
    assert result.totals is not None
    assert [row.params for row in result.layers if row.params] == [156, 2416, 48120, 10164, 850]
    assert (result.totals.params, result.totals.macs) == (61_706, 416_520)
    assert result.totals.depth == 5


@pytest.mark.parametrize(
    ("text", "params", "trainable"),
    [
        ("conv 32x3 relu; pool 2; conv 64x3 relu; pool 2; dropout 0.5", 34_826, 34_826),
        ("dense 64 relu; dense 64 relu", 55_050, 55_050),
        ("conv 10x3 relu; pool 2 same; dropout 0.1; conv 4x3 relu; pool 2 same; dense 35 relu;"
         "dropout 0.1", 5_899, 5_899),
        ("conv 32x4 same relu l2=0.01; pool 2 same; conv 64x4 same relu l2=0.01; pool 2 same;"
         "conv 128x4 same relu l2=0.01; pool 2 same; dense 256 relu l2=0.01; dense 64 relu l2=0.01",
         706_218, 706_218),
        ("conv 32x3 same relu init=he_normal; pool 2; conv 64x3 same relu; pool 2; dropout 0.3; bn;"
         "conv 128x3 same relu; conv 128x3 same relu; pool 2; dropout 0.4; flatten; bn;"
         "dense 512 relu; dropout 0.25", 840_586, 838_154),
        ("conv 32x3 relu; conv 64x3 relu; pool 2; dropout 0.25; dense 128 relu; dropout 0.5",
         1_199_882, 1_199_882),
        ("conv 64x2 same stride=2 relu; bn; conv 64x4 same stride=2 relu; bn; pool 2;"
         "dense 200 relu; dropout 0.5; bn", 184_642, 183_986),
    ],
    ids=["grid", "mlp", "budget", "lenet-l2", "lenet-best", "four-1", "four-4"],
)  # fmt: skip
def test_networks_of_the_notebooks(text: str, params: int, trainable: int) -> None:
    totals = checked(f"{text}; dense 10 softmax").totals
    assert totals is not None
    assert (totals.params, totals.trainable) == (params, trainable)
