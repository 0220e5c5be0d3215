"""Reads the sparse text of libsvm: a label in each line, then `place:value` for nonzero values.

Places count from 1, or from 0 if one of them is 0. Trailing zeros are not written, so the number of
pixels is the next square, or what the spec says.
"""

import re
from math import isqrt, prod
from pathlib import Path

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.raw import Found, Raw, Request, Unsupported, sized, unpacks, whole
from cnnspec.datasets.readers import text

TITLE = "sparse text of libsvm"
_LONGEST = 2**20
"""The most bytes of a line: a picture of 256x256 with three digits for each pixel."""
_MOST_PIXELS = 2**22
_FRACTION = re.compile(rb"[.eE-]")


def read(path: Path, request: Request) -> Found:
    """Reads the images and labels of a file; raises `ValueError`."""
    measured = _measured(path)
    pixels = measured.last - measured.first + 1
    if request.shape and prod(request.shape) >= pixels:
        pixels = prod(request.shape)
    elif isqrt(pixels) ** 2 != pixels:
        pixels = (isqrt(pixels) + 1) ** 2
    values = None
    # Most files have bytes; others are read again as floats.
    for dtype in (np.uint8, np.float32) if measured.digits else (np.float32,):
        sized((measured.count, pixels), np.dtype(dtype).itemsize, "it")
        values = np.zeros((measured.count, pixels), dtype)
        labels = np.zeros(measured.count, np.float64)
        if _filled(path, values, labels, measured.first):
            break
    assert values is not None
    raw = Raw(values, labels, str(path), f"the labels of {path}")
    return Found(TITLE, (whole(path),), raw, None)


def _filled(path: Path, values: np.ndarray, labels: np.ndarray, first: int) -> bool:
    """Fills the images and labels, unless a value is too large for them."""
    row = 0
    with text.opened(path) as file:
        for number, line in enumerate(file, 1):
            head, _, rest = line.partition(b"#")[0].strip().partition(b" ")
            if not head:
                continue
            labels[row] = _label(head, number)
            places, found = _pairs(rest, number)
            if values.dtype == np.uint8 and found.max(initial=0) > 255:
                return False
            values[row, places - first] = found
            row += 1
    return True


class Measured(Record):
    """How many images there are, their first place (0 or 1) and the last, and what is in them."""

    count: int
    first: int
    last: int
    digits: bool
    """Whether all values are written with digits only."""


def _measured(path: Path) -> Measured:
    """Measures a file; raises `ValueError`."""
    count, most, least = 0, 0, 1
    digits = True
    with text.opened(path) as file:
        number, total, packed = 0, 0, path.stat().st_size
        while line := file.readline(_LONGEST + 1):
            number += 1
            total += len(line)
            unpacks(total, packed, "it")
            if len(line) > _LONGEST:
                raise ValueError(f"line {number} has more than {_LONGEST:,} bytes")
            pairs = line.partition(b"#")[0].split()
            digits = digits and not _FRACTION.search(line)
            count += bool(pairs)
            if len(pairs) > 1:
                # Places must rise within a line.
                ends = [_place(pair, number) for pair in (pairs[1], pairs[-1])]
                least, most = min(least, *ends), max(most, *ends)
    if not most:
        raise ValueError("it has no line of a label and `place:value`")
    if most > _MOST_PIXELS:
        reason = f"it has a value at place {most:,}, more pixels than an image of here"
        raise Unsupported(reason, "check the line that has it")
    return Measured(count, least, most, digits)


def _place(pair: bytes, line: int) -> int:
    place, colon, _ = pair.partition(b":")
    if not colon or not place.isdigit():
        raise ValueError(f"line {line} has {pair[:20]!r} where `place:value` belongs")
    return int(place)


def _label(head: bytes, line: int) -> float:
    try:
        return float(head)
    except ValueError:
        raise ValueError(
            f"line {line} has the label {head[:20]!r}, which is not a number"
        ) from None


def _pairs(rest: bytes, line: int) -> tuple[np.ndarray, np.ndarray]:
    """The places and values of a line."""
    try:
        numbers = np.array(rest.replace(b":", b" ").split(), np.float64).reshape(-1, 2)
    except ValueError:
        raise ValueError(f"line {line} has something that is not `place:value`") from None
    return numbers[:, 0].astype(np.int64), numbers[:, 1]
