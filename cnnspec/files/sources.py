"""Files read: specs from paths, standard input or the command line. Light."""

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnnspec.core.source import Source
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.syntax import NotText

if TYPE_CHECKING:
    from pathlib import Path

Unsaved = Mapping[str, str]
"""Texts by the resolved paths of their files, in the place of what is on disk: those that an
editor holds, or that are to be checked before they are written."""

_MOST = 64 * 2**20
"""No more is read of a file that is to hold a spec, IR documents included."""


def read_source(path: str) -> Source:
    """The text of a spec; `-` is standard input. Raises `CnnspecError`."""
    if path == "-":
        if sys.stdin is None:
            raise CnnspecError(CannotRead(None, "standard input is closed", "name a file instead"))
        return decode(sys.stdin.buffer.read(_MOST), "<stdin>")
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path would lose the name as given
            return decode(file.read(_MOST), path)
    except IsADirectoryError:
        fault = CannotRead(None, f"{path} is a folder", f"name its files: {path.rstrip('/')}/*.cnn")
    except FileNotFoundError:
        fault = CannotRead(None, f"there is no file {path}", "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        fault = CannotRead(None, f"cannot read {path}: {reason}", "")
    raise CnnspecError(fault)


def decode(data: bytes, name: str) -> Source:
    """Bytes as the text of a source; raises `CnnspecError` where they are not UTF-8."""
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise CnnspecError(NotText(None, name=name, offset=error.start, byte=byte)) from None


def number(value: Any) -> float | None:
    """A number of a JSON file, or `None` for none, NaN and infinity.

    Raises `TypeError` for anything else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value if math.isfinite(value) else None


def read_used(path: str, folder: "Path", root: "Path", unsaved: Unsaved) -> "tuple[Path, Source]":
    """The text of a file named in a spec in `folder`, if it lies below `root`.

    Returns its resolved path and its text. Raises `CnnspecError` for an absolute path,
    one that leaves the root, also through a link, and anything but a plain file;
    such a thing is never opened.
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
