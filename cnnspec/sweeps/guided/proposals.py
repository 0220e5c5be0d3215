"""The points that a search proposes: asked of a sampler, accepted or rejected by the checker.

A point whose shapes or budgets fail is never built or trained; the sampler is told by how much it
fails. Knows the checker and the samplers; reads no file and trains nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from random import Random

from cnnspec.analysis.costs import BudgetResult
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import OverBudget
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.state import Axis, Overrides
from cnnspec.language.syntax import Expression
from cnnspec.sweeps.dimensions import dimensions, drawn, text_of
from cnnspec.sweeps.guided.goal import cost_of
from cnnspec.sweeps.guided.journal import Journal, Proposal
from cnnspec.sweeps.guided.samplers import DRAWN_FIRST, Told, propose
from cnnspec.sweeps.plan import Planned, planned_point
from cnnspec.sweeps.points import MAX_DRAWN, Point, PointChecker, label, reason

MOST_ASKED = 50
"""So many proposals in a row that are rejected or known, and chance draws the next point."""

WRONG = 10.0
"""The violation of a point with another error than a budget: more than most budgets are missed."""

Scores = Mapping[str, float | None]
"""The score of each point that has been trained, by its name; `None` for one that failed."""


class Space(Record):
    """What a search varies: a text, the names of its sweep, values for other names.

    `template` names the points, and each is trained `runs` times.
    """

    source: Source
    axes: tuple[Axis, ...]
    overrides: Overrides
    template: str
    runs: int = 1


class Rejection(Record):
    """A point that the checker has rejected: its first error, and how far it misses its budgets."""

    values: dict[str, str]
    error: Diagnostic
    violation: float


class Proposer:
    """Proposes points, with a checker that keeps what they have in common."""

    def __init__(self, space: Space, journal: Journal) -> None:
        self._space = space
        self._goal = journal.goal
        self._sampler = journal.sampler
        self._seed = journal.seed
        self._dimensions = dimensions(space.axes)
        self._checker = PointChecker(space.source, space.overrides)
        self._stream = drawn(space.axes, Random(journal.seed))
        # What was drawn before is known, also where nothing was left of it.
        self._drawn = len(list(islice(self._stream, journal.drawn)))
        self.rejected: list[Rejection] = []
        """The points that this process has rejected, in order."""

    def knows(self, journal: Journal) -> bool:
        """Whether the proposals of a journal are points of this space."""
        try:
            for proposal in journal.proposals:
                for dimension in self._dimensions:
                    dimension.place(text_of(dimension.value(proposal.values[dimension.name])))
        except (KeyError, ValueError, OverflowError):
            return False
        return True

    def planned(self, proposal: Proposal) -> Planned:
        """A point that was proposed before, as one to train."""
        values = {d.name: d.value(proposal.values[d.name]) for d in self._dimensions}
        point = planned_point(self._checker.at(values), self._space.template)
        return point.replace(name=proposal.name)

    def extended(self, journal: Journal, scores: Scores) -> tuple[Journal, Planned | None]:
        """The journal with one more point to train, `None` if there is no other.

        `scores` has the trained points that count; a named proposal that it lacks is being trained.
        """
        if len(journal.trained) >= DRAWN_FIRST[self._sampler]:
            for attempt in range(MOST_ASKED):
                told = list(self._told(journal, scores))
                number = f"{self._seed}/{len(journal.proposals)}/{attempt}"
                seed = Random(number).randrange(2**32)
                asked = propose(self._sampler, self._dimensions, told, seed)
                if _key(asked.values) in _known(journal):
                    continue
                point = self._checker.at(asked.values)
                journal, planned = self._added(journal, point, asked.marks)
                if planned:
                    return journal, planned
        return self._from_chance(journal)

    def _from_chance(self, journal: Journal) -> tuple[Journal, Planned | None]:
        """The next valid point of those that chance draws; the others are not in the journal."""
        known = _known(journal)
        names = [dimension.name for dimension in self._dimensions]
        for values in islice(self._stream, MAX_DRAWN):
            self._drawn += 1
            named = dict(zip(names, values, strict=True))
            if _key(named) in known:
                continue
            point = self._checker.at(named)
            if point.error is None:
                journal, planned = self._added(journal, point, {})
                return journal.replace(drawn=self._drawn), planned
            self._reject(point, point.error)
        return journal.replace(drawn=self._drawn), None

    def _added(
        self, journal: Journal, point: Point, marks: dict[str, int]
    ) -> tuple[Journal, Planned | None]:
        """The journal with a point, and the point as one to train if it is valid."""
        planned = None
        if point.error is None:
            planned = _named_anew(planned_point(point, self._space.template), journal)
        else:
            self._reject(point, point.error)
        name = planned.name if planned else ""
        totals = point.checked.totals
        cost = None
        if self._goal.against and totals:
            cost = float(cost_of(totals, self._goal.against))
        proposal = Proposal(point.values, name, violation_of(point), cost, marks)
        return journal.replace(proposals=(*journal.proposals, proposal)), planned

    def _reject(self, point: Point, error: Diagnostic) -> None:
        self.rejected.append(Rejection(point.values, error, violation_of(point)))

    def _told(self, journal: Journal, scores: Scores) -> Iterator[Told]:
        """What a sampler is told of every proposal."""
        known = [score for score in scores.values() if score is not None]
        costs = [p.cost for p in journal.proposals if p.cost is not None]
        failed = min(known, default=0.0) - 1.0
        for p in journal.proposals:
            cost = p.cost
            if self._goal.against and cost is None:
                cost = max(costs, default=0.0)
            score: float | None = failed - 1.0 - p.violation
            if p.name:
                found = scores.get(p.name)
                score = failed if p.name in scores and found is None else found
            yield Told(p.values, score, cost, p.violation, p.marks)

    def nothing_valid(self) -> CnnspecError:
        """The error of a search of which no point is valid, with the one that is nearest."""
        name = self._space.source.name
        counted = counts(self.rejected).items()
        reasons = "; ".join(f"{count:,} times {why}" for why, count in counted)
        looked = f"none of {len(self.rejected):,} points of {name}, drawn at random, is valid"
        cause = f"{looked}: {reasons}"
        nearest = min(self.rejected, key=lambda each: each.violation)
        remedy = f"the nearest is {label(nearest.values)}: {nearest.error.message}"
        return CnnspecError(CannotRead(None, cause, remedy))


def counts(rejected: Iterable[Rejection]) -> dict[str, int]:
    """How many points are rejected, by their first error."""
    return dict(Counter(reason(each.error) for each in rejected).most_common())


def _named_anew(planned: Planned, journal: Journal) -> Planned:
    """A point under a name that no other has: of two texts of values the folder may be the same."""
    taken = {proposal.name for proposal in journal.trained}
    name, number = planned.name or "point", 1
    while name in taken:
        number += 1
        name = f"{planned.name}-{number}"
    return planned.replace(name=name)


def violation_of(point: Point) -> float:
    """How far a point misses its budgets: the sum of the shares by which it is over or under."""
    if point.error is None:
        return 0.0
    errors = [problem for problem in point.checked.problems if problem.severity == "error"]
    missed = [result for result in point.checked.budget_results if not result.holds]
    # What only the target declines has no error of the checker.
    other = not errors or not all(isinstance(error, OverBudget) for error in errors)
    # A little more than nothing, where a limit is only just missed: `params < 600` by 600.
    return (WRONG if other else 0.0) + 1e-6 + sum(map(_excess, missed))


def _excess(result: BudgetResult) -> float:
    limit = result.budget.limit
    return abs(result.value - limit) / max(1.0, abs(limit))


def _known(journal: Journal) -> set[tuple[str, ...]]:
    return {tuple(proposal.values.values()) for proposal in journal.proposals}


def _key(values: Mapping[str, Expression]) -> tuple[str, ...]:
    return tuple(map(text_of, values.values()))
