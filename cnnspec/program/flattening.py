"""Images that are flattened for a matrix product alone, so that channels may come first.

A program flattens rows, columns, channels. A target whose images are (channels, rows, columns)
would have to transpose them before; instead it can exchange rows of the kernel, once.
"""

from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Vector
from cnnspec.operations.moves import Reshape
from cnnspec.operations.values import Dropout, Map, Noise
from cnnspec.operations.windows import MatrixProduct
from cnnspec.program.build import Program

_EACH_ALONE = (Map, Dropout, Noise)
"""Operations to which the order of values makes no difference."""


class Flattening(Record):
    """Where values are flattened channels first, and the products that take account of it."""

    steps: frozenset[int] = frozenset()
    """The reshapes, by their indices."""
    products: dict[int, tuple[int, ...]] = {}  # noqa: RUF012 - a record never changes its defaults
    """The sizes of the image that each product takes as a vector, by the index of the product."""


def channels_first_flattening(program: Program) -> Flattening:
    """Returns every image that can be flattened with its channels first.

    Each value made of it goes to a matrix product, whose kernel no other step reads, perhaps
    through functions of single values.
    """
    steps: set[int] = set()
    products: dict[int, tuple[int, ...]] = {}
    readers = program.readers()
    for index, step in enumerate(program.steps):
        if not isinstance(step.operation, Reshape) or not isinstance(step.value.shape, Vector):
            continue
        image = program.steps[step.inputs[0]].value.shape
        found = _products(program, readers, index) if isinstance(image, Image) else None
        if found:
            steps.add(index)
            products |= dict.fromkeys(found, image.dims)
    return Flattening(frozenset(steps), products)


def _products(program: Program, readers: list[list[int]], index: int) -> list[int] | None:
    """The products that a vector ends in; `None` where its order matters elsewhere."""
    if index == program.output:
        return None
    found: list[int] = []
    for reader in readers[index]:
        operation = program.steps[reader].operation
        if isinstance(operation, MatrixProduct):
            uses = sum(operation.kernel in each.operation.operands for each in program.steps)
            further = [reader] if uses == 1 else None
        else:
            alone = isinstance(operation, _EACH_ALONE)
            further = _products(program, readers, reader) if alone else None
        if further is None:
            return None
        found += further
    return found


def rows_channels_first(kernel: Any, dims: tuple[int, ...]) -> Any:
    """A kernel (inputs, units) for the image of these sizes as (channels, rows, columns)."""
    height, width, channels = dims
    apart = kernel.reshape(height, width, channels, -1)
    return apart.transpose(2, 0, 1, 3).reshape(kernel.shape)
