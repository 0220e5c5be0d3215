"""Drives a sweep: hands its trainings to an engine, and writes down what became of them.

All that a sweep knows is in its folder, so that another driver goes on where this one
was killed. Loads no framework; the workers of the engine do.
"""

from cnnspec.diagnostics.base import Problems, Stopped, Warn
from cnnspec.diagnostics.surroundings import SweepBlocked, TrainingKilled
from cnnspec.expand import read
from cnnspec.interrupts import Pause, interrupts
from cnnspec.runs import Run
from cnnspec.series import Series
from cnnspec.source import Source
from cnnspec.sweeps.engines import BLOCKED, FAILED, Ended, Engine, Task
from cnnspec.sweeps.folder import FAILURE, LOGS, ROUNDS, Sweep, Trial
from cnnspec.sweeps.halving import Round, decide, rungs
from cnnspec.sweeps.plan import Planned
from cnnspec.sweeps.progress import Progress

AGAIN = ("", TrainingKilled.code)
"""Failures that another attempt may change: errors of no known cause, and killed processes."""


def drive(sweep: Sweep, engine: Engine, warn: Warn, *, offline: bool = False) -> None:
    """Does what is left of a sweep. Raises `Problems`, and `Stopped` after a signal."""
    with Run(sweep.folder).locked(), interrupts() as pause:
        sweep.mend(warn)
        for trial in sweep.trials():
            if trial.state == "failed" and trial.failure["code"] in AGAIN:
                (trial.run.folder / FAILURE).unlink()
        try:
            _Drive(sweep, engine, pause, offline).run()
        except Stopped as stopped:
            raise Stopped(stopped.number, str(sweep), "sweep") from None


class _Drive:
    def __init__(self, sweep: Sweep, engine: Engine, pause: Pause, offline: bool) -> None:
        self._sweep = sweep
        self._engine = engine
        self._pause = pause
        self._offline = offline
        self._spec_of = {
            p.name: read(Source(sweep.plan.source, p.text)).spec for p in sweep.plan.points
        }
        self._progress = Progress(sweep)
        self._blocked: Ended | None = None

    def run(self) -> None:
        """Rounds with a decision after each, and a last one to the end."""
        points = list(self._sweep.plan.points)
        with self._progress.live:
            if self._sweep.plan.stop_early == "halving":
                decided: list[Round] = []
                for epoch in rungs(max(point.epochs for point in points)):
                    self._round(points, epoch)
                    decided.append(self._decide(points, epoch))
                    Run(self._sweep.folder).write_json(ROUNDS, [r.dump() for r in decided])
                    points = [point for point in points if point.name in decided[-1].on]
            self._round(points, None)
        for point in points:
            self._conclude(point)

    def _round(self, points: list[Planned], until: int | None) -> None:
        """Trains some points up to an epoch, or to their end."""
        trials = {}
        for point in points:
            if point.several:
                self._series(point)
            for trial in self._sweep.trials_of(point):
                left = trial.state not in ("finished", "failed")
                if left and (until is None or trial.epochs < min(until, point.epochs)):
                    trials[trial.name] = trial
        tasks = [self._task(trial, until) for trial in trials.values()]
        self._progress.begin_round(tasks, until)

        def tell(task: Task, ended: Ended | None) -> None:
            trial = trials[task.name]
            if ended and ended.how == FAILED:
                trial.fail(ended.code, ended.message, ended.attempts)
            elif ended and ended.how == BLOCKED:
                self._blocked = ended
            self._progress.tell(trial, ended)

        self._engine.run(tasks, tell, self._pause)
        if self._blocked:
            fault = self._blocked
            again = f"`cnnspec sweep --resume {self._sweep}` goes on"
            remedy = f"{fault.remedy or 'mend that'}; then {again}"
            raise Problems(SweepBlocked(None, fault.message, remedy))

    def _series(self, point: Planned) -> None:
        """The folder of a point with several seeds."""
        if Series.find(str(self._sweep.folder / point.name)) is None:
            source = Source(self._sweep.plan.source, point.text)
            Series.create(self._sweep.folder, self._spec_of[point.name], source, point.name)

    def _task(self, trial: Trial, until: int | None) -> Task:
        plan, spec = self._sweep.plan, self._spec_of[trial.point.name]
        log = trial.point.folder(trial.seed).replace("/", "-")
        return Task(
            name=trial.name,
            folder=trial.run.folder.absolute(),
            log=(self._sweep.folder / LOGS / f"{log}.txt").absolute(),
            text=str(spec.with_seed(trial.seed)),
            source=plan.source,
            data=plan.data,
            until=until,
            backend=plan.backend,
            threads=plan.threads,
            offline=self._offline,
        )

    def _decide(self, points: list[Planned], epoch: int) -> Round:
        histories = {
            point.name: [t.history for t in self._sweep.trials_of(point) if t.state != "failed"]
            for point in points
        }
        return decide(epoch, histories)

    def _conclude(self, point: Planned) -> None:
        """Takes the seeds of a point together once all have been trained."""
        states = [trial.state for trial in self._sweep.trials_of(point)]
        if point.several and "finished" in states and set(states) <= {"finished", "failed"}:
            series = Series(self._sweep.folder / point.name)
            if not series.finished:
                series.conclude(self._spec_of[point.name])
