"""Ranges of values to scales: how int8 stands for every value of a program.

`number = factor * (integer - zero_point)`, and zero is always an integer exactly, so that
padding adds nothing. Values that an operation only moves or compares have one scale.
"""

from collections.abc import Sequence

from cnnspec.operations.moves import Crop, Pad, Reshape, Resize, Shuffle, Slice
from cnnspec.operations.values import Concatenate, Softmax
from cnnspec.operations.windows import Pool, Reduce
from cnnspec.program.build import Program, Scale, Step

PIXELS = Scale(1 / 255, -128)
"""Of the image: the integer is the pixel minus 128."""
SHARES = Scale(1 / 256, -128)
"""Of a softmax."""

MOVING = (Crop, Pad, Reshape, Resize, Shuffle, Slice, Pool)
"""What gives its input's scale to its output."""


def keeps_scale(step: Step) -> bool:
    """Whether the output of a step has the scale of its only input."""
    operation = step.operation
    if isinstance(operation, Reduce):
        return operation.function == "max"
    return isinstance(operation, MOVING)


def scale_of(low: float, high: float) -> Scale:
    """Returns the scale for numbers from `low` to `high`, which is stretched to hold zero."""
    low, high = min(low, 0.0), max(high, 0.0)
    factor = (high - low) / 255 or 1.0
    return Scale(factor, max(-128, min(127, round(-128 - low / factor))))


def scales_of(program: Program, ranges: Sequence[tuple[float, float]]) -> list[Scale]:
    """Returns a scale for the value of each step, whose numbers lie in its range.

    The inputs of a concatenation take the scale of its output, so that joining them is
    copying. The image and a softmax have a scale of their own, whatever reads them.
    """
    steps = program.steps
    fixed: dict[int, Scale] = {0: PIXELS}
    group = list(range(len(steps)))

    def head(index: int) -> int:
        while group[index] != index:
            index = group[index]
        return index

    for index, step in enumerate(steps):
        if isinstance(step.operation, Softmax):
            fixed[index] = SHARES
        elif keeps_scale(step):
            group[index] = head(step.inputs[0])
        elif isinstance(step.operation, Concatenate):
            for source in step.inputs:
                if head(source) not in fixed:
                    group[head(source)] = index
    found = []
    bounds: dict[int, tuple[float, float]] = {}
    for index, (low, high) in enumerate(ranges):
        least, most = bounds.get(head(index), (low, high))
        bounds[head(index)] = min(least, low), max(most, high)
    for index in range(len(steps)):
        first = head(index)
        found.append(fixed[first] if first in fixed else scale_of(*bounds[first]))
    return found
