"""Builds the steps of a network from the operators of a graph of another tool."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from cnnspec.core.shapes import Image, Shape, Vector
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.importing.operators.formulas import evaluated, roots
from cnnspec.importing.operators.functions import POINTS, function_of
from cnnspec.importing.operators.moves import layers_for
from cnnspec.importing.operators.tensors import Expression, Place, Tensor, Value, dims_of
from cnnspec.importing.steps import Affine, Step, Steps
from cnnspec.layers.base import Layer, ShapeError
from cnnspec.layers.geometry import Flatten
from cnnspec.layers.merging import Add, Concat, Maximum, Merging, Multiply

INPUT = "input"
_DEEPEST = 24
"""Operators of one formula, one behind another, at most."""
_JOINS: dict[Callable[..., np.ndarray], type[Merging]] = {
    np.add: Add,
    np.multiply: Multiply,
    np.maximum: Maximum,
}


class Builder:
    """The steps so far; `channels` is the axis of the channels in images as the tool has them."""

    def __init__(self, image: Image, batch: int, channels: int) -> None:
        self.steps: Steps = {INPUT: Step(INPUT, INPUT, None, ())}
        self.shapes: dict[str, Shape] = {INPUT: image}
        self.batch = batch
        self.channels = channels
        self._numbers = np.arange(0, dtype=np.int32)
        self._flat: dict[str, str] = {}

    def given(self, key: str, channels: int | None = None) -> Value:
        """The value of a step as a tensor, with its channels at an axis."""
        dims = self.shapes[key].dims
        size = self.batch * prod(dims)
        if size > self._numbers.size:
            self._numbers = np.arange(size, dtype=np.int32)
        order = self._numbers[:size].reshape(self.batch, *dims)
        if len(dims) == 3:
            order = np.moveaxis(order, -1, channels or self.channels)
        return Value(key, order)

    def add(
        self,
        place: Place,
        layer: Layer | None,
        keys: Sequence[str],
        arrays: Sequence[np.ndarray] = (),
        owner: str = "",
        affine: Affine | None = None,
    ) -> str:
        """Adds a step; returns its key. Raises `CnnspecError` where a layer does not fit."""
        key = f"{place.name}#{len(self.steps)}"
        shapes = tuple(self.shapes[each] for each in keys)
        shape = shapes[0]
        if layer is not None:
            shape = self._output(place, layer, shapes)
            wanted = list(layer.weights(shapes[0]).values())
            if [array.shape for array in arrays] != wanted:
                raise place.refused("has weights of other sizes than its input needs")
        kept = tuple(np.asarray(array, np.float32) for array in arrays)
        owner = (owner or key) if kept else ""
        self.steps[key] = Step(key, place.name, layer, tuple(keys), owner, kept, affine)
        self.shapes[key] = shape
        return key

    def _output(self, place: Place, layer: Layer, shapes: tuple[Shape, ...]) -> Shape:
        conflict = layer.conflict()
        if conflict is not None:
            raise place.refused(f"is `{layer.written()}`: {conflict[1].message}")
        try:
            if isinstance(layer, Merging):
                found = layer.join(_with_gates(layer, shapes))
            else:
                found = layer.infer(shapes[0])
        except ShapeError as error:
            cause = f"is `{layer.written()}`: {error.diagnostic.message}"
            raise place.refused(cause, error.diagnostic.help) from None
        shape: Shape = found.shape
        place.bounded(shape.dims)
        return shape

    def image(self, tensor: Tensor, place: Place, channels: int | None = None) -> str:
        """The step that gives a tensor as an image, with its channels at an axis of the tensor."""
        value = self.settle(tensor, place)
        axis = channels or self.channels
        if axis not in value.images:
            if len(value.dims) != 4:
                raise place.refused(f"takes {_sizes(value)}, which is not an image")
            self._require_examples(value, place)
            key = self._moved(value.key, np.moveaxis(value.order, axis, -1)[0], place)
            value.images[axis] = key
        return value.images[axis]

    def vector(self, tensor: Tensor, place: Place) -> tuple[str, np.ndarray]:
        """The step that gives the numbers of a tensor as a vector, and which of them it takes."""
        value = self.settle(tensor, place)
        if prod(value.dims[1:]) != value.dims[-1]:
            raise place.refused(f"takes {_sizes(value)}, which is not a vector")
        self._require_examples(value, place)
        return self._flattened(value.key, place), value.example.ravel()

    def straight(self, tensor: Tensor, place: Place) -> Value:
        """The same tensor as the output of a step in the order of that."""
        value = self.settle(tensor, place)
        if len(value.dims) == 4:
            axis = self.axis_of(value)
            return self.given(self.image(value, place, axis), axis)
        key, order = self.vector(value, place)
        return self.given(self._moved(key, order, place)).reshaped(value.dims)

    def moved(
        self, place: Place, tensor: Tensor, move: Callable[[np.ndarray], np.ndarray]
    ) -> Tensor:
        """A tensor after a move of its numbers; one that takes some of them is written at once."""
        if isinstance(tensor, np.ndarray):
            return move(tensor)
        value = self.settle(tensor, place)
        found = Value(value.key, move(value.order))
        if found.order.size == value.order.size:
            return found
        try:
            return self.straight(found, place)
        except CnnspecError:
            # It may be what a layer does once other moves have followed.
            return found

    def axis_of(self, tensor: Tensor) -> int:
        """The axis that has the channels of an image: that of the tool, unless it is transposed."""
        if isinstance(tensor, Value) and len(tensor.dims) == 4:
            dims = self.shapes[tensor.key].dims
            for axis in (self.channels, 4 - self.channels):
                if not layers_for(dims, np.moveaxis(tensor.order, axis, -1)[0]) and (
                    np.moveaxis(tensor.order, axis, -1).shape[1:] == dims
                ):
                    return axis
        return self.channels

    def _moved(self, key: str, order: np.ndarray, place: Place) -> str:
        layers = layers_for(self.shapes[key].dims, order)
        if layers is None:
            raise place.refused("takes numbers in an order that no layer of a spec makes")
        for layer in layers:
            key = self.add(place, layer, (key,))
        return key

    def _flattened(self, key: str, place: Place) -> str:
        if not isinstance(self.shapes[key], Image):
            return key
        if key not in self._flat:
            self._flat[key] = self.add(place, Flatten(), (key,))
        return self._flat[key]

    def _require_examples(self, value: Value, place: Place) -> None:
        """Raises `CnnspecError` where an image of a batch takes numbers of another one."""
        size = self.shapes[value.key].size
        starts = np.arange(len(value.order)) * size
        same = len(value.order) == self.batch and (
            self.batch == 1
            or np.array_equal(
                value.order, value.order[:1] + starts.reshape(-1, *[1] * (value.order.ndim - 1))
            )
        )
        if not same:
            raise place.refused("mixes the images of a batch")

    def formula(self, place: Place, formula: Callable[..., np.ndarray], *inputs: Tensor) -> Tensor:
        """An elementwise operator: of constants at once, of others when its output is needed."""
        try:
            dims = np.broadcast_shapes(*map(dims_of, inputs))
        except ValueError:
            sizes = " and ".join(_sizes(each) for each in inputs)
            raise place.refused(f"takes {sizes}, which do not fit") from None
        place.bounded(dims)
        if all(isinstance(each, np.ndarray) for each in inputs):
            with np.errstate(all="ignore"):
                return np.asarray(formula(*inputs))
        made = Expression(place, formula, list(inputs), dims)
        if made.depth >= _DEEPEST:
            made.inputs = [
                self.settle(each, place) if isinstance(each, Expression) else each
                for each in inputs
            ]
            made.depth = 1
        return made

    def settle(self, tensor: Tensor, place: Place) -> Value:
        """The value of a tensor, its formula written as layers. Raises `CnnspecError`."""
        if isinstance(tensor, np.ndarray):
            raise place.refused("takes a constant in the place of a value")
        if isinstance(tensor, Value):
            return tensor
        if tensor.value is None:
            tensor.value = self._written(tensor)
        return tensor.value

    def _written(self, of: Expression) -> Value:
        for root in roots(of):
            if dims_of(root) != of.dims:
                continue
            points = POINTS.reshape(-1, *[1] * len(of.dims))
            found = function_of(evaluated(of, root, points))
            if found is not None:
                return self._applied(of.place, found, self.settle(root, of.place))
        return self._joined(of)

    def _applied(self, place: Place, function: Layer | Affine, value: Value) -> Value:
        """A function of every number, in whatever order they are."""
        if isinstance(function, Affine) and function.is_number(1, 0):
            return value
        size = self.shapes[value.key].size
        if value.order.size != size * self.batch or not _each_once(value.order):
            value = self.straight(value, place)
        if not isinstance(function, Affine):
            return Value(self.add(place, function, (value.key,)), value.order)
        if not np.ndim(function.factor) and not np.ndim(function.offset):
            return Value(self.add(place, None, (value.key,), affine=function), value.order)
        self._require_examples(value, place)
        given = (function.factor, function.offset)
        factor, offset = (self._in_order(each, value, place) for each in given)
        dims = self.shapes[value.key].dims
        key = value.key
        if all((each == each[..., :1, :1, :]).all() for each in (factor, offset)):
            factor, offset = factor[0, 0], offset[0, 0]
        elif len(dims) == 3:
            key = self._flattened(key, place)
            factor, offset = factor.ravel(), offset.ravel()
        affine = Affine(factor.ravel(), offset.ravel(), learned=True)
        return Value(self.add(place, None, (key,), affine=affine), value.order)

    def _in_order(self, numbers: Any, value: Value, place: Place) -> np.ndarray:
        """Numbers for the elements of a tensor in the order of its step: three axes."""
        dims = self.shapes[value.key].dims
        if np.ndim(numbers) == len(value.dims) and np.shape(numbers)[0] != 1:
            raise place.refused("has other numbers for each image of a batch")
        spread = np.broadcast_to(numbers, (1, *value.dims[1:]))
        found = np.empty(prod(dims))
        found[value.example.ravel()] = spread.ravel()
        return found.reshape(dims if len(dims) == 3 else (1, 1, -1))

    def _joined(self, of: Expression) -> Value:
        """An operator with several values as a merge."""
        join = _JOINS.get(of.formula)
        if join is None or any(isinstance(each, np.ndarray) for each in of.inputs):
            raise of.place.refused("is part of a formula that no layer of a spec computes")
        return self.join(of.place, join(), *of.inputs)

    def join(self, place: Place, layer: Merging, *tensors: Tensor) -> Value:
        """A merge of values, number by number; a product may have a gate for an image."""
        values = [self.settle(each, place) for each in tensors]
        first = max(values, key=lambda value: value.order.size)
        alike = all(
            self.shapes[each.key] == self.shapes[first.key]
            and np.array_equal(each.order, first.order)
            for each in values
        )
        if alike and _each_once(first.order):
            keys = [each.key for each in values]
            return Value(self.add(place, layer, keys), first.order)
        if len(first.dims) != 4:
            straight = [self.straight(each, place) for each in values]
            key = self.add(place, layer, [each.key for each in straight])
            return self.given(key).reshaped(first.dims)
        axis = self.axis_of(first)
        # Sizes of one image are aligned at their ends, so a vector is a pixel of channels.
        values = [
            each.reshaped((*[1] * (4 - len(each.dims)), *each.dims)) if self.batch == 1 else each
            for each in values
        ]
        keys = [
            each.key if self._is_gate(each, axis, first) else self.image(each, place, axis)
            for each in values
        ]
        return self.given(self.add(place, layer, keys), axis)

    def _is_gate(self, value: Value, axis: int, image: Value) -> bool:
        """Whether it is a vector with a number for each channel of an image."""
        dims = self.shapes[value.key].dims
        count = image.dims[axis]
        shape = tuple(count if at == axis else 1 for at in range(1, 4))
        plain = dims == (count,) and value.dims[1:] == shape
        return plain and np.array_equal(value.example.ravel(), np.arange(count))

    def concatenated(self, place: Place, axis: int, *tensors: Tensor) -> Value:
        """Values side by side: the channels of images, or the numbers of vectors."""
        values = [self.settle(each, place) for each in tensors]
        if len(values[0].dims) == 4:
            keys = [self.image(each, place, axis) for each in values]
            return self.given(self.add(place, Concat(), keys), axis)
        if axis != len(values[0].dims) - 1:
            raise place.refused(f"joins along axis {axis}")
        parts = [self.vector(each, place) for each in values]
        key = self.add(place, Concat(), [key for key, _ in parts])
        starts = np.cumsum([0, *(self.shapes[each].size for each, _ in parts)])
        order = np.concatenate(
            [rows + start for (_, rows), start in zip(parts, starts[:-1], strict=True)]
        )
        whole = self.given(key).order
        return Value(key, whole[:, order])


def _with_gates(layer: Merging, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The shapes, a vector beside an image as the pixel that it is there."""
    if not layer.gates or not any(isinstance(shape, Image) for shape in shapes):
        return shapes
    return tuple(
        Image(1, 1, shape.size) if isinstance(shape, Vector) else shape for shape in shapes
    )


def _each_once(order: np.ndarray) -> bool:
    """Whether a tensor has every number of its step once."""
    flat = order.ravel()
    if flat.size == 0 or int(flat.max()) != flat.size - 1 or int(flat.min()):
        return False
    seen = np.zeros(flat.size, bool)
    seen[flat] = True
    return bool(seen.all())


def _sizes(tensor: Tensor) -> str:
    return "x".join(map(str, dims_of(tensor))) or "a number"
