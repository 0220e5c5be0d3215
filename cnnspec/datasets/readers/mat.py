"""Reads arrays of MATLAB files before version 7.3 with SciPy. Version 7.3 is HDF5.

The sizes that a file claims are checked before SciPy unpacks it.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from cnnspec.datasets.raw import Found, Hints, Request, Unsupported, fits, sized, unpacks
from cnnspec.datasets.readers import named_arrays
from cnnspec.datasets.readers.emnist import names_of, upright

_NUMBERS = {
    "double": 8,
    "single": 4,
    "logical": 1,
    **{f"{u}int{8 * size}": size for u in ("", "u") for size in (1, 2, 4, 8)},
}
"""The classes of arrays of numbers, and the bytes of a value in memory."""
_COMPRESSED = 15
_SVHN = re.compile(r"(train|test|extra)_32x32\.mat")


class Store:
    """The arrays of a file; arrays in structures are `structure/array`."""

    title = "arrays of MATLAB (.mat)"

    def __init__(self, path: Path) -> None:
        self._path = path
        unpacked = _unpacked(path)
        self._shapes = {name: (shape, kind) for name, shape, kind in scipy.io.whosmat(path)}
        self._inside: dict[str, np.ndarray] = {}
        if any(kind == "struct" for _, kind in self._shapes.values()):
            # What is inside is known only once it is read.
            fits(unpacked, "it would unpack to")
        for name, (_, kind) in self._shapes.items():
            if kind == "struct":
                self._inside |= dict(_walked(name, self._loaded(name)))
        numbers = [name for name, (_, kind) in self._shapes.items() if kind in _NUMBERS]
        self.names: Sequence[str] = [*numbers, *self._inside]

    def size(self, name: str) -> int:
        """The bytes that an array takes in memory; raises `ValueError` for an impossible shape."""
        if name in self._inside:
            return self._inside[name].nbytes
        shape, kind = self._shapes[name]
        return sized(shape, _NUMBERS[kind], f"`{name}`")

    def array(self, name: str) -> np.ndarray:
        """Reads one array; raises `ValueError`."""
        if name in self._inside:
            return self._inside[name]
        values: np.ndarray = self._loaded(name)
        return values

    def _loaded(self, name: str) -> Any:
        return scipy.io.loadmat(self._path, variable_names=[name])[name]


def _walked(name: str, value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of numbers within a structure of one element."""
    if not isinstance(value, np.ndarray):
        return
    if value.dtype.names and value.size == 1:
        for field in value.dtype.names:
            yield from _walked(f"{name}/{field}", value[field].flat[0])
    elif value.dtype.kind in "biuf":
        yield name, value


def _unpacked(path: Path) -> int:
    """Returns the bytes that all variables unpack to.

    Raises `ValueError` where one is larger than the file, or unpacks to far more than images do.
    """
    end = path.stat().st_size
    total = 0
    with path.open("rb") as file:
        head = file.read(128)
        if not head.startswith(b"MATLAB 5.0"):
            return total
        order = ">" if head[126:128] == b"MI" else "<"
        place = 128
        while place < end:
            file.seek(place)
            tag = file.read(8)
            if len(tag) < 8:
                raise ValueError("it is cut short")
            kind, size = struct.unpack(f"{order}2I", tag)
            place += 8 + size
            if place > end:
                raise ValueError("it is cut short")
            if kind == _COMPRESSED:
                inside = zlib.decompressobj().decompress(file.read(min(size, 256)), 8)
                if len(inside) == 8:
                    packed, size = size, struct.unpack(f"{order}2I", inside)[1]
                    unpacks(size, packed, "a variable")
            total += size
    return total


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Opens the file at a path."""
    try:
        store = Store(path)
    except NotImplementedError as error:  # what SciPy raises for version 7.3
        raise Unsupported(str(error), "save it with `-v7`") from None
    yield store


def read(path: Path, request: Request) -> Found:
    """Reads the images and labels of a file."""
    with opened(path) as store:
        found = named_arrays.found(path, store, request)
        if _SVHN.fullmatch(path.name.lower()):
            return found.replace(hints=Hints(ten_is_zero="SVHN"))
        mapping = next((name for name in store.names if name.endswith("/mapping")), None)
        if mapping is None:
            return found
        # EMNIST: rows of a label and the code of its character.
        return upright(found, names_of(store.array(mapping)))
