"""Where the gradients of values lie: in one place after each other, as the way back needs them.

The gradient of a value lives from the first operation on the way back that writes to it to its
own operation, which reads it. Those that are not alive together share memory, and an operation on
single values writes over the gradient that it reads.
"""

from collections.abc import Sequence

from cnnspec.core.record import Record
from cnnspec.program.arena import offsets_of
from cnnspec.program.build import Program, Step
from cnnspec.program.spans import Span, live_sizes


class Gradients(Record):
    """The places of the gradients by the numbers of their values, and what all take."""

    places: dict[int, int]
    size: int


NONE = Gradients({}, 0)
"""Where nothing is trained."""


def place_gradients(
    program: Program, wanted: Sequence[bool], first: Sequence[Sequence[bool]]
) -> Gradients:
    """Returns the places of the gradients of a program, in vectors, and what they take in all.

    `wanted` says of each value whether anything that makes it is trained, and `first` of each
    input of each step whether nothing has been written to its gradient before.
    """
    steps = program.steps
    # The loss writes the gradient of the output, or of what it is made of.
    from_loss = {program.output, *steps[program.output].inputs}
    within: dict[int, Span] = {}
    for value in sorted(from_loss):
        within[value] = Span(0, len(steps) - value, steps[value].value.shape.size)
    for index in reversed(range(len(steps))):
        time = len(steps) - index
        if not wanted[index] or index not in within:
            continue
        for source, alone in zip(steps[index].inputs, first[index], strict=True):
            if not wanted[source] or source in within:
                continue
            size, last = steps[source].value.shape.size, len(steps) - source
            own = within[index]
            if alone and own.last == time and own.size == size and _by_values(steps[index]):
                own.last = last
                within[source] = own
            else:
                within[source] = Span(time, last, size)
    ordered = sorted(dict.fromkeys(within.values()), key=lambda span: span.first)
    least = max(live_sizes(ordered, len(steps) + 1))
    offsets = dict(zip(ordered, offsets_of(ordered, least), strict=True))
    return Gradients(
        {value: offsets[span] for value, span in within.items()},
        max(offset + span.size for span, offset in offsets.items()),
    )


def _by_values(step: Step) -> bool:
    """Whether each number of the gradient of its input is made of the one at its place.

    A view has another order here, where the channels of an image come first.
    """
    return step.operation.in_place and not step.operation.view and len(step.inputs) == 1
