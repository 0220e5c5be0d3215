"""A pass that orders the steps of parallel branches so that the memory plan needs least.

Which branch is computed first, and where one waits for another, decides what is kept meanwhile. The
search is that of Liberis and Lane, "Neural networks on microcontrollers: saving memory at inference
via operator reordering" (2019), a dynamic programme over sets of steps that are done, with what is
known here besides: outputs that lie in inputs or run into them, and steps in one pass over rows.

Where all branches meet, the past does not matter, so each part between two such steps is searched
alone, and only those in which most is in use. What is equal is searched once.
"""

from collections.abc import Iterable

from cnnspec.core.record import Record
from cnnspec.program.build import Program
from cnnspec.program.lines import in_order
from cnnspec.program.memory_plan import memory_plan
from cnnspec.program.usage import Group, Usage

WIDTH = 500
"""How many sets of as many steps are kept: with no more of them the order found is the best."""
WORK = 400_000
"""Sets times groups that are looked at in all; beyond it fewer sets are kept."""


class Part(Record):
    """Steps `begin` to before `end`: branches and what joins them, in more than one order.

    `peak` is what is in use at once in the order of the text, `least` what no order is below.
    """

    begin: int
    end: int
    peak: int
    least: int


def order_for_memory(program: Program) -> Program:
    """Returns the program in an order whose memory plan has the smallest peak that was found.

    It is the order of the text where no other needs less. Branches that need less than others stay
    as they are in the text.
    """
    spans = _parts(program)
    if not spans:
        return program
    usage = Usage(program, lambda numbers: numbers)
    parts = [_part(usage, begin, end) for begin, end in spans]
    floor = _between(usage, parts, len(program.steps))
    now = _peak(program)
    if now <= max(floor, *(part.least for part in parts)):
        return program
    order, used = _order(program, usage, parts, floor)
    if now <= used:
        return program
    made = reordered(program, order)
    return made if _peak(made) < now else program


def _order(program: Program, usage: Usage, parts: list[Part], floor: int) -> tuple[list[int], int]:
    """The order that was found, and what is in use in it at once, at least `floor`."""
    order = list(range(len(program.steps)))
    shapes = {part: _shape(usage, part) for part in parts}
    share = WORK // len(set(shapes.values()))
    known: dict[object, tuple[int, list[int]]] = {}
    for part in sorted(parts, key=lambda each: -each.peak):
        if part.peak < floor:
            break
        shape = shapes[part]
        if shape not in known:
            known[shape] = _searched(usage, part, floor, share)
        peak, found = known[shape]
        order[part.begin : part.end] = [part.begin + place for place in found]
        floor = max(floor, peak)
    return order, floor


def _peak(program: Program) -> int:
    """The arena of a program in numbers, where every buffer has its place."""
    return memory_plan(program, "int8").peak


def reordered(program: Program, order: list[int]) -> Program:
    """Returns a program with its steps in another order, given by their indices."""
    if order == sorted(order):
        return program
    place = {step: at for at, step in enumerate(order)}
    steps = [program.steps[at] for at in order]
    moved = (step.replace(inputs=tuple(place[at] for at in step.inputs)) for step in steps)
    return program.replace(steps=tuple(moved), output=place[program.output])


def _parts(program: Program) -> list[tuple[int, int]]:
    """Where steps could come in another order: after a step up to the next that all lead to."""
    found, far, before = [], 0, 0
    readers = program.readers()
    for index, step in enumerate(program.steps):
        if far <= index:
            inner = range(before + 2, index)
            # In a chain each step reads the one before it.
            if any(at - 1 not in program.steps[at].inputs for at in inner) and step.inputs:
                found.append((before + 1, index + 1))
            before = index
        far = max(far, *readers[index], index)
    return found


def _part(usage: Usage, begin: int, end: int) -> Part:
    """What a part needs in the order of the text, and at least."""
    need: dict[int, int] = {}
    for group in _groups(usage, begin, end):
        inputs = sum(size for _, size, _ in group.inputs)
        saved = max((less for _, _, less in group.inputs), default=0)
        for step in group.steps:
            used = inputs + group.size - saved
            need[step] = min(need.get(step, used), used)
    return Part(begin, end, in_order(usage, begin, end)[0], max(need.values()))


def _between(usage: Usage, parts: Iterable[Part], end: int) -> int:
    """What is in use at once outside of the parts, in the order of the text."""
    peak, at = 0, 0
    for part in parts:
        peak = max(peak, in_order(usage, at, part.begin)[0])
        at = part.end
    return max(peak, in_order(usage, at, end)[0]) if at < end else peak


def _groups(usage: Usage, begin: int, end: int) -> list[Group]:
    """All ways to compute each step of a part."""
    return [group for step in range(begin, end) for group in usage.groups(step)]


def _shape(usage: Usage, part: Part) -> object:
    """What the search depends on: the same for the same branches elsewhere."""
    return usage.kept[part.begin], tuple(
        (
            tuple(step - part.begin for step in group.steps),
            group.needs >> (part.begin - 1),
            group.size,
            tuple((buffer - part.begin, size, less) for buffer, size, less in group.inputs),
        )
        for group in _groups(usage, part.begin, part.end)
    )


def _searched(usage: Usage, part: Part, floor: int, work: int) -> tuple[int, list[int]]:
    """The least peak that was found for a part, and its steps in that order, counted from 0.

    Sets of steps are looked at by their number. Of two ways to the same set that with the smaller
    peak is kept, where what is below `floor` makes no difference; of equal ones that in which less
    is in use in sum, because that leaves fewer gaps in the arena.
    """
    begin, count = part.begin, part.end - part.begin
    groups = _groups(usage, begin, part.end)
    width = min(WIDTH, work // (count * len(groups)) + 1)
    start, live = (1 << begin) - 1, usage.kept[begin]
    # For each number of steps the sets with their peaks, the sum of what was in use, what is kept,
    # and how they came about.
    reached: list[dict[int, tuple[int, int, int, tuple[int, ...]]]]
    reached = [{} for _ in range(count + 1)]
    reached[0][start] = floor, 0, live, ()
    for number in range(count):
        ways = sorted(reached[number].items(), key=lambda way: (way[1][0], way[1][2]))[:width]
        for done, (peak, area, live, trail) in ways:
            for group in groups:
                if group.bits & done or group.needs & ~done:
                    continue
                now, used, left = usage.after(done, live, group)
                cost = max(peak, used), area + used
                beside = reached[number + len(group.steps)]
                if cost[0] <= part.peak and (now not in beside or cost < beside[now][:2]):
                    beside[now] = *cost, left, (*trail, *group.steps)
    if not reached[count]:
        return part.peak, list(range(count))
    ((peak, _, _, trail),) = reached[count].values()
    return peak, [step - begin for step in trail]
