"""Decodes a picture that a user gives, with Pillow: upright, opaque, not larger than needed."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.datasets.decoder import opened
from cnnspec.datasets.pictures import is_picture, quiet
from cnnspec.datasets.raw import PICTURES, bad, guarded, misfit, plain_file

_SIDE = 512
"""The longer side in pixels that is enough for an input of a small network."""
_BYTES = 2**28
"""A limit of bytes, above every file of one picture."""
_ORIENTATION = 0x0112

Picture = str | Path | np.ndarray | Image.Image
"""What a user may give: a path, or a picture in memory."""


class Given(Record):
    """A picture in colour, and the steps that made it."""

    pixels: np.ndarray
    """uint8 (h, w, 3)"""
    steps: tuple[str, ...]


def read(picture: Picture) -> Given:
    """Reads a picture: a file, or an object of Pillow or numpy. Raises `CnnspecError`."""
    if isinstance(picture, str | Path):
        return _of_file(Path(picture))
    return decoded(picture if isinstance(picture, Image.Image) else _image(picture))


def found(path: Path) -> list[Path]:
    """Finds a picture, or all pictures below a folder in natural order. Raises `CnnspecError`."""
    if not path.is_dir():
        return [path]
    with guarded(path):
        paths = sorted(filter(is_picture, path.rglob("*")), key=lambda one: natural(str(one)))
    if not paths:
        remedy = "name a folder that has some"
        raise bad(path, f"it has no pictures ({', '.join(PICTURES)})", remedy)
    return paths


def _of_file(path: Path) -> Given:
    plain_file(path)
    with quiet(), guarded(path):
        if path.stat().st_size > _BYTES:
            raise ValueError(f"it has more than {_BYTES:,} bytes")
        with opened(path.read_bytes()) as image:
            return decoded(image)


def decoded(image: Image.Image) -> Given:
    """Turns a picture as its EXIF says, puts it on a ground and reduces its size."""
    steps = []
    if image.getexif().get(_ORIENTATION, 1) != 1:
        steps.append("turned as its EXIF says")
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        image = _of_sixteen_bits(image)
    factor = max(image.size) // _SIDE
    if image.has_transparency_data:
        image, on = _on_ground(image.convert("RGBA"))
        steps.append(f"put on {on}")
    image = image.convert("RGB")
    if factor > 1:
        image = image.reduce(factor)
    return Given(np.asarray(image), tuple(steps))


def _of_sixteen_bits(image: Image.Image) -> Image.Image:
    """The upper 8 bits, which Pillow would drop, and what is transparent as it is."""
    deep = np.asarray(image).astype(np.uint32)
    grey = Image.fromarray((deep >> 8).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
    return grey


def _on_ground(image: Image.Image) -> tuple[Image.Image, str]:
    """Puts a picture on white, or on black where its visible part is bright."""
    pixels = np.asarray(image, np.float32)
    seen = pixels[..., 3].sum()
    grey = (pixels[..., :3].mean(axis=2) * pixels[..., 3]).sum() / max(seen, 1)
    on = "white" if grey < 128 else "black"
    return Image.alpha_composite(Image.new("RGBA", image.size, on), image), on


def _image(pixels: np.ndarray) -> Image.Image:
    """Makes a picture of an array (h, w) or (h, w, 1, 3 or 4) of bytes, or of fractions 0 to 1."""
    array = np.asarray(pixels)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or not array.size or array.shape[2:] not in ((), (3,), (4,)):
        size = "x".join(map(str, array.shape))
        raise misfit(f"the array is {size}", "a picture is (height, width) or with 3 or 4 channels")
    if array.dtype.kind == "f":
        top = 255 if array.max() <= 1 else 1
        array = np.rint(array * top)
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 255):
        raise misfit("the array has values beyond 0 to 255", "pixels go from 0 to 255 or 0 to 1")
    return Image.fromarray(array.astype(np.uint8) * np.uint8(255 if array.dtype == bool else 1))
