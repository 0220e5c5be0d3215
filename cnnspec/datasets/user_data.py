"""Data of the user's own: which kind of file or folder it is, and who reads it.

The readers are loaded when they are needed; each hands out what it finds, which is then
verified in one place for all of them.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from cnnspec.core.record import Record
from cnnspec.datasets import idx, named_arrays
from cnnspec.datasets.arrays import Images, Split, split_off
from cnnspec.datasets.files import Place
from cnnspec.datasets.locate import Where
from cnnspec.datasets.normalize import Normal, agree, doubts, normal, to_bytes
from cnnspec.datasets.raw import (
    AGAIN,
    PICTURES,
    Found,
    Raw,
    bad,
    guarded,
    misfit,
    note,
    plain_file,
)
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import DatasetMissing, MissingExtra
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.datasets import DATASETS, Dataset
from cnnspec.ir.spec import Spec

KINDS = {
    "npz": (b"PK\x03\x04", (".npz",)),
    "hdf5": (b"\x89HDF\r\n\x1a\n", (".h5", ".hdf5", ".he5")),
}
"""The files of several arrays: their reader, how they begin and how they are called."""

HELD = 1 / 6
"""The share of the images that becomes the test set where there is none, as in MNIST."""
_SEED = 0
"""The test set is the same for every seed of a spec, so that their figures can be compared."""

_TAKEN = "take an .npz or .h5 file, a folder of IDX files, or one with a folder of pictures a class"


def load(spec: Spec, where: Where) -> Images:
    """Reads and verifies the data of a spec that lies at a path. Raises `CnnspecError`."""
    path = where.path
    shape = spec.shape.dims
    found = read(path, spec.data.arrays, shape)
    if where.sha256 is not None and where.sha256 != {f.name: f.sha256 for f in found.files}:
        cause = f"{path} is not what this run was trained on: its SHA-256 differs"
        raise misfit(cause, f"name it to take it as it is now: `--data {path}`")
    known = normal(found)
    agree(known, shape, spec.classes)
    train, test, held = divided(known)
    names = found.labels or tuple(map(str, range(spec.classes)))
    notes = [*known.notes, *held, *doubts(train, test, spec.classes, names)]
    dataset = Dataset(
        name=spec.data.source,
        title=found.title,
        licence="",
        files=found.files,
        counts=(len(train), len(test)),
        shape=(shape[0], shape[1], shape[2]),
        labels=names,
    )
    return Images(dataset, Place(path, found.title), train, test, tuple(notes))


def divided(known: Normal) -> tuple[Split, Split, list[Diagnostic]]:
    """Training and test images; where there is no test set, a share is held back, and said."""
    if known.test is not None:
        return known.train, known.test, []
    train, test = split_off(known.train, HELD, _SEED)
    if not len(test):
        raise misfit("there are too few images to hold some back as a test set", "add some")
    text = (
        f"there is no test set: {len(test):,} of {len(known.train):,} images are held back as one"
    )
    return train, test, [note(text)]


def written(path: Path) -> str:
    """A path as a spec can carry it; one that reads like a known name is said to be a path."""
    return f"./{path}" if str(path) in DATASETS else str(path)


def read(path: Path, arrays: dict[str, str], shape: tuple[int, ...] | None) -> Found:
    """What a path holds; pictures are brought to the shape. Raises `CnnspecError`."""
    if shape is not None and (len(shape) != 3 or shape[2] not in (1, 3, 4)):
        dims = "x".join(map(str, shape))
        raise misfit(f"the spec says `input {dims}`", "images have 1, 3 or 4 channels")
    with guarded(path):
        folder = _there(path).is_dir()
        if folder and arrays:
            raise bad(
                path, "it is a folder, which has no arrays to name", "name an .npz or .h5 file"
            )
        if folder and idx.present(path):
            return idx.read(path)
    if folder:
        found: Found = _reader("pictures", path).read(path, shape)
        return found
    module = _module(path)
    if module is None:
        if _begins(path)[:2] == b"\0\0":
            raise bad(path, "it is a single file of a set", "name the folder it lies in")
        raise bad(path, f"it is none of the kinds known ({_described(path)})", _TAKEN)
    with guarded(path), _reader(module, path).opened(path) as store:
        return named_arrays.found(path, store, arrays)


class Pictures(Record):
    """Images to predict, uint8 (n, height, width, channels), and their names if they have some."""

    images: Any
    names: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


def images(path: Path, array: str | None, shape: tuple[int, ...]) -> Pictures:
    """The images at a path, to be predicted. Raises `CnnspecError`."""
    names: tuple[str, ...] = ()
    notes: list[Diagnostic] = []
    _there(path)
    pictures = path.is_dir() or path.suffix.lower() in PICTURES
    module = None if pictures else _module(path)
    if array is not None and module is None:
        raise bad(path, "it has no arrays to name", "`--array` is for .npz and .h5 files")
    if pictures:
        raw, names, said = _reader("pictures", path).images(path, shape)
        notes += said
    elif module:
        with guarded(path), _reader(module, path).opened(path) as store:
            raw = named_arrays.images(path, store, array)
    elif idx.starts(_begins(path)):
        raw = idx.images(path)
    else:
        taken = "take an IDX, .npz or .h5 file, a picture, or a folder of pictures"
        raise bad(path, f"it holds no images ({_described(path)})", taken)
    return Pictures(fitting(raw, shape, notes), names, tuple(notes))


def fitting(raw: Raw, shape: tuple[int, ...], notes: list[Diagnostic]) -> Any:
    """Images as uint8 (n, height, width, channels), if they are of this shape.

    What is done with them is noted. Raises `CnnspecError`.
    """
    (pixels,) = to_bytes([raw], notes)
    if pixels.shape[1:] != shape:
        dims = ["x".join(map(str, size)) for size in (pixels.shape[1:], shape)]
        raise misfit(f"{raw.where} has images of {dims[0]}, and the network takes {dims[1]}", "")
    return pixels


def _there(path: Path) -> Path:
    try:
        path.stat()
    except FileNotFoundError:
        raise CnnspecError(
            DatasetMissing(
                None,
                f"there is nothing at {path}",
                "a path in a spec is seen from the folder of the spec",
            )
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise bad(path, f"cannot be read ({reason})") from None
    if not path.is_dir():
        plain_file(path)
    return path


def _begins(path: Path) -> bytes:
    with guarded(path), path.open("rb") as file:
        return file.read(512)


def _module(path: Path) -> str | None:
    """The reader of a file of arrays, by how it begins."""
    begin = _begins(path)
    for module, (magic, suffixes) in KINDS.items():
        if begin.startswith(magic):
            return module
        if path.suffix.lower() in suffixes:
            raise bad(path, f"it is no {suffixes[0]} file ({_described(path)})", AGAIN)
    return None


def _described(path: Path) -> str:
    """What the first bytes look like."""
    begin = _begins(path).lstrip()
    if not begin:
        return "it is empty"
    return "it is an HTML page" if begin.startswith(b"<") else f"it begins with {begin[:8]!r}"


def _reader(module: str, path: Path) -> Any:
    try:
        return import_module(f"cnnspec.datasets.{module}")
    except ImportError as error:
        cause = f"reading {path} needs {error.name}, which is not installed"
        raise CnnspecError(MissingExtra(None, cause, "pip install 'cnnspec[training]'")) from None
