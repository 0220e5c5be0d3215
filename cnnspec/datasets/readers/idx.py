"""Reads folders of IDX files, the format of MNIST: of any type, gzipped or not.

The test labels may be missing. The file names of EMNIST and QMNIST are known too.
"""

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.raw import (
    AGAIN,
    Found,
    Raw,
    Request,
    bad,
    fill,
    fits,
    guarded,
    note,
    plain_file,
    sized,
    unpacks,
    whole,
)
from cnnspec.datasets.readers import emnist
from cnnspec.diagnostics.base import Diagnostic, many

TITLE = "IDX files"
_GZIP = b"\x1f\x8b"
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
"""The types of the format by their codes (LeCun's MNIST page)."""
_NAME = re.compile(
    r"(?P<set>.*?)(?P<part>train|t10k|test|valid\w*|val)[-_.](?P<what>images|labels)"
    r"[-.]idx\d[-.](ubyte|byte|short|int|float|double)(\.gz)?"
)
"""The names of the files. Some programs write `.` for the `-` before `idx`; in EMNIST and QMNIST
names begin with the name of a set.
"""
_QMNIST = 8
"""The columns of its labels: class, series, writer and so on (Yadav and Bottou, 2019)."""
_PARTS = {"train": "train", "t10k": "test", "test": "test"}


class Role(Record):
    """The content of a file of a set."""

    set: str
    part: str
    what: str


def role_of(path: Path) -> Role | None:
    """Returns the role of a file from its name."""
    known = _NAME.fullmatch(path.name.lower())
    if not known:
        return None
    return Role(known["set"], _PARTS.get(known["part"], "validation"), known["what"])


def present(folder: Path) -> bool:
    """Whether a folder has IDX files."""
    return any(role_of(path) for path in folder.iterdir())


def read(folder: Path, request: Request) -> Found:
    """Reads the images and labels of a folder, or of the set of one file in it.

    Raises `CnnspecError`.
    """
    if not folder.is_dir():
        role = role_of(folder)
        if role is None:
            raise bad(folder, "it is a single file of a set", "name the folder it lies in")
        return _read(folder.parent, role.set, request)
    sets = sorted({role.set for role in map(role_of, folder.iterdir()) if role})
    if len(sets) > 1:
        names = [next(_files(folder, name)).name for name in sets]
        reason = f"it holds {len(sets)} sets: {', '.join(names[:6])}"
        raise bad(folder, reason, f'name a file of the one to take: `data "{folder / names[0]}"`')
    return _read(folder, sets[0], request)


def _files(folder: Path, name: str) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        role = role_of(path)
        if role and role.set == name:
            yield path


def _read(folder: Path, name: str, request: Request) -> Found:
    paths: dict[tuple[str, str], Path] = {}
    for path in _files(folder, name):
        role = role_of(path)
        assert role is not None
        key = (role.part, role.what)
        # Gzipped or not, it is the same file.
        other = paths.setdefault(key, path)
        if other.name.removesuffix(".gz") != path.name.removesuffix(".gz"):
            reason = f"both {other.name} and {path.name} could be its {' '.join(key)}"
            raise bad(folder, reason, "put each set in a folder of its own")
    if request.part != "train":
        alone = request.part if (request.part, "images") in paths else "train"
        paths = {("train", what): path for (part, what), path in paths.items() if part == alone}
    needed = ("images", "labels") if request.part == "train" else ("images",)
    for what in needed:
        if ("train", what) not in paths:
            missing = f"{name}train-{what}-idx{3 if what == 'images' else 1}-ubyte"
            raise bad(folder, f"it has no file {missing}", "put it there, gzipped or not")
    notes: list[Diagnostic] = []
    fits(sum(map(_size, paths.values())), f"{many(len(paths), 'file')} of it would take")
    arrays = {role: array(path) for role, path in paths.items()}
    raws = {
        part: Raw(
            arrays[part, "images"],
            _first_column(arrays.get((part, "labels")), paths.get((part, "labels")), notes),
            str(paths[part, "images"]),
            str(paths.get((part, "labels"), "")),
        )
        for part in ("train", "validation", "test")
        if (part, "images") in arrays
    }
    files = tuple(whole(path) for path in paths.values())
    found = Found(
        TITLE,
        files,
        raws["train"],
        raws.get("test"),
        notes=tuple(notes),
        validation=raws.get("validation"),
    )
    known = emnist.set_of(paths["train", "images"])
    return emnist.upright(found, emnist.classes(known)) if known else found


def _first_column(
    labels: np.ndarray | None, path: Path | None, notes: list[Diagnostic]
) -> np.ndarray | None:
    """Returns the classes, which are the first column of QMNIST's labels."""
    if labels is None or labels.ndim != 2 or labels.shape[1] != _QMNIST or labels.dtype != np.int32:
        return labels
    notes.append(note(f"{path} has {labels.shape[1]} columns; the first is the class"))
    return labels[:, 0]


def images(path: Path) -> Raw:
    """Reads the images of one IDX file."""
    return Raw(array(path), None, str(path))


def starts(data: bytes) -> bool:
    """Whether a file begins like an IDX file, gzipped or not."""
    return data[:2] in (_GZIP, b"\0\0")


def array(path: Path) -> np.ndarray:
    """Reads the array of an IDX file, gzipped or not. Raises `CnnspecError`."""
    with _opened(path) as (file, packed):
        return _array(path, file, packed)


def _size(path: Path) -> int:
    """The bytes that the array of a file takes in memory, from its header."""
    with _opened(path) as (file, _):
        shape, dtype = _header(path, file)
        return sized(shape, dtype.itemsize, "it")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, int | None]]:
    """Opens a file, unpacked while reading if it is gzipped; then its packed size is given too."""
    plain_file(path)
    with guarded(path), path.open("rb") as file:
        begin = file.read(2)
        file.seek(0)
        if begin == _GZIP:
            with gzip.GzipFile(fileobj=file) as stream:
                yield stream, path.stat().st_size
        else:
            yield file, None


def _header(path: Path, file: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Two zero bytes, the type, the number of dimensions, each of them; numbers are big-endian."""
    head = file.read(4)
    if head.lstrip().startswith(b"<"):
        raise bad(path, "it is an HTML page", AGAIN)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
        raise ValueError("it is not an IDX file")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise ValueError("its header is cut short")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    return shape, np.dtype(_TYPES[head[2]])


def _array(path: Path, file: Any, packed: int | None) -> np.ndarray:
    """The header, then the values. No more is unpacked than the header says."""
    shape, dtype = _header(path, file)
    size = sized(shape, dtype.itemsize, "it")
    if packed is not None:
        unpacks(size, packed, "it")
    values = fill(np.empty(shape, dtype), lambda view: file.readinto(view), "it")
    try:
        more = file.read(1)
    except gzip.BadGzipFile:
        more = b"?"
    if more:
        raise ValueError(f"it holds more than the {values.size:,} values of its header")
    # In the byte order of this machine.
    return values if dtype.isnative else values.byteswap(inplace=True).view(dtype.newbyteorder())
