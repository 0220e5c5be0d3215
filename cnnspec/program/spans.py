"""Which values share a buffer, how long each buffer is in use, and what it may run into.

Batch norm, functions and joins work in place where nothing else reads their input. What is computed
row by row, as a convolution, needs fewer and fewer rows of its input. So its output may begin below
its input and grow into the rows that are done with, or end above it if it is computed from the last
row on. How far apart the two have to be follows from the rows that each row needs (`overlap.py`).
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from types import MappingProxyType

from cnnspec.program.build import Step
from cnnspec.program.usage import line_size, rows_needed, together


class Span:
    """The values in one buffer, by their indices, and the steps of its first and last use."""

    __slots__ = ("first", "last", "size", "source", "together", "values")

    def __init__(self, first: int, last: int, size: int) -> None:
        self.first = first
        self.last = last
        self.size = size
        self.values = [first]
        self.source: Span | None = None
        """The buffer that it may run into: an input that its first step is the last to read."""
        self.together = 0
        """The least that it and its source span, from the lower beginning to the higher end."""

    @property
    def saved(self) -> int:
        """What it and its source need less than two buffers apart."""
        return self.size + self.source.size - self.together if self.source else 0


def spans_of(
    steps: Sequence[Step],
    output: int,
    stored: Callable[[int], int],
    lines: Mapping[int, int] = MappingProxyType({}),
) -> list[Span]:
    """Returns the buffers of a program, not yet placed, in the order of their first use.

    A step uses the buffer of an input where it may overwrite it, because nothing reads it any more
    and the size is equal, or where it only views it in another shape. `stored` gives the size of so
    many numbers, and `lines` how many rows are kept of values that are never whole: these are
    computed while the step that reads them is.
    """
    when, last = _times(steps, output, lines)
    spans: list[Span] = []
    within: list[Span] = []
    for index, step in enumerate(steps):
        operation, shape = step.operation, step.value.shape
        found = None
        if index in lines:
            size = line_size(step, lines[index], stored)
            found = Span(when[index], when[index], size)
            found.values = [index]
            spans.append(found)
        elif operation.in_place:
            size = stored(shape.size)
            for source in step.inputs:
                span = within[source]
                if span.size == size and (operation.view or span.last == index):
                    found = span
                    found.values.append(index)
                    found.last = max(found.last, last[index])
                    break
        if found is None:
            found = Span(index, last[index], stored(shape.size))
            if operation.rows:
                _run_into(found, step, steps, within, stored, lines)
            spans.append(found)
        within.append(found)
    spans.sort(key=lambda span: span.first)
    return spans


def _times(
    steps: Sequence[Step], output: int, lines: Mapping[int, int]
) -> tuple[list[int], list[int]]:
    """The step while which each value is computed, and the last one that reads it."""
    when = list(range(len(steps)))
    last = list(when)
    for index in range(len(steps) - 1, -1, -1):
        for source in steps[index].inputs:
            if source in lines:
                when[source] = when[index]
            last[source] = max(last[source], when[index])
    last[output] = len(steps) - 1
    return when, last


def _run_into(
    made: Span,
    step: Step,
    steps: Sequence[Step],
    within: Sequence[Span],
    stored: Callable[[int], int],
    lines: Container[int],
) -> None:
    """Lets a buffer run into the input of its step with which that saves most."""
    for value in step.inputs:
        rows, whole = rows_needed(steps, step, value, lines)
        source = within[whole]
        if rows is None or source.last != made.first:
            continue
        least = together(rows, steps[whole], step, stored)
        if source.size + made.size - least > made.saved:
            made.source, made.together = source, least


def live_sizes(spans: Iterable[Span], steps: int) -> list[int]:
    """Returns what the buffers in use need at least, for each step."""
    change = [0] * (steps + 1)
    for span in spans:
        change[span.first] += span.size - span.saved
        change[span.first + 1] += span.saved
        change[span.last + 1] -= span.size
    live, now = [], 0
    for more in change[:-1]:
        now += more
        live.append(now)
    return live
