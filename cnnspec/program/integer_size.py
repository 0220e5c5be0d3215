"""What the constants of a program take in int8, in bytes, to the byte and before any training.

Known from shapes alone, because no table's size depends on what a training finds: the C of
`cnnspec export --dtype int8` declares these and no others. Code comes on top.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from cnnspec.core.shapes import Shape
from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Operation
from cnnspec.operations.moves import REACH
from cnnspec.program.build import Program

WORD = 4
"""Of a bias, a factor and an addend."""
LOOKUP = 256
"""A function as a table: a byte for each of its inputs."""
EXPONENTIALS = 512
"""Those of a softmax, two bytes each."""


def constants_by_step(program: Program) -> list[int]:
    """Returns the bytes of each step's constants; weights that are shared count once.

    `program` is one of `integer_program`.
    """
    known: set[str] = set()
    found = []
    for step in program.steps:
        size = 0
        operation = step.operation
        count = _COUNTS.get(type(operation))
        if count is not None:
            size = count(operation, step.value.shape, program.input_shapes(step)[0])
        weights = operation.weights(program.input_shapes(step)[0]) if operation.roles else {}
        key = getattr(operation, "kernel", "") or getattr(operation, "alpha", "")
        if key and key not in known:
            known.add(key)
            size += prod(weights[key])
        found.append(size)
    return found


def _filters(operation: Any, output: Shape, given: Shape) -> int:
    """A bias and a factor for each filter; the kernel is counted where it is read first."""
    return 2 * WORD * output.dims[-1]


def _channels(operation: Any, output: Shape, given: Shape) -> int:
    """A factor and an addend for each channel."""
    return 2 * WORD * output.dims[-1]


def _shares(operation: moves.Resize, output: Shape, given: Shape) -> int:
    """For each row and column of the output the places beside it, and their shares."""
    found = 0
    for before, after in zip(given.dims[:2], operation.size, strict=True):
        beside = min(before, REACH[operation.interpolation])
        found += 2 * after * beside * (1 if operation.interpolation == "nearest" else 2)
    return found


_COUNTS: dict[type[Operation], Callable[[Any, Shape, Shape], int]] = {
    windows.Convolution: _filters,
    windows.PooledConvolution: _filters,
    windows.TransposedConvolution: _filters,
    windows.MatrixProduct: _filters,
    values.Affine: _channels,
    values.GroupNormalization: _channels,
    values.Map: lambda operation, output, given: LOOKUP,
    values.Softmax: lambda operation, output, given: EXPONENTIALS,
    moves.Resize: _shares,
}
