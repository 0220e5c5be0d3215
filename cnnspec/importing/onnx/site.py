"""An operator of ONNX with what it takes, as the table of operators sees it."""

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from cnnspec.importing.operators.builder import Builder
from cnnspec.importing.operators.site import GraphSite
from cnnspec.importing.operators.tensors import Place, Tensor, dims_of
from cnnspec.operations.base import Pair, Sides


class Site(GraphSite):
    """An operator of ONNX with its attributes."""

    def __init__(
        self,
        builder: Builder,
        node: onnx.NodeProto,
        inputs: list[Tensor | None],
        opset: int,
    ) -> None:
        super().__init__(builder, Place(node.name or node.output[0], node.op_type), inputs)
        self.node = node
        self.opset = opset
        self._attributes = {each.name: each for each in node.attribute}

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute; text as `str`."""
        if name not in self._attributes:
            return default
        found = self._attributes[name]
        if found.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise self.place.refused("has a graph in it")
        value = helper.get_attribute_value(found)
        return value.decode(errors="replace") if isinstance(value, bytes) else value

    def require(self, name: str, *allowed: Any) -> None:
        """Raises `CnnspecError` where an attribute has none of some values, the default first."""
        found = self.get(name, allowed[0])
        if found not in allowed:
            raise self.place.refused(f"has `{name}={found}`, which a spec cannot say")

    def ints(self, name: str, index: int | None = None, default: Any = None) -> list[int] | None:
        """Whole numbers that are an attribute in old operators and an input in newer ones."""
        if index is not None and self.has(index):
            return [int(each) for each in self.constant(index).ravel()]
        found = self.get(name, default)
        return None if found is None else [int(each) for each in np.atleast_1d(found)]

    def axis(self, name: str = "axis", default: int = -1) -> int:
        """An axis of the first input, counted from the first."""
        return self.positive([int(self.get(name, default))])[0]

    def positive(self, axes: list[int], rank: int | None = None) -> list[int]:
        """Axes of the first input counted from the first. Raises `CnnspecError`."""
        rank = len(dims_of(self.input())) if rank is None else rank
        if any(not -rank <= axis < rank for axis in axes):
            raise self.place.refused(f"names an axis of {axes}, where there are {rank}")
        return [axis % rank for axis in axes]

    def pair(self, name: str, default: int = 1) -> Pair:
        """Two numbers: rows and columns. Raises `CnnspecError` for more or less."""
        found = self.get(name, [default, default])
        if len(found) != 2:
            raise self.place.refused(f"has {len(found)} numbers as `{name}`; images have two")
        return int(found[0]), int(found[1])

    def sides(self, given: list[int]) -> Sides:
        """The padding that ONNX lists with all that comes before first."""
        if len(given) != 4 or min(given) < 0:
            raise self.place.refused(f"has a padding of {given}")
        top, left, bottom, right = map(int, given)
        return (top, bottom), (left, right)

    def weight(self, index: int) -> str:
        """The name of an input in the file."""
        return self.node.input[index] if index < len(self.node.input) else ""


def array_of(tensor: onnx.TensorProto) -> np.ndarray:
    """The array of a weight. Raises `ValueError` and others where its sizes are not its data's."""
    found = np.asarray(numpy_helper.to_array(tensor))
    if found.dtype.kind not in "fiub":
        raise ValueError(f"it has numbers of type {found.dtype}")
    return found
