"""How much memory is in use while steps are computed, whatever their order.

What is kept after some steps depends on which these are, not on their order: a value is kept while
a step that reads it is still to come. So is what a step needs beside it: its output, and less than
that where it may lie in an input that nothing else is going to read, or run into it.
"""

from collections.abc import Callable, Container, Sequence
from functools import cached_property

from cnnspec.core.shapes import Image
from cnnspec.operations.base import Rows
from cnnspec.program.build import Program, Step
from cnnspec.program.overlap import composed, distances, left_over

DEPTH = 8
"""How many windows may follow each other in one pass."""


class Group:
    """Steps computed in one pass over rows, mostly one alone; only the value of the last is whole.

    `bits` are its steps as bits of a number, and `needs` those that have to be done before.
    `size` is what it takes while it is computed, and `kept` what it leaves. `inputs` are the
    buffers that it reads: the value each is known by, its size, and what is saved if no step
    reads it later.
    """

    __slots__ = ("bits", "inputs", "kept", "needs", "size", "steps")

    def __init__(self, steps: tuple[int, ...], sources: Sequence[int], size: int, kept: int):
        self.steps = steps
        self.bits = sum(1 << step for step in steps)
        self.needs = sum(1 << source for source in set(sources))
        self.size = size
        self.kept = kept
        self.inputs: tuple[tuple[int, int, int], ...] = ()


class Usage:
    """The buffers of a program, each known by the first value in it, and what steps need."""

    def __init__(self, program: Program, stored: Callable[[int], int]) -> None:
        """Takes a program; `stored` gives the size of so many numbers."""
        self._steps = program.steps
        self._stored = stored
        self.lines = possible_lines(program)
        self._alone: list[Group | None] = [None] * len(program.steps)
        self._groups: list[list[Group] | None] = [None] * len(program.steps)
        # Steps that need as much as each other have the same number; most layers are repeated.
        numbers: dict[object, int] = {}
        self._kinds = [numbers.setdefault(_kind(s), len(numbers)) for s in program.steps]
        self._known: dict[tuple[int, ...], tuple[int, int]] = {}
        # A view has the buffer of what it shows.
        self._buffer: list[int] = []
        for index, step in enumerate(program.steps):
            shown = step.operation.view
            self._buffer.append(self._buffer[step.inputs[0]] if shown else index)
        self._readers = [0] * len(program.steps)
        for index, step in enumerate(program.steps):
            for source in step.inputs:
                self._readers[self._buffer[source]] |= 1 << index
        # The output is read when all is done.
        self._readers[self._buffer[program.output]] |= 1 << len(program.steps)

    def after(self, done: int, live: int, group: Group) -> tuple[int, int, int]:
        """Computes a group where `done` are the steps before it and `live` is kept of them.

        Returns what is done then, what is in use meanwhile and what is kept.
        """
        done |= group.bits
        saved = freed = 0
        for buffer, size, less in group.inputs:
            if not self._readers[buffer] & ~done:
                freed += size
                saved = max(saved, less)
        return done, live + group.size - saved, live + group.kept - freed

    @cached_property
    def kept(self) -> list[int]:
        """What is kept before each step, and in the end, where steps are computed as they come."""
        found = [0]
        for index in range(len(self._steps)):
            found.append(self.after((1 << index) - 1, found[-1], self.alone(index))[2])
        return found

    def by_values(self, index: int) -> bool:
        """Whether a step computes single values of its input, and so reads no windows."""
        return self._steps[index].operation.in_place

    def alone(self, index: int) -> Group:
        """A step computed alone."""
        found = self._alone[index]
        if found is None:
            found = self._alone[index] = self._group([index])
        return found

    def groups(self, index: int) -> list[Group]:
        """The ways to compute a step: alone, then with more and more lines before it."""
        found = self._groups[index]
        if found is None:
            chain = [index]
            found = self._groups[index] = [self.alone(index)]
            while len(found) <= DEPTH and (before := self._window(chain[0], index)):
                chain = [*before, *chain]
                found.append(self._group(chain))
        return found

    def _window(self, step: int, last: int) -> list[int]:
        """What may be lines where a step reads it: a value, and the functions applied to it."""
        steps, found = self._steps, list[int]()
        # A function of single values reads no windows: it is in one pass with what does.
        if self.by_values(last) or len(steps[step].inputs) != 1:
            return found
        (at,) = steps[step].inputs
        while at in self.lines:
            found.insert(0, at)
            if not self.by_values(at):
                break
            (at,) = steps[at].inputs
        return found

    def _group(self, chain: Sequence[int]) -> Group:
        """The steps of a chain in one pass."""
        first, last = self._steps[chain[0]], self._steps[chain[-1]]
        if last.operation.view:
            return Group(tuple(chain), first.inputs, 0, 0)
        own = self._stored(last.value.shape.size)
        between, saved = 0, dict[int, int]()
        for source in first.inputs:
            buffer = self._buffer[source]
            between, less = self._taken(chain, source)
            if last.operation.in_place and self._size(buffer) == own:
                less = own
            saved[buffer] = max(saved.get(buffer, 0), less)
        group = Group(tuple(chain), first.inputs, own + between, own)
        group.inputs = tuple((buffer, self._size(buffer), less) for buffer, less in saved.items())
        return group

    def _taken(self, chain: Sequence[int], source: int) -> tuple[int, int]:
        """What the lines of a chain take, and what is saved where its end runs into a source."""
        kinds = (self._kinds[source], *(self._kinds[at] for at in chain))
        if kinds not in self._known:
            steps, lines, last = self._steps, chain[:-1], self._steps[chain[-1]]
            between = sum(line_size(steps[at], self.lines[at], self._stored) for at in lines)
            rows, _ = rows_needed(steps, last, lines[-1] if lines else source, lines)
            both = sum(self._stored(step.value.shape.size) for step in (steps[source], last))
            less = both - together(rows, steps[source], last, self._stored) if rows else 0
            self._known[kinds] = between, less
        return self._known[kinds]

    def _size(self, buffer: int) -> int:
        return self._stored(self._steps[buffer].value.shape.size)


def _kind(step: Step) -> object:
    """What says how much a step needs: the rows that it reads, and what it makes."""
    return step.operation.rows, step.value.shape


def line_size(step: Step, rows: int, stored: Callable[[int], int]) -> int:
    """Returns the size of so many rows of a value."""
    shape = step.value.shape
    return stored(shape.size // shape.dims[0] * rows)


def rows_needed(
    steps: Sequence[Step], step: Step, source: int, lines: Container[int]
) -> tuple[Rows | None, int]:
    """Returns which rows of a whole value a step needs for a row, and the index of that value.

    It is an input of the step, or what the lines of the input are made of in the end. Of what is
    computed in the same pass, what it still has to read then matters.
    """
    rows = step.operation.rows
    while source in lines:
        inner = steps[source].operation.rows
        (source,) = steps[source].inputs
        rows = rows and inner and (composed if source in lines else left_over)(rows, inner)
    return rows, source


def together(rows: Rows, source: Step, made: Step, stored: Callable[[int], int]) -> int:
    """Returns the least that a value and the one that runs into it span, by the rows needed."""
    sizes = [stored(step.value.shape.size) for step in (source, made)]
    apart = distances(rows, source.value.shape, made.value.shape)
    if apart is None:
        return sum(sizes)
    below, above = map(stored, apart)
    return min(sum(sizes), max(sizes[0] + below, sizes[1] + above))


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
