"""Receptive fields: how many pixels of the input image a value of each layer depends on.

Computed along the graph as in Araujo et al., "Computing receptive fields of
convolutional neural networks" (Distill, 2019): a window of K positions that lie a step
apart adds `(K - 1) * step`, and a stride multiplies the step. The windows are those of the
operations that a layer is made of.
"""

from math import inf

from cnnspec.core.record import Record
from cnnspec.graph.graph import Graph
from cnnspec.operations.base import Window


class Field(Record):
    """How many pixels a value depends on along one side, and the distance of two neighbours.

    The size is infinite where a value depends on every pixel. After layers that enlarge the image,
    the step is below one pixel.
    """

    size: float
    step: float

    def behind(self, window: Window) -> "Field":
        """Returns the field of a value that sees a window of values with this field."""
        return Field(self.size + (window.size - 1) * self.step, self.step * window.step)

    def joined(self, other: "Field") -> "Field":
        """Returns the field of a value that depends on a value with this field and on another."""
        return Field(max(self.size, other.size), max(self.step, other.step))


Fields = tuple[Field, Field]
"""The fields along rows and along columns."""

_PIXEL = Field(1, 1)
_ALL = Field(inf, 1)


def fields(graph: Graph) -> list[Fields]:
    """Returns the receptive field of each call of a graph, in pixels."""
    known: list[Fields] = [(_PIXEL, _PIXEL)]
    for call, operations in zip(graph.layers, graph.operations[1:], strict=True):
        rows, columns = known[call.inputs[0]]
        for source in call.inputs[1:]:
            rows, columns = rows.joined(known[source][0]), columns.joined(known[source][1])
        shape = call.input_shape
        for operation in operations:
            windows = operation.windows(shape)
            if windows is None:
                rows = columns = _ALL
            else:
                rows, columns = rows.behind(windows[0]), columns.behind(windows[1])
            # A join, whose inputs may differ, is the only operation of its layer.
            shape = shape if operation is operations[-1] else operation.shape((shape,))
        known.append((rows, columns))
    return known
