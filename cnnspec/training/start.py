"""One training as a person asks for it: with one seed or several, anew or going on.

Loads no framework before one is chosen.
"""

from pathlib import Path
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.datasets.files import read_ahead
from cnnspec.diagnostics.base import Warn
from cnnspec.runs.expectations import ExpectationResult
from cnnspec.runs.run import ENVIRONMENT, METRICS, Run
from cnnspec.runs.seeds import SeedRuns
from cnnspec.targets.table import KERAS, C, require_target
from cnnspec.training.backends.choose import NATIVE, backend_for, choose, start
from cnnspec.training.extend import Extension
from cnnspec.training.microbatches import parts_of
from cnnspec.training.trackers import Watch


class Reached(Record):
    """Where a training is kept, and what became of its claims."""

    kept: Run | SeedRuns
    claims: tuple[ExpectationResult, ...]

    def dump(self) -> dict[str, Any]:
        """The figures as JSON."""
        kept = self.kept
        found = kept.summary() if isinstance(kept, SeedRuns) else kept.read_json(METRICS)
        return {"run": str(kept), **found}


def find(folder: str) -> Run | SeedRuns:
    """What is kept in a folder: a run, or the runs of several seeds. Raises `CnnspecError`."""
    return SeedRuns.find(folder) or Run.open(folder)


def begun_with(kept: Run | SeedRuns | None, what: str) -> int | None:
    """How many `devices` or `parts` a training began with, `None` for one yet to begin."""
    run = _one(kept)
    return run.read_json(ENVIRONMENT).get(what, 1) if run else None


def _one(kept: Run | SeedRuns | None) -> Run | None:
    """A run of what is kept that has begun: all have begun with the same."""
    runs = kept.runs() if isinstance(kept, SeedRuns) else [kept] if kept else []
    return next((run for run in runs if (run.folder / ENVIRONMENT).is_file()), None)


def launch(
    checked: CheckedSpec,
    kept: Run | SeedRuns | None,
    out: Path,
    warn: Warn,
    *,
    backend: str | None = None,
    threads: int | None = None,
    offline: bool = False,
    watch: Watch | None = None,
    devices: int | None = None,
    alone: bool = False,
    begin: Extension | None = None,
) -> Reached:
    """Trains a spec without errors into a new folder below `out`, or goes on with `kept`.

    With `begin` the new folder goes on where another run has ended.
    `warn` gets what a person should know; trackers follow through `watch`. It computes on
    so many devices of this machine, by itself on as many as it began with. Where it is
    `alone` in its process, that is made ready for it. Raises `CnnspecError`, and `Interrupted`
    after a signal.
    """
    if (dataset := checked.spec.data.dataset) is not None:
        read_ahead(dataset)
    before = begin.origin if begin else kept
    backend = choose(backend_for(_one(before), backend))
    # Before a framework is loaded for what it does not do.
    require_target(checked, C if backend == NATIVE else KERAS)
    spread_over = devices or begun_with(before, "devices") or 1
    parts = begun_with(before, "parts") or parts_of(checked) if alone and spread_over == 1 else 1
    chosen = start(backend, threads, parts).spread(checked, spread_over)
    from cnnspec.training import seeds, session

    given: Any = {"offline": offline, "watch": watch}
    if isinstance(kept, Run):
        outcome = session.resume(kept, chosen, warn, like=checked, **given)
        reached = Reached(outcome.run, outcome.claims)
    elif checked.spec.train.runs > 1:
        # Before there is a folder for what cannot be trained.
        chosen.require(checked)
        series = kept or SeedRuns.create(out, checked.spec, checked.source)
        claims = seeds.train(checked, series, chosen, warn, **given)
        reached = Reached(series, claims)
    else:
        outcome = session.train(checked, out, chosen, warn, begin=begin, **given)
        reached = Reached(outcome.run, outcome.claims)
    return reached
