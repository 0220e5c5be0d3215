"""A training by several machines as a person asks for it: anew or going on, one model.

Brings together the cluster, the group of processes and the run folder; trains nothing in
this process, and loads no framework.
"""

from pathlib import Path

from cnnspec.analysis.check import CheckedSpec
from cnnspec.datasets.locate import beside
from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.diagnostics.machines import CannotDistribute, GroupFailed
from cnnspec.files.atomic import json_text
from cnnspec.files.interrupts import interrupts
from cnnspec.ir.document import dump
from cnnspec.runs.expectations import judge_expectations
from cnnspec.runs.run import HISTORY, INTEGERS, METRICS, Run
from cnnspec.runs.seeds import SPLITS, SeedRuns
from cnnspec.runs.tasks import DONE, Ended, Task
from cnnspec.targets.table import KERAS, require_target
from cnnspec.training.backends.choose import choose
from cnnspec.training.distributed import connection
from cnnspec.training.distributed.devices import require_spread
from cnnspec.training.progress import EpochLines
from cnnspec.training.start import Reached


def launch_together(
    checked: CheckedSpec,
    kept: Run | SeedRuns | None,
    out: Path,
    warn: Warn,
    *,
    workers: int,
    address: str | None = None,
    backend: str | None = None,
    threads: int | None = None,
    offline: bool = False,
) -> Reached:
    """Trains a spec without errors by so many processes together, or goes on with `kept`.

    They run on the cluster at `address`, else on a private one of this machine. Raises
    `CnnspecError`, and `Interrupted` after a signal: then the epoch under way is lost.
    """
    require_target(checked, KERAS)
    require_spread(checked, choose(backend or "tensorflow"), workers)
    if isinstance(kept, SeedRuns) or checked.spec.train.runs > 1:
        remedy = "train them one by one, with `--set runs=1` and `--seed N`"
        raise CnnspecError(CannotDistribute(None, "several workers train one seed", remedy))
    connection.connect(address)
    try:
        run = kept or Run.create(out, checked.spec, checked.source)
        where = beside(checked.spec.data, checked.source.name)
        task = Task(
            name=str(run),
            folder=run.folder.absolute(),
            log=run.folder.absolute(),
            document=json_text(dump(checked.spec)),
            source=checked.source.name,
            data=str(where.path) if where else None,
            backend="tensorflow",
            threads=threads or 0,
            offline=offline,
        )
        ended = _done(run, task, workers, checked.spec.train.epochs)
    finally:
        connection.leave()
    if ended.how != DONE:
        again = f"`cnnspec train --resume {run}` goes on"
        raise CnnspecError(GroupFailed(None, ended.message, ended.remedy or again))
    metrics = run.read_json(METRICS)
    figures = {name: metrics[name] for name in SPLITS if name in metrics}
    claims = judge_expectations(checked.spec, figures, metrics.get(INTEGERS, {}))
    return Reached(run, claims)


def _done(run: Run, task: Task, workers: int, epochs: int) -> Ended:
    """Has the group do the task, and shows what the run folder tells of it meanwhile."""
    from cnnspec.training.distributed import process_group

    follow = _Follow(run, epochs)
    with interrupts() as pause:

        def poll() -> None:
            follow()
            pause()

        try:
            ended = process_group.run(task, workers, poll)
        except Interrupted as stopped:
            raise Interrupted(stopped.number, str(run)) from None
    follow()
    return ended


class _Follow:
    """Shows the line of every epoch that has come to a run folder since it was last called."""

    def __init__(self, run: Run, epochs: int) -> None:
        self._run = run
        self._lines = EpochLines(epochs, 1)
        self._shown = len(self._history())

    def _history(self) -> list[dict[str, float]]:
        found: list[dict[str, float]] = []
        if (self._run.folder / HISTORY).is_file():
            found = self._run.read_json(HISTORY)
        return found

    def __call__(self) -> None:
        history = self._history()
        for epoch in history[self._shown :]:
            others = ("epoch", "seconds", "learning_rate")
            figures = {name: value for name, value in epoch.items() if name not in others}
            self._lines.begin(int(epoch["epoch"]))
            self._lines.end(figures, epoch["seconds"])
        # Fewer where a lost process takes the group back to its last checkpoint.
        self._shown = len(history)
