"""Layers of Keras with a kernel or a window, and those that change the size of an image."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape
from cnnspec.importing.keras.settings import Settings
from cnnspec.importing.steps import Affine
from cnnspec.layers.base import Layer
from cnnspec.layers.convolution import Conv, DepthwiseConv, SeparableConv, TransposedConv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Crop, Pad, Resize, Upsample
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool

Arrays = Sequence[np.ndarray]


class Translated(Record):
    """A layer of the language for one of Keras; neither layer nor map where it changes nothing.

    The arrays of Keras are its weights after `reshaped`, if that is given.
    """

    layer: Layer | None = None
    affine: Affine | None = None
    reshaped: tuple[int, ...] | None = None


Translate = Callable[[Settings, Shape, Arrays], Translated]


def conv(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    """A convolution."""
    settings.take("rank")
    return Translated(
        Conv(
            filters=int(settings.take("filters")),
            groups=int(settings.take("groups", 1)),
            **_window(settings),
            **settings.weighted(),
        )
    )


def depthwise(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    """A depthwise convolution."""
    # Keras 3 also writes what it has of the convolution that it is derived from.
    for name in ("filters", "groups", "rank"):
        settings.take(name)
    multiplier = int(settings.take("depth_multiplier", 1))
    weighted = settings.weighted("depthwise")
    return Translated(DepthwiseConv(multiplier=multiplier, **_window(settings), **weighted))


def separable(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    """A separable convolution."""
    for name in ("groups", "rank"):
        settings.take(name)
    return Translated(
        SeparableConv(
            filters=int(settings.take("filters")),
            multiplier=int(settings.take("depth_multiplier", 1)),
            **_window(settings),
            **settings.weighted(),
        )
    )


def transposed(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    """A transposed convolution."""
    for name in ("groups", "rank"):
        settings.take(name)
    return Translated(
        TransposedConv(
            filters=int(settings.take("filters")),
            **_window(settings),
            **settings.weighted(),
        )
    )


def _window(settings: Settings) -> dict[str, Any]:
    padding = settings.take("padding", "valid")
    if padding not in ("valid", "same"):
        raise settings.refused(f"`padding={padding}`")
    stride = settings.pair("strides")
    kernel = settings.pair("kernel_size")
    if kernel == stride == (1, 1):
        # Both are the same, and the default is shorter.
        padding = "valid"
    dilation = settings.pair("dilation_rate")
    return {"kernel": kernel, "padding": padding, "stride": stride, "dilation": dilation}


def dense(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    """A matrix product; on an image it is one at each position, a convolution of 1x1."""
    settings.take("quantization_config")
    units = int(settings.take("units"))
    if isinstance(shape, Image):
        # On an image it is applied to each position, where `dense` here takes the whole image.
        kernel = (1, 1, shape.channels, units)
        return Translated(
            Conv(filters=units, kernel=(1, 1), **settings.weighted()), reshaped=kernel
        )
    return Translated(Dense(units=units, **settings.weighted()))


def pooling(kind: type[MaxPool | AveragePool], ceil: bool = False) -> Translate:
    """A pooling of windows; with `ceil`, as layers of this package have it."""

    def translate(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
        size = settings.pair("pool_size", (2, 2))
        stride = settings.pair("strides", size)
        padding = settings.take("padding", "valid")
        given = None if stride == size else stride
        return Translated(kind(size, "ceil" if ceil else padding, given))

    return translate


def global_pooling(kind: type[GlobalAverage | GlobalMax]) -> Translate:
    """A pooling of whole channels."""

    def translate(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
        return Translated(kind(bool(settings.take("keepdims", False))))

    return translate


def _sides(settings: Settings, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
    value = settings.take(name, 1 if name == "padding" else 0)
    if isinstance(value, int):
        return (value, value), (value, value)
    rows, columns = ((each, each) if isinstance(each, int) else tuple(each) for each in value)
    return rows, columns


def border(kind: type[Pad | Crop], name: str) -> Translate:
    """Zeros added, or rows and columns cut off: the setting `name` has the sides."""

    def translate(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
        (top, bottom), (left, right) = _sides(settings, name)
        if top == bottom and left == right:
            return Translated(kind((top, left)) if top or left else None)
        sides = {"top": top, "bottom": bottom, "left": left, "right": right}
        return Translated(kind(None, **{side: size for side, size in sides.items() if size}))

    return translate


def resizing(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    """An image scaled to a size."""
    settings.require("crop_to_aspect_ratio", False)
    settings.require("pad_to_aspect_ratio", False)
    settings.require("antialias", False)
    settings.take("fill_mode")
    settings.take("fill_value")
    size = int(settings.take("height")), int(settings.take("width"))
    return Translated(Resize(size, _interpolation(settings)))


def upsampling(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    """An image scaled by a whole number."""
    factor = settings.pair("size", (2, 2))
    how = _interpolation(settings, "nearest")
    if how == "nearest":
        return Translated(Upsample(factor))
    rows, columns = shape.dims[0] * factor[0], shape.dims[1] * factor[1]
    return Translated(Resize((rows, columns), how))


def _interpolation(settings: Settings, default: str = "bilinear") -> str:
    how = settings.take("interpolation", default)
    if how not in ("bilinear", "nearest", "bicubic"):
        raise settings.refused(f"`interpolation={how}`")
    return str(how)
