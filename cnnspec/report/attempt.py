"""The report at the end of a training: written if that is possible, for nothing may be lost by it.

Light by itself; what draws and fills pages is imported when it is called.
"""

from collections.abc import Callable

from cnnspec.diagnostics.base import Diagnostic, Problems
from cnnspec.diagnostics.surroundings import NoReport
from cnnspec.runs import Run


def attempt(run: Run, warn: Callable[[Diagnostic], None]) -> None:
    """Writes the report of a run or of a folder of seeds; whatever goes wrong is a warning."""
    try:
        from cnnspec.report.page import write

        write(run)
    except Exception as error:
        told = error.diagnostics[0].message if isinstance(error, Problems) else str(error)
        reason = told.splitlines()[0] if told else type(error).__name__
        again = f"`cnnspec report {run}` writes it again"
        warn(NoReport(None, f"the report could not be written: {reason}", again))
