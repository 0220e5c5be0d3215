"""What numbers each value of a program takes on images, and where their range is cut off.

A wider range costs resolution, a narrower one clips. Three ways to choose: every number
seen (min-max), all but a share of them (percentile), and the range with the least squared
error of rounding and clipping together (MSE, as in Nagel et al., "A white paper on neural
network quantization", 2021, section 3.1).
"""

from collections.abc import Callable

import numpy as np

from cnnspec.core.record import Record
from cnnspec.targets.interpreter.run import Interpreter

_BINS = 2048
_AT_ONCE = 32

Range = tuple[float, float]


class Seen(Record):
    """The numbers of a value: the least, the largest, and how many lie in each bin between."""

    low: float
    high: float
    counts: np.ndarray


def observe(interpreter: Interpreter, images: np.ndarray) -> list[Seen]:
    """Returns what each step gives on images as the network takes them."""
    parts = [images[at : at + _AT_ONCE] for at in range(0, len(images), _AT_ONCE)]
    count = len(interpreter.program.steps)
    lows, highs = np.full(count, np.inf), np.full(count, -np.inf)
    for part in parts:
        for index, values in interpreter.values(part, keep=True).items():
            lows[index] = min(lows[index], values.min())
            highs[index] = max(highs[index], values.max())
    counts = np.zeros((count, _BINS), np.int64)
    for part in parts:
        for index, values in interpreter.values(part, keep=True).items():
            low, high = lows[index], max(highs[index], lows[index] + 1e-9)
            counts[index] += np.histogram(values, _BINS, (low, high))[0]
    return [
        Seen(float(low), float(high), found)
        for low, high, found in zip(lows, highs, counts, strict=True)
    ]


def whole(seen: Seen) -> Range:
    """Returns the range of every number seen."""
    return seen.low, seen.high


def percentile(share: float) -> Callable[[Seen], Range]:
    """Returns what leaves out the outermost numbers, `1 - share` of them at both ends together."""

    def cut(seen: Seen) -> Range:
        below = np.cumsum(seen.counts) / max(1, seen.counts.sum())
        first = int(np.searchsorted(below, (1 - share) / 2))
        last = int(np.searchsorted(below, 1 - (1 - share) / 2))
        step = (seen.high - seen.low) / _BINS
        # A range that begins at zero, behind a ReLU, keeps its end there.
        low = seen.low if first == 0 else seen.low + first * step
        high = seen.high if last >= _BINS - 1 else seen.low + (last + 1) * step
        return low, high

    return cut


def least_squares(seen: Seen) -> Range:
    """Returns the part of the range with the least squared error in 8 bits, one end at a time."""
    step = (seen.high - seen.low) / _BINS
    centres = seen.low + (np.arange(_BINS) + 0.5) * step

    def error(low: float, high: float) -> float:
        grain = (high - low) / 255 or 1.0
        rounded = np.rint((np.clip(centres, low, high) - low) / grain) * grain + low
        return float((seen.counts * np.square(rounded - centres)).sum())

    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    shares = np.linspace(1.0, 0.3, 36)
    high = min((high * share for share in shares), key=lambda end: error(low, end))
    low = min((low * share for share in shares), key=lambda end: error(end, high))
    return low, high


METHODS: dict[str, Callable[[Seen], Range]] = {
    "min-max": whole,
    "percentile 99.99": percentile(0.9999),
    "percentile 99.9": percentile(0.999),
    "mse": least_squares,
}
"""The ways to choose a range, by name."""
