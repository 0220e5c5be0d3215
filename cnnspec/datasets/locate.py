"""Where data of the user's own lies: beside its spec, or where one says.

Knows paths; opens no data.
"""

from pathlib import Path

from cnnspec.core.record import Record
from cnnspec.ir.spec import Data


class Where(Record):
    """A path, and the SHA-256 that its files must have; `None` where any will do."""

    path: Path
    sha256: dict[str, str] | None = None


def beside(data: Data, spec: str) -> Where | None:
    """The data that a spec names, seen from the folder of its file; `None` for a known name.

    For a text from the command line or standard input that folder is the one at hand.
    """
    if data.dataset:
        return None
    return Where(Path(spec).parent.joinpath(Path(data.source).expanduser()).absolute())
