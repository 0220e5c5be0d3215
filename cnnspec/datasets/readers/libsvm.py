"""The sparse text of libsvm: a label a line, then `place:value` for what is not zero.

Places count from 1, from 0 where one of them is 0. Trailing zeros are not written, so that
the number of pixels is the next square, or what the spec says.
"""

from math import isqrt, prod
from pathlib import Path

import numpy as np

from cnnspec.datasets.raw import Found, Raw, Request, Unsupported, sized, unpacks, whole
from cnnspec.datasets.readers import text

TITLE = "sparse text of libsvm"
_LONGEST = 2**20
"""Bytes of a line: a picture of 256x256 with three digits a pixel."""
_MOST_PIXELS = 2**22


def read(path: Path, request: Request) -> Found:
    """The images and labels of a file; raises `ValueError`."""
    count, most, first = _measured(path)
    pixels = most - first + 1
    if request.shape and prod(request.shape) >= pixels:
        pixels = prod(request.shape)
    elif isqrt(pixels) ** 2 != pixels:
        pixels = (isqrt(pixels) + 1) ** 2
    sized((count, pixels), 4, "it")
    values = np.zeros((count, pixels), np.float32)
    labels = np.zeros(count, np.float64)
    row = 0
    with text.opened(path) as file:
        for number, line in enumerate(file, 1):
            head, _, rest = line.partition(b"#")[0].strip().partition(b" ")
            if head:
                labels[row] = _label(head, number)
                places, found = _pairs(rest, number)
                values[row, places - first] = found
                row += 1
    whole_numbers = values.min(initial=0) >= 0 and values.max(initial=0) <= 255
    if whole_numbers and all(np.array_equal(part, np.rint(part)) for part in values):
        values = values.astype(np.uint8)
    raw = Raw(values, labels, str(path), f"the labels of {path}")
    return Found(TITLE, (whole(path),), raw, None)


def _measured(path: Path) -> tuple[int, int, int]:
    """How many images there are, the last place, and the first one: 0 or 1."""
    count, most, least = 0, 0, 1
    with text.opened(path) as file:
        number, total, packed = 0, 0, path.stat().st_size
        while line := file.readline(_LONGEST + 1):
            number += 1
            total += len(line)
            unpacks(total, packed, "it")
            if len(line) > _LONGEST:
                raise ValueError(f"line {number} has more than {_LONGEST:,} bytes")
            pairs = line.partition(b"#")[0].split()
            count += bool(pairs)
            if len(pairs) > 1:
                # Places rise within a line.
                ends = [_place(pair, number) for pair in (pairs[1], pairs[-1])]
                least, most = min(least, *ends), max(most, *ends)
    if not most:
        raise ValueError("it has no line of a label and `place:value`")
    if most > _MOST_PIXELS:
        reason = f"it has a value at place {most:,}, more pixels than an image of here"
        raise Unsupported(reason, "check the line that has it")
    return count, most, least


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
