"""Operators of ONNX that are layers: with a kernel, with a window, merges; the table of all."""

from collections.abc import Callable

import numpy as np

from cnnspec.importing.onnx.normalization import batch_norm, group_norm, instance_norm, layer_norm
from cnnspec.importing.onnx.resizing import resize
from cnnspec.importing.onnx.site import Site
from cnnspec.importing.operators import windows
from cnnspec.importing.operators.tensors import Tensor, Value, dims_of
from cnnspec.importing.operators.windows import Window
from cnnspec.layers.activations import ACTIVATION_LAYERS, Prelu
from cnnspec.layers.geometry import Resize
from cnnspec.layers.merging import Add, Average, Maximum, Merging
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool
from cnnspec.operations.base import Sides
from cnnspec.operations.windows import ceil_padding
from cnnspec.targets.interpreter.resizing import matrix

Read = Callable[[Site], Tensor]


def _window(site: Site, size: tuple[int, int]) -> Window:
    automatic = site.get("auto_pad", "NOTSET")
    stride, dilation = site.pair("strides"), site.pair("dilations")
    if min(*stride, *dilation, *size) < 1:
        raise site.place.refused("has a size or a step below 1")
    if automatic == "SAME_UPPER":
        return Window(size, stride, dilation, "same")
    if automatic == "SAME_LOWER":
        raise site.place.refused("has `auto_pad=SAME_LOWER`, which a spec cannot say")
    pads = [0, 0, 0, 0] if automatic == "VALID" else site.get("pads", [0, 0, 0, 0])
    return Window(size, stride, dilation, site.sides(list(pads)))


def _arrays(site: Site) -> tuple[np.ndarray, list[np.ndarray], str]:
    """The kernel, the bias in a list where there is one, and the name that sharing shows by."""
    bias = [site.constant(2)] if site.has(2) else []
    return site.constant(1), bias, f"{site.weight(1)} {site.weight(2)}"


def convolution(site: Site) -> Tensor:
    """Conv: its kernel is (filters, channels, rows, columns)."""
    kernel, bias, owner = _arrays(site)
    if kernel.ndim != 4:
        raise site.place.refused(f"has a kernel with {kernel.ndim} axes; that of an image has 4")
    window = _window(site, (kernel.shape[2], kernel.shape[3]))
    arrays = [kernel.transpose(2, 3, 1, 0), *bias]
    groups = int(site.get("group", 1))
    return windows.convolution(
        site.builder, site.place, site.input(), window, arrays, groups, owner
    )


def transposed(site: Site) -> Tensor:
    """ConvTranspose: its kernel is (channels, filters, rows, columns)."""
    kernel, bias, owner = _arrays(site)
    site.require("group", 1)
    site.require("auto_pad", "NOTSET", "VALID")
    if kernel.ndim != 4 or site.get("output_shape"):
        raise site.place.refused("has a form that a spec cannot say")
    window = _window(site, (kernel.shape[2], kernel.shape[3]))
    assert not isinstance(window.padding, str)
    more = site.pair("output_padding", 0)
    cut: Sides = tuple(
        (before, behind - extra)
        for (before, behind), extra in zip(window.padding, more, strict=True)
    )  # type: ignore[assignment]
    arrays = [kernel.transpose(2, 3, 1, 0), *bias]
    return windows.transposed(site.builder, site.place, site.input(), window, cut, arrays, owner)


def gemm(site: Site) -> Tensor:
    """Gemm: a product with a matrix, and a bias."""
    site.require("transA", 0)
    kernel = site.constant(1) * np.float32(site.get("alpha", 1.0))
    kernel = kernel.T if site.get("transB", 0) else kernel
    bias = []
    if site.has(2):
        given = site.constant(2) * np.float32(site.get("beta", 1.0))
        bias = [np.broadcast_to(given.reshape(-1), (kernel.shape[1],))]
    owner = f"{site.weight(1)} {site.weight(2)}"
    return windows.dense(site.builder, site.place, site.input(), [kernel, *bias], owner)


def product(site: Site) -> Tensor:
    """MatMul with a matrix behind a value; before an image, rows or columns that are scaled."""
    first = site.input()
    if not isinstance(first, np.ndarray):
        second = site.constant(1)
        if second.ndim != 2:
            raise site.place.refused(f"multiplies with an array of {second.ndim} axes")
        if len(dims_of(first)) == 4 and (scaled := _scaled(site, first, second.T, 1)):
            return scaled
        return windows.dense(site.builder, site.place, first, [second], site.weight(1))
    found = _scaled(site, site.input(1), first, 0) if first.ndim == 2 else None
    if found is None:
        raise site.place.refused("multiplies with a matrix from the left")
    return found


def _scaled(site: Site, x: Tensor, weights: np.ndarray, side: int) -> Value | None:
    """An image whose rows or columns are scaled by a matrix; `None` where it is another one."""
    builder, before = site.builder, dims_of(x)[2 + side]
    if weights.shape[1] != before or builder.channels != 1:
        return None
    for how in ("bicubic", "bilinear"):
        if np.allclose(weights, matrix(before, weights.shape[0], how), atol=1e-6):
            key = builder.image(x, site.place)
            size = list(builder.shapes[key].dims[:2])
            size[side] = weights.shape[0]
            layer = Resize((size[0], size[1]), how)
            return builder.given(builder.add(site.place, layer, (key,)))
    return None


def pool(kind: type[MaxPool | AveragePool]) -> Read:
    """MaxPool or AveragePool."""

    def read(site: Site) -> Tensor:
        window = _window(site, site.pair("kernel_shape"))
        zeros = kind is AveragePool and bool(site.get("count_include_pad", 0))
        if site.get("ceil_mode", 0):
            if window.padding != ((0, 0), (0, 0)):
                raise site.place.refused("has both `pads` and `ceil_mode`")
            dims, zeros = dims_of(site.input())[2:4], False
            given = zip(dims, window.size, window.stride, strict=True)
            rows, columns = (ceil_padding(*each) for each in given)
            window = window.replace(padding=(rows, columns))
        zeros = zeros and window.padding != ((0, 0), (0, 0)) and window.padding != "same"
        return windows.pooling(site.builder, site.place, site.input(), kind, window, zeros)

    return read


def pool_all(kind: type[GlobalAverage | GlobalMax]) -> Read:
    """GlobalAveragePool or GlobalMaxPool: rows and columns stay as 1."""

    def read(site: Site) -> Tensor:
        return windows.over_all(site.builder, site.place, site.input(), kind, (2, 3), True)

    return read


def reduce(kind: type[GlobalAverage | GlobalMax]) -> Read:
    """ReduceMean or ReduceMax over rows and columns."""

    def read(site: Site) -> Tensor:
        axes = site.ints("axes", 1)
        if axes is None:
            raise site.place.refused("reduces all axes")
        keep = bool(site.get("keepdims", 1))
        given = tuple(sorted(site.positive(axes)))
        return windows.over_all(site.builder, site.place, site.input(), kind, given, keep)

    return read


def prelu(site: Site) -> Tensor:
    """PRelu: a slope for each channel, or for each number."""
    builder, place = site.builder, site.place
    slope, value = site.constant(1), builder.straight(site.input(), place)
    dims = builder.shapes[value.key].dims
    spread = (
        np.broadcast_to(slope, value.dims[1:])
        if slope.ndim < len(value.dims)
        else (np.broadcast_to(slope, (1, *value.dims[1:]))[0])
    )
    if len(dims) == 3:
        spread = np.moveaxis(spread, builder.axis_of(value) - 1, -1)
    spread = spread.reshape(dims)
    shared = len(dims) == 3 and bool((spread == spread[:1, :1]).all())
    alpha = spread[:1, :1] if shared else spread
    return Value(builder.add(place, Prelu(shared), (value.key,), (alpha,)), value.order)


def softmax(site: Site) -> Tensor:
    """Softmax over the channels."""
    builder, place = site.builder, site.place
    value = builder.settle(site.input(), place)
    axis = site.axis(default=-1 if site.opset >= 13 else 1)
    if len(value.dims) == 4:
        key = builder.image(value, place, axis if axis in (1, 3) else None)
        if axis not in (1, 3):
            raise place.refused(f"is over axis {axis}, not over the channels")
        return builder.given(builder.add(place, ACTIVATION_LAYERS["softmax"](), (key,)), axis)
    key, rows = builder.vector(value, place)
    if axis != len(value.dims) - 1 or len(rows) != builder.shapes[key].size:
        raise place.refused(f"is over axis {axis}, not over all numbers")
    return Value(builder.add(place, ACTIVATION_LAYERS["softmax"](), (key,)), value.order)


def merge(kind: type[Merging], formula: Callable[..., np.ndarray]) -> Read:
    """Sum, Mean or Max of any number of inputs."""

    def read(site: Site) -> Tensor:
        given = [site.input(index) for index in range(len(site.inputs))]
        if len(given) == 1:
            return given[0]
        if len(given) == 2 and kind is not Average:
            return site.builder.formula(site.place, formula, *given)
        return site.builder.join(site.place, kind(), *given)

    return read


def concatenate(site: Site) -> Tensor:
    """Concat of the channels, or of constants."""
    given = [site.input(index) for index in range(len(site.inputs))]
    if all(isinstance(each, np.ndarray) for each in given):
        return np.concatenate(given, axis=int(site.get("axis", 0)))  # type: ignore[arg-type]
    return site.builder.concatenated(site.place, site.axis(default=1), *given)


def pad(site: Site) -> Tensor:
    """Pad with zeros."""
    site.require("mode", "constant")
    value = float(site.constant(2).ravel()[0]) if site.has(2) else float(site.get("value", 0.0))
    amounts = site.ints("pads", 1) or []
    builder, x = site.builder, site.input()
    rank = len(dims_of(x))
    if site.has(3):
        axes = site.positive([int(each) for each in site.constant(3)])
        both = [0] * (2 * rank)
        for number, axis in enumerate(axes):
            both[axis], both[axis + rank] = amounts[number], amounts[number + len(axes)]
        amounts = both
    if not any(amounts):
        return x
    if value or rank != 4 or len(amounts) != 8:
        raise site.place.refused("pads with other numbers than zeros, or not an image")
    axis = builder.axis_of(x)
    rows, columns = (each for each in (1, 2, 3) if each != axis)
    given = [amounts[at] for at in (rows, columns, rows + 4, columns + 4)]
    rest = [amount for at, amount in enumerate(amounts) if at % 4 not in (rows, columns)]
    if any(rest) or axis != builder.channels:
        raise site.place.refused("pads another axis than rows and columns")
    return windows.padded(builder, site.place, x, site.sides(given))


def idle(site: Site) -> Tensor:
    """What changes nothing at inference."""
    return site.input()


LAYERS: dict[str, Read] = {
    "Conv": convolution,
    "ConvTranspose": transposed,
    "Gemm": gemm,
    "MatMul": product,
    "MaxPool": pool(MaxPool),
    "AveragePool": pool(AveragePool),
    "GlobalAveragePool": pool_all(GlobalAverage),
    "GlobalMaxPool": pool_all(GlobalMax),
    "ReduceMean": reduce(GlobalAverage),
    "ReduceMax": reduce(GlobalMax),
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "LayerNormalization": layer_norm,
    "PRelu": prelu,
    "Softmax": softmax,
    "Sum": merge(Add, np.add),
    "Max": merge(Maximum, np.maximum),
    "Mean": merge(Average, lambda a, b: (a + b) / 2),
    "Concat": concatenate,
    "Pad": pad,
    "Resize": resize,
    "Upsample": resize,
    "Dropout": idle,
    "Identity": idle,
}
"""Every operator that is a layer, by its name."""
