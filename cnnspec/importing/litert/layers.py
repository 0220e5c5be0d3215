"""Operators of LiteRT that are layers: with a kernel, with a window, merges, softmax."""

import numpy as np

from cnnspec.importing.litert.site import Read, Site
from cnnspec.importing.operators import windows
from cnnspec.importing.operators.tensors import Tensor, Value, dims_of
from cnnspec.importing.operators.windows import Window
from cnnspec.layers.activations import ACTIVATION_LAYERS, Prelu
from cnnspec.layers.geometry import Resize
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool
from cnnspec.operations.base import Pair, Sides

_SAME = 0
"""The number of `same` padding in the format."""


def _window(site: Site, size: Pair) -> Window:
    stride = (int(site.get("StrideH", 1)), int(site.get("StrideW", 1)))
    dilation = (1, 1)
    if hasattr(site.options, "DilationHFactor"):
        dilation = (int(site.get("DilationHFactor", 1)), int(site.get("DilationWFactor", 1)))
    if min(*size, *stride, *dilation) < 1:
        raise site.place.refused("has a size or a step below 1")
    padding: Sides | str = "same" if site.get("Padding", _SAME) == _SAME else ((0, 0), (0, 0))
    return Window(size, stride, dilation, padding)


def _convolution(site: Site) -> Tensor:
    kernel = site.constant(1)
    if kernel.ndim != 4:
        raise site.place.refused(f"has a kernel with {kernel.ndim} axes")
    _, rows, columns, depth = kernel.shape
    arrays, owner = site.weights(kernel.transpose(1, 2, 3, 0))
    groups = max(1, dims_of(site.input())[-1] // max(1, depth))
    window = _window(site, (rows, columns))
    made = windows.convolution(
        site.builder, site.place, site.input(), window, arrays, groups, owner
    )
    return site.ended(made)


def _depthwise(site: Site) -> Tensor:
    kernel = site.constant(1)
    if kernel.ndim != 4:
        raise site.place.refused(f"has a kernel with {kernel.ndim} axes")
    _, rows, columns, filters = kernel.shape
    arrays, owner = site.weights(kernel.reshape(rows, columns, 1, filters))
    window, groups = _window(site, (rows, columns)), dims_of(site.input())[-1]
    made = windows.convolution(
        site.builder, site.place, site.input(), window, arrays, groups, owner
    )
    return site.ended(made)


def _transposed(site: Site) -> Tensor:
    after, kernel = site.ints(0), site.constant(1)
    _, rows, columns, _ = kernel.shape
    before = dims_of(site.input(2))
    stride = (int(site.get("StrideH", 1)), int(site.get("StrideW", 1)))
    same = site.get("Padding") == _SAME
    cut = []
    for axis, (size, step) in enumerate(zip((rows, columns), stride, strict=True), 1):
        whole = (before[axis] - 1) * step + size
        lacks = whole - after[axis]
        first = max(lacks, 0) // 2 if same else 0
        cut.append((first, lacks - first))
    arrays, owner = site.weights(kernel.transpose(1, 2, 0, 3), bias=3)
    window = Window((rows, columns), stride)
    made = windows.transposed(
        site.builder, site.place, site.input(2), window, (cut[0], cut[1]), arrays, owner
    )
    return site.ended(made)


def _dense(site: Site) -> Tensor:
    kernel = site.constant(1)
    if kernel.ndim != 2 or site.get("WeightsFormat"):
        raise site.place.refused("has a kernel that is not a matrix of floats")
    x = site.input()
    dims = dims_of(x)
    if dims[-1] != kernel.shape[1] or not site.get("KeepNumDims"):
        # What it takes is looked at as rows of as many numbers as the kernel has.
        x = site.moved(lambda order: order.reshape(-1, kernel.shape[1]))
    arrays, owner = site.weights(kernel.T)
    return site.ended(windows.dense(site.builder, site.place, x, arrays, owner))


def _pool(kind: type[MaxPool | AveragePool]) -> Read:
    def read(site: Site) -> Tensor:
        size = (int(site.get("FilterHeight", 1)), int(site.get("FilterWidth", 1)))
        window = _window(site, size)
        return site.ended(windows.pooling(site.builder, site.place, site.input(), kind, window))

    return read


def _reduce(kind: type[GlobalAverage | GlobalMax]) -> Read:
    def read(site: Site) -> Tensor:
        axes = tuple(sorted(site.axis(axis) for axis in site.ints(1)))
        keep = bool(site.get("KeepDims"))
        return windows.over_all(site.builder, site.place, site.input(), kind, axes, keep)

    return read


def _pad(site: Site) -> Tensor:
    amounts = site.constant(1)
    if amounts.shape != (4, 2) or amounts[[0, 3]].any() or (amounts < 0).any():
        raise site.place.refused("pads another axis than rows and columns")
    if len(site.inputs) > 2 and float(site.constant(2).ravel()[0]):
        raise site.place.refused("pads with other numbers than zeros")
    rows, columns = ((int(a), int(b)) for a, b in amounts[1:3])
    return windows.padded(site.builder, site.place, site.input(), (rows, columns))


def _concatenate(site: Site) -> Tensor:
    given = [site.input(index) for index in range(len(site.inputs))]
    arrays = [each for each in given if isinstance(each, np.ndarray)]
    if len(arrays) == len(given):
        return np.concatenate(arrays, int(site.get("Axis")))
    axis = site.axis(int(site.get("Axis", -1)))
    return site.ended(site.builder.concatenated(site.place, axis, *given))


def _resize(how: str) -> Read:
    def read(site: Site) -> Tensor:
        builder, place, x = site.builder, site.place, site.input()
        rows, columns = site.ints(1)
        dims = dims_of(x)
        place.bounded((dims[0], rows, columns, dims[-1]))
        whole = rows % dims[1] == 0 and columns % dims[2] == 0
        half = bool(site.get("HalfPixelCenters"))
        if site.get("AlignCorners") or not (half or (how == "nearest" and whole)):
            raise place.refused("has other places of pixels than layers of a spec")
        if how == "nearest" and whole:
            up, right = rows // dims[1], columns // dims[2]
            return site.moved(lambda order: order.repeat(up, 1).repeat(right, 2))
        layer = Resize((rows, columns), how)
        return builder.given(builder.add(place, layer, (builder.image(x, place),)))

    return read


def _softmax(site: Site) -> Tensor:
    builder, place = site.builder, site.place
    if site.get("Beta", 1.0) != 1:
        raise place.refused("has a `beta` other than 1")
    value = builder.straight(site.input(), place)
    layer = ACTIVATION_LAYERS["softmax"]()
    return Value(builder.add(place, layer, (value.key,)), value.order)


def _prelu(site: Site) -> Tensor:
    builder, place = site.builder, site.place
    slope, value = site.constant(1), builder.straight(site.input(), place)
    dims = builder.shapes[value.key].dims
    shared = len(dims) == 3 and slope.size == dims[-1]
    alpha = slope.reshape((1, 1, -1) if shared else dims)
    return Value(builder.add(place, Prelu(shared), (value.key,), (alpha,)), value.order)


LAYERS: dict[str, Read] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _pool(MaxPool),
    "AVERAGE_POOL_2D": _pool(AveragePool),
    "MEAN": _reduce(GlobalAverage),
    "REDUCE_MAX": _reduce(GlobalMax),
    "PAD": _pad,
    "PADV2": _pad,
    "CONCATENATION": _concatenate,
    "RESIZE_BILINEAR": _resize("bilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest"),
    "SOFTMAX": _softmax,
    "PRELU": _prelu,
}
"""Every operator that is a layer, by its word in the format."""
