"""The report at the end of a training: written if that is possible, for nothing may be lost by it.

Light by itself; what draws and fills pages is imported when it is called.
"""

from cnnspec.diagnostics.base import Warn, reason
from cnnspec.diagnostics.surroundings import NoReport
from cnnspec.runs import Run


def attempt(run: Run, warn: Warn) -> None:
    """Writes the report of a run or of a folder of seeds; whatever goes wrong is a warning."""
    try:
        from cnnspec.report.page import write

        write(run)
    except Exception as error:
        again = f"`cnnspec report {run}` writes it again"
        warn(NoReport(None, f"the report could not be written: {reason(error)}", again))
