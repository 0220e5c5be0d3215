"""Every supported kind of file and folder: how it is recognized, and which module reads it.

The modules are imported when needed. Each has `read(path, request)`, which returns what was found;
one for folders also has `present(folder)`, and one with named arrays `opened(path)`.
"""

import bz2
import gzip
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from cnnspec.core.record import Record
from cnnspec.datasets.raw import AGAIN, PICTURES, bad, guarded
from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_USER_BLOCK = 512
"""How many bytes of text MATLAB puts before HDF5."""
_GZIP, _BZIP = b"\x1f\x8b", b"BZh"
_ROW = re.compile(rb"[-+0-9.eE]+(\s+[0-9]+:\S+)+\s*")
"""A line of libsvm: a label, then places and values."""


class Reader(Record):
    """A kind of file: how it begins, which names it may have, and what it needs."""

    module: str
    begins: tuple[bytes, ...] = ()
    suffixes: tuple[str, ...] = ()
    extra: str = "training"
    """The extra to install if its library is missing."""
    named: bool = False
    """Whether its arrays have names."""


FILES = (
    Reader("npz", (b"PK\x03\x04", b"PK\x05\x06"), (".npz",), named=True),
    Reader("hdf5", (_HDF5,), (".h5", ".hdf5", ".he5"), named=True),
    Reader("mat", (b"MATLAB 5.0",), (".mat",), "data", named=True),
    Reader("parquet", (b"PAR1",), (".parquet",), "data"),
    Reader("idx", (b"\0\0\x08", b"\0\0\x09", b"\0\0\x0b", b"\0\0\x0c", b"\0\0\x0d", b"\0\0\x0e")),
    Reader("libsvm", (), (".libsvm", ".svm", ".scale")),
    Reader("delimited", (), (".csv", ".tsv"), "data"),
)
"""Kinds of files. The first bytes of a file count more than its name."""

FOLDERS = ("idx", "cifar", "arrays_folder", "part_files", "folders")
"""The modules that read folders, in the order in which they are tried."""

NAMED = ("arrays_folder", "cifar", "part_files")
"""The kinds whose arrays or columns can be named."""

TAKEN = (
    "take a CSV, .npz, .h5, .mat, .parquet or libsvm file, or a folder of IDX or .npy files, of "
    "CIFAR's binaries, or with a folder of pictures for each class"
)


def reader(module: str) -> Reader:
    """Returns the kind of files that a module reads."""
    return next(reader for reader in FILES if reader.module == module)


def of_file(path: Path) -> Reader:
    """Returns the reader of a file. Raises `CnnspecError` that says what the file looks like."""
    begin = _begins(path)
    for kind in FILES:
        if begin.startswith(kind.begins or (b"\xff" * 9,)):
            return kind
    if begin[_USER_BLOCK : _USER_BLOCK + len(_HDF5)] == _HDF5:
        return reader("hdf5")
    suffix = _suffix(path)
    named = next((kind for kind in FILES if suffix in kind.suffixes), None)
    _refuse(path, begin, named)
    line = begin.split(b"\n")[0]
    if _ROW.fullmatch(line.strip()):
        return reader("libsvm")
    if named and not named.begins:
        return named
    if _is_table(begin):
        return reader("delimited")
    raise bad(path, f"it is not a kind that is known ({described(begin)})", TAKEN)


def _refuse(path: Path, begin: bytes, named: Reader | None) -> None:
    """Raises `CnnspecError` for files with a special remedy."""
    numpy = 'numpy.savez("set.npz", x_train=…, y_train=…)'
    if begin.startswith(b"\x93NUMPY"):
        remedy = "put images and labels as `x_train.npy` and `y_train.npy` in a folder, and name it"
        raise bad(path, "it is a single array of a set", remedy)
    if begin[:1] == b"\x80" and begin[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        reason = "it is a pickle of Python, which may run code when it is read"
        raise bad(path, reason, f"save its arrays without one: `{numpy}`")
    if begin[257:262] == b"ustar":
        raise bad(path, "it is a tar archive", "unpack it and name the folder")
    if not begin.strip():
        raise bad(path, "it is empty", AGAIN)
    if path.suffix.lower() in PICTURES:
        remedy = "put the pictures of each class in a folder with its name, and name the folder "
        raise bad(path, "it is a single picture", f"{remedy}around; `cnnspec predict` reads one")
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise bad(path, "it is text in UTF-16", "save it as UTF-8")
    if begin.lstrip().startswith(b"<"):
        raise bad(path, "it is an HTML page", AGAIN)
    if named and named.begins:
        reason = f"it is not an {named.suffixes[0]} file ({described(begin)})"
        raise bad(path, reason, AGAIN)


def _is_table(begin: bytes) -> bool:
    """Whether the first line is numbers or names with separators between them."""
    line = begin.split(b"\n")[0]
    return line.isascii() and any(line.count(mark) >= 3 for mark in (b",", b"\t", b";"))


def _suffix(path: Path) -> str:
    packed = path.suffix.lower() in (".gz", ".bz2")
    return (Path(path.stem) if packed else path).suffix.lower()


def _begins(path: Path) -> bytes:
    """The first bytes of a file, unpacked if it is gzipped."""
    with guarded(path), path.open("rb") as file:
        begin = file.read(1024)
        for magic, opener in ((_GZIP, gzip.open), (_BZIP, bz2.open)):
            if begin.startswith(magic):
                file.seek(0)
                with opener(file) as stream:
                    return stream.read(1024)
        return begin


def described(begin: bytes) -> str:
    """What the first bytes look like."""
    return f"it begins with {begin.lstrip()[:8]!r}"


def idx_set(path: Path) -> bool:
    """Whether a file has a name of a set of IDX files."""
    return module("idx", path).role_of(path) is not None


def module(reader: str, path: Path) -> Any:
    """Imports the module of a reader. Raises `CnnspecError` that names what to install."""
    return _loaded(f"readers.{reader}", path)


def pictures(path: Path) -> Any:
    """Imports the decoder of pictures. Raises `CnnspecError` that names what to install."""
    return _loaded("pictures", path)


def _loaded(name: str, path: Path) -> Any:
    try:
        return import_module(f"cnnspec.datasets.{name}")
    except ImportError as error:
        extra = next((r.extra for r in FILES if name == f"readers.{r.module}"), "training")
        cause = f"reading {path} needs {error.name}, which is not installed"
        remedy = f"pip install 'cnnspec[{extra}]'"
        raise CnnspecError(MissingExtra(None, cause, remedy)) from None
