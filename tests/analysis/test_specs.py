"""Every spec that comes with the project, against what the notebooks publish."""

import pytest

from cnnspec.analysis.check import check
from cnnspec.files.sources import read_source
from tests.support.paths import SPECS

# Parameters of each layer that has any, in order; then all, then those not trained.
PUBLISHED = {
    "grid_2": ([320, 18_496, 16_010], 34_826, 0),
    "mlp_64": ([50_240, 4_160, 650], 55_050, 0),
    "budget": ([100, 364, 5_075, 360], 5_899, 0),
    "lenet5": ([156, 2_416, 48_120, 10_164, 850], 61_706, 0),
    "fashion_l2": ([544, 32_832, 131_200, 524_544, 16_448, 650], 706_218, 0),
    "fashion_best": (None, 840_586, 2_432),
    "four_1": (None, 1_199_882, 0),
    "four_2": (None, 167_478, 0),
    "four_3": (None, 473_154, 473_154 - 471_986),
    "four_4": (None, 184_642, 184_642 - 183_986),
}
SHAPES = {
    "grid_2": ["26x26x32", "13x13x32", "11x11x64", "5x5x64", "1600", "1600", "10"],
    "budget": [
        *("26x26x10", "13x13x10", "13x13x10", "11x11x4", "6x6x4", "144", "35", "35", "10"),
    ],
}
BY_NAME = {path.stem: path for path in SPECS}


def checked(name):
    return check(read_source(str(BY_NAME[name])))


@pytest.mark.parametrize("name", BY_NAME)
def test_every_spec_is_right_and_short(name):
    result = checked(name)
    assert result.ok
    assert result.spec.model == name
    assert result.budget_results
    assert result.spec.expectations
    lines = BY_NAME[name].read_text().splitlines()
    assert len(lines) <= (20 if name == "lenet5" else 30)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_published(name):
    layers, params, frozen = PUBLISHED[name]
    result = checked(name)
    assert result.totals.params == params
    assert result.totals.params - result.totals.trainable == frozen
    if layers:
        assert [row.params for row in result.layers if row.params] == layers


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_those_published(name):
    assert [str(row.output_shape) for row in checked(name).layers] == SHAPES[name]


def test_lenet_5_has_416520_macs():
    assert checked("lenet5").totals.macs == 416_520
