"""What is said of a memory plan: where each value lies and what is in use. Prints nothing."""

from cnnspec.core.table import Cell, Table
from cnnspec.core.terminal import Line
from cnnspec.ir.claims import BYTES
from cnnspec.program.memory_plan import MemoryPlan

SHOWN = 6
"""Buffers in use that are listed; of more there is the number."""


def memory_lines(plan: MemoryPlan) -> list[Line]:
    """Returns a headline and the table of a plan."""
    return [_headline(plan), [], *memory_table(plan).lines()]


def memory_table(plan: MemoryPlan) -> Table:
    """Returns a row for each step: its buffer, and what is in use while it works.

    The rows with most bytes in use are marked. A step that works in place has the buffer
    of its input. One that is computed some rows at a time has one while the next step works.
    """
    most = max(plan.live)
    rows = []
    for index, (step, place) in enumerate(zip(plan.program.steps, plan.places, strict=True)):
        buffer, live = plan.buffers[place], plan.live[index]
        kept = plan.lines.get(index)
        operation = f"{step.operation}{f', {kept} rows at a time' if kept else ''}"
        names = (step.name, operation, str(step.value.shape), _in_use(plan, index))
        numbers = (str(place), f"{buffer.offset:,}", f"{buffer.size:,}", f"{live:,}")
        mark = "<- peak" if live == most else ""
        style = "strong" if mark else ""
        rows.append(tuple(Cell(text, style) for text in (*names, *numbers, mark)))
    header = ("layer", "operation", "output", "in use", "buffer", "offset", "size", "bytes in use")
    return Table((*header, ""), tuple(rows), "llllrrrrl")


def _headline(plan: MemoryPlan) -> Line:
    each = BYTES[plan.dtype]
    facts = f"{plan.peak:,} bytes at {each} byte{'s' if each > 1 else ''} a value ({plan.dtype})"
    lost = plan.peak - max(plan.live)
    gap = f", {lost:,} of them in gaps" if lost else ""
    count = len(plan.buffers)
    return [
        ("memory", "strong"),
        (f"  {facts}, {count} buffer{'s' if count > 1 else ''} in one arena{gap}", ""),
    ]


def _in_use(plan: MemoryPlan, step: int) -> str:
    """The buffers in use at a step, by their numbers."""
    numbers = [str(n) for n, buffer in enumerate(plan.buffers) if buffer.alive(step)]
    return " ".join(numbers) if len(numbers) <= SHOWN else f"{len(numbers)} buffers"
