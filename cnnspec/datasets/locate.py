"""Finds the user's own data: beside its spec, or at a given path.

Knows paths; opens no data.
"""

from pathlib import Path

from cnnspec.core.record import Record
from cnnspec.diagnostics.data import DatasetMissing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files import paths
from cnnspec.ir.spec import NO_DATA, Data


class Where(Record):
    """A path, and the SHA-256 that its files must have; `None` accepts any."""

    path: Path
    sha256: dict[str, str] | None = None


def beside(data: Data, spec: str) -> Where | None:
    """The data that a spec names, relative to the folder of its file; `None` for a known name.

    For a text from the command line or standard input that is the current folder.
    Raises `CnnspecError` where the spec names none.
    """
    if data.dataset:
        return None
    if data.source == NO_DATA:
        cause = f"{spec} names no data to train on: it is only counted"
        remedy = 'write `data "PATH"`, with the file or folder of its images'
        raise CnnspecError(DatasetMissing(None, cause, remedy))
    return Where(paths.beside(data.source, spec))
