"""Files written whole or not at all, and the JSON in them."""

import errno
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError

T = TypeVar("T")


def write_atomically(path: Path, data: bytes | str, *, mode: int | None = None) -> None:
    """Writes a file so that a reader sees the old content or the new one, never a part.

    A temporary file beside it is filled, synced and renamed; it gets the permissions `mode`
    (default: those of a new file). Raises `CnnspecError`.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~umask() if mode is None else mode)  # noqa: PTH101 - mkstemp gives a string
            _patiently(lambda: os.replace(temporary, path))  # noqa: PTH105 - mkstemp gives a string
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise CnnspecError(cannot_write(path, error)) from None


def json_text(data: Any) -> str:
    """Returns JSON as every command writes it: indented, lists of numbers on one line, ASCII only.

    Raises `ValueError` for NaN and infinities, which JSON does not have.
    """
    text = json.dumps(data, indent=2, allow_nan=False)
    return _NUMBERS.sub(lambda m: f"[{' '.join(m[1].split())}]", text) + "\n"


_NUMBERS = re.compile(r"\[\n\s+((?:-?[\d.eE+-]+,?\s+)+)\]")


def rewrite(path: str, text: str, *, inside: bool = False) -> None:
    """Replaces the text of an existing file and keeps its permissions.

    A link stays a link, and the file it points to changes; with `inside` only if that file is in
    the folder of the link or below it.

    Raises:
        CnnspecError: the file may not be written to, though replacing it would work; it is
            not a plain file; or a link points out of the folder.
    """
    target, mode = rewritable(path, inside=inside)
    write_atomically(target, text, mode=mode)


def rewritable(path: str, *, inside: bool = False) -> tuple[Path, int]:
    """Returns the file that `rewrite` would change, and its permissions; raises as it does."""
    target = Path(path).resolve()
    if inside and not target.is_relative_to(Path(path).parent.resolve()):
        raise CnnspecError(
            CannotWrite(
                None,
                f"cannot write {path}: it is a link out of its folder, to {target}",
                f"name the file itself: {target}",
            )
        )
    try:
        mode = target.stat().st_mode
    except OSError as error:
        raise CnnspecError(cannot_write(target, error)) from None
    if not stat.S_ISREG(mode):
        raise CnnspecError(CannotWrite(None, f"cannot write {path}: it is not a plain file"))
    if not os.access(target, os.W_OK):
        raise CnnspecError(CannotWrite(None, f"cannot write {path}: it is read-only"))
    return target, stat.S_IMODE(mode)


def _patiently(action: Callable[[], T]) -> T:
    """Calls an action again for a while if another process has its file open; returns its result.

    On Windows a file cannot be replaced while another process reads it, or read while it is being
    replaced. Our own readers take milliseconds.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return action()
        except PermissionError:
            if os.name != "nt" or time.monotonic() > until:
                raise
            time.sleep(0.01)


_PATIENCE = 2.0
"""Seconds to wait for another process on Windows."""


def read_text(path: Path) -> str:
    """Returns the text of a file that another process may be replacing.

    Raises:
        OSError: the file cannot be read, or is not a plain file.
        UnicodeDecodeError: it is not UTF-8.
    """
    _require_plain(path)
    return _patiently(lambda: path.read_text(encoding="utf-8"))


def read_bytes(path: Path) -> bytes:
    """Returns the bytes of a file that another process may be replacing.

    Raises:
        OSError: the file cannot be read, or is not a plain file.
    """
    _require_plain(path)
    return _patiently(path.read_bytes)


def _require_plain(path: Path) -> None:
    """Raises `OSError` for what is not a plain file: to open a pipe waits without end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file")


def sync_folder(folder: Path) -> None:
    """Syncs a folder, so that a rename in it survives a power failure."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The diagnostic for a failed write, with what to do about it."""
    remedies = {
        errno.ENOSPC: "free some space, or choose another disk with `--out`",
        errno.EFBIG: "raise the file size limit (`ulimit -f`)",
        errno.EACCES: "choose a folder you may write to with `--out`",
        errno.EROFS: "choose a folder you may write to with `--out`",
        errno.ENOENT: f"make the folder {path.parent} first, or write to another",
        errno.ENOTDIR: f"write to a folder: {path.parent} is a file, or in one",
    }
    return CannotWrite(
        None,
        f"cannot write {path}: {error.strerror or error}",
        remedies.get(error.errno or 0, ""),
    )


def umask() -> int:
    """Returns the rights that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
