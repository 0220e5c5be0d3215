"""Scales images to another size as TensorFlow does (`half_pixel_centers`)."""

import numpy as np

from cnnspec.operations.moves import Resize

_TABLE = 1024
"""TensorFlow looks the weights of `bicubic` up for fractions of a pixel rounded to 1/1024."""
_SHARPNESS = -0.5
"""The parameter of the cubic (Keys, "Cubic convolution interpolation", 1981)."""


def resize(operation: Resize, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """(n, height, width, channels) to (n, *size, channels): rows, then columns."""
    matrices = [
        matrix(before, after, operation.interpolation)
        for before, after in zip(x.shape[1:3], operation.size, strict=True)
    ]
    rows, columns = (each.astype(x.dtype) for each in matrices)
    found: np.ndarray = np.einsum("ih,nhwc,jw->nijc", rows, x, columns, optimize=True)
    return found


def matrix(before: int, after: int, interpolation: str) -> np.ndarray:
    """The share of `before` positions in each of `after`: (after, before); rows sum to 1."""
    scale = np.float32(before / after)
    centres = (np.arange(after, dtype=np.float32) + np.float32(0.5)) * scale
    found = np.zeros((after, before))
    rows = np.arange(after)
    if interpolation == "nearest":
        found[rows, np.minimum(np.floor(centres).astype(int), before - 1)] = 1
        return found
    centres = centres - np.float32(0.5)
    lower = np.floor(centres).astype(int)
    fractions = (centres - lower).astype(np.float64)
    if interpolation == "bilinear":
        # Beyond the edge the values of the edge are repeated.
        np.add.at(found, (rows, np.clip(lower, 0, before - 1)), 1 - fractions)
        np.add.at(found, (rows, np.clip(lower + 1, 0, before - 1)), fractions)
        return found
    fractions = np.rint(fractions * _TABLE) / _TABLE
    for offset in (-1, 0, 1, 2):
        places = lower + offset
        inside = (places >= 0) & (places < before)
        # Positions beyond the edge have weight 0, and the other weights are scaled to sum 1.
        found[rows[inside], places[inside]] += _cubic(np.abs(fractions - offset))[inside]
    normal: np.ndarray = found / found.sum(1, keepdims=True)
    return normal


def _cubic(distance: np.ndarray) -> np.ndarray:
    """The weight of a position at this distance, below 2."""
    a, x = _SHARPNESS, distance
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))
