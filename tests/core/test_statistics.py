"""Intervals and tests, against scipy and published examples."""

from itertools import product
from math import comb, inf

import pytest

from cnnspec.core.statistics import (
    beta_share,
    f_tail,
    mcnemar,
    paired,
    t_limit,
    t_tails,
    welch,
)

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")


@pytest.mark.parametrize(("a", "b"), [*product((0.5, 1, 2.5, 40, 3000), repeat=2)])
def test_incomplete_beta_is_that_of_scipy(a, b):
    for x in (0, 1e-9, 0.01, 0.3, 0.5, 0.77, 0.999, 1):
        assert beta_share(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-9, abs=1e-250)


@pytest.mark.parametrize("freedom", [1, 1.3, 2, 7.5, 30, 1e5])
def test_students_t_is_that_of_scipy(freedom):
    for t in (0.0, 0.4, 2.0, 12.0):
        assert t_tails(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-9)
    for tails in (0.5, 0.05, 0.001):
        assert t_limit(tails, freedom) == pytest.approx(stats.t.isf(tails / 2, freedom), rel=1e-7)


def test_f_is_that_of_scipy():
    for f, above, below in product((0.1, 1, 3.7, 50), (1, 4, 20), (2, 9, 400)):
        assert f_tail(f, above, below) == pytest.approx(stats.f.sf(f, above, below), rel=1e-8)
    assert f_tail(inf, 2, 3) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([0.91, 0.92, 0.90], [0.89, 0.88, 0.905]),
        ([0.5, 0.51], [0.7, 0.9]),
        ([0.8, 0.81, 0.8], [0.7, 0.72, 0.71, 0.75, 0.6]),
    ],
)
def test_welch_is_that_of_scipy(one, other):
    expected = stats.ttest_ind(one, other, equal_var=False)
    found = welch(one, other)
    low, high = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.p == pytest.approx(expected.pvalue)


def test_welch_of_samples_without_spread():
    assert welch([0.5, 0.5], [0.5, 0.5]).p == 1
    assert welch([0.75, 0.75], [0.5, 0.5]).as_dict() == {
        "difference": 0.25,
        "low": 0.25,
        "high": 0.25,
        "p": 0.0,
    }


def test_mcnemar_is_the_exact_binomial_test():
    for one, other in product((0, 1, 5, 12, 90), repeat=2):
        expected = stats.binomtest(one, one + other).pvalue if one + other else 1
        assert mcnemar(one, other) == pytest.approx(expected, rel=1e-9)


def test_paired_shares_of_the_approval_ratings():
    """A. Agresti, Categorical Data Analysis (2002), 10.1: 1,600 people were asked twice.

    150 approved at first only, 86 later only; the difference is 0.04, its interval 0.02 to 0.06.
    """
    found = paired(150, 86, 1600)
    assert found.difference == pytest.approx(0.04)
    assert (round(found.low, 2), round(found.high, 2)) == (0.02, 0.06)
    assert found.p < 1e-4
    assert found.clear


@pytest.mark.parametrize(("only_one", "only_other"), [(0.1, 0.1), (0.25, 0.1), (0.3, 0.02)])
def test_paired_interval_covers_the_truth(only_one, only_other):
    """How often it holds the true difference, summed over all outcomes of 40 cases."""
    cases, neither, covered = 40, 1 - only_one - only_other, 0.0
    for one in range(cases + 1):
        for other in range(cases + 1 - one):
            found = paired(one, other, cases)
            if found.low <= only_one - only_other <= found.high:
                ways = comb(cases, one) * comb(cases - one, other)
                rest = neither ** (cases - one - other)
                covered += ways * only_one**one * only_other**other * rest
    assert 0.94 < covered < 0.99
