"""What was drawn, told from the ground that it was drawn on: photos, scans and drawings.

Pure numpy: pixels in, contrast and masks out.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.resample import resized

_CELLS = 16
"""Cells along the longer side of a picture, in each of which the ground has one brightness."""
_FAINT = 0.06
"""The contrast below which nothing is taken for ink: paper and sensors have as much grain."""
_SPECK = 0.03
"""Share of the largest part below which another is a speck."""
_UNEVEN = 0.1
"""From which difference of its lightest and darkest place a ground is unevenly lit."""


class Ink(Record):
    """What differs from the ground of a picture."""

    contrast: np.ndarray
    """float (h, w): 0 is the ground, 1 the ink; only what belongs to the drawing."""
    mask: np.ndarray
    """bool (h, w): where it is."""
    bright_ground: bool
    """Whether the ground is brighter than the ink."""
    uneven: bool
    """Whether the ground was lit unevenly."""


def bright_ground(pixels: np.ndarray) -> bool:
    """Whether the border of float (h, w, c) is nearer to its brightest than to its darkest.

    Compared with the picture's own range, not with a half of 255: white paper in a dim room
    has a brightness of 90, and is still paper.
    """
    grey = pixels.mean(axis=2)
    low, high = np.quantile(grey, (0.005, 0.995))
    return bool(np.median(_border(grey)) > (low + high) / 2)


def find_ink(pixels: np.ndarray) -> Ink | None:
    """The ink in a picture, float (h, w, c) from 0 to 255; `None` for a blank one.

    The ground is estimated for each place by itself, so that shadows are not ink. Light
    multiplies: ink is the share of the light of the ground that does not come back, and on a
    dark ground that of the missing brightness that does. Colours count by the channel that
    differs most: blue ink is dark in red.
    """
    bright = bright_ground(pixels)
    values = pixels if bright else 255 - pixels
    light = ground(values)
    contrast = np.clip(1 - values / np.maximum(light, 1), 0, 1).max(axis=2)
    grain = np.median(contrast) + 4 * 1.4826 * _deviation(contrast)
    seen = contrast[contrast > max(grain, _FAINT)]
    if not seen.size:
        return None
    strength = float(np.quantile(seen, 0.95))
    # Half of the way to full ink: what is fainter is grain, the lines of the paper, a shadow.
    limit = max(grain, _FAINT, 0.45 * strength)
    mask = drawing(contrast > limit)
    if not mask.any():
        return None
    full = float(np.median(contrast[mask]))
    floor = 0.5 * limit
    scaled = np.clip((contrast - floor) / max(full - floor, 1e-6), 0, 1)
    # The soft edges of the strokes belong to them.
    return Ink(scaled * grown(mask, 2), mask, bright, np.ptp(light) > _UNEVEN * light.max())


def ground(values: np.ndarray) -> np.ndarray:
    """The brightness of a bright ground at each place of float (h, w, c).

    A grey closing, on cells instead of pixels: the brightest value of each cell (but for
    grain), the highest of the cells around, and of these the lowest. So what is darker and
    narrower than 5 cells has gone, and the edge of a shadow stays where it is.
    """
    height, width, channels = values.shape
    side = max(1, -(-max(height, width) // _CELLS))
    rows, columns = -(-height // side), -(-width // side)
    edge = [(0, rows * side - height), (0, columns * side - width), (0, 0)]
    blocks = np.pad(values, edge, mode="edge")
    blocks = blocks.reshape(rows, side, columns, side, channels).swapaxes(1, 2)
    cells = np.quantile(blocks.reshape(rows, columns, side * side, channels), 0.8, axis=2)
    for extreme in (np.maximum, np.minimum):
        for _ in range(2):
            cells = _around(cells, extreme)
    return resized(cells, (rows * side, columns * side))[:height, :width]


def drawing(mask: np.ndarray) -> np.ndarray:
    """The parts of a mask that belong to a drawing, (h, w).

    Not: specks, and what touches the border where something else does not, such as the edge
    of the sheet, the table beyond it, or lines across it.
    """
    parts = labelled(mask)
    count = int(parts.max()) + 1
    if count == 1:
        return mask
    sizes = np.bincount(parts.ravel(), minlength=count)
    at_border = np.zeros(count, bool)
    at_border[np.unique(_border(parts))] = True
    kept = ~at_border
    kept[0] = False
    if not (kept & (sizes > 1e-4 * mask.size)).any():
        kept = np.arange(count) > 0
    kept &= sizes >= _SPECK * sizes[kept].max()
    found: np.ndarray = kept[parts]
    return found


def labelled(mask: np.ndarray) -> np.ndarray:
    """The number of the part that each true pixel of (h, w) belongs to, from 1; 0 elsewhere.

    Parts are connected by sides or corners. Runs of pixels in a row are joined to those of
    the row above, by union-find (Hoshen and Kopelman, 1976).
    """
    parents = [0]

    def root(part: int) -> int:
        while parents[part] != part:
            parents[part] = part = parents[parents[part]]
        return part

    labels = np.zeros(mask.shape, int)
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    above: list[tuple[int, int, int]] = []
    for row, line in enumerate(edges):
        starts, ends = np.flatnonzero(line == 1), np.flatnonzero(line == -1)
        runs = []
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            touching = [part for first, last, part in above if first <= end and start <= last]
            if not touching:
                parents.append(len(parents))
                touching = [len(parents) - 1]
            first = min(map(root, touching))
            for part in touching:
                parents[root(part)] = first
            labels[row, start:end] = first
            runs.append((start, end, first))
        above = runs
    roots = np.array([root(part) for part in range(len(parents))])
    return np.unique(roots, return_inverse=True)[1][labels]


def grown(values: np.ndarray, by: int) -> np.ndarray:
    """Values (h, w), each the highest within so many pixels: about a disc."""
    for step in range(by):
        values = _around(values, np.maximum, corners=step % 2 == 1)
    return values


def _around(values: np.ndarray, extreme: np.ufunc, corners: bool = True) -> np.ndarray:
    """The extreme of each place of (h, w, …) and its 8 neighbours, or 4 without the corners."""
    rest = [(0, 0)] * (values.ndim - 2)
    padded = np.pad(values, [(1, 1), (1, 1), *rest], mode="edge")
    across = extreme(extreme(padded[:, :-2], padded[:, 2:]), padded[:, 1:-1])
    down = across if corners else padded[:, 1:-1]
    found: np.ndarray = extreme(extreme(down[:-2], down[2:]), across[1:-1])
    return found


def _border(values: np.ndarray) -> np.ndarray:
    """The outermost values of (h, w)."""
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _deviation(values: np.ndarray) -> float:
    """The median distance from the median."""
    return float(np.median(np.abs(values - np.median(values))))
