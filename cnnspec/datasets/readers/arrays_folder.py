"""Reads folders of single arrays: files such as `x_train.npy`, and .npz files of one array each.

K49 and Kuzushiji-MNIST are published like this: `k49-train-imgs.npz` holds `arr_0`.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cnnspec.datasets.raw import Found, Request, guarded, plain_file, whole
from cnnspec.datasets.readers import named_arrays, npy, npz

_SUFFIXES = (".npy", ".npz")


class Folder:
    """The arrays of a folder, named after their files."""

    title = "files of one array each (.npy, .npz)"

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in _files(folder)}
        self.names: Sequence[str] = list(self._paths)

    def size(self, name: str) -> int:
        """The bytes that an array takes in memory; raises `CnnspecError` that names its file."""
        path = self.path(name)
        plain_file(path)
        with guarded(path):
            if path.suffix == ".npy":
                return npy.size_of(path)
            with npz.opened(path) as archive:
                return archive.size(archive.names[0])

    def array(self, name: str) -> np.ndarray:
        """Reads one array; raises `CnnspecError` that names its file."""
        path = self.path(name)
        with guarded(path):
            if path.suffix == ".npy":
                return npy.of_file(path)
            with npz.opened(path) as archive:
                return archive.array(archive.names[0])

    def path(self, name: str) -> Path:
        """The file of an array."""
        return self._paths[name]


def _files(folder: Path) -> list[Path]:
    files = [path for path in folder.iterdir() if path.suffix in _SUFFIXES]
    return sorted(path for path in files if path.suffix == ".npy" or _alone(path))


def _alone(path: Path) -> bool:
    """Whether an .npz file has a single array; a damaged file counts, and fails when it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return len(archive.namelist()) == 1
    except (OSError, ValueError, zipfile.BadZipFile):
        return True


def present(folder: Path) -> bool:
    """Whether a folder has images and labels as arrays."""
    names = [path.stem for path in _files(folder)]
    return bool(named_arrays.matching(names, "train_images")) or any(
        path.suffix == ".npy" for path in _files(folder)
    )


def read(folder: Path, request: Request) -> Found:
    """Reads the images and labels of a folder."""
    store = Folder(folder)
    roles = named_arrays.roles_of(folder, store.names, request).values()
    files = tuple(whole(store.path(name)) for role in roles for name in role.names)
    return named_arrays.found(folder, store, request, files)
