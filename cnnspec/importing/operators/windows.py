"""Operators with a kernel or a window as layers; padding in numbers becomes a word or a `pad`.

Kernels are (rows, columns, channels of a group, filters), as layers have them.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, reach
from cnnspec.importing.operators.builder import Builder
from cnnspec.importing.operators.tensors import Place, Tensor, Value
from cnnspec.layers.activations import Activation, Relu
from cnnspec.layers.convolution import Conv, DepthwiseConv, TransposedConv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Crop, Pad
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool
from cnnspec.layers.weighted import Weighted
from cnnspec.operations.base import NO_PADDING, Pair, Sides
from cnnspec.operations.windows import paddings

_NOT_NEGATIVE = {
    "relu", "relu6", "sigmoid", "hard_sigmoid", "softplus", "exponential", "softmax",
}  # fmt: skip
"""Functions that give nothing below zero, so that zeros around an image are never the largest."""

Padding = Sides | str
"""Padding in numbers, or the word `same`."""


class Window(Record):
    """How a window moves over an image."""

    size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: Padding = NO_PADDING


def convolution(
    builder: Builder,
    place: Place,
    x: Tensor,
    window: Window,
    arrays: Sequence[np.ndarray],
    groups: int = 1,
    owner: str = "",
) -> Value:
    """A convolution; `arrays` are its kernel and perhaps a bias."""
    kernel, *bias = arrays
    key = builder.image(x, place)
    word, key = _padded(builder, place, key, window)
    if window.size == window.stride == (1, 1):
        word = "valid"
    common: dict[str, Any] = {"stride": window.stride, "dilation": window.dilation, "padding": word}
    channels, filters = builder.shapes[key].dims[-1], kernel.shape[-1]
    equal = window.stride[0] == window.stride[1]
    if groups == channels > 1 and filters % groups == 0 and equal:
        multiplier = filters // channels
        kernel = kernel.reshape(*window.size, channels, multiplier)
        layer: Weighted = DepthwiseConv(
            kernel=window.size, multiplier=multiplier, bias=bool(bias), **common
        )
    else:
        layer = Conv(filters=filters, kernel=window.size, groups=groups, bias=bool(bias), **common)
    return builder.given(builder.add(place, layer, (key,), (kernel, *bias), owner))


def transposed(
    builder: Builder,
    place: Place,
    x: Tensor,
    window: Window,
    cut: Sides,
    arrays: Sequence[np.ndarray],
    owner: str = "",
) -> Value:
    """A transposed convolution; `cut` is what its output lacks on each side, below 0 for more.

    Its kernel is (rows, columns, filters, channels).
    """
    key, filters = builder.image(x, place), arrays[0].shape[2]
    shape = builder.shapes[key]
    for word in ("valid", "same"):
        layer = TransposedConv(
            filters=filters,
            kernel=window.size,
            stride=window.stride,
            dilation=window.dilation,
            padding=word,
            bias=len(arrays) > 1,
        )
        own = layer.operations(shape)[0].cut  # type: ignore[attr-defined]
        rest = [
            tuple(a - b for a, b in zip(*both, strict=True)) for both in zip(cut, own, strict=True)
        ]
        if not any(map(any, rest)):
            return builder.given(builder.add(place, layer, (key,), arrays, owner))
        if word == "valid":
            around, plain = rest, layer
    if any(side < 0 for sides in around for side in sides):
        raise place.refused(f"has an output padding that no `{plain.word}` has")
    key = builder.add(place, plain, (key,), arrays, owner)
    return builder.given(builder.add(place, _border(Crop, (around[0], around[1])), (key,)))


def dense(
    builder: Builder,
    place: Place,
    x: Tensor,
    arrays: Sequence[np.ndarray],
    owner: str = "",
) -> Value:
    """A product with a matrix (inputs, units); on the channels of an image a convolution of 1x1."""
    kernel, *bias = arrays
    value = builder.settle(x, place)
    units = kernel.shape[1]
    if value.dims[-1] != kernel.shape[0]:
        raise place.refused(
            f"has a kernel for {kernel.shape[0]} numbers, and takes {value.dims[-1]}"
        )
    if prod(value.dims[1:]) != value.dims[-1]:
        key = builder.image(value, place, len(value.dims) - 1)
        layer: Weighted = Conv(filters=units, kernel=(1, 1), bias=bool(bias))
        made = builder.add(place, layer, (key,), (kernel[None, None], *bias), owner)
        return builder.given(made, len(value.dims) - 1)
    key, rows = builder.vector(value, place)
    # The rows in the order of the vector here: channels are its last axis.
    place.bounded((builder.shapes[key].size, units))
    ours = np.zeros((builder.shapes[key].size, units), np.float32)
    np.add.at(ours, rows, kernel)
    made = builder.add(place, Dense(units=units, bias=bool(bias)), (key,), (ours, *bias), owner)
    return builder.given(made).reshaped((*value.dims[:-1], units))


def pooling(
    builder: Builder,
    place: Place,
    x: Tensor,
    kind: type[MaxPool | AveragePool],
    window: Window,
    zeros: bool = False,
) -> Value:
    """A pooling; with `zeros`, an average counts the padding as zeros."""
    key = builder.image(x, place)
    stride = None if window.stride == window.size else window.stride
    if window.dilation != (1, 1):
        raise place.refused("has a dilation")
    words = ("valid",) if zeros else ("valid", "same", "ceil")
    word = _word(builder.shapes[key], window, words)
    if word is None:
        assert not isinstance(window.padding, str)
        if not zeros and not (kind is MaxPool and _is_not_negative(builder, key)):
            raise place.refused(
                f"has a padding of {window.padding}, which no pooling of a spec has",
                "use padding that gives as many rows as the stride divides, or none",
            )
        key = builder.add(place, _border(Pad, window.padding), (key,))
        word = "valid"
    return builder.given(builder.add(place, kind(window.size, word, stride), (key,)))


def over_all(
    builder: Builder,
    place: Place,
    x: Tensor,
    kind: type[GlobalAverage | GlobalMax],
    axes: tuple[int, ...],
    keep: bool,
) -> Value:
    """A reduction over rows and columns, the axes of a tensor; with `keep` these stay as 1."""
    value = builder.settle(x, place)
    rest = [axis for axis in range(1, len(value.dims)) if axis not in axes]
    if len(axes) != 2 or len(rest) != 1 or len(value.dims) != 4:
        raise place.refused(f"reduces the axes {list(axes)}, not rows and columns")
    key = builder.add(place, kind(), (builder.image(value, place, rest[0]),))
    dims = [size if at in (0, rest[0]) else 1 for at, size in enumerate(value.dims)]
    return builder.given(key).reshaped(tuple(dims) if keep else (dims[0], dims[rest[0]]))


def padded(builder: Builder, place: Place, x: Tensor, sides: Sides) -> Value:
    """Zeros around an image."""
    if not any(map(any, sides)):
        return builder.settle(x, place)
    return builder.given(builder.add(place, _border(Pad, sides), (builder.image(x, place),)))


def _padded(builder: Builder, place: Place, key: str, window: Window) -> tuple[str, str]:
    """The word for a padding, and the step that it is applied to: padded before without a word."""
    word = _word(builder.shapes[key], window, ("valid", "same"))
    if word is None:
        assert not isinstance(window.padding, str)
        return "valid", builder.add(place, _border(Pad, window.padding), (key,))
    return word, key


def _word(shape: object, window: Window, words: Sequence[str]) -> str | None:
    """The word with which a window has the same positions as with a padding in numbers."""
    if isinstance(window.padding, str):
        return window.padding
    assert isinstance(shape, Image)
    wanted = _used(shape, window, window.padding)
    for word in words:
        sides = paddings(word, shape, window.size, window.stride, window.dilation)
        if _used(shape, window, sides) == wanted:
            return word
    return None


def _used(shape: Image, window: Window, padding: Sides) -> list[tuple[int, int, int]]:
    """What of a padding is within windows, and how many windows there are, along each side."""
    found = []
    for number, size in enumerate((shape.height, shape.width)):
        before, behind = padding[number]
        span = reach(window.size[number], window.dilation[number])
        step = window.stride[number]
        count = (size + before + behind - span) // step + 1
        found.append((before, max((count - 1) * step + span - size - before, 0), count))
    return found


def _border(kind: type[Pad | Crop], sides: Sides) -> Pad | Crop:
    (top, bottom), (left, right) = sides
    if top == bottom and left == right:
        return kind((top, left))
    given = {"top": top, "bottom": bottom, "left": left, "right": right}
    return kind(None, **{side: size for side, size in given.items() if size})


def _is_not_negative(builder: Builder, key: str) -> bool:
    """Whether a value has no number below zero, as far as the layer that gives it tells."""
    layer = builder.steps[key].layer
    if isinstance(layer, MaxPool | AveragePool):
        return _is_not_negative(builder, builder.steps[key].inputs[0])
    if isinstance(layer, Relu):
        return layer.slope == 0
    return isinstance(layer, Activation) and layer.word in _NOT_NEGATIVE
