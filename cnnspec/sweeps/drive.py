"""Drives a sweep: hands its trainings to an engine and records how they ended.

All state of a sweep is in its folder, so another driver can continue where this one was killed.
Loads no framework; the workers of the engine do.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.diagnostics.machines import SweepBlocked, TrainingKilled
from cnnspec.files.atomic import json_text
from cnnspec.files.interrupts import StopFlag, interrupts
from cnnspec.ir.document import dump
from cnnspec.ir.source import SpecSource
from cnnspec.runs.run import Run
from cnnspec.runs.seeds import SeedRuns
from cnnspec.runs.tasks import BLOCKED, FAILED, PAUSED, Ended, Task
from cnnspec.sweeps import folder
from cnnspec.sweeps.engines.base import Engine, Racer
from cnnspec.sweeps.folder import FAILURE, LOGS, ROUNDS, Sweep, Trial
from cnnspec.sweeps.halving import ASHA, HALVING, Round, decide, metric_of, rungs
from cnnspec.sweeps.plan import Planned
from cnnspec.sweeps.progress import Progress

AGAIN = ("", TrainingKilled.code)
"""Failures that another attempt may change: errors of unknown cause, and killed processes."""


def drive(
    sweep: Sweep, engine: Engine, warn: Warn, *, offline: bool = False, again: tuple[str, ...] = ()
) -> None:
    """Does the rest of a sweep; stopping early by `asha` needs a `Racer` as engine.

    `again` is the command that goes on with it and the folder that it names, if not `sweep`.
    Raises `CnnspecError`, and `Interrupted` after a signal.
    """
    with driving(sweep, engine, warn, offline=offline, again=again) as driver:
        driver.run()


@contextmanager
def driving(
    sweep: Sweep,
    engine: Engine,
    warn: Warn,
    *,
    offline: bool = False,
    again: tuple[str, ...] = (),
    trainings: int | None = None,
) -> "Iterator[Driver]":
    """Gives the driver of a sweep to which nobody else has access meanwhile; see `drive`.

    `trainings` is how many there are to be, where points are added on the way.
    """
    # Not above: the light part knows the options of a search, and has no package for locks.
    from cnnspec.runs.lock import locked

    command, named = again or ("sweep", str(sweep))
    with locked(Run(sweep.folder)), interrupts() as pause:
        sweep.repair(warn)
        for trial in sweep.trials():
            if trial.state == folder.FAILED and trial.failure.get("code", "") in AGAIN:
                (trial.run.folder / FAILURE).unlink()
        try:
            yield Driver(sweep, engine, pause, offline, command, named, trainings)
        except Interrupted as stopped:
            raise Interrupted(stopped.number, named, command) from None


class Driver:
    """Runs rounds of trainings: some points, up to an epoch or to their end."""

    def __init__(
        self,
        sweep: Sweep,
        engine: Engine,
        pause: StopFlag,
        offline: bool,
        command: str,
        named: str,
        trainings: int | None = None,
    ) -> None:
        self._again = f"`cnnspec {command} --resume {named}` goes on"
        self._sweep = sweep
        self._engine = engine
        self._pause = pause
        self._offline = offline
        self.progress = Progress(sweep, trainings)
        self._blocked: Ended | None = None

    def run(self) -> None:
        """Runs rounds with a decision after each, and a last one to the end."""
        points = list(self._sweep.plan.points)
        with self.progress.live:
            if self._sweep.plan.stop_early == ASHA:
                self._race(points)
            else:
                if self._sweep.plan.stop_early == HALVING:
                    points = self._halved(points)
                self.round(points, None)
        for point in points:
            self.conclude(point)

    def _halved(self, points: list[Planned]) -> list[Planned]:
        """Runs the rounds of successive halving; returns the points that are left."""
        decided: list[Round] = []
        for epoch in rungs(max(point.epochs for point in points)):
            self.round(points, epoch)
            decided.append(self._decide(points, epoch))
            self.keep_rounds(decided)
            points = [point for point in points if point.name in decided[-1].on]
        return points

    def keep_rounds(self, decided: Iterable[Round]) -> None:
        """Writes the decisions of early stopping."""
        Run(self._sweep.folder).write_json(ROUNDS, [each.dump() for each in decided])

    def _race(self, points: list[Planned]) -> None:
        """Trains all points at once; the engine stops one as soon as others are better.

        Earlier decisions are kept: a stopped point is only compared.
        """
        ends = rungs(max(point.epochs for point in points))
        ended = {n for each in self._sweep.rounds() for n in each.values}
        decided = {each.epoch: each for each in self._sweep.rounds()}
        trials = {t.name: t for p in points for t in self._begun(p) if t.state != folder.FAILED}
        before = {name for name, trial in trials.items() if trial.state == folder.FINISHED}
        before |= {n for n, t in trials.items() if t.point.name in ended and t.epochs in ends}
        tasks = [
            self._task(trial, trial.epochs if name in before and not trial.run.finished else None)
            for name, trial in trials.items()
        ]
        self.progress.begin_round([task for task in tasks if task.name not in before], None)

        def on_event(task: Task, how: Ended | None) -> None:
            trial = trials[task.name]
            if task.name in before:
                return
            self._note(trial, how)
            if how and how.how == PAUSED:
                epoch, history = trial.epochs, trial.history
                name = metric_of(history)
                known = decided.get(epoch) or Round(epoch, name, {}, ())
                found = {**known.values, trial.point.name: history[-1][name]}
                decided[epoch] = known.replace(values=found)
                self.keep_rounds(decided.values())

        assert isinstance(self._engine, Racer)
        self._engine.race(tasks, ends, on_event, self._poll)
        self._unblocked()

    def round(self, points: list[Planned], until: int | None) -> None:
        """Trains some points up to an epoch, or to their end."""
        trials = {
            trial.name: trial
            for point in points
            for trial in self._begun(point)
            if trial.state not in folder.ENDED
            and (until is None or trial.epochs < min(until, point.epochs))
        }
        # The largest first, so that none of them runs alone at the end beside idle processors.
        largest = sorted(trials.values(), key=lambda trial: -trial.point.macs * trial.point.epochs)
        tasks = [self._task(trial, until) for trial in largest]
        self.progress.begin_round(tasks, until)
        self._engine.run(tasks, lambda task, how: self._note(trials[task.name], how), self._poll)
        self._unblocked()

    def _poll(self) -> None:
        """Shows how far the trainings are, and raises `Interrupted` after a signal."""
        self.progress.poll()
        self._pause()

    def _note(self, trial: Trial, ended: Ended | None) -> None:
        """Records that a training begins, or how it ended."""
        if ended and ended.how == FAILED:
            trial.fail(ended.code, ended.message, ended.attempts, ended.remedy)
        elif ended and ended.how == BLOCKED:
            self._blocked = ended
        self.progress.on_event(trial, ended)

    def _unblocked(self) -> None:
        """Raises `CnnspecError` where a training was blocked by something that would block all."""
        if self._blocked:
            blocked = self._blocked
            remedy = f"{blocked.remedy or 'fix that'}; then {self._again}"
            raise CnnspecError(SweepBlocked(None, blocked.message, remedy))

    def _begun(self, point: Planned) -> Iterator[Trial]:
        """Returns the trainings of a point; with several seeds it makes their folder."""
        if point.several:
            self._series(point)
        return self._sweep.trials_of(point)

    def _series(self, point: Planned) -> None:
        """Makes the folder of a point with several seeds."""
        if SeedRuns.find(str(self._sweep.folder / point.name)) is None:
            source = SpecSource(self._sweep.plan.source, point.spec)
            SeedRuns.create(self._sweep.folder, point.spec, source, point.name)

    def _task(self, trial: Trial, until: int | None) -> Task:
        plan, spec = self._sweep.plan, trial.point.spec
        log = trial.point.folder(trial.seed).replace("/", "-")
        return Task(
            name=trial.name,
            folder=trial.run.folder.absolute(),
            log=(self._sweep.folder / LOGS / f"{log}.txt").absolute(),
            document=json_text(dump(spec.with_seed(trial.seed))),
            source=plan.source,
            data=plan.data,
            until=until,
            backend=plan.backend,
            threads=plan.threads,
            offline=self._offline,
            limit=plan.limit,
            isolated=plan.isolated,
        )

    def _decide(self, points: list[Planned], epoch: int) -> Round:
        histories = {
            point.name: [
                t.history for t in self._sweep.trials_of(point) if t.state != folder.FAILED
            ]
            for point in points
        }
        return decide(epoch, histories)

    def conclude(self, point: Planned) -> None:
        """Summarizes the seeds of a point once all have been trained."""
        states = {trial.state for trial in self._sweep.trials_of(point)}
        if point.several and folder.FINISHED in states and states <= folder.ENDED:
            series = SeedRuns(self._sweep.folder / point.name)
            if not series.finished:
                series.finalize(point.spec)
