"""The template of each operation for one image: what makes its C text in float32."""

from collections.abc import Callable

from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Operation
from cnnspec.targets.device.kernels import integers, pooling, sums
from cnnspec.targets.device.kernels import moves as moving
from cnnspec.targets.device.kernels import values as single
from cnnspec.targets.device.site import Kernel, Site

TEMPLATES: dict[type[Operation], Callable[[Site], Kernel]] = {
    windows.Convolution: sums.convolution,
    windows.PooledConvolution: sums.convolution,
    windows.TransposedConvolution: sums.transposed_convolution,
    windows.MatrixProduct: sums.matrix_product,
    windows.Pool: pooling.pool,
    windows.Reduce: pooling.reduce,
    values.Map: single.function_of_values,
    values.LearnedSlope: single.learned_slope,
    values.Softmax: single.softmax,
    values.Affine: single.affine,
    values.GroupNormalization: single.group_normalization,
    values.Join: single.join,
    values.Concatenate: moving.concatenate,
    moves.Pad: moving.pad,
    moves.Crop: moving.crop,
    moves.Resize: moving.resize,
    moves.Slice: moving.slice_channels,
    moves.Shuffle: moving.shuffle_channels,
}
"""What writes each operation. Passes leave no dropout, noise or batch norm, and a reshape
only looks at its input in another shape."""

INTEGER_TEMPLATES: dict[type[Operation], Callable[[Site], Kernel]] = TEMPLATES | {
    windows.Reduce: integers.reduce,
    values.Map: integers.function_of_values,
    values.LearnedSlope: integers.learned_slope,
    values.Softmax: integers.softmax,
    values.Affine: integers.affine,
    values.GroupNormalization: integers.group_normalization,
    values.Join: integers.join,
    values.Concatenate: integers.concatenate,
}
"""The same in int8; what only moves values or sums products has one text for both."""
