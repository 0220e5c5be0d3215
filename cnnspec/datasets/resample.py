"""Moving and scaling pictures in one step, by the share that each pixel has of another.

An output pixel is the mean of the area that it covers, so that thin strokes become faint and
do not break. Two products of matrices; rows and columns are apart.
"""

import numpy as np


def placed(
    values: np.ndarray, size: tuple[int, int], scale: float, at: tuple[float, float]
) -> np.ndarray:
    """Values (h, w, …) scaled and laid into a frame of zeros of some size.

    `at` is the row and column of the frame, fractions allowed, where their upper left corner
    comes to lie.
    """
    rows = shares(values.shape[0], size[0], scale, at[0])  # (frame rows, h)
    columns = shares(values.shape[1], size[1], scale, at[1])  # (frame columns, w)
    found: np.ndarray = np.einsum("ih,hw...,jw->ij...", rows, values, columns, optimize=True)
    return found


def resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Values (h, w, …) stretched to a size; at the edges the outermost are repeated."""
    rows, columns = (
        weights / weights.sum(axis=1, keepdims=True)
        for old, new in zip(values.shape, size, strict=False)
        for weights in [shares(old, new, new / old, 0.0)]
    )
    found: np.ndarray = np.einsum("ih,hw...,jw->ij...", rows, values, columns, optimize=True)
    return found


def shares(old: int, new: int, scale: float, at: float) -> np.ndarray:
    """By how much each of the old pixels counts for each of the new ones: (new, old).

    New pixel i covers the old ones from (i - at) / scale on, 1 / scale of them. Where it is
    enlarged that would repeat pixels: there it covers one, which is linear interpolation.
    """
    middle = (np.arange(new)[:, None] + 0.5 - at) / scale
    half = max(0.5, 0.5 / scale)
    pixel = np.arange(old)
    overlap = np.minimum(middle + half, pixel + 1) - np.maximum(middle - half, pixel)
    found: np.ndarray = np.clip(overlap, 0, None) / (2 * half)
    return found
