"""The results of a class: a row for each submission, judged by what it reached, and ranked.

Read from the folder of a class at any time. Light: files only.
"""

from collections.abc import Iterable
from functools import cached_property
from statistics import fmean
from typing import Any

from cnnspec.analysis.rules import BudgetRule, ExpectRule, Rule, Verdict
from cnnspec.classes.entry import Entry
from cnnspec.classes.folder import Class
from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.ir.claims import Expectation
from cnnspec.runs.expectations import STORED
from cnnspec.runs.metrics import MEASURED_METRICS, measure_of
from cnnspec.runs.run import INTEGERS, METRICS
from cnnspec.sweeps.folder import FAILURE
from cnnspec.sweeps.rows import PointResult, rows
from cnnspec.version import __version__

KEPT, BROKEN, FAILED, UNTRAINED, WAITING = (
    "keeps every rule",
    "breaks a rule",
    "failed",
    "not trained",
    "not trained yet",
)


class Row(Record):
    """A submission with what it reached.

    `verdicts` are in the order of the rules, and `numbers` what each is about as a number, `None`
    where it is none. `rank` counts from 1, and equal results have the same; it is `None` for what
    was not trained. `remedy` is what to do about a training that failed.
    """

    entry: Entry
    point: PointResult | None
    verdicts: tuple[Verdict, ...]
    numbers: tuple[float | None, ...]
    state: str
    reason: str
    remedy: str = ""
    rank: int | None = None

    @property
    def name(self) -> str:
        """What the submission is called."""
        return self.entry.name

    @property
    def trained(self) -> bool:
        """Whether it was trained to its end."""
        return self.state in (KEPT, BROKEN)

    @property
    def kept(self) -> int:
        """How many rules it keeps."""
        return sum(verdict.holds is True for verdict in self.verdicts)

    def metric(self, key: str) -> float | None:
        """A metric of the trained network, by its name in an expectation."""
        return self.point.mean(key) if self.point and self.trained else None

    @property
    def seconds(self) -> float | None:
        """How long its training took."""
        return self.point.mean("seconds") if self.point else None

    def dump(self, rules: Iterable[Rule]) -> dict[str, Any]:
        """The row as JSON."""
        point, entry = self.point, self.entry
        judged = zip(rules, self.verdicts, self.numbers, strict=True)
        return {
            "name": entry.name,
            "file": entry.file or None,
            "model": entry.model or None,
            "rank": self.rank,
            "state": self.state,
            "reason": self.reason or None,
            "remedy": self.remedy or None,
            "params": entry.params,
            "macs": entry.macs,
            "epochs": point.mean("epochs") if point else None,
            "seconds": self.seconds,
            "metrics": {k: self.metric(k) for k in MEASURED_METRICS if self.metric(k) is not None},
            "rules": [
                {"rule": rule.text, "holds": verdict.holds, "found": verdict.found, "value": number}
                for rule, verdict, number in judged
            ],
            "problems": [problem.data for problem in entry.problems],
        }


class Results:
    """The rows of a class, the best first."""

    def __init__(self, of: Class) -> None:
        self.of = of
        points = {row.name: row for row in rows(of.trainings)} if of.trainings else {}
        found = [_row(of, entry, points.get(entry.training)) for entry in of.entries]
        self.rows = tuple(_ranked(found, self.by))

    @cached_property
    def by(self) -> str:
        """The metric that submissions are ranked by: the first that a rule expects."""
        expected = [r.expectation.quantity for r in self.rules if isinstance(r, ExpectRule)]
        return expected[0] if expected else "accuracy"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in their order."""
        return self.of.rules.rules

    @property
    def trained(self) -> list[Row]:
        """The submissions that were trained to their end, the best first."""
        return [row for row in self.rows if row.trained]

    @property
    def ok(self) -> bool:
        """Whether every submission keeps every rule."""
        return all(row.state == KEPT for row in self.rows)

    def count(self, state: str) -> int:
        """How many submissions are in a state."""
        return sum(row.state == state for row in self.rows)

    def holds(self, place: int) -> int:
        """How many submissions keep a rule."""
        return sum(row.verdicts[place].holds is True for row in self.rows)

    @property
    def seconds(self) -> float:
        """The time of all trainings together, in seconds."""
        own = (row for row in self.rows if row.entry.training == row.entry.slug)
        return sum(row.seconds or 0.0 for row in own)

    def dump(self) -> dict[str, Any]:
        """The results as JSON."""
        return {
            "version": 1,
            "cnnspec": __version__,
            "name": self.of.name,
            "rules": self.of.rules.names,
            "by": self.by,
            "settings": list(self.of.settings),
            "seconds": round(self.seconds, 3),
            "submissions": [row.dump(self.rules) for row in self.rows],
            "identical": [
                {"files": [self.called(slug) for slug in group.files], "same": group.same}
                for group in self.of.twins
            ],
            "without": list(self.of.without),
        }

    @cached_property
    def _names(self) -> dict[str, str]:
        return {entry.slug: entry.name for entry in self.of.entries}

    def called(self, slug: str) -> str:
        """The name that is shown of a submission."""
        return self._names.get(slug, slug)


def _row(of: Class, entry: Entry, point: PointResult | None) -> Row:
    pairs = [
        _measured(of, rule, verdict, point)
        for rule, verdict in zip(of.rules.rules, entry.verdicts, strict=True)
    ]
    verdicts = tuple(verdict for verdict, _ in pairs)
    reason, state, remedy = entry.reason, UNTRAINED, ""
    if not reason:
        state = WAITING
        if point and point.finished:
            state = KEPT if all(verdict.holds for verdict in verdicts) else BROKEN
        elif point and point.reason:
            state, reason, remedy = FAILED, point.reason, _remedy(of, point)
    numbers = tuple(number for _, number in pairs)
    return Row(entry, point, verdicts, numbers, state, reason, remedy)


def _remedy(of: Class, point: PointResult) -> str:
    """What to do about a training that failed."""
    assert of.trainings
    for trial in of.trainings.trials_of(point.point):
        if (trial.run.folder / FAILURE).is_file():
            return str(trial.run.salvage(FAILURE)[0].get("remedy", ""))
    return ""


def _value(of: Class, claim: Expectation, point: PointResult) -> float | None:
    """What a network reached of what a rule expects: the mean over its seeds."""
    if not claim.dtype:
        return point.mean(claim.quantity)
    assert of.trainings
    found = [
        trial.run.read_json(METRICS)[INTEGERS][STORED[claim.split]][measure_of(claim.quantity)]
        for trial in of.trainings.trials_of(point.point)
    ]
    return fmean(found)


def _measured(
    of: Class, rule: Rule, verdict: Verdict, point: PointResult | None
) -> tuple[Verdict, float | None]:
    """A verdict with what was trained, and the number that it is about."""
    match rule:
        case ExpectRule(expectation=claim):
            value = _value(of, claim, point) if point and point.finished else None
            if value is None:
                return Verdict("", None), None
            return Verdict(f"{value:.4f}", claim.holds(value)), value
        case BudgetRule() if verdict.found:
            return verdict, int(verdict.found.replace(",", ""))
    return verdict, None


def _ranked(found: list[Row], by: str) -> list[Row]:
    """The rows in order: those that keep every rule first, then by the metric, then by size."""

    def merit(row: Row) -> tuple[Any, ...]:
        return row.state != KEPT, MEASURED_METRICS[by].rank(row.metric(by)), row.entry.params

    trained = sorted((row for row in found if row.trained), key=merit)
    others = [row for row in found if not row.trained]
    ranked: list[Row] = []
    for place, row in enumerate(trained, 1):
        equal = ranked and merit(ranked[-1]) == merit(row)
        ranked.append(row.replace(rank=ranked[-1].rank if equal else place))
    order = (FAILED, WAITING, UNTRAINED)
    others.sort(key=lambda row: (order.index(row.state), natural(row.name)))
    return ranked + others
