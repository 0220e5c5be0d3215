"""Arrays of an .npz file: a zip archive of .npy files, as `numpy.savez` writes it.

Nothing is unpickled, and nothing is unpacked before its header has said how large it is.
"""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from cnnspec.datasets.raw import sized

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Archive:
    """The arrays of an open archive."""

    title = "arrays of NumPy (.npz)"

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names: Sequence[str] = [
            name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")
        ]

    def array(self, name: str) -> np.ndarray:
        """One array; raises `ValueError`."""
        info = self._archive.getinfo(f"{name}.npy")
        with self._archive.open(info) as file:
            version = npy.read_magic(file)
            if version not in _HEADERS:
                raise ValueError(f"`{name}` has a layout of fields, not plain numbers")
            try:
                shape, fortran, dtype = _HEADERS[version](file)
            except Exception:  # NumPy reads it with Python's parser, which fails in many ways
                raise ValueError(f"the header of `{name}` is damaged") from None
            if dtype.hasobject:
                raise ValueError(f"`{name}` holds pickled Python objects, which may run code")
            sized(shape, dtype.itemsize, f"`{name}`")
            size = prod(shape) * dtype.itemsize
            data = file.read(size + 1)
        if len(data) != size:
            raise ValueError(f"`{name}` holds other than the {size:,} bytes of its header")
        values = np.frombuffer(data, dtype)
        return values.reshape(shape[::-1]).T if fortran else values.reshape(shape)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive at a path."""
    with zipfile.ZipFile(path) as archive:
        yield Archive(archive)
