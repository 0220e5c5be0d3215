"""One training of a sweep, or a part of one, in the process that calls this.

Everything it leaves is in its run folder, so that any other process can go on with it.
"""

import sys
import traceback
from pathlib import Path
from typing import Any

from cnnspec.analysis.load import checked_spec
from cnnspec.datasets.locate import Where
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError, Interrupted, reason
from cnnspec.diagnostics.machines import OutOfMemory
from cnnspec.diagnostics.render import tell
from cnnspec.ir.document import load
from cnnspec.ir.source import SpecSource
from cnnspec.runs.run import ENVIRONMENT, Run
from cnnspec.runs.tasks import BLOCKED, DONE, FAILED, PAUSED, STOPPED, Ended, Task
from cnnspec.training import session
from cnnspec.training.backends.base import Backend
from cnnspec.training.session import Paused


def advance(task: Task, backend: Backend) -> Ended:
    """Trains, or goes on with what has been trained, as far as a task says. Raises nothing."""
    try:
        _train(task, backend)
    except Paused:
        return Ended(PAUSED)
    except Interrupted:
        return Ended(STOPPED)
    except CnnspecError as problems:
        tell(*problems.diagnostics)
        return _told(problems, task)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Ended(FAILED, message=f"{type(error).__name__}: {reason(error)[:500]}")
    finally:
        # What one training leaves behind is of no use to the next.
        backend.clear()
    return Ended(DONE)


def _train(task: Task, backend: Backend) -> None:
    run = Run(task.folder)
    given: Any = {"offline": task.offline, "until": task.until, "doubts": not task.isolated}
    if (run.folder / ENVIRONMENT).is_file():
        session.resume(run, backend, tell, **given)
    else:
        # A process that was killed right at its start may have left a part of a folder.
        spec = checked_spec(SpecSource(task.source, load(task.document, task.source)))
        where = Where(Path(task.data)) if task.data else None
        session.train(
            spec, run.folder.parent, backend, tell, name=run.folder.name, where=where, **given
        )


def _told(problems: CnnspecError, task: Task) -> Ended:
    """A fault of this training alone, or one that every other would meet as well."""
    fault: Diagnostic = problems.diagnostics[0]
    own = problems.exit_code < 2 or isinstance(fault, OutOfMemory)
    own |= task.isolated and not isinstance(fault, CannotWrite)
    return Ended(FAILED if own else BLOCKED, fault.code, fault.message, fault.help)
