"""The user's own data: which kind of file or folder it is, and which module reads it.

Readers are imported when needed; each returns what it finds, which is then verified in one place
for all.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnspec.core.record import Record
from cnnspec.datasets import layouts, raw
from cnnspec.datasets.arrays import Images, Split, split_off
from cnnspec.datasets.files import Place
from cnnspec.datasets.locate import Where
from cnnspec.datasets.normalize import PLAIN, Normal, agree, doubts, normal, to_bytes
from cnnspec.datasets.raw import (
    PICTURES,
    Found,
    Raw,
    Request,
    bad,
    guarded,
    misfit,
    note,
    plain_file,
)
from cnnspec.datasets.readers import named_arrays, table
from cnnspec.datasets.readers.part_files import joined
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import DatasetMissing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.datasets import DATASETS, Dataset
from cnnspec.ir.spec import Data, Spec
from cnnspec.language.suggest import nearest

HELD = 1 / 6
"""The share of the images that becomes the test set where there is none, as in MNIST."""
_SEED = 0
"""The test set is the same for every seed of a spec, so that metrics can be compared."""
_DEPTH = 4
"""How deep nested folders are searched for the one with the data."""
_NOT_DATA = (".", "__MACOSX")


def load(spec: Spec, where: Where) -> Images:
    """Reads and verifies the data of a spec at a path. Raises `CnnspecError`."""
    path = where.path
    shape = spec.shape.dims
    found = read_all(path, spec.data, shape)
    if where.sha256 is not None and where.sha256 != {f.name: f.sha256 for f in found.files}:
        cause = f"{path} is not what this run was trained on: its SHA-256 differs"
        raise misfit(cause, f"name it to take it as it is now: `--data {path}`")
    known = normal(found, spec.data, shape, spec.classes)
    title, files = found.title, found.files
    # Its arrays may have been overwritten, and would take memory.
    del found
    agree(known, shape, spec.classes)
    train, test, held = divided(known)
    names = known.names or tuple(map(str, range(spec.classes)))
    notes = [*known.notes, *held, *doubts(train, _others(known), spec.classes, names)]
    dataset = Dataset(
        name=spec.data.source,
        title=title,
        licence="",
        files=files,
        counts=(len(train), len(test)),
        shape=(shape[0], shape[1], shape[2]),
        labels=names,
    )
    return Images(dataset, Place(path, title), train, test, tuple(notes), known.validation)


def _others(known: Normal) -> dict[str, Split]:
    """The splits that must not share images with those to train on, by name."""
    named = {"validation": known.validation, "test": known.test}
    return {name: split for name, split in named.items() if split is not None}


def divided(known: Normal) -> tuple[Split, Split, list[Diagnostic]]:
    """Training and test images; without a test set a share is held back, with a note."""
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
    """Writes a path for a spec; one that looks like a known name gets `./`."""
    return f"./{path}" if str(path) in DATASETS else str(path)


def read_all(path: Path, data: Data, shape: tuple[int, ...] | None) -> Found:
    """Reads a path and the paths named beside it, as one set. Raises `CnnspecError`."""
    found = {"train": read(path, data, shape)}
    for part in ("validation", "test"):
        apart = getattr(data, part)
        if apart is None:
            continue
        if getattr(found["train"], part) is not None:
            found["train"] = found["train"].replace(**{part: None})
        there = beside(path, data.source, apart)
        if not there.exists() and (path.parent / apart).exists():
            words = os.path.join(os.path.dirname(data.source), apart)  # noqa: PTH118, PTH120
            remedy = f'it begins at the same folder as the first path: write `{part}="{words}"`'
            raise CnnspecError(DatasetMissing(None, f"there is nothing at {there}", remedy))
        with raw.counting(sum(known.size for known in found.values())):
            found[part] = read(there, data, shape, part)
    return joined(found) if len(found) > 1 else found["train"]


def beside(path: Path, source: str, other: str) -> Path:
    """Returns where another path of a spec is, given where its first one was found.

    Both are relative to the same folder; an absolute path stays as it is.
    """
    there = Path(other).expanduser()
    if there.is_absolute():
        return there
    start = os.path.dirname(source)  # noqa: PTH120 - as it is written
    if Path(start).expanduser().is_absolute():
        return path.parent / there
    return Path(os.path.normpath(path.parent / os.path.relpath(other, start or ".")))


def read(
    path: Path,
    data: Data = Data("."),  # noqa: B008 - a record never changes
    shape: tuple[int, ...] | None = None,
    part: str = "train",
) -> Found:
    """Reads a path; pictures are scaled to the shape. Raises `CnnspecError`."""
    if shape is not None and (len(shape) != 3 or shape[2] not in (1, 3, 4)):
        dims = "x".join(map(str, shape))
        raise misfit(f"the spec says `input {dims}`", "images have 1, 3 or 4 channels")
    request = Request(data, shape, part)
    with guarded(path):
        if _there(path).is_dir():
            inner, name = _folder(path)
            if data.arrays and name not in table.NAMED:
                remedy = "name a file of several arrays, or a folder of them"
                raise bad(path, "it has no arrays to name", remedy)
        elif table.idx_set(path):
            inner, name = path, "idx"
        else:
            inner, name = path, table.of_file(path).module
    reader = table.module(name, path)
    with guarded(inner):
        found: Found = reader.read(inner, request)
    if inner != path:
        text = f"the data is in {inner.relative_to(path)} of {path}"
        found = found.replace(notes=(note(text), *found.notes))
    return found


def _folder(path: Path) -> tuple[Path, str]:
    """Finds the folder with the data, perhaps inside other folders, and its reader."""
    found = _readable(path, _DEPTH)
    if len(found) > 1:
        raise layouts.several(path, found)
    if not found:
        raise layouts.nothing(path)
    return found[0]


def _readable(path: Path, depth: int) -> list[tuple[Path, str]]:
    for name in table.FOLDERS:
        if table.module(name, path).present(path):
            return [(path, name)]
    if not depth:
        return []
    inside = [p for p in sorted(path.iterdir()) if p.is_dir() and not p.name.startswith(_NOT_DATA)]
    return [found for folder in inside[:100] for found in _readable(folder, depth - 1)]


class Pictures(Record):
    """Images to predict, uint8 (n, height, width, channels), and their names if they have any."""

    images: Any
    names: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


def is_pictures(path: Path) -> bool:
    """Whether a path names a picture, or a folder of them."""
    return path.is_dir() or path.suffix.lower() in PICTURES


def images(path: Path, array: str | None, shape: tuple[int, ...], data: Data = PLAIN) -> Pictures:
    """Reads the images at a path, to be predicted. Raises `CnnspecError`.

    Arrays are read as `data`, the statement of the spec, says: with its scale, and transposed or
    inverted like those of the training. Pictures are used as they look.
    """
    names: tuple[str, ...] = ()
    notes: list[Diagnostic] = []
    _there(path)
    if is_pictures(path):
        if array is not None:
            raise bad(path, "it has no arrays to name", _NO_ARRAYS)
        raw, names, said = table.pictures(path).images(path, shape)
        notes += said
        return Pictures(fitting(raw, shape, notes), names, tuple(notes))
    reader = table.of_file(path)
    if array is not None and not reader.named:
        raise bad(path, "it has no arrays to name", _NO_ARRAYS)
    module = table.module(reader.module, path)
    with guarded(path):
        if reader.named:
            with module.opened(path) as store:
                raw = named_arrays.images(path, store, array)
        elif reader.module == "idx":
            raw = module.images(path)
        else:
            found = module.read(path, Request(shape=shape, part="test"))
            raw = found.train
            notes += found.notes
    return Pictures(fitting(raw, shape, notes, data), names, tuple(notes))


_NO_ARRAYS = "`--array` is for files whose arrays have names, such as .npz, .h5 and .mat"


def fitting(raw: Raw, shape: tuple[int, ...], notes: list[Diagnostic], data: Data = PLAIN) -> Any:
    """Converts images to uint8 (n, height, width, channels), if they have this shape.

    Changes are noted. Raises `CnnspecError`.
    """
    (pixels,) = to_bytes([raw], notes, shape, data)
    if pixels.shape[1:] != shape:
        dims = ["x".join(map(str, size)) for size in (pixels.shape[1:], shape)]
        raise misfit(f"{raw.where} has images of {dims[0]}, and the network takes {dims[1]}", "")
    return pixels


def _remedy(path: Path) -> str:
    """What to do about a path at which there is nothing."""
    if path.name in DATASETS:
        return f"the known dataset has no quotes: `data {path.name}`"
    if {"http:", "https:"} & {*path.parts}:
        return "addresses are not read: download the file, and write its path"
    with suppress(OSError):
        near = nearest(path.name, os.listdir(path.parent))  # noqa: PTH208
        if near:
            return f"did you mean {path.with_name(near)}?"
    return "a path in a spec is relative to the folder of the spec"


def _there(path: Path) -> Path:
    try:
        path.stat()
    except FileNotFoundError:
        raise CnnspecError(
            DatasetMissing(None, f"there is nothing at {path}", _remedy(path))
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise bad(path, f"cannot be read ({reason})") from None
    if not path.is_dir():
        plain_file(path)
    return path
