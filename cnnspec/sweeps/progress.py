"""What is shown while a sweep runs: a line for each training that ends, and a live bar."""

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from cnnspec.core.terminal import has_colour, in_notebook, messages
from cnnspec.ir.claims import SPLIT_PREFIXES
from cnnspec.runs.metrics import split_of
from cnnspec.runs.run import HISTORY, METRICS
from cnnspec.runs.tasks import DONE, FAILED, PAUSED, Ended, Task
from cnnspec.sweeps import folder
from cnnspec.sweeps.folder import Sweep, Trial
from cnnspec.sweeps.forecast import Forecast, work_of

_PACE = 5
"""Seconds between two looks at how far running trainings are."""


class Progress:
    """Prints a line above a bar for every training that ends, and counts them.

    `trainings` is how many there are to be, where points are added on the way.
    """

    def __init__(self, sweep: Sweep, trainings: int | None = None) -> None:
        self._plan = sweep.plan
        self._growing = trainings is not None
        self._all = trainings or sum(len(point.seeds) for point in sweep.plan.points)
        self._done = 0
        self._failed = 0
        self._best: tuple[float, str] | None = None
        for trial in sweep.trials():
            self._count(trial)
        self._running: list[str] = []
        self._sweep = sweep
        self._trials: dict[str, Trial] = {}
        self._forecast = Forecast({})
        self._looked = 0.0
        self._told = False
        self._until: int | None = None
        self._left = self._of_round = 0
        self._bar: Any = None
        stream = messages()
        if stream and has_colour(stream) and not in_notebook():
            self._bar = _bar(stream)
            self._line = self._bar.add_task("", total=1)

    @property
    def live(self) -> AbstractContextManager[Any]:
        """The bar, to be shown while trainings run."""
        return self._bar or nullcontext()

    def begin_round(self, tasks: list[Task], until: int | None) -> None:
        """Shows the start of a round with these tasks."""
        self._trials = {trial.name: trial for trial in self._sweep.trials()}
        works = {task.name: work_of(self._trials[task.name], until) for task in tasks}
        if self._growing:
            # One round of many: what is left are all trainings that are to come.
            self._left = self._all - self._done - self._failed
            self._of_round = self._of_round or self._left
            self._forecast.add(works, max(0, self._left - len(tasks)))
            self._show()
            return
        self._until = until
        self._left = self._of_round = len(tasks)
        self._forecast, self._told = Forecast(works), False
        if until and tasks:
            self._say(f"{len(tasks)} trainings to epoch {until}")
        elif self._done + self._failed and tasks:
            self._say(f"{len(tasks)} trainings are left")
        self._show()

    def on_event(self, trial: Trial, ended: Ended | None) -> None:
        """Shows that a training begins (`None`) or how it ended."""
        if ended is None:
            self._running.append(trial.name)
            self._forecast.begin(trial.name, time.monotonic())
            if not self._bar and self._left == self._of_round:
                self._say(f"  {trial.name}  begun")
        else:
            self._forecast.end(trial.name, time.monotonic(), counts=ended.how != FAILED)
            if trial.name in self._running:
                self._running.remove(trial.name)
            self._left -= 1
            if ended.how in (DONE, FAILED):
                self._count(trial)
                self._say(self._ended(trial, ended))
            elif ended.how == PAUSED and not self._bar:
                self._say(f"  {trial.name}  paused after epoch {trial.epochs}")
        self._show()

    def _count(self, trial: Trial) -> None:
        """Counts a training that has finished."""
        if trial.state == folder.FAILED:
            self._failed += 1
        elif trial.state == folder.FINISHED:
            self._done += 1
            accuracy = self._headline(trial).get("accuracy")
            if accuracy is not None and (self._best is None or accuracy > self._best[0]):
                self._best = accuracy, trial.name

    def _ended(self, trial: Trial, ended: Ended) -> str:
        place = f"{self._done + self._failed:>{len(str(self._all))}}/{self._all}"
        if ended.how == FAILED:
            return f"{place}  {trial.name}  failed: {ended.message}"
        metrics = self._headline(trial)
        shown = "  ".join(f"{n} {v:.4f}" for n, v in metrics.items() if v is not None)
        left = "" if self._bar else f"  {self._time_left()}"
        return f"{place}  {trial.name}  {shown}  {_seconds(trial):.1f} s{left}"

    def poll(self) -> None:
        """Shows how far running trainings are; before the first has ended also without a bar."""
        now = time.monotonic()
        if now - self._looked < _PACE or not self._left:
            return
        self._looked = now
        if self._bar:
            self._show()
        elif not self._told and not self._forecast.ended and (left := self._time_left()):
            self._told = True
            self._say(f"  the first epochs are done, {left}")

    def _headline(self, trial: Trial) -> dict[str, float | None]:
        """Accuracy and loss of the images that choose, or of those that replace them."""
        document = trial.run.read_json(METRICS)
        chosen = SPLIT_PREFIXES[split_of(self._plan.by)]
        for split in (chosen, "test", "validation", "train"):
            if found := document.get(split):
                return {name: found.get(name) for name in ("accuracy", "loss")}
        return {}

    def _time_left(self) -> str:
        seconds = self._forecast.left(time.monotonic(), self._shares())
        if seconds is None or not self._left:
            return ""
        shown = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        return f"{shown} left" if self._until is None else f"{shown} left to epoch {self._until}"

    def _shares(self) -> dict[str, float]:
        """How much of each running training is done."""
        found = {}
        for name in self._running:
            trial = self._trials[name]
            epochs = min(self._until or trial.point.epochs, trial.point.epochs)
            history, _ = trial.run.salvage(HISTORY)
            found[name] = len(history) / epochs
        return found

    def _show(self) -> None:
        if not self._bar:
            return
        dropped = sum(self._plan.reasons.values())
        facts = [f"{self._done}/{self._all} done", f"{len(self._running)} running"]
        facts += [f"{dropped} dropped"] if dropped else []
        facts += [f"{self._failed} failed"] if self._failed else []
        facts += [self._time_left()] if self._time_left() else []
        facts += [f"best {self._best[0]:.4f} {self._best[1]}"] if self._best else []
        done = self._of_round - self._left + sum(self._shares().values())
        self._bar.update(
            self._line, description=", ".join(facts), completed=done, total=max(1, self._of_round)
        )

    def _say(self, line: str) -> None:
        if self._bar:
            self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
        elif stream := messages():
            stream.write(line.rstrip() + "\n")
            stream.flush()


def _bar(stream: Any) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    return Bar(
        BarColumn(bar_width=20),
        TextColumn("{task.description}", markup=False),
        console=Console(file=stream),
        transient=True,
    )


def _seconds(trial: Trial) -> float:
    return float(trial.run.read_json(METRICS).get("seconds") or 0.0)
