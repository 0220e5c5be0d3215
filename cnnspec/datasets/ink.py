"""Separates what was drawn from its ground, in photos, scans and drawings.

Pure numpy: pixels in, contrast and masks out.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.resample import resized

_CELLS = 96
"""How many cells there are along the longer side; within a cell the ground has one brightness."""
_WIDEST = 9
"""Cells from the middle of the widest stroke to its edge: a fifth of a picture is not a stroke."""
_FAINT = 0.06
"""The lowest contrast of ink: grain of paper and sensors has up to as much."""
_SPECK = 0.03
"""A part smaller than this share of the largest one is a speck."""
_FAINTER = 0.7
"""A part with less than this share of the contrast of the largest one is not ink."""
_LEAST = 1e-4
"""The least share of the picture that a part away from the border needs to be the drawing."""
_UNEVEN = 0.1
"""A ground is unevenly lit if its lightest and darkest places differ by more."""

_TOLD = 0.8
"""With less than this share of ground or ink it is a scene: photos have 0.4 to 0.7."""
_EVEN = 0.95
"""The share of the border with one brightness from which the ground has one."""


class Ink(Record):
    """What differs from the ground of a picture."""

    contrast: np.ndarray
    """float (h, w): 0 is the ground, 1 the ink; only parts that belong to the drawing."""
    mask: np.ndarray
    """bool (h, w): where it is."""
    bright_ground: bool
    """Whether the ground is brighter than the ink."""
    uneven: bool
    """Whether the ground was lit unevenly."""
    sole: bool
    """Whether most of the picture is ground or ink; in a photo of a scene most is neither."""


def bright_ground(pixels: np.ndarray) -> bool:
    """Whether what is drawn in float (h, w, c) is darker than its ground.

    If the border has one brightness, it decides, compared with the range of the picture and not
    with half of 255: white paper in a dim room has a brightness of 90. Otherwise the skewness of
    local differences decides: ink covers less than half of its surroundings, while a shadow covers
    as much on both sides of its edge.
    """
    grey = pixels.mean(axis=2)
    ring = _border(grey)
    if _even(ring[:, None]):
        low, high = np.quantile(grey, (0.005, 0.995))
        return bool(np.median(ring) > (low + high) / 2)
    cells, _ = _cells(grey[..., None])
    around = _mean_around(cells[..., 0], 2 * _WIDEST)
    return bool(((cells[..., 0] - around) ** 3).sum() < 0)


def find_ink(pixels: np.ndarray, shades: bool = False) -> Ink | None:
    """Finds the ink in a picture, float (h, w, c) from 0 to 255; `None` for a blank one.

    The ground is estimated separately for each place, so that shadows are not ink. Light
    multiplies: ink is the share of the light of the ground that is not reflected; on a dark ground,
    the share of the missing brightness that is. Of colours the channel that differs most counts:
    blue ink is dark in red. With `shades` everything that is not ground counts.
    """
    bright = bright_ground(pixels)
    values = pixels if bright else 255 - pixels
    light = ground(values)
    contrast = np.clip(1 - values / np.maximum(light, 1), 0, 1).max(axis=2)
    ring = _border(contrast)
    grain = max(_FAINT, float(np.median(ring)) + 6 * _deviation(ring))
    seen = contrast[contrast > grain]
    if not seen.size:
        return None
    # Half of full ink: anything fainter is grain, the lines of the paper, or a shadow.
    limit = grain if shades else max(grain, 0.45 * float(np.quantile(seen, 0.95)))
    mask = drawing(contrast, limit)
    if not mask.any():
        return None
    full = float(np.median(contrast[mask]))
    floor = 0.5 * limit
    scaled = np.clip((contrast - floor) / max(full - floor, 1e-6), 0, 1)
    # The soft edges of the strokes belong to them.
    near = grown(mask, 2)
    told = (near | (contrast < 1.5 * _FAINT)).mean()
    uneven = bool(light.min() < (1 - _UNEVEN) * light.max())
    return Ink(scaled * near, mask, bright, uneven, bool(told >= _TOLD))


def ground(values: np.ndarray) -> np.ndarray:
    """The brightness of a bright ground at each place of float (h, w, c).

    It is constant where the border has one brightness. Otherwise it is a grey closing: the lowest,
    within some distance, of the brightest values within that distance (Serra, 1982). This removes
    what is darker and narrower, and keeps the straight edge of a shadow in place.
    """
    ring = _border(values)
    if _even(ring):
        return np.broadcast_to(np.median(ring, axis=0), values.shape)
    cells, side = _cells(values)
    for extreme in (np.maximum, np.minimum):
        for step in range(_WIDEST):
            # Nearly a disc: a square would leave corners at a slanting edge.
            cells = _around(cells, extreme, corners=step % 2 == 1)
    whole = resized(cells, (cells.shape[0] * side, cells.shape[1] * side))
    return whole[: values.shape[0], : values.shape[1]]


def drawing(contrast: np.ndarray, limit: float) -> np.ndarray:
    """Where the contrast (h, w) is above a limit and belongs to the drawing: bool (h, w).

    Not part of it: specks, parts much fainter than the largest, and parts that touch the border if
    another part does not, such as the table beyond the sheet, or lines across it.
    """
    parts = labelled(contrast > limit)
    sizes = np.bincount(parts.ravel())
    faint = np.bincount(parts.ravel(), contrast.ravel()) / np.maximum(sizes, 1)
    kept = np.ones(len(sizes), bool)
    kept[np.unique(_border(parts))] = False
    if not (kept[1:] & (sizes[1:] > _LEAST * contrast.size)).any():
        kept[:] = True
    kept[0] = False
    if kept.any():
        largest = int(np.where(kept, sizes, 0).argmax())
        kept &= (sizes >= _SPECK * sizes[largest]) & (faint >= _FAINTER * faint[largest])
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
    """Values (h, w), each the highest within so many pixels, in about a disc."""
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


def _cells(values: np.ndarray) -> tuple[np.ndarray, int]:
    """The means of square cells of (h, w, c), and their side in pixels."""
    height, width, channels = values.shape
    side = -(-max(height, width) // _CELLS)
    rows, columns = -(-height // side), -(-width // side)
    edge = [(0, rows * side - height), (0, columns * side - width), (0, 0)]
    blocks = np.pad(values, edge, mode="edge").reshape(rows, side, columns, side, channels)
    return blocks.mean(axis=(1, 3)), side


def _mean_around(values: np.ndarray, by: int) -> np.ndarray:
    """The mean of the square of so many places around each of (h, w)."""
    for axis in (0, 1):
        edge = [(by + 1, by) if each == axis else (0, 0) for each in (0, 1)]
        sums = np.pad(values, edge, mode="edge").cumsum(axis=axis)
        width = 2 * by + 1
        ends = np.arange(width, sums.shape[axis])
        values = (sums.take(ends, axis) - sums.take(ends - width, axis)) / width
    return values


def _even(ring: np.ndarray) -> bool:
    """Whether pixels (n, c) of a border have one colour."""
    off = np.abs(ring - np.median(ring, axis=0)).max(axis=1)
    return bool((off <= _UNEVEN / 2 * 255).mean() >= _EVEN)


def _border(values: np.ndarray) -> np.ndarray:
    """The outermost values of (h, w)."""
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _deviation(values: np.ndarray) -> float:
    """The median distance from the median."""
    return float(np.median(np.abs(values - np.median(values))))
