"""Reads one array in NumPy's format, `.npy`: first its header, then its values, never a pickle."""

from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from cnnspec.datasets.raw import Unsupported, fill, sized, unpacks

MAGIC = b"\x93NUMPY"
SAVE_PLAIN = (
    'save numbers and texts, as in `numpy.savez("set.npz", x_train=images.astype("uint8"), '
    "y_train=labels.astype(str))`"
)
_HEADERS: dict[tuple[int, int], Callable[[IO[bytes]], tuple[tuple[int, ...], bool, np.dtype]]] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


def array(file: IO[bytes], name: str, packed: int | None = None) -> np.ndarray:
    """Reads the array of an open file; `packed` is the compressed size, if it is compressed.

    Raises `ValueError` where it is damaged.
    """
    shape, fortran, dtype = _header(file, name)
    if dtype.hasobject:
        raise Unsupported(f"`{name}` holds pickled Python objects, which may run code", SAVE_PLAIN)
    if dtype.kind not in "biufcUS":
        raise Unsupported(f"`{name}` holds {dtype}, not plain numbers", SAVE_PLAIN)
    size = sized(shape, dtype.itemsize, f"`{name}`")
    if packed is not None:
        unpacks(size, packed, f"`{name}`")
    values = np.empty(shape[::-1] if fortran else shape, dtype)
    fill(values, lambda view: file.readinto(view), f"`{name}`")  # type: ignore[attr-defined]
    if file.read(1):
        raise ValueError(f"`{name}` holds more than the {values.nbytes:,} bytes of its header")
    return values.T if fortran else values


def _header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """The shape, the order and the type of the array; raises `ValueError`."""
    version = npy.read_magic(file)
    if version not in _HEADERS:
        raise Unsupported(f"`{name}` has a layout of fields, not plain numbers", SAVE_PLAIN)
    try:
        return _HEADERS[version](file)
    except Exception:  # NumPy reads it with Python's parser, which raises many kinds of errors
        raise ValueError(f"the header of `{name}` is damaged") from None


def size_of(path: Path) -> int:
    """The bytes that the array of a file takes in memory; raises `ValueError`."""
    with path.open("rb") as file:
        shape, _, dtype = _header(file, path.name)
    return sized(shape, dtype.itemsize, f"`{path.name}`")


def of_file(path: Path) -> np.ndarray:
    """Reads the array of a file; raises `ValueError`."""
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(len(MAGIC))
        if begin != MAGIC:
            raise ValueError("it does not begin as an .npy file does")
        file.seek(0)
        return array(file, path.name, size)
