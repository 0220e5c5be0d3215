"""Decodes pictures to arrays with Pillow: turned as EXIF says, on white, in one size.

The size of a picture is known before its pixels are unpacked. Changes are counted.
"""

import contextlib
from collections import Counter
from io import BytesIO
from math import prod
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from cnnspec.datasets.pixels import cast, used_range
from cnnspec.datasets.raw import DAMAGED, sized, unpacks
from cnnspec.diagnostics.base import Diagnostic

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
_PNG = b"\x89PNG\r\n\x1a\n"
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "F")
_SPECIAL = frozenset(("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp", "transparency"))
"""The places where a picture can say that it is rotated or transparent."""
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
_PIXELS = 2**26
"""A limit of pixels, above every camera picture that becomes an input of a small network."""

Size = tuple[int, int, int]
"""Height, width and channels."""


class Decoder:
    """Decodes pictures one after another into one array, and records what it did with them.

    Without a shape it uses that of the first picture; `common` then says which one is better.
    """

    def __init__(self, count: int, shape: tuple[int, ...] | None, of: int = 0) -> None:
        self.count = count
        self.of = max(count, of)
        """How many pictures all splits have together, whose size is limited."""
        self.shape = None if shape is None else (shape[0], shape[1], shape[2])
        self.sizes: Counter[tuple[int, int]] = Counter()
        self.coloured = False
        self.resized = 0
        self.kept: list[int] = []
        self.broken: dict[str, str] = {}
        """The pictures that could not be decoded, by name, with the reason."""
        self._deep: dict[int, np.ndarray] = {}
        self._pixels: np.ndarray | None = None

    def add(self, number: int, name: str, data: bytes) -> None:
        """Decodes a picture, whose number is below `count`; records it where it is broken."""
        try:
            with opened(data) as image:
                self._add(number, image)
        except DAMAGED as error:
            self.lost(name, error)
        else:
            self.kept.append(number)

    def lost(self, name: str, error: BaseException) -> None:
        """Records a picture that cannot be read."""
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        self.broken[name] = str(words).splitlines()[0][:120]

    def _add(self, number: int, image: Image.Image) -> None:
        if self._pixels is None:
            self._pixels = self._empty(image)
        assert self.shape is not None
        height, width, channels = self.shape
        mode = image.mode
        if mode == _MODES[channels] and image.size == (width, height):
            # The case of nearly every picture: nothing has to be done, if the chunks after its
            # pixels do not ask for anything either.
            data = image.tobytes()
            if _SPECIAL.isdisjoint(image.info):
                self._count(height, width, mode)
                self._pixels[number] = np.frombuffer(data, np.uint8).reshape(self.shape)
                return
        image.load()
        mode = image.mode
        image = ImageOps.exif_transpose(image)
        self._count(image.height, image.width, mode)
        self._place(number, image)

    def _empty(self, image: Image.Image) -> np.ndarray:
        """The array for all pictures, of the size of the first one unless another is given."""
        if self.shape is None:
            height, width = image.height, image.width
            if image.getexif().get(_ORIENTATION, 1) in _LYING:
                height, width = width, height
            self.shape = (height, width, 1 if image.mode in _GREY else 3)
        sized((self.of, *self.shape), 1, "the array of all pictures")
        return np.empty((self.count, *self.shape), np.uint8)

    def _count(self, height: int, width: int, mode: str) -> None:
        self.sizes[height, width] += 1
        self.coloured |= mode not in _GREY

    def _place(self, number: int, image: Image.Image) -> None:
        assert self.shape is not None
        assert self._pixels is not None
        height, width, channels = self.shape
        deep = image.mode.startswith("I") or image.mode == "F"
        image = _deep(image) if deep else _converted(image, _MODES[channels])
        if image.size != (width, height):
            self.resized += 1
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        if deep:
            self._deep[number] = np.rint(np.asarray(image)).clip(0, 65535).astype(np.uint16)
        else:
            self._pixels[number] = np.frombuffer(image.tobytes(), np.uint8).reshape(self.shape)

    @property
    def common(self) -> Size | None:
        """The size that most pictures have, with three channels if one of them has colour."""
        if not self.sizes:
            return None
        (height, width), _ = self.sizes.most_common(1)[0]
        return height, width, 3 if self.coloured else 1

    def report(self) -> tuple[dict[str, Any], bytes]:
        """The results for the process that asked: facts, then pixels."""
        told = {
            "kept": self.kept,
            "broken": {int(name): reason for name, reason in self.broken.items()},
            "sizes": [[height, width, n] for (height, width), n in self.sizes.items()],
            "coloured": self.coloured,
            "resized": self.resized,
            "deep": list(self._deep),
        }
        parts = [] if self._pixels is None else [self._pixels, *self._deep.values()]
        return told, b"".join(part.tobytes() for part in parts)

    def absorb(self, pictures: list[tuple[int, str]], told: dict[str, Any], data: bytes) -> None:
        """Adds the results of another process for pictures, given as number and name."""
        for place, reason in told["broken"].items():
            self.broken[pictures[int(place)][1]] = reason
        for height, width, count in told["sizes"]:
            self.sizes[height, width] += count
        self.coloured |= told["coloured"]
        self.resized += told["resized"]
        if not data or self._pixels is None or self.shape is None:
            return
        count = len(pictures) * prod(self.shape)
        pixels = np.frombuffer(data, np.uint8, count).reshape(len(pictures), *self.shape)
        numbers = [pictures[place][0] for place in told["kept"]]
        self._pixels[numbers] = pixels[told["kept"]]
        self.kept += numbers
        size = self.shape[:2]
        deep = np.frombuffer(data, np.uint16, offset=count).reshape(-1, *size)
        for place, values in zip(told["deep"], deep, strict=True):
            self._deep[pictures[place][0]] = values

    def pixels(self, where: str, notes: list[Diagnostic]) -> np.ndarray:
        """The pictures that could be decoded, (n, height, width, channels).

        uint8, or uint16 where all have 16 bits; if only some do, they are reduced to bytes here.
        """
        if self._pixels is None:
            return np.empty((0, *(self.shape or (1, 1, 1))), np.uint8)
        found = self._pixels
        if self._deep:
            found = self._with_deep(found, where, notes)
        return found if len(self.kept) == self.count else found[np.sort(self.kept)]

    def _with_deep(self, found: np.ndarray, where: str, notes: list[Diagnostic]) -> np.ndarray:
        if len(self._deep) == len(self.kept):
            found = np.zeros(found.shape, np.uint16)
            for number, values in self._deep.items():
                found[number] = values[..., np.newaxis]
            return found
        high = max(int(values.max()) for values in self._deep.values())
        scale = used_range(high, where, notes)
        for number, values in self._deep.items():
            found[number] = cast(values[np.newaxis, ..., np.newaxis], scale)[0]
        return found


def opened(data: bytes) -> Image.Image:
    """Opens a picture: its size is known, its pixels are not unpacked yet."""
    try:
        image = _png(data) or Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError:
        raise ValueError("it is not a picture") from None
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None
    width, height = image.size
    pixels = width * height
    if pixels > _PIXELS:
        raise ValueError(f"it has {width}x{height} pixels; the limit is {_PIXELS:,}")
    unpacks(4 * pixels, len(data), "it")
    return image


def _png(data: bytes) -> Image.Image | None:
    """A PNG, `None` for what `Image.open` must look at: other formats, and damage, which it names.

    To ask each format takes it a fifth of the time of a small picture.
    """
    if data.startswith(_PNG):
        with contextlib.suppress(*DAMAGED):
            return PngImageFile(BytesIO(data))
    return None


def _deep(image: Image.Image) -> Image.Image:
    """A picture of 16 bits as float32; the grey that it calls transparent becomes white."""
    clear = image.info.get("transparency")
    image = image.convert("F")
    if not isinstance(clear, int):
        return image
    values = np.asarray(image)
    return Image.fromarray(np.where(values == clear, np.float32(65535), values))


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """A picture in grey or colour; what is transparent becomes white."""
    if mode != "RGBA" and image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == mode else image.convert(mode)
