"""What each operation needs to compute in integers: worked out here once, in double precision.

Both the interpreter in numpy and the C read these, so that they cannot differ in them.
"""

from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.operations import values, windows
from cnnspec.operations.base import Function, Operation
from cnnspec.program.build import Scale
from cnnspec.targets.interpreter import functions
from cnnspec.targets.quantize.fixed import multipliers, narrow_shift

Weights = dict[str, np.ndarray]


class Constants(Record):
    """The zero points of inputs and output, the limits of the output, and what else there is."""

    zeros: tuple[int, ...]
    zero: int
    low: int
    high: int
    more: Any = None


class Products(Record):
    """Of a sum of products: `(sum + bias) * multiplier / 2^shift`.

    The bias holds what the zero point of the input adds wherever no window leaves the
    image; else `offset` is added to each value.
    """

    kernel: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: int
    offset: int


class Factors(Record):
    """Numbers that inputs or channels are multiplied by, and what is added, over 2^shift."""

    factor: np.ndarray
    shift: int
    added: np.ndarray | None = None


class Lookup(Record):
    """The output for each of the 256 inputs, from -128 on; also exponentials of a softmax."""

    table: np.ndarray


class Slopes(Record):
    """Of a learned slope: int8 slopes, and the factors above and below zero."""

    alpha: np.ndarray
    above: int
    below: int
    shift: int


class Norm(Record):
    """Of a group normalization: see `normalize` in `arithmetic.py`."""

    count: int
    epsilon: int
    digits: int
    factor: np.ndarray
    added: np.ndarray


def constants_of(
    operation: Operation, weights: Weights, inputs: tuple[Scale, ...], output: Scale, dims: Any
) -> Constants:
    """Returns the constants of a step; `dims` is the shape of its first input."""
    low, high = -128, 127
    then: Function | None = getattr(operation, "then", None)
    if then is not None:
        # Only ReLU and ReLU with a ceiling are fused in int8: they are limits.
        low = max(low, output.zero_point)
        if then.ceiling is not None:
            high = min(high, output.zero_point + round(then.ceiling / output.factor))
    make = _MAKERS.get(type(operation))
    more = make(operation, weights, inputs, output, dims) if make else None
    zeros = tuple(scale.zero_point for scale in inputs)
    return Constants(zeros, output.zero_point, low, max(low, high), more)


def _products(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Products:
    kernel = weights["kernel"]
    axis = 2 if isinstance(op, windows.TransposedConvolution) else kernel.ndim - 1
    others = tuple(n for n in range(kernel.ndim) if n != axis)
    bias = weights.get("bias", np.zeros(kernel.shape[axis]))
    (given,) = inputs
    # Wide enough for the bias too: a channel without weights is its bias alone.
    widest = np.maximum(np.abs(kernel).max(others) / 127, np.abs(bias) / given.factor / 2**29)
    grain = np.where(widest > 0, widest, 1.0)
    along = [1] * kernel.ndim
    along[axis] = -1
    whole = np.clip(np.rint(kernel / grain.reshape(along)), -127, 127).astype(np.int64)
    sums = np.rint(bias / (given.factor * grain)).astype(np.int64)
    padded = isinstance(op, windows.TransposedConvolution) or (
        isinstance(op, windows.Convolution) and any(map(any, op.padding))
    )
    if not padded:
        sums = sums - given.zero_point * whole.sum(others)
    multiplier, shift = multipliers(given.factor * grain / output.factor)
    return Products(
        whole.astype(np.int8), sums, multiplier, shift, -given.zero_point if padded else 0
    )


def _lookup(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Lookup:
    (given,) = inputs
    numbers = given.factor * (np.arange(-128, 128) - given.zero_point)
    made = functions.apply(op.function, numbers) / output.factor + output.zero_point
    return Lookup(np.clip(np.rint(np.nan_to_num(made)), -128, 127).astype(np.int64))


def _softmax(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Lookup:
    return Lookup(np.rint(65535 * np.exp(-np.arange(256) * inputs[0].factor)).astype(np.int64))


def _slopes(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Slopes:
    alpha = weights["alpha"]
    grain = float(np.abs(alpha).max()) / 127 or 1.0
    ratio = inputs[0].factor / output.factor
    factor, shift = multipliers(np.array([ratio, ratio * grain]))
    whole = np.rint(alpha / grain).astype(np.int64)
    return Slopes(whole, int(factor[0]), int(factor[1]), shift)


def _affine(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Factors:
    ratio = weights["scale"] * inputs[0].factor / output.factor
    added = weights["offset"] / output.factor
    shift = narrow_shift(float((255 * np.abs(ratio) + np.abs(added)).max()) + 1)
    return Factors(_fixed(ratio, shift), shift, _fixed(added, shift))


def _fixed(numbers: np.ndarray, shift: int) -> np.ndarray:
    whole: np.ndarray = np.rint(numbers * 2.0**shift).astype(np.int64)
    return whole


def _join(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Factors:
    ratios = np.array([scale.factor for scale in inputs]) / output.factor
    if op.function == "multiply":
        product = float(np.prod([scale.factor for scale in inputs])) / output.factor
        product *= 2.0 ** (8 * sum(product_shifts(len(inputs))))
        factor, shift = multipliers(np.array([product]))
        return Factors(factor, shift)
    if op.function == "average":
        ratios = ratios / len(inputs)
    shift = narrow_shift(255 * float(ratios.sum()) + 1)
    return Factors(_fixed(ratios, shift), shift)


def product_shifts(inputs: int) -> list[int]:
    """Returns after which factors of a product 8 bits are left off, to stay within 32: 1 or 0."""
    found, bits = [0], 8
    for _ in range(inputs - 1):
        bits += 8
        found.append(int(bits > 23))
        bits -= 8 * found[-1]
    # The last is followed by no other factor.
    return [*found[:-1], 0]


def _concatenate(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Factors:
    ratios = np.array([scale.factor for scale in inputs]) / output.factor
    shift = narrow_shift(255 * float(ratios.max()) + 1)
    # One that has the scale of the output is copied.
    same = [scale == output for scale in inputs]
    return Factors(np.where(same, 0, _fixed(ratios, shift)), shift)


def _mean(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Factors | None:
    if op.function == "max":
        return None
    count = int(np.prod(dims[:-1]))
    factor, shift = multipliers(np.array([inputs[0].factor / output.factor / count]))
    return Factors(factor, shift)


def _norm(op: Any, weights: Weights, inputs: Any, output: Scale, dims: Any) -> Norm:
    *positions, channels = dims
    count = channels // op.groups * (int(np.prod(positions)) if op.over_positions else 1)
    # Where every input is nearly zero, epsilon is all there is, and beyond 2^60 the same.
    epsilon = round(min(max(op.epsilon * count**2 / inputs[0].factor ** 2, 1.0), 2.0**60))
    most = count**2 * 255**2 // 4 + epsilon
    # Roots of 62 bits, and a reciprocal of them that stays within 63.
    digits = max(0, min(22, (62 - most.bit_length()) // 2))
    scale = weights.get("scale", np.ones(channels)) / output.factor
    offset = weights.get("offset", np.zeros(channels)) / output.factor
    return Norm(count, epsilon, digits, _fixed(scale, 16), _fixed(offset, 16))


_MAKERS = {
    windows.Convolution: _products,
    windows.PooledConvolution: _products,
    windows.TransposedConvolution: _products,
    windows.MatrixProduct: _products,
    windows.Reduce: _mean,
    values.Map: _lookup,
    values.Softmax: _softmax,
    values.LearnedSlope: _slopes,
    values.Affine: _affine,
    values.Join: _join,
    values.Concatenate: _concatenate,
    values.GroupNormalization: _norm,
}
