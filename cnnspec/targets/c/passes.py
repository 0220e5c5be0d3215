"""Rewrites of a program for training: the same function and gradients for less work."""

from collections.abc import Sequence

from cnnspec.graph.graph import Graph
from cnnspec.operations.base import IDENTITY, Operation
from cnnspec.operations.values import BatchNormalization, Map
from cnnspec.operations.windows import Convolution, MatrixProduct
from cnnspec.program.build import Program, Step, build_program
from cnnspec.program.pooling import fuse_pool, relu_after_pool
from cnnspec.program.rewrite import without
from cnnspec.targets.c.kernels.relu import fuses


def training_program(graph: Graph) -> Program:
    """Returns the program of a graph that is trained: what only training needs is in it."""
    return fuse_relu(_fuse_small(relu_after_pool(drop_linear(build_program(graph)))))


def with_limits(program: Program) -> Program:
    """Returns a program with the same rewrites in the order in which they are done for int8.

    ReLU is first put into what it limits, so that both have the same values between steps.
    """
    return _fuse_small(relu_after_pool(fuse_relu(drop_linear(program))))


def _fuse_small(program: Program) -> Program:
    return fuse_pool(program, MOST_PLACES)


def augmented(program: Program, operations: Sequence[Operation]) -> Program:
    """Puts operations on the images in front of everything else."""
    more = len(operations)
    image, *steps = program.steps
    before = [
        Step(operation, (number,), image.value, ("augment",))
        for number, operation in enumerate(operations)
    ]
    after = [step.replace(inputs=tuple(source + more for source in step.inputs)) for step in steps]
    return program.replace(steps=(image, *before, *after), output=program.output + more)


def drop_linear(program: Program) -> Program:
    """Leaves out functions that give back what they take."""
    idle = {
        index
        for index, step in enumerate(program.steps)
        if isinstance(step.operation, Map) and step.operation.function == IDENTITY
    }
    return without(program, idle)


MOST_PLACES = 9
"""Places of a window whose sums fit into registers, with two filters at least."""


def fuse_relu(program: Program) -> Program:
    """Puts ReLU into the operation before it: its slope is told by what it gave."""
    readers = program.readers()
    steps = list(program.steps)
    fused = set()
    for index, step in enumerate(program.steps):
        if not (isinstance(step.operation, Map) and fuses(step.operation.function)):
            continue
        (source,) = step.inputs
        before = steps[source].operation
        if (
            isinstance(before, Convolution | MatrixProduct | BatchNormalization)
            and before.then is None
            and len(readers[source]) == 1
        ):
            operation = before.replace(then=step.operation.function)
            layers = tuple(dict.fromkeys((*steps[source].layers, *step.layers)))
            steps[source] = steps[source].replace(operation=operation, layers=layers)
            fused.add(index)
    return without(program.replace(steps=tuple(steps)), fused)
