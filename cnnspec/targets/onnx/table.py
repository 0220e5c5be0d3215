"""The lowering of each operation: what adds it to a graph of ONNX."""

from collections.abc import Callable

from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Operation
from cnnspec.targets.onnx.kernels import moves as moving
from cnnspec.targets.onnx.kernels import sums
from cnnspec.targets.onnx.kernels import values as single
from cnnspec.targets.onnx.site import Site

LOWERINGS: dict[type[Operation], Callable[[Site], str]] = {
    windows.Convolution: sums.convolution,
    windows.TransposedConvolution: sums.transposed_convolution,
    windows.MatrixProduct: sums.matrix_product,
    windows.Pool: sums.pool,
    windows.Reduce: sums.reduce,
    values.Map: single.function_of_values,
    values.LearnedSlope: single.learned_slope,
    values.Softmax: single.softmax,
    values.Affine: single.affine,
    values.GroupNormalization: single.group_normalization,
    values.Join: single.join,
    values.Concatenate: single.concatenate,
    moves.Pad: moving.pad,
    moves.Crop: moving.crop,
    moves.Resize: moving.resize,
    moves.Reshape: moving.reshape,
    moves.Slice: moving.slice_channels,
    moves.Shuffle: moving.shuffle_channels,
}
"""What adds each operation. Passes leave no batch norm, dropout or noise, and none is fused."""
