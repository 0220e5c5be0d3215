"""One process at a time trains in a run folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import RunInUse
from cnnspec.files.atomic import cannot_write
from cnnspec.runs.run import Run

LOCK = ".lock"
OWNER = ".owner"


@contextmanager
def locked(run: Run) -> Iterator[None]:
    """Locks a run folder for training; raises `CnnspecError` if another process has it.

    The lock ends with the process that holds it, however that ends.
    """
    lock = FileLock(run.folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise CnnspecError(_in_use(run)) from None
    except OSError as error:
        raise CnnspecError(cannot_write(run.folder, error)) from None
    try:
        run.write(OWNER, f"{os.getpid()}\n")
        yield
    finally:
        (run.folder / OWNER).unlink(missing_ok=True)
        # The lock file stays: removing it could take it away from another process.
        lock.release()


def _in_use(run: Run) -> RunInUse:
    try:
        owner = f"process {int((run.folder / OWNER).read_text())}"
    except (OSError, ValueError):
        owner = "another process"
    return RunInUse(None, f"{run} is in use by {owner}", "wait for it, or stop it")
