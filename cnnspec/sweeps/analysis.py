"""Analyses the rows of a sweep: winners, fronts of metric against cost, effect of each name.

Values of different loss functions cannot be compared. So there is a winner for each loss function,
and across them points are compared by accuracy or macro F1. Knows rows, not files.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from cnnspec.core.record import Record
from cnnspec.runs.metrics import MEASURED_METRICS, METRICS, measure_of, split_of
from cnnspec.runs.seeds import MeanStd, spread
from cnnspec.sweeps.rows import PointResult


class Winners(Record):
    """The best finished points; of equal ones the smaller, then the first.

    `chosen` is the best by the requested metric. `best` is the best by `quality`, which can be
    compared across loss functions. `of_loss` has the point with the lowest `loss` for each loss
    function, and `of_both` the point that is best in both among those of its function, if there is
    one.
    """

    chosen: PointResult | None
    quality: str
    best: PointResult | None
    loss: str
    of_loss: dict[str, PointResult]
    of_both: dict[str, PointResult]

    def dump(self) -> dict[str, Any]:
        """The names of the winners as JSON."""
        return {
            "chosen": self.chosen.name if self.chosen else None,
            f"best_{self.quality}": self.best.name if self.best else None,
            f"best_{self.loss}": {loss: row.name for loss, row in self.of_loss.items()},
            "best_of_both": {loss: row.name for loss, row in self.of_both.items()},
        }


class Effect(Record):
    """The effect of a value of a swept name: a metric over all points with it.

    `low` and `high` are its smallest and largest; all are `None` where no point has the metric.
    """

    value: str
    points: int
    found: MeanStd | None
    low: float | None
    high: float | None

    def dump(self) -> dict[str, Any]:
        """The effect as JSON."""
        return {**self.as_dict(), "found": self.found.dump() if self.found else None}


def judged(rows: Iterable[PointResult], by: str) -> str:
    """The metric to choose by: the requested one, or that of a split that was measured."""
    found = {name for row in rows if row.finished for name in row.metrics}
    measure = measure_of(by)
    others = (prefix + measure for prefix in ("", "val_", "train_"))
    return next((name for name in (by, *others) if name in found), by)


def quality_of(by: str) -> str:
    """The metric on the same images that can be compared across loss functions."""
    return f"{split_of(by)}accuracy" if measure_of(by) == "loss" else by


def ranked(rows: Iterable[PointResult], metric: str) -> list[PointResult]:
    """The finished points with a metric, the best first; of equal ones the smaller."""
    column = METRICS[metric]
    known = [row for row in rows if row.finished and row.mean(metric) is not None]
    return sorted(known, key=lambda row: (column.rank(row.mean(metric)), row.point.params))


def functions(rows: Iterable[PointResult]) -> list[str]:
    """The loss functions of some points, in order."""
    return list(dict.fromkeys(row.loss_function for row in rows))


def winners(rows: Sequence[PointResult], by: str) -> Winners:
    """The winners by a metric that was measured."""
    quality, loss = quality_of(by), f"{split_of(by)}loss"
    of_loss: dict[str, PointResult] = {}
    of_both: dict[str, PointResult] = {}
    for function in functions(rows):
        same = [row for row in rows if row.loss_function == function]
        for row in ranked(same, loss)[:1]:
            of_loss[function] = row
        least = {row.name for row in _leaders(same, loss)}
        for row in _leaders(same, quality):
            if row.name in least:
                of_both.setdefault(function, row)
    best = next(iter(ranked(rows, quality)), None)
    chosen = best
    if by == loss:
        chosen = next(iter(ranked(of_loss.values(), quality)), None)
        chosen = chosen or next(iter(of_loss.values()), None)
    return Winners(chosen, quality, best, loss, of_loss, of_both)


def _leaders(rows: Iterable[PointResult], metric: str) -> list[PointResult]:
    """The points with the best value of a metric."""
    found = ranked(rows, metric)
    return [row for row in found if row.mean(metric) == found[0].mean(metric)]


def front(rows: Sequence[PointResult], cost: str, metric: str) -> tuple[PointResult, ...]:
    """The front: points better than every cheaper one, by their cost `params` or `macs`.

    Empty where all points cost the same.
    """
    if len({row.known(cost) for row in rows}) < 2:
        return ()
    found: list[PointResult] = []
    # Among points of equal cost the best comes first, and only that one is taken.
    for row in sorted(ranked(rows, metric), key=lambda row: row.known(cost)):
        if not found or row.known(metric) > found[-1].known(metric):
            found.append(row)
    return tuple(found)


def effects(
    rows: Sequence[PointResult], names: dict[str, tuple[str, ...]], metric: str
) -> dict[str, tuple[Effect, ...]]:
    """A metric by the values of every name with several; the name with the largest effect first.

    Empty unless at least two names have several values.
    """
    known = ranked(rows, metric)
    varied = {name: values for name, values in names.items() if len(values) > 1}
    found = {
        name: tuple(
            _effect(value, [r.known(metric) for r in known if r.values.get(name) == value])
            for value in values
        )
        for name, values in varied.items()
        if known and len(varied) > 1
    }
    return dict(sorted(found.items(), key=lambda item: -reach(item[1])))


def _effect(value: str, found: list[float]) -> Effect:
    if not found:
        return Effect(value, 0, None, None, None)
    return Effect(value, len(found), spread(found), min(found), max(found))


def reach(of: Iterable[Effect]) -> float:
    """The largest difference between the means of the values of a name."""
    means = [effect.found.mean for effect in of if effect.found]
    return max(means) - min(means) if means else 0.0


def pairs(
    rows: Sequence[PointResult],
    names: dict[str, tuple[str, ...]],
    first: str,
    second: str,
    metric: str,
) -> list[list[MeanStd | None]]:
    """A metric over all points with a pair of values: a row for each value of the first name."""
    known = ranked(rows, metric)
    return [
        [
            spread(
                row.known(metric)
                for row in known
                if row.values.get(first) == one and row.values.get(second) == other
            )
            for other in names[second]
        ]
        for one in names[first]
    ]


def cautions(rows: Sequence[PointResult], asked: str, by: str) -> list[str]:
    """Sentences about what makes the winners less certain."""
    found = []
    finished = [row for row in rows if row.finished]
    if by != asked and finished:
        found.append(
            f"No point has a {MEASURED_METRICS[asked].words}; they are compared by {by} instead."
        )
    losses = functions(rows)
    if len(losses) > 1:
        found.append(
            f"The losses are values of different functions ({', '.join(losses)}) and do not "
            f"compare; across them points are compared by {MEASURED_METRICS[quality_of(by)].words}."
        )
    if len({row.penalties for row in rows}) > 1:
        found.append("The losses include what l1 and l2 add, which is not the same everywhere.")
    other = f"val_{measure_of(by)}"
    validated = any(row.validated and other in row.metrics for row in finished)
    if len(finished) > 1 and validated and not split_of(by):
        found.append(
            f"The winner of {len(finished):,} points was chosen by the test images, which "
            f"flatters its metric a little; `--by {other}` chooses by the validation images, "
            "and leaves the test images to judge."
        )
    return found
