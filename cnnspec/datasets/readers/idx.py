"""Folders of IDX files, the format of MNIST: gzipped or not, the test labels may be missing."""

from math import prod
from pathlib import Path

import numpy as np

from cnnspec.datasets.arrays import idx, idx_shape
from cnnspec.datasets.files import unpacked
from cnnspec.datasets.raw import AGAIN, Found, Raw, bad, guarded, plain_file, sized, whole
from cnnspec.ir.datasets import File

TITLE = "IDX files"
_GZIP = b"\x1f\x8b"
_NAMES = {
    ("train", "images"): ("train-images-idx3-ubyte", "train-images-idx4-ubyte"),
    ("train", "labels"): ("train-labels-idx1-ubyte",),
    ("test", "images"): ("t10k-images-idx3-ubyte", "test-images-idx3-ubyte"),
    ("test", "labels"): ("t10k-labels-idx1-ubyte", "test-labels-idx1-ubyte"),
}
"""How the files are called. Some programs write a `.` for the `-` before `idx`; EMNIST puts
the name of a set before all of them."""


def present(folder: Path) -> bool:
    """Whether a folder holds IDX files."""
    return any(_role(path) for path in folder.iterdir())


def read(folder: Path) -> Found:
    """The images and labels of a folder. Raises `CnnspecError`."""
    paths: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.iterdir()):
        role = _role(path)
        if role in paths and _stem(paths[role]) != _stem(path):
            reason = f"both {paths[role].name} and {path.name} could be its {' '.join(role)}"
            raise bad(folder, reason, "put each set in a folder of its own")
        if role:
            paths.setdefault(role, path)
    for role in (("train", "images"), ("train", "labels")):
        if role not in paths:
            raise bad(folder, f"it has no file {_NAMES[role][0]}", "put it there, gzipped or not")
    files: list[File] = []
    arrays = {role: _array(path, files) for role, path in paths.items()}
    train, test = (
        Raw(
            arrays[part, "images"],
            arrays.get((part, "labels")),
            str(paths[part, "images"]),
            str(paths.get((part, "labels"), "")),
        )
        if (part, "images") in arrays
        else None
        for part in ("train", "test")
    )
    assert train is not None
    return Found(TITLE, tuple(files), train, test)


def images(path: Path) -> Raw:
    """The images of one IDX file."""
    return Raw(_array(path, []), None, str(path))


def starts(data: bytes) -> bool:
    """Whether a file begins as an IDX file does, or as a gzipped one may."""
    return data[:2] in (_GZIP, b"\0\0")


def _role(path: Path) -> tuple[str, str] | None:
    stem = _stem(path)
    return next((role for role, ends in _NAMES.items() if stem.endswith(ends)), None)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").replace(".idx", "-idx")


def _array(path: Path, files: list[File]) -> np.ndarray:
    plain_file(path)
    with guarded(path):
        data = path.read_bytes()
        packed = data[:2] == _GZIP
        begin = unpacked(data, 4 + 4 * 255) if packed else data
        if begin.lstrip().startswith(b"<"):
            raise bad(path, "it is an HTML page", AGAIN)
        # The header says how much there is; no more is unpacked.
        shape = idx_shape(begin)
        sized(shape, 1, "it")
        if packed:
            data = unpacked(data, 4 + 4 * len(shape) + prod(shape) + 1)
        values = idx(data)
        files.append(whole(path))
    return values
