"""The template of each operation: what makes its C text."""

from collections.abc import Callable

from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Operation
from cnnspec.targets.c.kernels import (
    augmentation,
    noise,
    norms,
    pooled,
    pooling,
    products,
    rounding,
)
from cnnspec.targets.c.kernels import moves as moving
from cnnspec.targets.c.kernels import values as single
from cnnspec.targets.c.kernels import windows as sliding
from cnnspec.targets.c.operations import Erased, Moved, Rounded
from cnnspec.targets.c.site import Kernel, Site

TEMPLATES: dict[type[Operation], Callable[[Site], Kernel]] = {
    windows.Convolution: sliding.convolution,
    windows.PooledConvolution: pooled.pooled_convolution,
    windows.TransposedConvolution: sliding.transposed_convolution,
    windows.MatrixProduct: products.matrix_product,
    windows.Pool: pooling.pool,
    windows.Reduce: pooling.reduce,
    values.Map: single.function_of_values,
    values.LearnedSlope: single.learned_slope,
    values.Softmax: single.softmax,
    values.BatchNormalization: norms.batch_normalization,
    values.Affine: norms.affine,
    values.GroupNormalization: norms.group_normalization,
    values.Join: single.join,
    values.Concatenate: single.concatenate,
    values.Dropout: noise.dropout,
    values.Noise: noise.noise,
    moves.Pad: moving.pad,
    moves.Crop: moving.crop,
    moves.Resize: moving.resize,
    moves.Reshape: moving.reshape,
    moves.Slice: moving.slice_channels,
    moves.Shuffle: moving.shuffle_channels,
    Moved: augmentation.moved,
    Erased: augmentation.erased,
    Rounded: rounding.rounded,
}
"""What writes each operation: a function of where it stands."""
