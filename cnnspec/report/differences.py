"""How far each network that is compared is from the best, and how sure that is.

Two runs are compared on the same held-out images, two networks with several seeds by the spread
over these. Intervals hold together: with k of them each leaves out 0.05 / k (Bonferroni).
"""

from collections.abc import Sequence

from cnnspec.core.record import Record
from cnnspec.core.statistics import Interval, paired, welch
from cnnspec.core.table import Cell, Table
from cnnspec.report.contents import SPLIT_NAMES
from cnnspec.report.phrases import NONE, signed, spread, tail
from cnnspec.report.predictions import predicted
from cnnspec.report.run_table import Compared
from cnnspec.report.tables import PREFIXES, judged

_SPACE = "\N{NO-BREAK SPACE}"
_TAILS = 0.05
"""What all intervals together leave out."""


class Apart(Record):
    """The accuracy of a network less that of the best, with its interval.

    `by` says what the interval is made of, or why there is none. `counts` are the images that only
    this network, and that only the best, has right.
    """

    row: Compared
    interval: Interval | None
    by: str
    counts: tuple[int, int] | None = None


class Differences(Record):
    """The best network by accuracy, and how far each other one with an accuracy is from it."""

    best: Compared
    metric: str
    split: str
    others: tuple[Apart, ...]

    @property
    def level(self) -> str:
        """The confidence of all intervals together, in words."""
        return f"{1 - _TAILS:.0%}".replace("%", f"{_SPACE}%")

    def difference(self, other: Apart) -> float:
        """The accuracy of another network less that of the best: what its interval is about."""
        if other.interval:
            return other.interval.difference
        return _accuracy(other.row, self.metric) - _accuracy(self.best, self.metric)

    @property
    def few_seeds(self) -> list[str]:
        """The networks with two seeds, whose spread is hardly known."""
        rows = (self.best, *(each.row for each in self.others))
        return [row.name for row in rows if len(row.trained.runs) == 2]


def differences(rows: Sequence[Compared]) -> Differences | None:
    """Compares every network with the best; `None` where fewer than two have an accuracy."""
    split = next((judged(row.trained.middle) for row in rows if row.trained.middle.scores), "test")
    metric = f"{PREFIXES[split]}accuracy"
    found = [(value.mean, row) for row in rows if (value := row.trained.metric(metric))]
    if len(found) < 2:
        return None
    highest = max(mean for mean, _ in found)
    best = next(row for mean, row in found if mean == highest)
    others = [row for _, row in found if row is not best]
    tails = _TAILS / len(others)
    apart = tuple(_apart(row, best, metric, tails) for row in others)
    return Differences(best, metric, split, apart)


def _apart(row: Compared, best: Compared, metric: str, tails: float) -> Apart:
    samples = [
        [v for run in each.trained.runs if (v := run.metric(metric)) is not None]
        for each in (row, best)
    ]
    if min(map(len, samples)) > 1:
        seeds = " and ".join(dict.fromkeys(str(len(sample)) for sample in samples))
        return Apart(row, welch(samples[0], samples[1], tails), f"{seeds} seeds")
    (mine, why), (theirs, their_why) = (predicted(e.trained.middle) for e in (row, best))
    if mine is None or theirs is None:
        whose = row if mine is None else best
        return Apart(row, None, f"no predictions of {whose.name}: {why or their_why}")
    if mine.split != theirs.split or mine.true.tolist() != theirs.true.tolist():
        return Apart(row, None, "other images were held out")
    right = [each.predicted == each.true for each in (mine, theirs)]
    only = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    several = [each.name for each in (row, best) if each.trained.several]
    of = f", the median seed of {several[0]}" if several else ""
    by = f"{len(mine.true):,} images{of}"
    return Apart(row, paired(*only, len(mine.true), tails), by, only)


def table(of: Differences) -> Table:
    """Returns a row for each network, the best first, then by accuracy."""
    best = of.best.trained.metric(of.metric)
    rows = [(of.best.name, spread(best), "best", "", "", "", "", "")]
    for each in sorted(of.others, key=of.difference, reverse=True):
        found = each.interval
        rows.append(
            (
                each.row.name,
                spread(each.row.trained.metric(of.metric)),
                signed(of.difference(each)),
                _joined(f"{signed(found.low)} to {signed(found.high)}") if found else NONE,
                tail(min(1.0, len(of.others) * found.p)) if found else NONE,
                *(f"{n:,}" for n in each.counts or ()),
                *((NONE, NONE) if each.counts is None else ()),
                Cell(each.by, "prose"),
            )
        )
    header = (
        "run",
        f"{SPLIT_NAMES[of.split]} accuracy",
        "difference",
        "interval",
        "p",
        "only it right",
        "only the best",
        "from",
    )
    return Table(header, tuple(rows), "lrrrrrrl")


def notes(of: Differences) -> list[str]:
    """Sentences on what the intervals mean."""
    found = [
        f"The difference is the accuracy less that of {of.best.name}. All intervals hold together "
        f"with {of.level} confidence; one that includes 0 shows no difference."
    ]
    if any(each.counts is not None for each in of.others):
        found.append(
            "From images: both networks on the same images (interval of Agresti and Min, exact "
            "test of McNemar). It is about these trained weights; another seed can turn it around."
        )
    if any(each.interval and each.counts is None for each in of.others):
        found.append("From seeds: Welch's interval and test of the means over the seeds.")
    if len(of.others) > 1:
        found.append(
            "p is multiplied by the number of comparisons (Bonferroni). The best is chosen by the "
            "same images, which flatters it a little."
        )
    return found


def _joined(text: str) -> str:
    return text.replace(" ", _SPACE)


def _accuracy(row: Compared, metric: str) -> float:
    found = row.trained.metric(metric)
    assert found is not None
    return found.mean
