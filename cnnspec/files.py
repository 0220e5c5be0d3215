"""Files read and written: specs from paths, standard input or the command line; atomic writes."""

import csv
import errno
import io
import json
import math
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import CannotRead, CannotWrite
from cnnspec.diagnostics.text import NotText
from cnnspec.source import Source

_MOST = 64 * 2**20
"""No more is read of a file that is to hold a spec, IR documents included."""


def read_source(path: str) -> Source:
    """The text of a spec; `-` is standard input. Raises `Problems`."""
    if path == "-":
        if sys.stdin is None:
            raise Problems(CannotRead(None, "standard input is closed", "name a file instead"))
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
    raise Problems(fault)


def decode(data: bytes, name: str) -> Source:
    """Bytes as the text of a source; raises `Problems` where they are not UTF-8."""
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise Problems(NotText(None, name=name, offset=error.start, byte=byte)) from None


def write_atomically(path: Path, data: bytes | str, *, mode: int | None = None) -> None:
    """Writes a file so that a reader sees the old content or the new one, never a part.

    A temporary file beside it is filled, synced and renamed; it gets the rights `mode`,
    by itself those of a new file. Raises `Problems`.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask() if mode is None else mode)  # noqa: PTH101 - mkstemp gives a string
            os.replace(temporary, path)  # noqa: PTH105 - mkstemp gives a string
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise Problems(cannot_write(path, error)) from None


def json_text(data: Any) -> str:
    """JSON as it is written everywhere: indented, lists of numbers on one line, ASCII only.

    Raises `ValueError` for a number that is none: it has no place in JSON.
    """
    text = json.dumps(data, indent=2, allow_nan=False)
    return _NUMBERS.sub(lambda m: f"[{' '.join(m[1].split())}]", text) + "\n"


_NUMBERS = re.compile(r"\[\n\s+((?:-?[\d.eE+-]+,?\s+)+)\]")


def csv_text(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """CSV as it is written everywhere: no text in it is taken for a formula by a spreadsheet."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows(map(_harmless, row) for row in (header, *rows))
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    formula = isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{cell}" if formula else cell


def number(value: Any) -> float | None:
    """A number of a JSON file, or `None` for none, NaN and infinity.

    Raises `TypeError` for anything else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value if math.isfinite(value) else None


def rewrite(path: str, text: str) -> None:
    """Gives an existing file another text and leaves its rights as they are.

    A link stays one; what it leads to changes. Raises `Problems` for a file that may
    not be written to, though replacing it would work, and for anything but a plain file.
    """
    target = Path(path).resolve()
    try:
        mode = target.stat().st_mode
    except OSError as error:
        raise Problems(cannot_write(target, error)) from None
    if not stat.S_ISREG(mode):
        raise Problems(CannotWrite(None, f"cannot write {path}: it is no plain file"))
    if not os.access(target, os.W_OK):
        raise Problems(CannotWrite(None, f"cannot write {path}: it is read-only"))
    write_atomically(target, text, mode=stat.S_IMODE(mode))


def sync_folder(folder: Path) -> None:
    """Makes a rename in a folder last through a power failure."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The diagnostic for a failed write, with what frees the way."""
    remedies = {
        errno.ENOSPC: "free some space, or choose another disk with `--out`",
        errno.EFBIG: "raise the file size limit (`ulimit -f`)",
        errno.EACCES: "choose a folder you may write to with `--out`",
        errno.EROFS: "choose a folder you may write to with `--out`",
    }
    return CannotWrite(
        None,
        f"cannot write {path}: {error.strerror or error}",
        remedies.get(error.errno or 0, ""),
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_used(path: str, folder: Path, root: Path) -> tuple[Path, Source]:
    """The text of a file named in a spec in `folder`, if it lies below `root`.

    Returns its resolved path and its text. Raises `Problems` for an absolute path,
    one that leaves the root, also through a link, and anything but a plain file;
    such a thing is never opened.
    """
    named = Path(path)
    target = (folder / named).resolve()
    if named.is_absolute() or ".." in named.parts or not target.is_relative_to(root.resolve()):
        raise Problems(CannotRead(None, "it lies outside of the folder of the spec"))
    if not target.exists():
        raise Problems(CannotRead(None, "there is no such file"))
    if not target.is_file():
        raise Problems(CannotRead(None, "it is no plain file"))
    return target, read_source(str(folder / named))
