"""Writes the report at the end of a training. Errors are warnings: the training must not be lost.

Light to import; what draws and fills pages is imported when it is called.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import reason
from cnnspec.diagnostics.runs import NoReport
from cnnspec.runs.run import PAGE, Run

if TYPE_CHECKING:
    from cnnspec.analysis.check import CheckedSpec
    from cnnspec.sweeps.results import Results


def write_report(run: Run, warn: Warn, like: "CheckedSpec | None" = None) -> None:
    """Writes the report of a run or of a folder of seeds; errors become warnings.

    `like`, a checked spec, saves a check if it equals that of the run.
    """

    def page() -> None:
        from cnnspec.report.page import write

        write(run, like=like)

    _attempt(page, run, warn)


def write_point_reports(results: "Results", names: Iterable[str], warn: Warn) -> None:
    """Writes the reports of points of a sweep that have none yet; errors become warnings."""
    for name in names:
        folder = results.sweep.folder / name
        if not (folder / PAGE).is_file():
            write_report(Run(folder), warn)


def write_sweep_report(results: "Results", warn: Warn) -> None:
    """Writes the report of a sweep; errors become warnings."""

    def page() -> None:
        from cnnspec.report.sweep.page import write

        write(results)

    _attempt(page, results.sweep, warn)


def _attempt(page: Callable[[], None], folder: object, warn: Warn) -> None:
    try:
        page()
    except Exception as error:
        again = f"`cnnspec report {folder}` writes it again"
        warn(NoReport(None, f"the report could not be written: {reason(error)}", again))
