"""Receptive fields: how many pixels of the input image a value of each layer depends on.

Worked out along the graph as in Araujo et al., "Computing receptive fields of
convolutional neural networks" (Distill, 2019): a window of K positions that lie a step
apart adds `(K - 1) * step`, and a stride multiplies the step.
"""

from math import ceil, inf

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, reach
from cnnspec.graph.build import Graph, LayerCall
from cnnspec.layers.activations import Activation
from cnnspec.layers.base import Layer
from cnnspec.layers.convolution import Conv, DepthwiseConv, SeparableConv, TransposedConv
from cnnspec.layers.geometry import Crop, Pad, Resize
from cnnspec.layers.merging import Merging
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm, LayerNorm
from cnnspec.layers.pooling import Pooling

_STAY = (Activation, BatchNorm, Crop, Dropout, LayerNorm, Noise, Pad, SpatialDropout)
"""Layers that look at no position but their own."""
_SPREAD = {"nearest": 0, "bilinear": 1, "bicubic": 3}
"""How many positions beside one each interpolation looks at."""


class Field(Record):
    """Pixels that a value depends on, in rows or columns, and how far two neighbours lie apart.

    Where everything is seen, the size is infinite. After layers that enlarge the image,
    a step is a part of a pixel.
    """

    size: float
    step: float

    def window(self, kernel: float, stride: float) -> "Field":
        """The field behind a window over values with this one."""
        return Field(self.size + (kernel - 1) * self.step, self.step * stride)


Fields = tuple[Field, Field]
"""Those of rows and of columns."""

_PIXEL = Field(1, 1)
_ALL = Field(inf, 1)


def fields(graph: Graph) -> list[Fields]:
    """The receptive field of each call of a graph."""
    known: list[Fields] = [(_PIXEL, _PIXEL)]
    for call in graph.layers:
        known.append(_behind(call, [known[source] for source in call.inputs]))
    return known


def _behind(call: LayerCall, before: list[Fields]) -> Fields:
    if isinstance(call.layer, Merging):
        return _widest(before, 0), _widest(before, 1)
    (rows, columns) = before[0]
    if isinstance(call.layer, _STAY):
        return rows, columns
    windows = _windows(call.layer, call)
    if windows is None:
        return _ALL, _ALL
    return rows.window(*windows[0]), columns.window(*windows[1])


def _widest(before: list[Fields], side: int) -> Field:
    return Field(max(f[side].size for f in before), max(f[side].step for f in before))


def _windows(layer: Layer, call: LayerCall) -> list[tuple[float, float]] | None:
    """Window and stride for rows and for columns; `None` for a layer that looks everywhere."""
    match layer:
        case TransposedConv():
            # An output is painted by the inputs whose kernels reach it.
            sides = zip(layer.kernel, layer.stride, layer.dilation, strict=True)
            return [(ceil(reach(k, d) / s), 1 / s) for k, s, d in sides]
        case Conv() | DepthwiseConv() | SeparableConv():
            sides = zip(layer.kernel, layer.stride, layer.dilation, strict=True)
            return [(reach(k, d), s) for k, s, d in sides]
        case Pooling():
            return list(zip(layer.size, layer.stride or layer.size, strict=True))
        case Resize() if isinstance(call.input_shape, Image):
            old = (call.input_shape.height, call.input_shape.width)
            seen = 1 + _SPREAD[layer.interpolation]
            return [(seen, a / b) for a, b in zip(old, layer.size, strict=True)]
    return None
