"""The data found at a path, before it is compared with a spec, and what all readers share.

Knows files and limits, but neither kinds of files nor specs.
"""

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import DataMismatch, DataNote, DatasetCorrupt
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.datasets import File
from cnnspec.ir.spec import Data

MAX_ARRAY_BYTES = 2 * 2**30
"""The most bytes of the arrays of all paths of a spec: 11 times MNIST as float32."""

_BESIDE: ContextVar[int] = ContextVar("beside", default=0)
"""The bytes of the arrays from other paths of the same data."""

LIMIT = "CNNSPEC_DATA_LIMIT"
"""The environment variable that sets another limit, in GiB."""

FOLDERS = "pictures, a folder for each class"
"""The title of data whose pictures may have been brought to one size."""
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
"""The suffixes of files of pictures that are read."""

AGAIN = "copy or download it again"
"""The remedy for a damaged file."""

_PLAUSIBLE = 300
"""The highest compression of images: MNIST has 5, drawings in two colours up to 100."""
_SMALL = 64 * 2**20
"""So many bytes any file may unpack to."""


class Unsupported(Exception):
    """A file that is undamaged but has something that is not supported, with a remedy."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


class Request(Record):
    """What a spec says about the data that a reader is to read."""

    data: Data = Data(".")
    shape: tuple[int, ...] | None = None
    """Height, width and channels of `input`."""
    part: str = "train"
    """The split at a path, where it is only `test` or `validation`."""


class Raw(Record):
    """Images and labels as they are stored, and their names in messages.

    Labels are numbers, texts, or a row for each image; `None` where there are none.
    """

    images: np.ndarray
    labels: np.ndarray | None
    where: str
    labels_where: str = ""


class Hints(Record):
    """Known properties of a published format, each as the words of a note; empty if it has not."""

    transposed: str = ""
    """Images are stored column by column."""
    ten_is_zero: str = ""
    """The label 10 is the digit 0."""


class Found(Record):
    """The data at a path. Without a test set, a share of the training images becomes one."""

    title: str
    """The kind of file or folder, in words."""
    files: tuple[File, ...]
    train: Raw
    test: Raw | None
    labels: tuple[str, ...] = ()
    """The names of the classes, where there are any."""
    notes: tuple[Diagnostic, ...] = ()
    validation: Raw | None = None
    hints: Hints = Hints()
    broken: tuple[str, ...] = ()
    """The files that could not be read and are left out, each with its reason."""

    @property
    def parts(self) -> dict[str, Raw]:
        """The existing splits by name, the training split first."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: raw for name, raw in named.items() if raw is not None}

    @property
    def size(self) -> int:
        """The bytes of its arrays."""
        arrays = [array for raw in self.parts.values() for array in (raw.images, raw.labels)]
        return sum(array.nbytes for array in arrays if array is not None)


def bad(path: Path, reason: object, remedy: str = "") -> CnnspecError:
    """The error for data that is damaged or not usable."""
    return CnnspecError(DatasetCorrupt(None, f"{path}: {reason}", remedy))


def misfit(cause: str, remedy: str) -> CnnspecError:
    """The error for data that does not fit its spec."""
    return CnnspecError(DataMismatch(None, cause, remedy))


def note(cause: str, remedy: str = "") -> DataNote:
    """A note on a change of the data that a user should know."""
    return DataNote(None, cause, remedy)


DAMAGED = (
    ArithmeticError,
    EOFError,
    IndexError,
    KeyError,
    OSError,
    RuntimeError,
    SyntaxError,  # what Pillow raises for a broken PNG
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What libraries raise for a damaged file."""


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turns everything that libraries raise for a damaged file into `CnnspecError`."""
    try:
        yield
    except Unsupported as error:
        raise bad(path, error, error.remedy) from None
    except MemoryError:
        raise bad(path, "it does not fit in memory", "take fewer or smaller images") from None
    except DAMAGED as error:
        # The text of a KeyError is the `repr` of its message.
        said = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
        reason = getattr(error, "strerror", None) or said or type(error).__name__
        raise bad(path, f"cannot be read ({str(reason).splitlines()[0][:160]})", AGAIN) from None


def sized(shape: tuple[int, ...], item: int, what: str) -> int:
    """Returns the bytes of an array; refuses one that claims to be larger than the limit.

    Raises `Unsupported`, and `ValueError` for an impossible shape.
    """
    dims = "x".join(map(str, shape))
    if min(shape, default=0) < 0:
        raise ValueError(f"{what} claims {dims} values")
    size = prod(shape) * item
    fits(size, f"{what} claims {dims} values,")
    return size


@contextmanager
def counting(size: int) -> Iterator[None]:
    """Counts the bytes of arrays from other paths to the limit of what is read within."""
    token = _BESIDE.set(size)
    try:
        yield
    finally:
        _BESIDE.reset(token)


def fits(size: int, what: str) -> None:
    """Raises `Unsupported` if so many bytes, and those of other paths, are more than the limit."""
    limit, total = array_limit(), size + _BESIDE.get()
    if total > limit:
        others = f", {total:,} with those of the other paths" if total > size else ""
        reason = f"{what} {size:,} bytes{others}; the limit is {limit:,}"
        enough = -(-total // 2**30)
        raise Unsupported(reason, f"if that is right, raise it in GiB: `{LIMIT}={enough}`")


def array_limit() -> int:
    """The most bytes of the arrays of a spec's data: from the environment, by default 2 GiB.

    Raises `Unsupported` where the variable is not a number.
    """
    given = os.environ.get(LIMIT, "")
    if not given:
        return MAX_ARRAY_BYTES
    if not (given.isascii() and given.isdecimal()):
        raise Unsupported(
            f"`{LIMIT}={given}` is not a whole number of GiB", f"write it as `{LIMIT}=8`"
        )
    return int(given) * 2**30


def unpacks(size: int, packed: int, what: str) -> None:
    """Refuses, with `ValueError`, a small file that would unpack to far more than images do."""
    if size > max(_SMALL, _PLAUSIBLE * packed):
        raise ValueError(f"{what} would unpack {packed:,} bytes to {size:,}, which no images do")


def fill(array: np.ndarray, read: Callable[[memoryview], int], what: str) -> np.ndarray:
    """Fills an array from a stream; raises `ValueError` if the stream ends early."""
    flat: Any = array.reshape(-1).view(np.uint8)
    view = memoryview(flat if array.size else b"")
    done = 0
    while done < len(view):
        count = read(view[done : done + 2**20])
        if not count:
            raise ValueError(f"{what} ends after {done:,} of {len(view):,} bytes")
        done += count
    return array


def plain_file(path: Path) -> None:
    """Raises `CnnspecError` for a device or a pipe, which may never end."""
    if not path.is_file():
        raise bad(path, "it is not a plain file")


def whole(path: Path) -> File:
    """The name, size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.name, path.stat().st_size, digest)
