"""What the lowering of an operation sees of its place in the graph, and how it adds nodes there.

Images are (n, channels, height, width) in the graph, as ONNX has them, and (height, width,
channels) in shapes of ours.
"""

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from cnnspec.core.shapes import Shape
from cnnspec.operations.base import Operation

BATCH = "n"
"""The name of the number of images where it is left open."""


class Graph:
    """Nodes and constants as they are added, each under a name of its own."""

    def __init__(self, opset: int, batch: int | None) -> None:
        self.opset = opset
        self.batch = batch
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self._taken: set[str] = set()

    def fresh(self, name: str) -> str:
        """Returns a name that nothing has yet: this one, or with a number behind it."""
        free, number = name, 2
        while free in self._taken:
            free, number = f"{name}_{number}", number + 1
        self._taken.add(free)
        return free

    def node(self, kind: str, inputs: list[str], owner: str, **attributes: Any) -> str:
        """Adds an operator of ONNX with one output; returns the name of that."""
        name = self.fresh(f"{owner}/{kind}")
        made = helper.make_node(kind, inputs, [name], name, **attributes)
        self.nodes.append(made)
        return name

    def constant(self, name: str, array: np.ndarray) -> str:
        """Adds an array; returns its name. The same array of the same name is added once."""
        tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
        known = self.constants.get(name)
        if known is not None and known == tensor:
            return name
        tensor.name = self.fresh(name)
        self.constants[tensor.name] = tensor
        return tensor.name


class Site:
    """An operation, what it takes and gives, and its weights by their roles."""

    def __init__(
        self,
        graph: Graph,
        owner: str,
        operation: Operation,
        inputs: list[str],
        shapes: tuple[Shape, ...],
        output: Shape,
        weights: dict[str, np.ndarray],
    ) -> None:
        self.graph = graph
        self.owner = owner
        self.operation: Any = operation
        self.inputs = inputs
        self.shapes = shapes
        self.output = output
        self.weights = weights
        """Arrays in the shapes that the operation gives them, float32."""

    @property
    def keys(self) -> dict[str, str]:
        """The names of its weights by their roles."""
        roles = self.operation.roles
        return {role: key for role in roles if (key := getattr(self.operation, role))}

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds an operator; returns the name of its output."""
        return self.graph.node(kind, list(inputs), self.owner, **attributes)

    def weight(self, role: str, array: np.ndarray | None = None) -> str:
        """Adds a weight, or the array that is made of it; returns its name."""
        given = self.weights[role] if array is None else array
        return self.graph.constant(self.keys[role], given.astype(np.float32))

    def has(self, role: str) -> bool:
        """Whether there is a weight of this role."""
        return role in self.weights

    def numbers(self, *values: float) -> str:
        """Adds float32 numbers, a single one as a scalar; returns their name."""
        array = np.array(values if len(values) != 1 else values[0], np.float32)
        return self.graph.constant(f"{self.owner}/number", array)

    def sizes(self, *values: int, of: str = "sizes") -> str:
        """Adds whole numbers (int64); returns their name."""
        return self.graph.constant(f"{self.owner}/{of}", np.array(values, np.int64))

    def reshaped(self, value: str, *dims: int) -> str:
        """A value in another shape of one example; the images stay apart."""
        return self.node("Reshape", value, self.sizes(self.graph.batch or -1, *dims, of="shape"))

    def per_channel(self, array: np.ndarray, shape: Shape) -> np.ndarray:
        """A number for each channel in a shape that is stretched over the positions."""
        return array.reshape(-1, *[1] * (len(shape.dims) - 1))


def channels_first(dims: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of a shape of ours in the order of ONNX: channels before rows and columns."""
    return (dims[-1], *dims[:-1])
