"""Interactions of swept names, against published worked examples and arithmetic."""

from statistics import fmean, stdev

import pytest

from cnnspec.runs.seeds import MeanStd
from cnnspec.sweeps.interactions import interactions
from tests.support.sweep_folders import planned

BATTERY = {
    ("1", "15"): (130, 155, 74, 180),
    ("1", "70"): (34, 40, 80, 75),
    ("1", "125"): (20, 70, 82, 58),
    ("2", "15"): (150, 188, 159, 126),
    ("2", "70"): (136, 122, 106, 115),
    ("2", "125"): (25, 70, 58, 45),
    ("3", "15"): (138, 110, 168, 160),
    ("3", "70"): (174, 120, 150, 139),
    ("3", "125"): (96, 104, 82, 60),
}
"""D. C. Montgomery, Design and Analysis of Experiments, table 5.1: lives of batteries."""


class Row:
    """A finished point with a metric over several seeds."""

    finished = True

    def __init__(self, point, names, values, found):
        self.point = point
        self.values = dict(zip(names, values, strict=True))
        deviation = stdev(found) if len(found) > 1 else None
        self._found = MeanStd(fmean(found), deviation, len(found))

    def value(self, metric):
        return self._found

    def mean(self, metric):
        return self._found.mean


@pytest.fixture(scope="module")
def point(tmp_path_factory):
    return planned(tmp_path_factory.mktemp("sweeps")).plan.points[0]


def rows(point, names, cells):
    return [Row(point, names, values, found) for values, found in cells.items()]


def test_interaction_of_the_battery_experiment(point):
    """Table 5.5: 9,613.78 with 4 degrees of freedom, error 18,230.75 with 27: F = 3.56, p = 0.019.

    Between the points are 10,683.72 of the material and 39,118.72 of the temperature.
    """
    names = ("material", "temperature")
    (found,) = interactions(rows(point, names, BATTERY), names, "accuracy")
    assert (found.freedom, found.error_freedom) == (4, 27)
    assert found.f == pytest.approx(3.56, abs=0.005)
    assert found.p == pytest.approx(0.0186, abs=0.0001)
    assert found.share == pytest.approx(9613.78 / (9613.78 + 10683.72 + 39118.72), abs=1e-5)


def test_single_seeds_say_nothing_of_chance(point):
    names = ("material", "temperature")
    single = {values: found[:1] for values, found in BATTERY.items()}
    (found,) = interactions(rows(point, names, single), names, "accuracy")
    assert found.f is None
    assert found.p is None
    assert found.error_freedom == 0


def test_only_the_pair_that_acts_together_has_a_share(point):
    names = ("a", "b", "c")
    cells = {
        (a, b, c): tuple(0.5 + 0.1 * (a == "2") + 0.05 * (b == c == "2") + e for e in (0, 0.001))
        for a in "12"
        for b in "123"
        for c in "12"
    }
    first, *others = interactions(rows(point, names, cells), names, "accuracy")
    assert first.names == ("b", "c")
    assert first.p < 1e-6
    assert all(each.share < 1e-9 and each.p > 0.99 for each in others)


def test_dropped_points_are_no_fault(point):
    """With a cell missing 3 of 4 degrees are left; of additive means nothing is found."""
    names = ("a", "b")
    cells = {(a, b): (int(a) + 2 * int(b), int(a) + 2 * int(b) + 0.5) for a in "123" for b in "123"}
    del cells["3", "3"]
    (found,) = interactions(rows(point, names, cells), names, "accuracy")
    assert found.freedom == 3
    assert found.share < 1e-9


def test_names_that_always_vary_together_have_no_interaction(point):
    cells = {("1", "x"): (0.5,), ("2", "y"): (0.6,)}
    assert interactions(rows(point, ("a", "b"), cells), ("a", "b"), "accuracy") == []
    assert interactions([], ("a", "b"), "accuracy") == []
