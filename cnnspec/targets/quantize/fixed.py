"""Multiplication by a real number in integers: what a processor without floats does.

As in Jacob et al., "Quantization and training of neural networks for efficient
integer-arithmetic-only inference" (2018), section 2.2, and TFLite: a real number is an
integer of 32 bits times a power of two. Here all channels of a step share that power,
chosen for the largest of them, so that it is a constant in the code and no table; and
there is one rounding, to the nearest, halves up.
"""

import numpy as np

MOST_SHIFT = 46
"""Of a product of two 32-bit numbers: what lies below is far under a quarter of a step."""


def multipliers(factors: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns integers and a shift: `factor = integer / 2^shift`, each integer below 2^31."""
    largest = float(np.abs(factors).max())
    shift = MOST_SHIFT
    while shift > 1 and round(largest * 2.0**shift) >= 2**31:
        shift -= 1
    whole: np.ndarray = np.rint(factors * 2.0**shift).astype(np.int64)
    return np.clip(whole, -(2**31) + 1, 2**31 - 1), shift


def rescale(sums: np.ndarray, multiplier: np.ndarray | int, shift: int) -> np.ndarray:
    """Returns `sums * multiplier / 2^shift`, rounded; int64."""
    product: np.ndarray = sums.astype(np.int64) * multiplier
    return (product + (1 << (shift - 1))) >> shift


def narrow_shift(bound: float) -> int:
    """Returns the largest shift with which numbers up to `bound` stay within 32 bits."""
    shift = 24
    while shift > 1 and bound * 2.0**shift >= 2**30:
        shift -= 1
    return shift


def clip8(values: np.ndarray, low: int = -128, high: int = 127) -> np.ndarray:
    """Returns integers as int8, those outside of the range at its ends."""
    clipped: np.ndarray = np.clip(values, low, high).astype(np.int8)
    return clipped


SHARE_BITS = 11
"""Of a share: the products of two and a value stay below 2^31, those of `bicubic` included."""


def integer_shares(shares: np.ndarray) -> np.ndarray:
    """Returns shares as integers whose sum in each row is exactly 2^11."""
    found: np.ndarray = np.rint(shares * (1 << SHARE_BITS)).astype(np.int64)
    rows = np.arange(len(found))
    found[rows, shares.argmax(1)] += (1 << SHARE_BITS) - found.sum(1)
    return found
