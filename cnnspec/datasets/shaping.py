"""Converts arrays of images, however they are stored, to (n, height, width, channels).

Where the shape is not enough, the number of labels and the shape in the spec decide.
"""

from math import isqrt, prod

import numpy as np

from cnnspec.datasets.raw import Raw, misfit, note
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import SuspiciousData

CHANNELS = (1, 3, 4)
_BLOCK = 2**22
"""How many bytes are moved at a time."""


def shaped(
    part: Raw, notes: list[Diagnostic], shape: tuple[int, ...] | None = None, count: int = 0
) -> np.ndarray:
    """Returns the images of a part as a view of shape (n, height, width, channels).

    `shape` is that of the spec, which decides for flat images; `count` is the number of images, if
    known from labels. Raises `CnnspecError`.
    """
    array = part.images
    if array.dtype.kind not in "biuf":
        raise misfit(f"{part.where} holds {array.dtype}, not pixels", "store whole numbers, uint8")
    if not array.size and array.ndim:
        raise misfit(f"{part.where} holds no images", "take another file, or fill this one")
    if 2 <= array.ndim <= 4 and count and count == array.shape[-1] != array.shape[0]:
        notes.append(note(f"{part.where} is {size(array.shape)}: the last axis counts the images"))
        array = np.moveaxis(array, -1, 0)
    if array.ndim == 2:
        array = _unflattened(array, part, notes, shape)
    if array.ndim not in (3, 4):
        held = size(array.shape) or "a single value"
        if array.ndim == 5:
            raise _volumes(part, held)
        remedy = "store them as (images, height, width) or (images, height, width, channels)"
        raise misfit(f"{part.where} is {held}, which are not images", remedy)
    if array.ndim == 3:
        return array[..., np.newaxis]
    if array.shape[3] not in CHANNELS and array.shape[1] in CHANNELS:
        notes.append(note(f"{part.where} has its channels first; they are put last"))
        array = array.transpose(0, 2, 3, 1)
    if array.shape[3] not in CHANNELS:
        found = size(array.shape[1:])
        if len(set(array.shape[1:])) == 1:
            raise _volumes(part, found)
        remedy = "store them as (images, height, width, channels) with 1, 3 or 4 channels"
        raise misfit(
            f"the images of {part.where} are {found}, and no axis can be the channels", remedy
        )
    return array


def _volumes(part: Raw, held: str) -> Exception:
    remedy = "take the 2D set of the same name, or store single slices"
    return misfit(f"{part.where} holds volumes of {held}: 3D images are not read", remedy)


def _unflattened(
    array: np.ndarray, part: Raw, notes: list[Diagnostic], shape: tuple[int, ...] | None
) -> np.ndarray:
    """Turns rows of pixels into images with the shape of the spec, by default square."""
    count, pixels = array.shape
    side = isqrt(pixels)
    if shape and prod(shape) == pixels:
        dims = shape
    elif side * side == pixels and side > 1:
        dims = (side, side, 1)
    elif pixels % 3 == 0 and isqrt(pixels // 3) ** 2 * 3 == pixels:
        dims = (isqrt(pixels // 3), isqrt(pixels // 3), 3)
    else:
        remedy = "write the size in the spec, as in `input 28x20`, or store (images, height, width)"
        cause = f"{part.where} is {size(array.shape)}, which are not square images"
        raise misfit(cause, remedy)
    notes.append(
        note(
            f"{part.where} has {pixels:,} pixels in a row: read as {size(tuple(dims))}, row by row"
        )
    )
    if dims[2] == 1:
        return array.reshape(count, *dims)
    return _coloured(array, (dims[0], dims[1], dims[2]), part, notes)


def _coloured(
    array: np.ndarray, dims: tuple[int, int, int], part: Raw, notes: list[Diagnostic]
) -> np.ndarray:
    """Turns flat colour images into images: stored as planes, or with interleaved channels.

    Neighbours in an image are similar, so the smoother of the two readings is right.
    """
    height, width, channels = dims
    count = len(array)
    planes = array.reshape(count, channels, height, width).transpose(0, 2, 3, 1)
    pixels = array.reshape(count, height, width, channels)
    ratio = _roughness(planes) / max(_roughness(pixels), 1e-9)
    best, words = (planes, "plane") if ratio < 1 else (pixels, "pixel")
    text = f"{part.where} is read {words} by {words}"
    if 0.8 < ratio < 1.25:
        other = "pixel by pixel" if ratio < 1 else "plane by plane"
        remedy = "store the images as (images, height, width, channels)"
        notes.append(SuspiciousData(None, f"{text}; it may as well be meant {other}", remedy))
    else:
        notes.append(note(f"{text}: so neighbours are alike"))
    return best


def _roughness(images: np.ndarray) -> float:
    """The mean difference of neighbouring pixels in the first images."""
    some = images[:200].astype(np.float32)
    return float(np.abs(np.diff(some, axis=1)).mean() + np.abs(np.diff(some, axis=2)).mean())


def settled(images: np.ndarray) -> np.ndarray:
    """Returns the images in C order, in place where each image has its own block of memory.

    A copy would need twice the memory.
    """
    if images.flags.c_contiguous:
        return images
    count, each = len(images), prod(images.shape[1:])
    row = each * images.itemsize
    if not (images.flags.writeable and images.strides[0] == row and min(images.strides) > 0):
        return np.ascontiguousarray(images)
    blocks = np.lib.stride_tricks.as_strided(images, (count, each), (row, images.itemsize))
    step = max(1, _BLOCK // row)
    for start in range(0, count, step):
        part = np.ascontiguousarray(images[start : start + step])
        blocks[start : start + step] = part.reshape(len(part), each)
    return blocks.reshape(images.shape)


def size(shape: tuple[int, ...]) -> str:
    """A shape as it is written: `28x28x1`."""
    return "x".join(map(str, shape))
