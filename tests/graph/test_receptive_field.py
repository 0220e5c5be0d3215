"""Receptive fields against what truly depends on what: positions followed one by one."""

from random import Random

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.graph.receptive_field import Field, fields
from cnnspec.layers.convolution import Conv
from cnnspec.layers.pooling import MaxPool
from cnnspec.operations.base import Window


def of(text: str) -> tuple[float, float]:
    """The field of the last layer before the end."""
    result = check(Source("x", f"{text}; flatten; dense 10 softmax"))
    assert result.ok
    found = fields(result.graph)[-3]
    return found[0].size, found[1].size


# The first rows are the table of Araujo et al. for small stacks, by hand.
@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("conv 8x3", 3, 3),
        ("conv 8x3; conv 8x3", 5, 5),
        ("conv 8x3; pool 2", 4, 4),
        ("conv 8x3; pool 2; conv 8x3; pool 2; conv 8x3", 18, 18),
        ("conv 8x3 stride=2; conv 8x3", 7, 7),
        ("conv 8x3 dilation=2; conv 8x3", 7, 7),
        ("conv 8x5x1; conv 8x1x7", 5, 7),
        ("dwconv 3; sepconv 8x3", 5, 5),
        ("pool 3 stride=2; pool 3 stride=2", 7, 7),
        ("relu; bn; ln; dropout 0.5; pad 2; crop 1; prelu", 1, 1),
        ("add { branch { conv 8x3 same }; branch { conv 8x5 same } }", 5, 5),
        ("resize 14x14 nearest; conv 8x3", 5, 5),
        ("upsample 2; conv 8x3", 2, 2),
        ("conv 8x3; slice 4; shuffle 2; conv 8x3", 5, 5),
        ("pad top=1 left=1; conv 8x3", 3, 3),
        ("pool 3 stride=2 ceil; conv 8x3", 7, 7),
        ("conv 8x3; upsample 2x1; conv 8x3", 4, 5),
        ("tconv 8x2 stride=2; conv 8x3", 2, 2),
        ("conv 8x3 same; multiply { branch { }; branch { gap; dense 8 sigmoid } }",
         float("inf"), float("inf")),
        ("gn 1", float("inf"), float("inf")),
    ],
)  # fmt: skip
def test_field_is_the_one_worked_out_by_hand(text: str, rows: float, columns: float) -> None:
    assert of(text) == (rows, columns)


@pytest.mark.parametrize("seed", range(100))
def test_field_is_that_of_counted_positions(seed: int) -> None:
    random = Random(seed)
    layers = []
    size, seen = 200, [{position} for position in range(200)]
    for _ in range(random.randint(1, 5)):
        kernel, step = random.randint(1, 4), random.randint(1, 3)
        if size < 4 * kernel:
            break
        layers.append(
            MaxPool(size=(kernel, kernel), stride=(step, step))
            if random.random() < 0.5
            else Conv(filters=1, kernel=(kernel, kernel), stride=(step, step))
        )
        starts = range(0, len(seen) - kernel + 1, step)
        seen = [set().union(*seen[start : start + kernel]) for start in starts]
        size = len(seen)
    field = Field(1, 1)
    for layer in layers:
        kernel = layer.size[0] if isinstance(layer, MaxPool) else layer.kernel[0]
        assert layer.stride
        field = field.behind(Window(kernel, layer.stride[0]))
    assert {max(s) - min(s) + 1 for s in seen} == {field.size}
