"""Runs a search: proposes points, trains them, and proposes more from what they reached.

Points are proposed in groups of `width`, each from the results of all groups before it. So which
points are trained depends on the seed and the width only, not on which training ends first, and not
on whether the search was stopped and went on. Loads no framework; the workers of the engine do.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.runs.run import SOURCE, Run, new_folder
from cnnspec.sweeps.drive import Driver, driving
from cnnspec.sweeps.engines.base import Engine
from cnnspec.sweeps.folder import FAILED, Sweep
from cnnspec.sweeps.guided.journal import JOURNAL, Journal
from cnnspec.sweeps.guided.proposals import Proposer, Scores, Space, counts
from cnnspec.sweeps.halving import HALVING, Round, decide, rungs
from cnnspec.sweeps.plan import MOST_LISTED, Dropped, Plan, Planned, values_by_name
from cnnspec.sweeps.rows import rows


def begin(parent: Path, plan: Plan, journal: Journal, space: Space) -> "Search":
    """Makes the folder `<model>-search-<n>` of a search, once there is a point to train.

    Raises `CnnspecError`, also where the checker rejects every point.
    """
    proposer = Proposer(space, journal)
    if proposer.extended(journal, {})[1] is None:
        raise proposer.nothing_valid()
    folder = new_folder(parent, f"{plan.model}-search")
    # Before the plan, so that whoever reads one knows that it is guided.
    Run(folder).write_json(JOURNAL, journal.dump())
    return Search(Sweep.begin(folder, plan, space.source), journal, space)


def opened(sweep: Sweep) -> Journal:
    """The journal in the folder of a search. Raises `CnnspecError`."""
    return Journal.load(Run(sweep.folder).read_json(JOURNAL))


class Search:
    """A search and its folder. Raises `CnnspecError` where its text is another than it was."""

    def __init__(self, sweep: Sweep, journal: Journal, space: Space) -> None:
        self.sweep = sweep
        self.journal = journal
        self._axes = space.axes
        self._runs = space.runs
        self._proposer = Proposer(space, journal)
        self._counted = 0
        if not self._proposer.knows(journal):
            fault = f"{sweep.folder / SOURCE} is not the text that {JOURNAL} has the points of"
            raise CnnspecError(BadRun(None, fault, "restore it, or begin a new search"))

    def _mend(self) -> None:
        """Plans the points of the journal that the plan lacks: a process was killed in between."""
        planned = {point.name: point for point in self.sweep.plan.points}
        trained = self.journal.trained
        if [proposal.name for proposal in trained] != list(planned):
            points = [planned.get(p.name) or self._proposer.planned(p) for p in trained]
            self.sweep.replan(self.sweep.plan.replace(points=tuple(points)))

    def keep(self, journal: Journal, added: list[Planned]) -> None:
        """Writes the journal, then the plan with the points that were added to it."""
        Run(self.sweep.folder).write_json(JOURNAL, journal.dump())
        self.journal = journal
        plan = self.sweep.plan
        points = (*plan.points, *added)
        rejected = self._proposer.rejected[self._counted :]
        self._counted += len(rejected)
        dropped = (Dropped(each.values, each.error.code, each.error.message) for each in rejected)
        self.sweep.replan(
            plan.replace(
                points=points,
                names=values_by_name(self._axes, [point.values for point in points]),
                reasons=dict(Counter(plan.reasons) + Counter(counts(rejected))),
                dropped=(*plan.dropped, *dropped)[:MOST_LISTED],
            )
        )

    def run(self, engine: Engine, warn: Warn, *, offline: bool = False) -> None:
        """Does the rest of the search. Raises `CnnspecError`, and `Interrupted` after a signal."""
        trainings = self.journal.points * self._runs
        how: dict[str, Any] = {"offline": offline, "again": ("search", str(self.sweep))}
        with driving(self.sweep, engine, warn, **how, trainings=trainings) as driver:
            self._mend()
            races = _Races()
            with driver.progress.live:
                for group in self._groups():
                    for point in races.train(driver, self.sweep, group):
                        driver.conclude(point)

    def _groups(self) -> Iterator[list[Planned]]:
        """Yields the points to train next, proposed once the group before has been trained."""
        width = self.journal.width
        for start in range(0, self.journal.points, width):
            wanted = min(start + width, self.journal.points)
            if len(self.journal.trained) < wanted:
                self._propose(start, wanted)
            group = list(self.sweep.plan.points[start:wanted])
            if not group:
                return
            yield group

    def _propose(self, start: int, wanted: int) -> None:
        """Adds points until so many are to be trained, or there are no others."""
        scores = self._scores(start)
        journal, added = self.journal, []
        while len(journal.trained) < wanted:
            journal, planned = self._proposer.extended(journal, scores)
            if planned is None:
                break
            added.append(planned)
        self.keep(journal, added)

    def _scores(self, before: int) -> Scores:
        """The scores of the first points, all of which have been trained."""
        found = rows(self.sweep)[:before]
        return {row.name: self.journal.goal.score(row) for row in found}


class _Races:
    """Trains groups of points, with halving each as far as it is among the best third so far.

    A point is compared with all that have come as far, those of its group included. (Successive
    halving without waiting, Li et al., MLSys 2020; groups in order make it the same every time.)
    """

    def __init__(self) -> None:
        self._reached: dict[int, list[Planned]] = {}
        """The points that have come to an epoch, in order."""
        self._decided: list[Round] = []
        self._rungs: list[int] | None = None

    def train(self, driver: Driver, sweep: Sweep, group: list[Planned]) -> list[Planned]:
        """Trains a group; returns the points of it that went to the end."""
        if sweep.plan.stop_early == HALVING:
            if self._rungs is None:
                self._rungs = rungs(max(point.epochs for point in group))
            for epoch in self._rungs:
                driver.round(group, epoch)
                group = self._best(driver, sweep, group, epoch)
        driver.round(group, None)
        return group

    def _best(
        self, driver: Driver, sweep: Sweep, group: list[Planned], epoch: int
    ) -> list[Planned]:
        """The points of a group that continue after an epoch."""
        self._reached.setdefault(epoch, []).extend(group)
        every = {
            point.name: [t.history for t in sweep.trials_of(point) if t.state != FAILED]
            for point in self._reached[epoch]
        }
        found = decide(epoch, every)
        left = [point for point in group if point.name in found.on]
        values = {point.name: found.values[point.name] for point in group}
        on = tuple(point.name for point in left)
        self._decided.append(found.replace(values=values, on=on))
        driver.keep_rounds(self._decided)
        return left
