"""The lowering of each operation to PyTorch: what writes its expression."""

from collections.abc import Callable

from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Operation
from cnnspec.targets.torch import sums
from cnnspec.targets.torch import values as single
from cnnspec.targets.torch.site import Lowered, Site

LOWERINGS: dict[type[Operation], Callable[[Site], Lowered]] = {
    windows.Convolution: sums.convolution,
    windows.TransposedConvolution: sums.transposed_convolution,
    windows.MatrixProduct: sums.matrix_product,
    windows.Pool: sums.pool,
    windows.Reduce: sums.reduce,
    values.Map: single.function_of_values,
    values.LearnedSlope: single.learned_slope,
    values.Softmax: single.softmax,
    values.BatchNormalization: sums.batch_normalization,
    values.GroupNormalization: sums.group_normalization,
    values.Join: single.join,
    values.Concatenate: single.concatenate,
    values.Dropout: single.dropout,
    values.Noise: single.noise,
    moves.Pad: single.pad,
    moves.Crop: single.crop,
    moves.Resize: single.resize,
    moves.Reshape: single.reshape,
    moves.Slice: single.slice_channels,
    moves.Shuffle: single.shuffle_channels,
}
"""What writes each operation of a program before any pass."""
