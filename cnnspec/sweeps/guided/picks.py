"""The best points of a search within each budget, as specs and as a table.

For each upper `budget` of the spec, and for the cost of the goal, the best point within the limit,
within half of it, a quarter, and so on: the ladder of costs along the front. All are chosen by the
validation images. Reads results; trains nothing.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cnnspec.analysis.check import check_spec
from cnnspec.analysis.costs import Totals
from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import cannot_write, json_text, write_atomically
from cnnspec.files.paths import seen_from
from cnnspec.ir.claims import UPPER, Budget
from cnnspec.language.arg_types import number_text
from cnnspec.runs.metrics import MEASURED_METRICS, measure_of
from cnnspec.sweeps.guided.goal import Goal, cost_of
from cnnspec.sweeps.points import label
from cnnspec.sweeps.results import Results
from cnnspec.sweeps.rows import PointResult

FOLDER = "best"
"""The folder of the best specs."""

TABLE = "best.json"
"""What is in that folder, as JSON."""

MOST_STEPS = 12
"""The most times that a limit is halved."""


class Pick(Record):
    """The best point within a budget, and what it costs of that."""

    budget: Budget
    row: PointResult
    cost: int

    @property
    def file(self) -> str:
        """The name of its spec: `params-6000.cnn`."""
        limit = number_text(self.budget.limit)
        return f"{self.budget.subject.replace(' ', '-')}-{limit}.cnn"

    def dump(self) -> dict[str, Any]:
        """The pick as JSON."""
        found = {"budget": str(self.budget), "point": self.row.name, "cost": self.cost}
        metrics = {key: value.dump() for key, value in self.row.metrics.items()}
        return {**found, "file": f"{FOLDER}/{self.file}", "metrics": metrics}


class Picks(Record):
    """What a search has found: its front by the cost of its goal, and its picks."""

    goal: Goal
    front: tuple[tuple[PointResult, int], ...]
    picks: tuple[Pick, ...]

    def dump(self) -> dict[str, Any]:
        """What was found as JSON."""
        front = [{"point": row.name, "cost": cost} for row, cost in self.front]
        return {**self.goal.dump(), "front": front, "best": [pick.dump() for pick in self.picks]}


def picks_of(results: Results, goal: Goal) -> Picks:
    """The picks among the finished points."""
    ranked = _ranked(results, goal)
    totals = {row.name: _totals(row) for row in ranked}
    picks: list[Pick] = []
    for budget in _budgets(ranked, goal):
        costs = {name: cost_of(found, budget.subject) for name, found in totals.items()}
        picks += _ladder(ranked, costs, budget)
    front: list[tuple[PointResult, int]] = []
    if goal.against:
        costs = {name: cost_of(found, goal.against) for name, found in totals.items()}
        front = [(row, costs[row.name]) for row in _front(ranked, costs)]
    return Picks(goal, tuple(front), tuple(picks))


def _ranked(results: Results, goal: Goal) -> list[PointResult]:
    """The finished points, the best first; of equal ones the smaller."""
    found = [(goal.score(row), row) for row in results.finished]
    known = [(-score, row.point.params, row) for score, row in found if score is not None]
    return [row for _, _, row in sorted(known, key=lambda each: each[:2])]


def _totals(row: PointResult) -> Totals:
    found = check_spec(row.spec, row.name).totals
    assert found
    return found


def _budgets(ranked: Sequence[PointResult], goal: Goal) -> Iterator[Budget]:
    """The budgets to find the best point for: those of the spec, and one for the goal's cost."""
    seen = set()
    for budget in ranked[0].spec.budgets if ranked else ():
        if budget.relation in UPPER and budget.subject not in seen:
            seen.add(budget.subject)
            yield budget
    others = [goal.against] if goal.against else [] if seen else ["params"]
    for subject in others:
        if ranked and subject not in seen:
            quantity, _, dtype = subject.partition(" ")
            limit = max(cost_of(_totals(row), subject) for row in ranked)
            yield Budget(quantity, "<=", limit, dtype)


def _front(ranked: Sequence[PointResult], costs: dict[str, int]) -> list[PointResult]:
    """The points better than every cheaper one, the cheapest first."""
    found: list[PointResult] = []
    least: int | None = None
    for row in ranked:
        if least is None or costs[row.name] < least:
            least = costs[row.name]
            found.append(row)
    return found[::-1]


def _ladder(ranked: Sequence[PointResult], costs: dict[str, int], budget: Budget) -> Iterator[Pick]:
    """The best point within a limit, and within each half of it for which it is another one."""
    limit, last = budget.limit, ""
    for _ in range(MOST_STEPS):
        step = budget.replace(limit=limit)
        best = next((row for row in ranked if step.holds(costs[row.name])), None)
        if best is None:
            return
        if best.name != last:
            last = best.name
            yield Pick(step, best, costs[best.name])
        limit = limit // 2


def write_picks(results: Results, found: Picks) -> None:
    """Writes the spec of each pick, and a list of them, into a folder beside the runs.

    Raises `CnnspecError`.
    """
    folder = results.sweep.folder / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CnnspecError(cannot_write(folder, error)) from None
    for pick in found.picks:
        write_atomically(folder / pick.file, _text(results, found.goal, pick, folder))
    write_atomically(folder / TABLE, json_text(found.dump()))
    kept = {pick.file for pick in found.picks}
    for old in folder.glob("*.cnn"):
        # Of an earlier end of this search, and no longer the best.
        if old.name not in kept:
            old.unlink()


def _text(results: Results, goal: Goal, pick: Pick, folder: Path) -> str:
    """The spec of a pick with its budget, and comments that say where it comes from."""
    plan, row = results.plan, pick.row
    spec = row.spec
    others = [b for b in spec.budgets if b.subject != pick.budget.subject]
    spec = spec.replace(budgets=(pick.budget.replace(span=None), *others))
    if plan.data and not spec.data.dataset:
        seen = seen_from(Path(plan.data), folder.resolve())
        spec = spec.replace(data=spec.data.replace(source=seen))
    backend = f" --backend {plan.backend}" if plan.backend else ""
    measure = measure_of(goal.metric)
    reached = [
        f"{MEASURED_METRICS[key].words} {row.metrics[key].mean:.4f}"
        for key in (goal.metric, measure)
        if key in row.metrics
    ]
    told = [
        f"The best of {many(len(results.finished), 'point')} of {plan.source} with "
        f"{pick.budget.subject} {pick.budget.relation} {number_text(pick.budget.limit)}, by "
        f"{MEASURED_METRICS[goal.metric].words}: {label(row.values)}",
        f"{pick.budget.subject} {pick.cost:,}, {', '.join(reached)}",
        f"The same again: cnnspec train {pick.file} --threads {plan.threads}{backend}",
    ]
    return "".join(f"# {safe(line)}\n" for line in told) + f"\n{spec}"
