"""Reads arrays of .npz files: zip archives of .npy files, as `numpy.savez` writes them.

Nothing is unpickled, and nothing is unpacked before its size is known from its header.
"""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from cnnspec.datasets.raw import Found, Request, Unsupported
from cnnspec.datasets.readers import named_arrays, npy


class Archive:
    """The arrays of an open archive."""

    title = "arrays of NumPy (.npz)"

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names: Sequence[str] = [
            name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")
        ]
        if not self.names:
            raise _foreign(archive)

    def size(self, name: str) -> int:
        """The bytes that an array takes in memory, as the archive says."""
        return self._archive.getinfo(f"{name}.npy").file_size

    def array(self, name: str) -> np.ndarray:
        """Reads one array; raises `ValueError`."""
        info = self._archive.getinfo(f"{name}.npy")
        with self._archive.open(info) as file:
            return npy.array(file, name, info.compress_size)


def _foreign(archive: zipfile.ZipFile) -> Unsupported:
    """Whether a zip archive was not written by NumPy."""
    names = archive.namelist()
    if any(name.endswith("data.pkl") for name in names):
        return Unsupported("it is a file of PyTorch: pickled Python objects", npy.SAVE_PLAIN)
    if "[Content_Types].xml" in names:
        return Unsupported("it is a file of Excel or Word", "save the table as .csv")
    held = f"it holds {', '.join(names[:4])}" if names else "it is empty"
    return Unsupported(
        f"it is a zip archive without arrays (.npy); {held}", "unpack it and name the folder"
    )


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Opens the archive at a path."""
    with zipfile.ZipFile(path) as archive:
        yield Archive(archive)


def read(path: Path, request: Request) -> Found:
    """Reads the images and labels of a file."""
    with opened(path) as store:
        return named_arrays.found(path, store, request)
