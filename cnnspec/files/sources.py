"""Reads specs from paths, standard input or the command line. Light."""

import os
import stat
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cnnspec.core.source import Source
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.syntax import NotText

if TYPE_CHECKING:
    from pathlib import Path

Unsaved = Mapping[str, str]
"""Texts by the resolved paths of their files, used instead of what is on disk: texts open in an
editor, or texts to be checked before they are written.
"""

_MOST = 64 * 2**20
"""The most bytes that are read of a spec or an IR document."""


def read_source(path: str) -> Source:
    """The text of a spec; `-` is standard input. Raises `CnnspecError`."""
    if path == "-":
        if sys.stdin is None:
            raise CnnspecError(CannotRead(None, "standard input is closed", "name a file instead"))
        return decode(sys.stdin.buffer.read(_MOST), "<stdin>")
    try:
        _require_file(path)
        with open(path, "rb") as file:  # noqa: PTH123 - a Path would lose the name as given
            return decode(file.read(_MOST), path)
    except IsADirectoryError:
        problem = CannotRead(
            None, f"{path} is a folder", f"name its files: {path.rstrip('/')}/*.cnn"
        )
    except FileNotFoundError:
        problem = CannotRead(None, f"there is no file {path}", "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = CannotRead(None, f"cannot read {path}: {reason}", "")
    raise CnnspecError(problem)


def read_submission(path: str) -> Source:
    """Reads a spec by someone else, which must be a plain file in the folder of its path.

    A link to a file elsewhere is never opened: an error would quote its content. Raises
    `CnnspecError`.
    """
    from pathlib import Path

    named = Path(path)
    if named.is_symlink() and not named.resolve().is_relative_to(named.parent.resolve()):
        raise CnnspecError(CannotRead(None, f"{path} is a link out of its folder", _COPY))
    if named.exists() and not (named.is_file() or named.is_dir()):
        raise CnnspecError(CannotRead(None, f"{path} is not a plain file", _COPY))
    return read_source(path)


_COPY = "put the file itself there"


def _require_file(path: str) -> None:
    """Raises `CnnspecError` for a pipe or a device, which may never end.

    Those in `/dev` and `/proc` are allowed: a shell makes them for `check <(program)`.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116 - a Path would take longer to make
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or path.startswith(("/dev/", "/proc/")):
        return
    remedy = f"to read it all the same, give it as standard input: `- < {path}`"
    raise CnnspecError(CannotRead(None, f"{path} is not a plain file", remedy))


def decode(data: bytes, name: str) -> Source:
    """Decodes bytes to a source; raises `CnnspecError` where they are not UTF-8."""
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise CnnspecError(NotText(None, name=name, offset=error.start, byte=byte)) from None


def read_used(path: str, folder: "Path", root: "Path", unsaved: Unsaved) -> "tuple[Path, Source]":
    """The text of a file named in a spec in `folder`, if it lies below `root`.

    Returns its resolved path and its text. Raises `CnnspecError` for an absolute path, one that
    leaves the root (also through a link), and anything but a plain file; these are never opened.
    """
    from pathlib import Path

    named = Path(path)
    target = (folder / named).resolve()
    if named.is_absolute() or ".." in named.parts or not target.is_relative_to(root.resolve()):
        raise CnnspecError(CannotRead(None, "it lies outside of the folder of the spec"))
    if not target.exists():
        raise CnnspecError(CannotRead(None, "there is no such file"))
    if not target.is_file():
        raise CnnspecError(CannotRead(None, "it is not a plain file"))
    name = str(folder / named)
    text = unsaved.get(str(target))
    return target, read_source(name) if text is None else Source(name, text)
