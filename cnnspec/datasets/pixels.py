"""Converts values of any scale to bytes; white is found from them, or given by the spec.

Pure: arrays in, arrays or a reason out.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.raw import Raw, misfit, note
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import SuspiciousData

_WHITES = (255, 1023, 4095, 16383, 65535)
"""White in 8, 10, 12, 14 and 16 bits."""
_OVER = 1.05
"""How far resampling and rounding can bring a value above white."""
_DARK = 128
"""If nothing is brighter than this, white is probably not 255."""
_BLOCK = 2**20


class Scale(Record):
    """The values that are black and white."""

    white: float
    black: float = 0


def scale_of(
    arrays: list[np.ndarray], parts: list[Raw], given: float | None, notes: list[Diagnostic]
) -> Scale:
    """Finds one scale for all parts from their values and adds notes on it.

    Raises `CnnspecError` where no scale fits, or where that of the spec does not.
    """
    numbers = [
        (array, part) for array, part in zip(arrays, parts, strict=True) if array.dtype.kind != "b"
    ]
    if not numbers:
        return Scale(1)
    ranges = [_range(array, part) for array, part in numbers]
    tops = [high for _, high in ranges]
    low, high = min(low for low, _ in ranges), max(tops)
    part = numbers[tops.index(high)][1]
    floats = any(array.dtype.kind == "f" for array, _ in numbers)
    if given is not None:
        if high > given * _OVER:
            cause = f"{part.where} has values up to {high:g}, and the spec says `scale={given:g}`"
            raise misfit(cause, f"write `scale={high:g}`")
        _not_below(low, given, numbers)
        return Scale(given)
    if floats and -_OVER <= low <= -0.9 and 0.9 <= high <= _OVER:
        notes.append(note(f"{part.where} has values from -1 to 1: -1 is black, 1 is white"))
        return Scale(1, -1)
    _not_below(low, max(high, 1), numbers)
    if floats and min(tops) <= _OVER and high > 2:
        scales = " and ".join(
            f"{part.where} up to {t:g}" for (_, part), t in zip(numbers, tops, strict=True)
        )
        raise misfit(f"the images are of two scales: {scales}", "convert all to 0 to 255")
    if floats and high <= _OVER:
        notes.append(
            note(f"{part.where} has values from 0 to {high:g}: times 255 and rounded to bytes")
        )
        return Scale(1)
    return _of_whole(high, part, arrays, floats, notes)


def _of_whole(
    high: float, part: Raw, arrays: list[np.ndarray], floats: bool, notes: list[Diagnostic]
) -> Scale:
    """The scale of whole numbers, and of fractions larger than 1."""
    if high <= 255 * (_OVER if floats else 1):
        if high == 1:
            notes.append(note(f"{part.where} has only 0 and 1: 1 is white"))
            return Scale(1)
        if high in (15, 16) and arrays[0].shape[1:3] == (8, 8):
            notes.append(note(f"{part.where} has values from 0 to {high:g}: 16 is white"))
            return Scale(16)
        if floats and high < 32:
            _whole_or_refused(high, part)
        if high < _DARK:
            notes.append(_doubt(f"the brightest pixel of {part.where} is {high:g}", 255, high))
        elif floats:
            notes.append(note(f"{part.where} has values from 0 to {high:g}: rounded to bytes"))
        return Scale(255)
    return used_range(high, part.where, notes)


def _whole_or_refused(high: float, part: Raw) -> None:
    values = part.images[: max(1, _BLOCK // max(1, part.images[0].size))]
    if not np.array_equal(values, np.rint(values)):
        cause = f"{part.where} has fractions up to {high:g}: which value is white is not clear"
        raise misfit(cause, f"write `scale={high:g}` in `data`, or `scale=255`")


def _doubt(cause: str, white: float, high: float) -> SuspiciousData:
    remedy = f"write `scale={high:g}` after `data` if that is white, and `scale={white:g}` if not"
    return SuspiciousData(None, f"{cause}, and white is taken to be {white:g}", remedy)


def white_of(high: float) -> int | None:
    """White in the fewest bits that can represent the value; `None` above 16 bits."""
    return next((white for white in _WHITES if high <= white), None)


def used_range(high: float, where: str, notes: list[Diagnostic]) -> Scale:
    """The scale of values of up to 16 bits: some hold 8, 10 or 12 bits.

    Raises `CnnspecError` above.
    """
    white = white_of(high)
    if white is None:
        raise misfit(
            f"{where} has values up to {high:g}",
            f"pixels go from 0 to 255; write the value that is white, as in `scale={high:g}`",
        )
    if high < 0.75 * white:
        cause = f"the brightest pixel of {where} is {high:g}"
        notes.append(_doubt(cause, white, high))
    elif white > 255:
        notes.append(note(f"{where} has values up to {high:g}: {white} is white"))
    return Scale(white)


def _not_below(low: float, high: float, numbers: list[tuple[np.ndarray, Raw]]) -> None:
    """Refuses values below zero, except those that resampling brings slightly below."""
    kinds = {array.dtype.kind for array, _ in numbers}
    if low >= 0 or (kinds == {"f"} and low >= -0.05 * high):
        return
    part = next(part for array, part in numbers if float(array.min()) == low)
    remedy = "store the pixels themselves, 0 to 255 or 0 to 1, not scaled to mean 0"
    raise misfit(f"{part.where} has values below zero, down to {low:g}", remedy)


def _range(array: np.ndarray, part: Raw) -> tuple[float, float]:
    """The smallest and the largest value, which must be numbers."""
    low, high = float(array.min()), float(array.max())
    if not np.isfinite(low + high):
        raise misfit(
            f"{part.where} has a value that is not a finite number", "leave that image out"
        )
    return low, high


def cast(array: np.ndarray, scale: Scale) -> np.ndarray:
    """Converts images to uint8; bytes are returned as they are."""
    if array.dtype.kind == "b":
        scale = Scale(1)
    elif array.dtype == np.uint8 and scale == Scale(255):
        return array
    done = np.empty(array.shape, np.uint8)
    # In parts, because all at once would be in memory as float64.
    step = max(1, _BLOCK // max(1, array[0].size))
    factor = 255 / (scale.white - scale.black)
    for start in range(0, len(array), step):
        values = (array[start : start + step].astype(np.float64) - scale.black) * factor
        done[start : start + step] = np.rint(values).clip(0, 255)
    return done


def inverted(images: np.ndarray) -> np.ndarray:
    """Swaps black and white of uint8 images in place; transparency stays."""
    colours = images[..., :3]
    np.subtract(255, colours, out=colours)
    return images
