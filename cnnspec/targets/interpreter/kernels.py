"""Computes each operation: one function of the operation, its weights and its inputs.

Arrays are (n, height, width, channels) or (n, units); weights are given by their roles. Each
function keeps the dtype of its inputs.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnspec.operations import moves, values, windows
from cnnspec.targets.interpreter import functions
from cnnspec.targets.interpreter.resizing import resize

__all__ = ["resize"]

Weights = dict[str, np.ndarray]


def nothing(operation: Any, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Does nothing: only training needs the operation."""
    return x


def windows_of(
    x: np.ndarray, size: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> np.ndarray:
    """Every window of (padded) images: (n, rows, columns, channels, kernel rows, columns)."""
    spans = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    found = sliding_window_view(x, spans, (1, 2))
    return found[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]


def padded(x: np.ndarray, padding: tuple[tuple[int, int], ...], value: float = 0) -> np.ndarray:
    """Images with cells of a value around them."""
    if not any(map(any, padding)):
        return x
    return np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value)


def convolution(operation: windows.Convolution, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Sums over each window and the channels of each group."""
    seen = windows_of(
        padded(x, operation.padding), operation.size, operation.stride, operation.dilation
    )
    kernel, groups = weights["kernel"], operation.groups
    if groups == 1:
        # (n, h, w, C, kh, kw) and (kh, kw, C, F)
        out = np.tensordot(seen, kernel, ((3, 4, 5), (2, 0, 1)))
    else:
        n, rows, columns, channels, *size = seen.shape
        seen = seen.reshape(n, rows, columns, groups, channels // groups, *size)
        kernel = kernel.reshape(*size, channels // groups, groups, -1)
        out = np.einsum("nhwgcij,ijcgf->nhwgf", seen, kernel, optimize=True)
        out = out.reshape(n, rows, columns, operation.filters)
    return out + weights["bias"] if "bias" in weights else out


def pooled_convolution(
    operation: windows.PooledConvolution, weights: Weights, x: np.ndarray
) -> np.ndarray:
    """The largest of each window of a convolution; the last windows may be cut off."""
    return largest(convolution(operation, weights, x), operation.window, operation.pooled)


def largest(x: np.ndarray, window: tuple[int, int], pooled: tuple[int, int]) -> np.ndarray:
    """The largest of windows side by side: (n, h, w, c) to (n, *pooled, c)."""
    rows, columns = (size * count for size, count in zip(window, pooled, strict=True))
    x = x[:, :rows, :columns]
    more = (0, rows - x.shape[1]), (0, columns - x.shape[2])
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    x = padded(x, more, least)
    apart = x.reshape(len(x), pooled[0], window[0], pooled[1], window[1], -1)
    found: np.ndarray = apart.max((2, 4))
    return found


def transposed_convolution(
    operation: windows.TransposedConvolution, weights: Weights, x: np.ndarray
) -> np.ndarray:
    """Adds the kernel once for each position of the input, one point of the kernel at a time."""
    n, height, width, _ = x.shape
    (row_step, column_step), spans = operation.stride, operation.spans
    kernel = weights["kernel"]  # (kh, kw, F, C)
    rows, columns = (height - 1) * row_step + spans[0], (width - 1) * column_step + spans[1]
    painted = np.zeros((n, rows, columns, operation.filters), x.dtype)
    for i in range(operation.size[0]):
        for j in range(operation.size[1]):
            top, left = i * operation.dilation[0], j * operation.dilation[1]
            painted[
                :,
                top : top + (height - 1) * row_step + 1 : row_step,
                left : left + (width - 1) * column_step + 1 : column_step,
            ] += x @ kernel[i, j].T
    # A negative cut adds rows of zeros.
    more = tuple((max(-before, 0), max(-behind, 0)) for before, behind in operation.cut)
    painted = padded(painted, more)
    (top, bottom), (left, right) = (
        (max(before, 0), max(behind, 0)) for before, behind in operation.cut
    )
    out = painted[:, top : painted.shape[1] - bottom, left : painted.shape[2] - right]
    return out + weights["bias"] if "bias" in weights else out


def matrix_product(operation: windows.MatrixProduct, weights: Weights, x: np.ndarray) -> np.ndarray:
    """(n, inputs) times (inputs, units)."""
    out: np.ndarray = x @ weights["kernel"]
    return out + weights["bias"] if "bias" in weights else out


def pool(operation: windows.Pool, weights: Weights, x: np.ndarray) -> np.ndarray:
    """The largest or the mean of each window, without padded cells."""
    size, stride = operation.size, operation.stride
    if operation.function == "max":
        seen = windows_of(padded(x, operation.padding, -np.inf), size, stride, (1, 1))
        largest: np.ndarray = seen.max((4, 5))
        return largest
    sums = windows_of(padded(x, operation.padding), size, stride, (1, 1)).sum((4, 5))
    inside = padded(np.ones((1, *x.shape[1:3], 1), x.dtype), operation.padding)
    return np.asarray(sums / windows_of(inside, size, stride, (1, 1)).sum((4, 5)))


def reduce(operation: windows.Reduce, weights: Weights, x: np.ndarray) -> np.ndarray:
    """(n, height, width, channels) to (n, channels)."""
    found: np.ndarray = x.max((1, 2)) if operation.function == "max" else x.mean((1, 2))
    return found


def function_of_values(operation: values.Map, weights: Weights, x: np.ndarray) -> np.ndarray:
    """The function of every value."""
    return functions.apply(operation.function, x)


def learned_slope(operation: values.LearnedSlope, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Each x above zero, the slope of its value or channel times x below."""
    return np.asarray(np.maximum(x, 0) + weights["alpha"] * np.minimum(x, 0))


def softmax(operation: values.Softmax, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Softmax over the last axis; the largest value is subtracted so that nothing overflows."""
    grown = np.exp(x - x.max(-1, keepdims=True))
    shares: np.ndarray = grown / grown.sum(-1, keepdims=True)
    return shares


def batch_normalization(
    operation: values.BatchNormalization, weights: Weights, x: np.ndarray
) -> np.ndarray:
    """Batch norm by the moving statistics, as at inference."""
    root = np.sqrt(weights["variance"] + x.dtype.type(operation.epsilon))
    return _scaled((x - weights["mean"]) / root, weights)


def _scaled(x: np.ndarray, weights: Weights) -> np.ndarray:
    """Multiplies each channel by its factor and adds its offset, where it has these weights."""
    if "scale" in weights:
        x = x * weights["scale"]
    return x + weights["offset"] if "offset" in weights else x


def affine(operation: values.Affine, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Each channel times a number, plus another."""
    return _scaled(x, weights)


def group_normalization(
    operation: values.GroupNormalization, weights: Weights, x: np.ndarray
) -> np.ndarray:
    """Mean and variance of each group of channels, of a position or of all of them."""
    grouped = x.reshape(*x.shape[:-1], operation.groups, -1)  # (n, [h, w,] groups, channels)
    axes = (-1,)
    if operation.over_positions:
        axes = (*range(1, x.ndim - 1), -1)
    mean = grouped.mean(axes, keepdims=True)
    variance = np.square(grouped - mean).mean(axes, keepdims=True)
    normal = (grouped - mean) / np.sqrt(variance + x.dtype.type(operation.epsilon))
    return _scaled(normal.reshape(x.shape), weights)


def join(operation: values.Join, weights: Weights, *inputs: np.ndarray) -> np.ndarray:
    """Joins value by value, in the order of the inputs; a single pixel is used everywhere."""
    found = inputs[0]
    for x in inputs[1:]:
        match operation.function:
            case "multiply":
                found = found * x
            case "maximum":
                found = np.maximum(found, x)
            case _:
                found = found + x
    return found / found.dtype.type(len(inputs)) if operation.function == "average" else found


def concatenate(operation: values.Concatenate, weights: Weights, *inputs: np.ndarray) -> np.ndarray:
    """The channels side by side."""
    return np.concatenate(inputs, -1)


def pad(operation: moves.Pad, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Zeros around each image."""
    return padded(x, operation.amounts)


def crop(operation: moves.Crop, weights: Weights, x: np.ndarray) -> np.ndarray:
    """The edges left out."""
    (top, bottom), (left, right) = operation.amounts
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def slice_channels(operation: moves.Slice, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Some of the channels."""
    return x[..., operation.start : operation.start + operation.channels]


def shuffle_channels(operation: moves.Shuffle, weights: Weights, x: np.ndarray) -> np.ndarray:
    """Reads the channels as a matrix (groups, channels of each), column by column."""
    grouped = x.reshape(*x.shape[:-1], operation.groups, -1)
    return np.swapaxes(grouped, -1, -2).reshape(x.shape)


def reshape(operation: moves.Reshape, weights: Weights, x: np.ndarray) -> np.ndarray:
    """The same values, row by row."""
    return x.reshape(len(x), *operation.dims)
