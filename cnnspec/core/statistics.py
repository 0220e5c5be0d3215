"""Differences with intervals, and tests: what two samples say of what they were drawn from.

Plain arithmetic without numpy, so that a command that only prints a table can use it.
"""

from collections.abc import Sequence
from math import exp, inf, isfinite, lgamma, log, log1p, sqrt
from statistics import NormalDist, fmean, variance

from cnnspec.core.record import Record

_TINY = 1e-300


class Interval(Record):
    """A difference with a confidence interval, and the p-value of there being none."""

    difference: float
    low: float
    high: float
    p: float

    @property
    def clear(self) -> bool:
        """Whether the interval is on one side of zero."""
        return self.low > 0 or self.high < 0


def beta_share(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function I_x(a, b), for a, b > 0 and x in 0..1.

    The continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, evaluated
    by the modified method of Lentz; the symmetry 8.17.4 where that converges faster.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    product = d
    for m in range(1, 10_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            c, d = _apart(1 + step / c), 1 / _apart(1 + step * d)
            product *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * product


def _apart(value: float) -> float:
    """A value that can be divided by."""
    return value if abs(value) > _TINY else _TINY


def t_tails(t: float, freedom: float) -> float:
    """The probability that Student's t with so many degrees of freedom is beyond ±t."""
    return beta_share(freedom / 2, 0.5, freedom / (freedom + t * t))


def t_limit(tails: float, freedom: float) -> float:
    """The t beyond which, on both sides together, Student's t is with probability `tails`."""
    low, high = 0.0, 1.0
    while t_tails(high, freedom) > tails:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tails(middle, freedom) > tails else (low, middle)
    return (low + high) / 2


def f_tail(f: float, above: float, below: float) -> float:
    """The probability that F with so many degrees of freedom above and below exceeds `f`."""
    return beta_share(below / 2, above / 2, below / (below + above * f)) if isfinite(f) else 0.0


def welch(one: Sequence[float], other: Sequence[float], tails: float = 0.05) -> Interval:
    """The difference of the means of two samples of at least two values each.

    Their variances need not be equal: B. L. Welch, "The generalization of 'Student's' problem when
    several different population variances are involved", Biometrika 34 (1947), 28-35. The interval
    leaves out `tails`.
    """
    parts = [variance(sample) / len(sample) for sample in (one, other)]
    difference, error = fmean(one) - fmean(other), sqrt(sum(parts))
    if error == 0:
        return Interval(difference, difference, difference, 1.0 if difference == 0 else 0.0)
    shares = sum(p * p / (len(s) - 1) for p, s in zip(parts, (one, other), strict=True))
    freedom = sum(parts) ** 2 / shares if shares else inf
    reach = t_limit(tails, freedom) * error
    p = t_tails(difference / error, freedom)
    return Interval(difference, difference - reach, difference + reach, p)


def paired(only_one: int, only_other: int, of: int, tails: float = 0.05) -> Interval:
    """The difference of two shares of the same `of` cases, such as of two accuracies.

    `only_one` counts the cases that only the first has right, `only_other` those that only the
    second has. The interval is Wald's with half a case added to each of the four cells: A. Agresti
    and Y. Min, "Simple improved confidence intervals for comparing matched proportions",
    Statistics in Medicine 24 (2005), 729-740. The p-value is that of `mcnemar`.
    """
    one, other, total = only_one + 0.5, only_other + 0.5, of + 2
    middle = (one - other) / total
    error = sqrt(one + other - (one - other) ** 2 / total) / total
    reach = NormalDist().inv_cdf(1 - tails / 2) * error
    low, high = max(-1.0, middle - reach), min(1.0, middle + reach)
    return Interval((only_one - only_other) / of, low, high, mcnemar(only_one, only_other))


def mcnemar(only_one: int, only_other: int) -> float:
    """The exact p-value of McNemar's test: whether two classifiers are right equally often.

    Where they differ each is right with probability 1/2 under the hypothesis, so that the smaller
    count follows a binomial distribution: Q. McNemar, Psychometrika 12 (1947), 153-157; for
    classifiers T. G. Dietterich, Neural Computation 10 (1998), 1895-1923.
    """
    apart, fewer = only_one + only_other, min(only_one, only_other)
    if 2 * fewer == apart:
        return 1.0
    # P(X <= k) of a binomial distribution with probability 1/2 is I_1/2(n - k, k + 1).
    return min(1.0, 2 * beta_share(apart - fewer, fewer + 1, 0.5))
