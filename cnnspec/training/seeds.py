"""Trains a spec once for each of its seeds, and takes mean and spread together."""

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.terminal import messages, show
from cnnspec.diagnostics.base import Warn, silent
from cnnspec.diagnostics.errors import Interrupted
from cnnspec.runs.data import of_run
from cnnspec.runs.expectations import ExpectationResult
from cnnspec.runs.run import ENVIRONMENT, IR, Run
from cnnspec.runs.seeds import SeedRuns
from cnnspec.training import session
from cnnspec.training.backends.base import Backend
from cnnspec.training.trackers import Watch


def train(
    checked: CheckedSpec,
    series: SeedRuns,
    backend: Backend,
    warn: Warn,
    *,
    offline: bool = False,
    watch: Watch | None = None,
) -> tuple[ExpectationResult, ...]:
    """Trains the seeds of a series that have not been trained; returns what became of its claims.

    Seeds count up from that of the spec. A claim is judged by the mean. Raises
    `CnnspecError`, and `Interrupted` after a signal.
    """
    spec = checked.spec
    for seed in spec.train.seeds:
        run = Run(series.folder / series.name(seed))
        if run.finished:
            continue
        show([[], [(f"seed {seed}", "strong")]], messages())
        # What one training leaves behind is of no use to the next.
        backend.clear()
        try:
            if (run.folder / IR).is_file():
                session.resume(
                    run,
                    backend,
                    warn,
                    like=checked,
                    offline=offline,
                    watch=watch,
                )
            else:
                begun = [r for r in series.runs() if (r.folder / ENVIRONMENT).is_file()]
                session.train(
                    checked.with_seed(seed),
                    series.folder,
                    backend,
                    # Every seed has the same data, and what is odd about it is said once.
                    silent if begun else warn,
                    offline=offline,
                    name=run.folder.name,
                    where=of_run(spec.data, begun[0]) if begun else None,
                    watch=watch,
                )
        except Interrupted as stopped:
            raise Interrupted(stopped.number, str(series)) from None
    return series.finalize(spec)
