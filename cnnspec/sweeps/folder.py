"""Sweep folders: what a sweep leaves behind, and how it is read again.

The folder holds `source.cnn` (the text with its sweep), `sweep.json` (the plan), a run folder for
each point (with several seeds, a series), and `logs/` with what each training printed. A training
that cannot succeed leaves `failure.json` in its run folder. With early stopping `rounds.json` has
the decision of each round. At the end it also has `results.json`, `results.csv`, `best.cnn`,
`report.html` and `report/`. Knows files only, no framework.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.runs.run import HISTORY, IR, METRICS, SOURCE, SWEEP, Run, new_folder
from cnnspec.sweeps.halving import Round
from cnnspec.sweeps.plan import Plan, Planned

FAILURE = "failure.json"
ROUNDS = "rounds.json"
LOGS = "logs"
RESULTS = "results.json"
TABLE = "results.csv"
BEST = "best.cnn"

FINISHED = "finished"
FAILED = "failed"
BEGUN = "begun"
WAITING = "waiting"
ENDED = {FINISHED, FAILED}
"""The states in which a training is over."""


class Trial(Record):
    """One training of a sweep: a point with one of its seeds, and its run folder."""

    point: Planned
    seed: int
    run: Run

    @property
    def name(self) -> str:
        """Its name in messages: the name of the point, with the seed if there are several."""
        return f"{self.point.name} seed {self.seed}" if self.point.several else self.point.name

    @property
    def state(self) -> str:
        """`FINISHED`, `FAILED`, `BEGUN` or `WAITING`."""
        if self.run.finished:
            return FINISHED
        if (self.run.folder / FAILURE).is_file():
            return FAILED
        return BEGUN if (self.run.folder / IR).is_file() else WAITING

    @property
    def epochs(self) -> int:
        """How many epochs have been trained."""
        return len(self.history)

    @property
    def history(self) -> list[dict[str, float]]:
        """The metrics of its epochs so far. Raises `CnnspecError`."""
        known = (self.run.folder / HISTORY).is_file()
        found: list[dict[str, float]] = self.run.read_json(HISTORY) if known else []
        return found

    @property
    def failure(self) -> dict[str, Any]:
        """Why it failed: `code`, `message`, `remedy`, and how many `attempts` there were."""
        found: dict[str, Any] = self.run.read_json(FAILURE)
        return found

    def fail(self, code: str, message: str, attempts: int = 1, remedy: str = "") -> None:
        """Records why it failed. Raises `CnnspecError`."""
        self.run.folder.mkdir(parents=True, exist_ok=True)
        failure = {"code": code, "message": message, "remedy": remedy, "attempts": attempts}
        self.run.write_json(FAILURE, failure)


class Sweep:
    """The folder of a sweep with its plan."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan

    @classmethod
    def create(cls, parent: Path, plan: Plan, source: Source) -> Self:
        """Makes a new folder `<model>-sweep-<n>` with the plan. Raises `CnnspecError`."""
        return cls.begin(new_folder(parent, f"{plan.model}-sweep"), plan, source)

    @classmethod
    def begin(cls, folder: Path, plan: Plan, source: Source) -> Self:
        """Writes the plan into a new folder. Raises `CnnspecError`."""
        run = Run(folder)
        run.make(LOGS)
        run.write(SOURCE, source.text)
        run.write_json(SWEEP, plan.dump())
        return cls(run.folder, plan)

    @classmethod
    def find(cls, folder: str | Path) -> Self | None:
        """The sweep in a folder, `None` where it is not one. Raises `CnnspecError` if damaged."""
        path = Path(folder)
        return cls.open(path) if (path / SWEEP).is_file() else None

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """The sweep in a folder; raises `CnnspecError` where there is none, or it is damaged."""
        path = Path(folder)
        if not (path / SWEEP).is_file():
            cause = f"{path} is not a sweep folder: it has no {SWEEP}"
            raise CnnspecError(BadRun(None, cause, "name a folder made by `cnnspec sweep`"))
        data = Run(path).read_json(SWEEP)
        try:
            return cls(path, Plan.load(data))
        except ValueError as error:
            raise CnnspecError(BadRun(None, f"{path / SWEEP} is damaged: {error}")) from None

    def replan(self, plan: Plan) -> None:
        """Replaces the plan, as when points are added on the way. Raises `CnnspecError`."""
        Run(self.folder).write_json(SWEEP, plan.dump())
        self.plan = plan

    def trials(self) -> Iterator[Trial]:
        """Every training of the plan, in its order."""
        for point in self.plan.points:
            yield from self.trials_of(point)

    def trials_of(self, point: Planned) -> Iterator[Trial]:
        """The trainings of a point, one for each seed."""
        for seed in point.seeds:
            yield Trial(point, seed, Run(self.folder / point.folder(seed)))

    def rounds(self) -> list[Round]:
        """The decisions of early stopping so far; empty where they cannot be read."""
        if not (self.folder / ROUNDS).is_file():
            return []
        try:
            return [Round.load(each) for each in Run(self.folder).read_json(ROUNDS)]
        except CnnspecError:
            return []

    def repair(self, warn: Warn) -> None:
        """Removes damaged results, with a warning for each.

        Their trainings are then done again.
        """
        for trial in self.trials():
            for name in (METRICS, FAILURE, HISTORY):
                path = trial.run.folder / name
                damage = trial.run.salvage(name)[1] if path.is_file() else ""
                if damage:
                    warn(BadRun(None, damage))
                    path.unlink()

    def __str__(self) -> str:
        return str(self.folder)
