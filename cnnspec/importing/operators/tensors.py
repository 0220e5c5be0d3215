"""What a tensor of another tool's graph is while it is read.

A constant is an array. A `Value` is a value of the network with its numbers in any order: reshapes,
transpositions, slices and the like only change that order, and nothing is written for them until a
layer takes the result. An `Expression` is an elementwise formula, of which is found later what it
computes as a whole.
"""

from collections.abc import Callable
from math import prod

import numpy as np

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport

MAX_VALUES = 2**24
"""Numbers of one tensor without its batch, at most: an image of 512x512 in 64 channels."""
REMEDY = "replace it, then export the model again"


class Place(Record):
    """An operator of the file, by which errors name it."""

    name: str
    kind: str

    def refused(self, what: str, remedy: str = REMEDY) -> CnnspecError:
        """The error of something that a spec cannot say."""
        cause = f"operator `{self.name}` ({self.kind}) {what}"
        return CnnspecError(CannotImport(None, cause, remedy))

    def bounded(self, dims: tuple[int, ...]) -> None:
        """Raises `CnnspecError` where a tensor is too large to be looked at."""
        if prod(dims) > MAX_VALUES or min(dims, default=0) < 0:
            sizes = "x".join(map(str, dims))
            raise self.refused(f"gives {sizes} numbers, more than {MAX_VALUES:,}")


class Value:
    """A value of the network as a tensor: element i of it is number `order[i]` of the step `key`.

    The first axis is that of the batch; numbers of a step are counted by images, rows, columns,
    channels.
    """

    def __init__(self, key: str, order: np.ndarray) -> None:
        self.key = key
        self.order = order
        self.images: dict[int, str] = {}
        """The steps that give it as an image, by the axis of its channels."""

    @property
    def dims(self) -> tuple[int, ...]:
        """The sizes of the tensor, with that of the batch."""
        return self.order.shape

    def reshaped(self, dims: tuple[int, ...]) -> "Value":
        """The same numbers in other sizes."""
        return Value(self.key, self.order.reshape(dims))

    @property
    def example(self) -> np.ndarray:
        """The order of the first image: the others are like it."""
        found: np.ndarray = self.order[0]
        return found


class Expression:
    """A formula of tensors, number by number."""

    def __init__(
        self,
        place: Place,
        formula: Callable[..., np.ndarray],
        inputs: "list[Tensor]",
        dims: tuple[int, ...],
    ) -> None:
        self.place = place
        self.formula = formula
        self.inputs = inputs
        self.dims = dims
        self.depth: int = 1 + max((i.depth for i in inputs if isinstance(i, Expression)), default=0)
        self.value: Value | None = None
        """The same as a value, once that is written."""


Tensor = np.ndarray | Value | Expression


def dims_of(tensor: Tensor) -> tuple[int, ...]:
    """The sizes of a tensor."""
    return tensor.shape if isinstance(tensor, np.ndarray) else tensor.dims
