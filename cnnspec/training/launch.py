"""One training as a person asks for it: with one seed or several, anew or going on.

Loads no framework before one is chosen.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.check import Checked
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.record import Record
from cnnspec.report.attempt import attempt
from cnnspec.runs import METRICS, Run
from cnnspec.series import Series
from cnnspec.training.backend import start
from cnnspec.training.trackers import Watch

if TYPE_CHECKING:
    from cnnspec.training.session import Held, Outcome

Warn = Callable[[Diagnostic], None]


class Reached(Record):
    """Where a training is kept and what it reached; `outcome` is that of a single run."""

    kept: Run | Series
    claims: "tuple[Held, ...]"
    outcome: "Outcome | None" = None

    def dump(self) -> dict[str, Any]:
        """The figures as JSON."""
        kept = self.kept
        found = kept.summary() if isinstance(kept, Series) else kept.read_json(METRICS)
        return {"run": str(kept), **found}


def find(folder: str) -> Run | Series:
    """What is kept in a folder: a run, or the runs of several seeds. Raises `Problems`."""
    return Series.find(folder) or Run.open(folder)


def launch(
    checked: Checked,
    kept: Run | Series | None,
    out: Path,
    warn: Warn,
    begin: Callable[[int], None],
    *,
    backend: str | None = None,
    offline: bool = False,
    report: bool = True,
    watch: Watch | None = None,
) -> Reached:
    """Trains a spec without errors into a new folder below `out`, or goes on with `kept`.

    `warn` gets what a person should know, `begin` each seed of several before its turn;
    trackers follow through `watch`. Raises `Problems`, and `Stopped` after a signal.
    """
    chosen = start(backend)
    reached = (_several if checked.spec.train.runs > 1 else _one)(
        checked, kept, out, chosen, warn, begin, offline, watch
    )
    if report:
        attempt(Run(reached.kept.folder), warn)
    return reached


def _one(
    checked: Checked,
    kept: Run | Series | None,
    out: Path,
    backend: str,
    warn: Warn,
    begin: Callable[[int], None],
    offline: bool,
    watch: Watch | None,
) -> Reached:
    from cnnspec.training import session

    if isinstance(kept, Run):
        outcome = session.resume(kept, backend, warn, offline=offline, watch=watch)
    else:
        outcome = session.train(checked, out, backend, warn, offline=offline, watch=watch)
    return Reached(outcome.run, outcome.claims, outcome)


def _several(
    checked: Checked,
    kept: Run | Series | None,
    out: Path,
    backend: str,
    warn: Warn,
    begin: Callable[[int], None],
    offline: bool,
    watch: Watch | None,
) -> Reached:
    from cnnspec.training.precision import require_accelerator
    from cnnspec.training.seeds import train

    # Before there is a folder for what cannot be trained.
    require_accelerator(checked)
    series = kept or Series.create(out, checked.spec, checked.source)
    assert isinstance(series, Series)
    claims = train(checked, series, backend, warn, begin, offline=offline, watch=watch)
    return Reached(series, claims)
