"""Folders of pictures: one sub-folder for each class, read with Pillow.

Either `train/<class>/…`, with or without `test/<class>/…`, or `<class>/…` alone; a
`test` folder of pictures without sub-folders is a test set without labels.
"""

import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnspec.core.record import Record
from cnnspec.datasets.raw import (
    PICTURES,
    Found,
    Raw,
    bad,
    guarded,
    note,
    plain_file,
    sized,
)
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.ir.datasets import File

TITLE = "pictures, a folder for each class"
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "F")
_TRAIN, _TEST = ("train", "training"), ("test", "testing")
_PIXELS = 2**26
"""More pixels than any camera picture that is to become an input of a small network."""
_BYTES = 2**28


class Listed(Record):
    """Pictures with the class of each, and what lies beside them."""

    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    others: tuple[Path, ...] = ()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Pillow's warnings back: sizes are looked at here, and what decodes is good enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@_quiet()
def read(folder: Path, shape: tuple[int, ...] | None) -> Found:
    """All pictures of a folder, brought to a shape (height, width, channels).

    Without one to the size that most have, and to colour if one has it. Raises `CnnspecError`.
    """
    with guarded(folder):
        within = _part(folder, _TRAIN)
        classes = _classes(within or folder)
        tests = _part(folder, _TEST) if within else None
        train = _listed(within or folder, classes)
        test = _listed(tests, classes) if tests else None
    if not train.paths:
        remedy = "put the pictures of each class in a folder with its name"
        raise bad(folder, f"it has no folder with pictures ({', '.join(PICTURES)})", remedy)
    shape = shape or _common(train.paths)
    reader = _Reader(folder, shape)
    digest = reader.digest
    raws = [
        Raw(
            reader.array(listed.paths),
            np.array(listed.labels) if listed.labels else None,
            str(where),
            str(where),
        )
        if listed
        else None
        for listed, where in ((train, within or folder), (test, tests))
    ]
    assert raws[0] is not None
    files = (File(folder.name, reader.bytes, digest.hexdigest()),)
    notes = [*reader.notes()]
    others = [*train.others, *(test.others if test else ())]
    if others:
        shown = ", ".join(str(path.relative_to(folder)) for path in others[:4])
        more = f" and {len(others) - 4:,} more" if len(others) > 4 else ""
        notes.append(note(f"not pictures, and left out: {shown}{more}"))
    return Found(TITLE, files, raws[0], raws[1], classes, tuple(notes))


@_quiet()
def images(
    path: Path, shape: tuple[int, ...]
) -> tuple[Raw, tuple[str, ...], tuple[Diagnostic, ...]]:
    """A picture or all pictures below a folder, with the names of their files."""
    folder = path if path.is_dir() else path.parent
    with guarded(path):
        paths = (
            sorted(filter(_is_picture, path.rglob("*")), key=_natural) if path.is_dir() else [path]
        )
    if not paths:
        raise bad(path, f"it has no pictures ({', '.join(PICTURES)})")
    reader = _Reader(folder, shape)
    raw = Raw(reader.array(paths), None, str(path))
    return raw, tuple(p.relative_to(folder).as_posix() for p in paths), tuple(reader.notes())


class _Reader:
    """Reads pictures one after another, and remembers what it did with them."""

    def __init__(self, folder: Path, shape: tuple[int, ...]) -> None:
        self.folder = folder
        self.shape = shape
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.resized = 0
        self.read = 0

    def array(self, paths: Sequence[Path]) -> np.ndarray:
        """The pictures, uint8 of shape (n, height, width, channels)."""
        with guarded(self.folder):
            sized((len(paths), *self.shape), 1, "it")
            pixels = np.empty((len(paths), *self.shape), np.uint8)
        for index, path in enumerate(paths):
            pixels[index] = self.picture(path)
        return pixels

    def picture(self, path: Path) -> np.ndarray:
        plain_file(path)
        with guarded(path):
            if path.stat().st_size > _BYTES:
                raise ValueError(f"it has more than {_BYTES:,} bytes")
            data = path.read_bytes()
            name = path.relative_to(self.folder).as_posix()
            self.digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
            self.digest.update(data)
            self.bytes += len(data)
            self.read += 1
            return self.decoded(data)

    def decoded(self, data: bytes) -> np.ndarray:
        height, width, channels = self.shape
        with _opened(data) as opened:
            image = ImageOps.exif_transpose(opened)
            image = _converted(image, _MODES[channels])
            if image.size != (width, height):
                self.resized += 1
                image = image.resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(image).reshape(self.shape)

    def notes(self) -> list[Diagnostic]:
        if not self.resized:
            return []
        height, width, _ = self.shape
        text = f"{self.resized:,} of {self.read:,} pictures are resized to {height}x{width}"
        return [note(text)]


def _opened(data: bytes) -> Image.Image:
    """A picture whose size is known and whose pixels are not yet unpacked."""
    try:
        image = Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError:
        raise ValueError("it is no picture") from None
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None
    if image.width * image.height > _PIXELS:
        raise ValueError(f"it has {image.width}x{image.height} pixels; the limit is {_PIXELS:,}")
    return image


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """A picture in grey or colour; 16 bits become 8, and what is transparent white."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    if mode != "RGBA" and image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == mode else image.convert(mode)


def _common(paths: Sequence[Path]) -> tuple[int, int, int]:
    """The size that most pictures have; three channels if one of them has colour."""
    sizes: Counter[tuple[int, int]] = Counter()
    channels = 1
    for path in paths:
        plain_file(path)
        with guarded(path), _opened(path.read_bytes()) as image:
            sizes[image.height, image.width] += 1
            channels = channels if image.mode in _GREY else 3
    (height, width), _ = sizes.most_common(1)[0]
    return height, width, channels


def _part(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((path for path in sorted(folder.iterdir()) if path.name.lower() in names), None)


def _classes(folder: Path) -> tuple[str, ...]:
    """The names of the sub-folders that hold pictures, in natural order."""
    folders = [path for path in folder.iterdir() if path.is_dir() and not _hidden(path)]
    holding = [path for path in folders if any(map(_is_picture, path.iterdir()))]
    return tuple(path.name for path in sorted(holding, key=_natural))


def _listed(folder: Path, classes: tuple[str, ...]) -> Listed:
    """The pictures of each class; of a folder without classes, all without labels."""
    own = _classes(folder)
    unknown = [name for name in own if name not in classes]
    if unknown:
        remedy = f"the classes are {', '.join(classes[:12])}"
        raise bad(folder, f"{unknown[0]} is no class of the training pictures", remedy)
    paths: list[Path] = []
    labels: list[int] = []
    others: list[Path] = []
    for path in sorted(folder.iterdir(), key=_natural):
        if path.name not in own:
            pictures = not own and _is_picture(path)
            (paths if pictures else others).append(path)
    for label, name in enumerate(classes):
        inside = sorted((folder / name).iterdir(), key=_natural) if name in own else []
        for path in inside:
            if _is_picture(path):
                paths.append(path)
                labels.append(label)
            else:
                others.append(path)
    return Listed(tuple(paths), tuple(labels), tuple(others))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not _hidden(path) and path.is_file()


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _natural(path: Path) -> list[tuple[int, str]]:
    """A key that puts `9.png` before `10.png`."""
    parts = re.findall(r"[0-9]+|[^0-9]+", str(path))
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts]
