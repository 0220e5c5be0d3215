"""Gradients that are alive together never share memory, whatever the network."""

from itertools import pairwise

import pytest

from cnnspec.program.build import Program
from cnnspec.targets.c.layout import Layout, lay_out
from cnnspec.targets.c.native import laid_out
from tests.program.networks import drawn
from tests.targets.c.support import checked


def ranges(layout: Layout, values: set[int]) -> list[tuple[int, int, int]]:
    """(first vector, last but one, value) of gradients, in the order of their places."""
    steps = layout.steps
    found = ((steps[n].gradient, steps[n].step.value.shape.size, n) for n in values)
    return sorted((at, at + size, n) for at, size, n in found)


def of_loss(program: Program) -> set[int]:
    """What the loss writes: the gradient of the output or of what it is made of."""
    return {program.output, *program.steps[program.output].inputs}


@pytest.mark.parametrize("seed", range(60))
def test_gradients_between_their_first_writer_and_their_own_step_are_apart(seed: int) -> None:
    layout = laid_out(drawn(seed))
    program = layout.program
    alive = of_loss(program)
    for index in reversed(range(len(program.steps))):
        written = {s for s in program.steps[index].inputs if layout.steps[s].gradient >= 0}
        if index not in alive:
            assert layout.steps[index].gradient < 0
            continue
        # While the step reads its own gradient it may write only over that, value by value.
        (own_begin, own_end, _), operation = ranges(layout, {index})[0], program.steps[index]
        for begin, end, _ in ranges(layout, written - alive):
            apart = end <= own_begin or own_end <= begin
            same = (begin, end) == (own_begin, own_end) and operation.operation.in_place
            assert apart or same
        alive = (alive | written) - {index}
        placed = ranges(layout, alive)
        assert all(a[1] <= b[0] for a, b in pairwise(placed))


def test_a_chain_holds_the_gradients_of_two_neighbours() -> None:
    spec = checked(
        "data mnist; conv 4x3 no_bias; bn; relu; conv 8x3 no_bias; bn; relu; gap; dense 10 softmax"
    )
    # 26x26x4 and 24x24x8 are the largest neighbours; norms and ReLU write over what they read.
    layout = laid_out(spec)
    forward = lay_out(layout.program, 128, trains=False)
    assert layout.stride - forward.stride == 26 * 26 * 4 + 24 * 24 * 8
