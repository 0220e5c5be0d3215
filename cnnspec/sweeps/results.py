"""The results of a sweep as one value: a row for each point, and the analysis of all rows.

Read from a sweep folder at any time, also while the sweep runs. Light: files only.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from math import inf
from typing import Any

from cnnspec.runs.metrics import MEASURED_METRICS, METRICS, measure_of
from cnnspec.sweeps import analysis
from cnnspec.sweeps.analysis import Effect, Winners
from cnnspec.sweeps.folder import Sweep
from cnnspec.sweeps.interactions import Interaction, interactions
from cnnspec.sweeps.plan import Plan
from cnnspec.sweeps.rows import STATES, PointResult, rows
from cnnspec.version import __version__

COSTS = ("params", "macs")
"""The costs for which there is a front."""


class Results:
    """The results of a sweep; `asked` is the metric that points are to be chosen by."""

    def __init__(self, sweep: Sweep, found: Sequence[PointResult], asked: str = "accuracy") -> None:
        self.sweep = sweep
        self.rows = tuple(found)
        self.asked = asked

    @classmethod
    def read(cls, sweep: Sweep, by: str = "accuracy") -> "Results":
        """Reads the results of a folder; it never fails because of a damaged or missing file."""
        return cls(sweep, rows(sweep), by)

    @property
    def plan(self) -> Plan:
        """The plan of the sweep."""
        return self.sweep.plan

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.sweep.folder.resolve().name

    @cached_property
    def by(self) -> str:
        """The metric that points are chosen by: `asked`, or the one that replaces it."""
        return analysis.judged(self.rows, self.asked)

    @property
    def quality(self) -> str:
        """The metric on the same images that can be compared across loss functions."""
        return analysis.quality_of(self.by)

    @property
    def finished(self) -> list[PointResult]:
        """The points that can be compared."""
        return [row for row in self.rows if row.finished]

    @cached_property
    def loss_functions(self) -> list[str]:
        """The loss functions that points were trained with, in order."""
        return analysis.functions(self.rows)

    @property
    def several(self) -> bool:
        """Whether there is more than one seed."""
        return any(row.point.several for row in self.rows)

    @property
    def states(self) -> dict[str, int]:
        """How many points are in each state."""
        counted = Counter(row.state for row in self.rows)
        return {state: counted[state] for state in STATES if counted[state]}

    @property
    def seconds(self) -> float:
        """The time of all trainings together, in seconds."""
        found = (row.seconds for row in self.rows)
        return sum(each.mean * each.values for each in found if each)

    @cached_property
    def winners(self) -> Winners:
        """The best points."""
        return analysis.winners(self.rows, self.by)

    @cached_property
    def effects(self) -> dict[str, tuple[Effect, ...]]:
        """The effect of each swept name on `quality`, the largest first."""
        return analysis.effects(self.rows, self.plan.names, self.quality)

    @cached_property
    def interactions(self) -> list[Interaction]:
        """What pairs of names do together to `quality`, the largest share first. Needs numpy."""
        return interactions(self.rows, list(self.effects), self.quality)

    @property
    def cautions(self) -> list[str]:
        """Sentences about what makes the winners less certain."""
        return analysis.cautions(self.rows, self.asked, self.by)

    def front(self, cost: str) -> tuple[PointResult, ...]:
        """The points that are better by `quality` than every cheaper one."""
        return analysis.front(self.rows, cost, self.quality)

    @cached_property
    def cheapest(self) -> list[PointResult]:
        """The points of any front, by their parameters."""
        found = {row.name: row for cost in COSTS for row in self.front(cost)}
        return sorted(found.values(), key=lambda row: row.point.params)

    @property
    def notable(self) -> list[str]:
        """The names of the winners and of the points of any front."""
        found = self.winners
        rows = (found.chosen, found.best, *found.of_loss.values(), *self.cheapest)
        return list(dict.fromkeys(row.name for row in rows if row))

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The names that tell the points apart, each with its values in order.

        The values of a name without a list of them are those of the points, numbers by their size.
        """
        found = {}
        for name, listed in self.plan.names.items():
            values = dict.fromkeys(row.values.get(name, "") for row in self.rows)
            if len(values) > 1:
                found[name] = listed or tuple(sorted(values, key=_by_size))
        return found or dict(self.plan.names)

    @property
    def varied(self) -> list[str]:
        """The names with several values."""
        return [name for name, values in self.plan.names.items() if len(values) > 1]

    def sorted(self, by: str = "") -> list[PointResult]:
        """The rows by a metric, the best first, by `name`, or by a name of the sweep.

        Unfinished points come after finished ones, unknown values last. The default is the metric
        that points are chosen by. Losses are sorted within each loss function. Raises `KeyError`
        for an unknown key.
        """
        key = by or self.by
        if key in METRICS:
            return sorted(self.rows, key=lambda row: self._place(row, key))
        if key == "name":
            return sorted(self.rows, key=lambda row: row.name)
        places = {value: place for place, value in enumerate(self.plan.names[key])}
        return sorted(self.rows, key=lambda row: places.get(row.values.get(key, ""), -1))

    def _place(self, row: PointResult, key: str) -> tuple[Any, ...]:
        """The sort key of a row for a metric."""
        if key in MEASURED_METRICS and not row.finished:
            # All that such a row can have.
            key = f"val_{measure_of(key)}"
        of_loss = measure_of(key) == "loss"
        group = self.loss_functions.index(row.loss_function) if of_loss else 0
        column = METRICS[key]
        return not row.finished, group, column.rank(row.mean(key)), row.point.params

    def dump(self) -> dict[str, Any]:
        """The results as JSON."""
        plan = self.plan
        return {
            "version": 1,
            "cnnspec": __version__,
            "name": self.name,
            "model": plan.model,
            "source": plan.source,
            "names": plan.names,
            "by": self.by,
            "states": self.states,
            "seconds": round(self.seconds, 3),
            "winners": self.winners.dump(),
            "cautions": self.cautions,
            "fronts": {cost: [row.name for row in self.front(cost)] for cost in COSTS},
            "effects": {n: [e.dump() for e in found] for n, found in self.effects.items()},
            "dropped": {
                "total": sum(plan.reasons.values()),
                "reasons": plan.reasons,
                "points": [d.as_dict() for d in plan.dropped],
            },
            "points": [row.dump() for row in self.rows],
        }


def _by_size(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return inf, text
