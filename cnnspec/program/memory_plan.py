"""Program to memory plan: where every value is, by name, and how large the arena is.

The peak is what generated code declares, what `budget ram` limits and what `check` prints.
"""

from typing import Any

from cnnspec.core.record import Record
from cnnspec.ir.claims import BYTES
from cnnspec.program.arena import offsets_of
from cnnspec.program.build import Program
from cnnspec.program.lines import chosen_lines
from cnnspec.program.spans import live_sizes, spans_of


class Buffer(Record):
    """Bytes `offset` to `offset + size` of the arena, in use from one step to another.

    Both steps are included. `values` are the steps whose values are in it, one after another or as
    views of one.
    """

    offset: int
    size: int
    first: int
    last: int
    values: tuple[int, ...]

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.offset + self.size

    def alive(self, step: int) -> bool:
        """Whether it is in use at a step."""
        return self.first <= step <= self.last


class MemoryPlan(Record):
    """The buffers of a program in the order of their first use, and the arena they need.

    `live` is what the buffers in use need at each step and `peak` the size of the arena,
    both in bytes; no plan has a peak below the largest of `live`. `backwards` are the steps
    that compute their last row first, because their output lies above the input that it
    runs into. `lines` has the values that are never whole, and how many rows of each are
    kept: the step that reads them computes them.
    """

    program: Program
    dtype: str
    alignment: int
    buffers: tuple[Buffer, ...]
    live: tuple[int, ...]
    peak: int
    backwards: frozenset[int]
    lines: dict[int, int]

    @property
    def places(self) -> tuple[int, ...]:
        """For each step the index of the buffer with its value."""
        found = [0] * len(self.program.steps)
        for index, buffer in enumerate(self.buffers):
            for value in buffer.values:
                found[value] = index
        return tuple(found)

    @property
    def busiest(self) -> int:
        """The first step at which most bytes are in use."""
        return self.live.index(max(self.live))

    def dump(self) -> dict[str, Any]:
        """The plan as JSON; buffers and steps are known by their indices."""
        steps = zip(self.program.steps, self.places, self.live, strict=True)
        return {
            "dtype": self.dtype,
            "alignment": self.alignment,
            "peak": self.peak,
            "busiest": self.busiest,
            "buffers": [
                {name: getattr(buffer, name) for name in ("offset", "size", "first", "last")}
                for buffer in self.buffers
            ],
            "steps": [
                {
                    "layers": list(step.layers),
                    "operation": str(step.operation),
                    "inputs": list(step.inputs),
                    "output": list(step.value.shape.dims),
                    "buffer": place,
                    "live": live,
                    "backwards": index in self.backwards,
                    "lines": self.lines.get(index),
                }
                for index, (step, place, live) in enumerate(steps)
            ],
        }


def memory_plan(program: Program, dtype: str = "float32", alignment: int = 1) -> MemoryPlan:
    """Returns where every value of a program is placed, each number stored as `dtype`.

    Sizes are rounded up to a multiple of `alignment` bytes, so offsets are multiples too.
    """
    each = BYTES[dtype]

    def stored(numbers: int) -> int:
        return -(-numbers * each // alignment) * alignment

    def plan(lines: dict[int, int]) -> MemoryPlan:
        spans = spans_of(program.steps, program.output, stored, lines)
        live = live_sizes(spans, len(program.steps))
        offsets = offsets_of(spans, max(live))
        begin = dict(zip(spans, offsets, strict=True))
        buffers = tuple(
            Buffer(offset, span.size, span.first, span.last, tuple(span.values))
            for span, offset in begin.items()
        )
        backwards = {s.first for s in spans if s.source and begin[s.source] < begin[s]}
        backwards |= {s.values[0] for s in spans if s.values[0] in lines and s.first in backwards}
        peak = max(buffer.end for buffer in buffers)
        return MemoryPlan(
            program, dtype, alignment, buffers, tuple(live), peak, frozenset(backwards), lines
        )

    best = plan(chosen_lines(program, stored))
    # Lines are chosen where less is in use with them: only gaps can make it more.
    if best.lines and best.peak > max(best.live):
        best = min(plan({}), best, key=lambda each: each.peak)
    return best
