"""What computes each operation in integers: int8 in, int8 out, sums of 32 and 64 bits between.

The C of `targets/device` has the same formulas, and gives the same integers. Sums of
products are computed in double precision, which holds them exactly, because numpy has no
fast product of integers.
"""

from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np

from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Operation
from cnnspec.targets.interpreter import kernels
from cnnspec.targets.interpreter.resizing import matrix
from cnnspec.targets.quantize.constants import Constants, product_shifts
from cnnspec.targets.quantize.fixed import SHARE_BITS, clip8, integer_shares, rescale


def products(op: Any, given: Constants, x: np.ndarray) -> np.ndarray:
    """Convolutions of both kinds and matrix products."""
    more = given.more
    numbers = (x.astype(np.float64)) + more.offset
    sums = _SUMS[type(op)](op, {"kernel": more.kernel.astype(np.float64)}, numbers)
    whole = np.rint(sums).astype(np.int64) + more.bias
    if isinstance(op, windows.PooledConvolution):
        # Factors are above zero, so the largest sum gives the largest output.
        whole = kernels.largest(whole, op.window, op.pooled)
    scaled = rescale(whole, more.multiplier, more.shift)
    return clip8(scaled + given.zero, given.low, given.high)


_SUMS: dict[type[Operation], Callable[..., np.ndarray]] = {
    windows.Convolution: kernels.convolution,
    windows.PooledConvolution: kernels.convolution,
    windows.TransposedConvolution: kernels.transposed_convolution,
    windows.MatrixProduct: kernels.matrix_product,
}


def pool(op: windows.Pool, given: Constants, x: np.ndarray) -> np.ndarray:
    """The largest, or the sum divided by the number, halves away from zero."""
    wide = x.astype(np.int64)
    if op.function == "max":
        padded = kernels.padded(wide, op.padding, -128)
        best = kernels.windows_of(padded, op.size, op.stride, (1, 1)).max((4, 5))
        return clip8(best, given.low, given.high)
    sums = kernels.windows_of(kernels.padded(wide, op.padding), op.size, op.stride, (1, 1)).sum(
        (4, 5)
    )
    inside = kernels.padded(np.ones((1, *x.shape[1:3], 1), np.int64), op.padding)
    counts = kernels.windows_of(inside, op.size, op.stride, (1, 1)).sum((4, 5))
    return clip8(np.sign(sums) * ((np.abs(sums) + counts // 2) // counts), given.low, given.high)


def reduce(op: windows.Reduce, given: Constants, x: np.ndarray) -> np.ndarray:
    """The largest or the mean of each channel."""
    wide = x.astype(np.int64)
    if op.function == "max":
        return clip8(wide.max((1, 2)), given.low, given.high)
    count = x.shape[1] * x.shape[2]
    sums = wide.sum((1, 2)) - count * given.zeros[0]
    scaled = rescale(sums, given.more.factor[0], given.more.shift)
    return clip8(scaled + given.zero, given.low, given.high)


def lookup(op: Any, given: Constants, x: np.ndarray) -> np.ndarray:
    """A function as a table."""
    return clip8(given.more.table[x.astype(np.int64) + 128])


def learned_slope(op: Any, given: Constants, x: np.ndarray) -> np.ndarray:
    """Above zero another scale, below it times a slope."""
    more, d = given.more, x.astype(np.int64) - given.zeros[0]
    above = rescale(d, more.above, more.shift)
    below = rescale(d * more.alpha, more.below, more.shift)
    return clip8(np.where(d > 0, above, below) + given.zero)


def softmax(op: Any, given: Constants, x: np.ndarray) -> np.ndarray:
    """Exponentials of the distance from the largest by a table, then shares of 256."""
    wide = x.astype(np.int64)
    grown = given.more.table[wide.max(-1, keepdims=True) - wide]
    total = grown.sum(-1, keepdims=True)
    return clip8((grown * 256 + total // 2) // total - 128)


def affine(op: Any, given: Constants, x: np.ndarray) -> np.ndarray:
    """Each channel times a number, plus another, in 32 bits."""
    more = given.more
    sums = (x.astype(np.int64) - given.zeros[0]) * more.factor + more.added
    return clip8(rescale(sums, 1, more.shift) + given.zero, given.low, given.high)


def group_normalization(op: Any, given: Constants, x: np.ndarray) -> np.ndarray:
    """Mean, variance and the root of it in integers.

    With n values in a group, d = n x - sum(x) is n times the distance from the mean, and
    v = n sum(x^2) - sum(x)^2 is n^2 times the variance, so d / sqrt(v) is the normal
    value; it is kept in 16 binary digits.
    """
    more: Any = given.more
    grouped = x.astype(np.int64).reshape(*x.shape[:-1], op.groups, -1)
    axes = (*range(1, x.ndim - 1), -1) if op.over_positions else (-1,)
    total = grouped.sum(axes, keepdims=True)
    spread = more.count * np.square(grouped).sum(axes, keepdims=True) - np.square(total)
    roots = np.frompyfunc(isqrt, 1, 1)((spread + more.epsilon) << (2 * more.digits))
    inverse = (1 << (40 + more.digits)) // roots.astype(np.int64)
    normal = ((more.count * grouped - total) * inverse + (1 << 23)) >> 24
    scaled = normal.reshape(x.shape) * more.factor + (more.added << 16)
    return clip8(((scaled + (1 << 31)) >> 32) + given.zero)


def join(op: Any, given: Constants, *inputs: np.ndarray) -> np.ndarray:
    """Value by value, each input in the scale of the output."""
    more = given.more
    apart = [x.astype(np.int64) - zero for x, zero in zip(inputs, given.zeros, strict=True)]
    if op.function == "multiply":
        found = apart[0]
        for d, shift in zip(apart[1:], product_shifts(len(apart))[1:], strict=True):
            found = found * d
            found = (found + 128) >> 8 if shift else found
        scaled = rescale(found, more.factor[0], more.shift)
    else:
        found = apart[0] * more.factor[0]
        for d, factor in zip(apart[1:], more.factor[1:], strict=True):
            found = (
                np.maximum(found, d * factor) if op.function == "maximum" else found + d * factor
            )
        scaled = rescale(found, 1, more.shift)
    return clip8(scaled + given.zero, given.low, given.high)


def concatenate(op: Any, given: Constants, *inputs: np.ndarray) -> np.ndarray:
    """Side by side; what has another scale than the output is brought to it."""
    more, parts = given.more, []
    for x, zero, factor in zip(inputs, given.zeros, more.factor, strict=True):
        scaled = rescale((x.astype(np.int64) - zero) * factor, 1, more.shift) + given.zero
        parts.append(clip8(scaled) if factor else x)
    return np.concatenate(parts, -1)


def pad(op: moves.Pad, given: Constants, x: np.ndarray) -> np.ndarray:
    """Zeros around each image."""
    return kernels.padded(x, op.amounts, given.zero)


def resize(op: moves.Resize, given: Constants, x: np.ndarray) -> np.ndarray:
    """Sums of the values beside, by shares of 2^11 along each side."""
    rows, columns = (
        matrix(before, after, op.interpolation)
        for before, after in zip(x.shape[1:3], op.size, strict=True)
    )
    if op.interpolation == "nearest":
        return x[:, rows.argmax(1)][:, :, columns.argmax(1)]
    shares = integer_shares(rows), integer_shares(columns)
    sums = np.einsum("ih,nhwc,jw->nijc", shares[0], x.astype(np.int64), shares[1], optimize=True)
    return clip8(rescale(sums, 1, 2 * SHARE_BITS))


def _moved(compute: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """What only moves values works on integers as on others."""
    return lambda op, given, x: compute(op, {}, x)


COMPUTE: dict[type[Operation], Callable[..., np.ndarray]] = {
    windows.Convolution: products,
    windows.PooledConvolution: products,
    windows.TransposedConvolution: products,
    windows.MatrixProduct: products,
    windows.Pool: pool,
    windows.Reduce: reduce,
    values.Map: lookup,
    values.LearnedSlope: learned_slope,
    values.Softmax: softmax,
    values.Affine: affine,
    values.GroupNormalization: group_normalization,
    values.Join: join,
    values.Concatenate: concatenate,
    moves.Pad: pad,
    moves.Crop: _moved(kernels.crop),
    moves.Resize: resize,
    moves.Reshape: _moved(kernels.reshape),
    moves.Slice: _moved(kernels.slice_channels),
    moves.Shuffle: _moved(kernels.shuffle_channels),
}
"""What computes each operation: a function of it, its constants, and its inputs, all int8."""
