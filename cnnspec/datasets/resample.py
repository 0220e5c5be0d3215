"""Moves and scales pictures in one step, by the share that each pixel has in another.

An output pixel is the mean of the area that it covers, so that thin strokes become faint and
do not break. Computed as two matrix products, for rows and for columns.
"""

import numpy as np


def placed(
    values: np.ndarray, size: tuple[int, int], scale: float, at: tuple[float, float]
) -> np.ndarray:
    """Scales values (h, w, …) and places them in a frame of zeros of a size.

    `at` is the row and column in the frame of their upper left corner; it may be fractional.
    """
    rows = shares(values.shape[0], size[0], scale, at[0])  # (frame rows, h)
    columns = shares(values.shape[1], size[1], scale, at[1])  # (frame columns, w)
    found: np.ndarray = np.einsum("ih,hw...,jw->ij...", rows, values, columns, optimize=True)
    return found


def resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stretches values (h, w, …) to a size; at the edges the outermost are repeated."""
    rows, columns = (
        weights / weights.sum(axis=1, keepdims=True)
        for old, new in zip(values.shape, size, strict=False)
        for weights in [shares(old, new, new / old, 0.0)]
    )
    found: np.ndarray = np.einsum("ih,hw...,jw->ij...", rows, values, columns, optimize=True)
    return found


def shares(old: int, new: int, scale: float, at: float) -> np.ndarray:
    """The weight of each old pixel in each new one: (new, old).

    New pixel i covers 1 / scale old ones, beginning at (i - at) / scale. For enlarging that would
    repeat pixels: there it covers one pixel, which is linear interpolation.
    """
    middle = (np.arange(new)[:, None] + 0.5 - at) / scale
    half = max(0.5, 0.5 / scale)
    pixel = np.arange(old)
    overlap = np.minimum(middle + half, pixel + 1) - np.maximum(middle - half, pixel)
    found: np.ndarray = np.clip(overlap, 0, None) / (2 * half)
    return found
