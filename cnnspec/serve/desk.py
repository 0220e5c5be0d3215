"""The file that the page is open on, if it is on one."""

import hashlib
from pathlib import Path
from typing import Any

from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically
from cnnspec.files.sources import read_source
from cnnspec.service.templates import TEMPLATES, template


class Desk:
    """A file that is read when the page begins, and written when a person saves."""

    def __init__(self, path: Path | None) -> None:
        """Raises `CnnspecError` where the file cannot be read."""
        self._path = path
        if path:
            read_source(str(path))

    @property
    def name(self) -> str:
        """What messages call the text; beside it are the files that it uses."""
        return str(self._path or Path("spec.cnn"))

    def dump(self) -> dict[str, Any]:
        """The text with its version; a template where there is no file. Raises `CnnspecError`."""
        if self._path is None:
            return {"file": None, "text": template(TEMPLATES[0]).text, "version": ""}
        text = read_source(str(self._path)).text
        return {"file": str(self._path), "text": text, "version": _version(text)}

    def save(self, text: str, version: str) -> dict[str, str]:
        """Writes the file if it is what the page has read, and returns its new version.

        Raises `CnnspecError` where another program has changed it since.
        """
        if self._path is None:
            cause = "the page is not open on a file"
            raise CnnspecError(CannotWrite(None, cause, "`cnnspec serve FILE` opens one"))
        if self._path.exists() and _version(read_source(str(self._path)).text) != version:
            cause = f"{self._path} was changed by another program since it was opened here"
            remedy = "copy what you need of your text, then reload the page"
            raise CnnspecError(CannotWrite(None, cause, remedy))
        write_atomically(self._path, text)
        return {"version": _version(text)}


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
