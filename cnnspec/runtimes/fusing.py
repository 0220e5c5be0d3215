"""Which steps of a program its file has no operator for, as TensorFlow's converter fuses them.

Batch norm is folded before that, as our own pass does it.
"""

from collections.abc import Mapping

from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Function, Operation
from cnnspec.program.build import Program


def endings(program: Program) -> dict[int, str]:
    """The steps that end with the ReLU behind them, and the name of that."""
    readers, found = program.readers(), {}
    for step in program.steps:
        if not isinstance(step.operation, values.Map):
            continue
        (source,) = step.inputs
        name = limit_name(step.operation.function)
        if name and _ends(program.steps[source].operation) and len(readers[source]) == 1:
            found[source] = name
    return found


def limit_name(function: Function) -> str:
    """`Relu` or `Relu6` where a function is one; else nothing."""
    if function.name != "relu" or function.slope:
        return ""
    if function.ceiling is None:
        return "Relu"
    return "Relu6" if function.ceiling == 6 else ""


def _ends(operation: Operation) -> bool:
    """Whether the operator of an operation can end with a limit."""
    if isinstance(operation, values.Join):
        return operation.function != "maximum"
    return operation.fuses and not isinstance(operation, windows.Reduce)


def idle_steps(program: Program, ending: Mapping[int, str]) -> set[int]:
    """The steps that no operator is written for: they are fused, or part of another."""
    readers, found = program.readers(), set()
    for index, step in enumerate(program.steps):
        if not step.inputs:
            continue
        before = program.steps[step.inputs[0]].operation
        match step.operation:
            case values.Map() if step.inputs[0] in ending:
                found.add(index)
            case moves.Reshape() if isinstance(before, windows.Reduce):
                # The mean keeps its sides.
                found.add(index)
            case values.Affine() | moves.Reshape() if _taken_along(program, index, readers):
                found.add(index)
            case moves.Pad() as pad if len(readers[index]) == 1:
                after = program.steps[readers[index][0]].operation
                if _pads_as_same(pad, after, program.input_shapes(step)[0].dims):
                    found.add(index)
    return found


def _taken_along(program: Program, index: int, readers: list[list[int]]) -> bool:
    """Whether what reads a step alone takes it as it comes.

    A matrix product takes batch norm before it and a single pixel, a join a vector as one.
    """
    step = program.steps[index]
    given, made = program.input_shapes(step)[0].dims, step.value.shape.dims
    if len(readers[index]) != 1:
        return False
    after = program.steps[readers[index][0]].operation
    if isinstance(after, windows.MatrixProduct):
        return len(given) == 1 or given[:2] == (1, 1)
    return isinstance(after, values.Join) and len(given) == 1 and made[:2] == (1, 1)


def _pads_as_same(pad: moves.Pad, after: Operation, dims: tuple[int, ...]) -> bool:
    """Whether a pad and the convolution behind it are one with `same` padding."""
    if not isinstance(after, windows.Convolution) or after.padding != ((0, 0), (0, 0)):
        return False
    sides = zip(dims[:2], after.spans, after.stride, strict=True)
    return pad.amounts == tuple(windows.same_padding(*side) for side in sides)
