"""Whether two swept names act together: an analysis of variance with the seeds as its error.

The model has a mean, the effect of each value of each name, and of each pair of values. What a pair
adds is the sum of squares that its terms explain beyond all others (the extra sum of squares: N. R.
Draper and H. Smith, Applied Regression Analysis, 3rd ed. 1998, chapter 6), which also holds where
the check has dropped some points. The error is the spread between the seeds of a point (pure error,
ibid. chapter 2): where a point has a single seed, nothing can be said about chance.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from cnnspec.core.record import Record
from cnnspec.core.statistics import f_tail
from cnnspec.sweeps.analysis import ranked
from cnnspec.sweeps.rows import PointResult

if TYPE_CHECKING:
    import numpy as np

MOST_TERMS = 1_000
"""The most effects of values and of pairs of values for which the model is solved."""


class Interaction(Record):
    """What a pair of names adds to what both do alone.

    `share` is the part of the variation between the points, `freedom` its degrees of freedom. `f`
    and `p` are `None` where there is no second seed; `error_freedom` are the degrees of freedom of
    the error.
    """

    names: tuple[str, str]
    share: float
    freedom: int
    f: float | None
    p: float | None
    error_freedom: int


def interactions(
    rows: Sequence[PointResult], names: Sequence[str], metric: str
) -> list[Interaction]:
    """The interactions of all pairs of names, that with the largest share first.

    Pairs whose values never vary independently of the others are left out.
    """
    import numpy as np

    known = ranked(rows, metric)
    pairs = list(combinations(names, 2))
    terms = {name: _columns([row.values.get(name, "") for row in known]) for name in names}
    if not known or not pairs or _size(terms) > MOST_TERMS:
        return []
    products = {
        (a, b): (terms[a][:, :, None] * terms[b][:, None, :]).reshape(len(known), -1)
        for a, b in pairs
    }
    found = [row.value(metric) for row in known]
    means = np.array([each.mean for each in found if each])
    weights = np.array([each.values for each in found if each], float)
    spreads = np.array([each.deviation or 0.0 for each in found if each])
    error, error_freedom = float(((weights - 1) * spreads**2).sum()), int((weights - 1).sum())
    root = np.sqrt(weights)[:, None]
    main = [np.ones((len(known), 1)), *terms.values()]
    whole, rank = _left(root, means, [*main, *products.values()])
    total, _ = _left(root, means, main[:1])
    tested = []
    for pair in pairs:
        others = [product for other, product in products.items() if other != pair]
        left, without = _left(root, means, [*main, *others])
        freedom = rank - without
        if freedom and total > 0:
            extra = max(left - whole, 0.0)
            f = extra / freedom / (error / error_freedom) if error else None
            p = None if f is None else f_tail(f, freedom, error_freedom)
            tested.append(Interaction(pair, extra / total, freedom, f, p, error_freedom))
    return sorted(tested, key=lambda each: -each.share)


def _columns(values: Sequence[str]) -> "np.ndarray":
    """A column for each value but the first: 1 where a point has it, else 0."""
    import numpy as np

    levels = list(dict.fromkeys(values))
    return np.array([[value == level for level in levels[1:]] for value in values], float)


def _size(terms: "dict[str, np.ndarray]") -> int:
    """How many terms the whole model has."""
    counts: list[int] = [columns.shape[1] for columns in terms.values()]
    return sum([*counts, *(a * b for a, b in combinations(counts, 2))])


def _left(
    root: "np.ndarray", means: "np.ndarray", columns: "list[np.ndarray]"
) -> tuple[float, int]:
    """The weighted sum of squares that a model leaves, and how many terms it has."""
    import numpy as np

    design = root * np.concatenate(columns, axis=1)
    wanted = root[:, 0] * means
    solved, _, rank, _ = np.linalg.lstsq(design, wanted, rcond=None)
    return float(((wanted - design @ solved) ** 2).sum()), int(rank)
