"""Values that are never there as a whole: what reads them has a few rows of them computed in time.

A depthwise convolution of 3x3 needs three rows of the convolution before it. So both are computed
in one pass: for each row of the second the rows of the first that it needs and that are not there
yet. No number is computed twice. This is done where the most memory would be in use, and if less
is needed then.
"""

from collections.abc import Callable, Iterable, Mapping

from cnnspec.core.shapes import Image
from cnnspec.program.build import Program
from cnnspec.program.spans import live_sizes, spans_of

ROUNDS = 8
"""How often more lines are looked for, each time where the most is in use by then."""


def chosen_lines(program: Program, stored: Callable[[int], int]) -> dict[int, int]:
    """Returns how many rows are kept of each value that is never whole, by its step."""

    def most(lines: Mapping[int, int]) -> tuple[int, list[int]]:
        spans = spans_of(program.steps, program.output, stored, lines)
        live = live_sizes(spans, len(program.steps))
        top = max(live)
        return top, [index for index, size in enumerate(live) if size == top]

    lines: dict[int, int] = {}
    possible = possible_lines(program)
    if not possible:
        return lines
    now, busy = most(lines)
    for _ in range(ROUNDS):
        made = _together(program, possible, busy)
        read = _together(
            program,
            possible,
            [_whole(program, lines, at) for index in busy for at in program.steps[index].inputs],
        )
        tries = [lines | more for more in (made, read) if more.keys() - lines.keys()]
        best = min(((*most(each), each) for each in tries), key=lambda one: one[0], default=None)
        if best is None or best[0] >= now:
            break
        now, busy, lines = best
    return lines


def possible_lines(program: Program) -> dict[int, int]:
    """Returns how many rows would be kept of each value that need not be whole."""
    steps, readers = program.steps, program.readers()
    found = {}
    for index, step in enumerate(steps):
        if len(readers[index]) != 1 or index == program.output or len(step.inputs) != 1:
            continue
        reader = steps[readers[index][0]]
        shapes = (*program.input_shapes(step), step.value.shape, reader.value.shape)
        rows = reader.operation.rows
        if (
            step.operation.rows
            and rows
            and len(reader.inputs) == 1
            and all(isinstance(shape, Image) for shape in shapes)
            and rows.first <= 0
            and rows.step <= rows.count < step.value.shape.dims[0]
        ):
            found[index] = rows.count
    return found


def _together(
    program: Program, possible: Mapping[int, int], values: Iterable[int]
) -> dict[int, int]:
    """The lines of some values, with those between that are computed value by value."""
    steps, readers = program.steps, program.readers()
    found = {}
    for value in values:
        at = value
        # A function of single values does not read windows: it is in one pass with what does.
        while at in possible and steps[readers[at][0]].operation.in_place:
            at = readers[at][0]
        while at in possible and at not in found:
            found[at] = possible[at]
            if not steps[at].operation.in_place:
                break
            (at,) = steps[at].inputs
    return found


def _whole(program: Program, lines: Mapping[int, int], value: int) -> int:
    """The value that the lines of another are made of in the end; a whole one itself."""
    while value in lines:
        (value,) = program.steps[value].inputs
    return value
