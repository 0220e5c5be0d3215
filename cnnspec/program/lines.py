"""Values that are never there as a whole: what reads them has a few rows of them computed in time.

A depthwise convolution of 3x3 needs three rows of the convolution before it. So both are computed
in one pass: for each row of the second the rows of the first that it needs and that are not there
yet. No number is computed twice. This is done where the most memory would be in use, and if less
is needed then.
"""

from collections.abc import Callable
from math import inf

from cnnspec.program.build import Program
from cnnspec.program.usage import DEPTH, Group, Usage


def chosen_lines(program: Program, stored: Callable[[int], int]) -> dict[int, int]:
    """Returns how many rows are kept of each value that is never whole, by its step.

    Of all choices with which the least is in use at once it is one of the fewest lines.
    """
    usage = Usage(program, stored)
    if not usage.lines:
        return {}
    _, groups = in_order(usage, 0, len(program.steps))
    return {value: usage.lines[value] for group in groups for value in group.steps[:-1]}


def in_order(usage: Usage, begin: int, end: int) -> tuple[int, list[Group]]:
    """Returns the least that is in use at once while steps are computed as they come, and how.

    Steps from `begin` to before `end`. What is kept between two groups is the same whatever is
    computed together before, so the best way up to each step is made of the best to one before it.
    """
    alone = [usage.alone(step) for step in range(begin, end)]
    live = [_used(usage, group) for group in alone]
    top = max(live, default=0)
    full = [step for step, each in enumerate(live, begin) if each == top]
    # In the middle of a long chain of equal layers nothing can be gained: one look tells.
    for step in {full[len(full) // 2], full[-1]} if full else ():
        if not _helped(usage, begin, end, step, top):
            return top, alone
    ways = [_ways(usage, begin, stop) for stop in range(begin + 1, end + 1)]
    peaks = {begin: 0}
    for stop, ending in enumerate(ways, begin + 1):
        peaks[stop] = min(max(peaks[stop - len(group.steps)], used) for used, group in ending)
    least = peaks[end]
    # Among the ways that need no more, one with the fewest lines.
    best: dict[int, tuple[float, Group | None]] = {begin: (0, None)}
    for stop, ending in enumerate(ways, begin + 1):
        best[stop] = (inf, None)
        for used, group in ending:
            lines = best[stop - len(group.steps)][0] + len(group.steps) - 1
            if used <= least and lines < best[stop][0]:
                best[stop] = lines, group
    groups: list[Group] = []
    while chosen := best[end][1]:
        groups.append(chosen)
        end -= len(chosen.steps)
    return least, groups[::-1]


def _ways(usage: Usage, begin: int, stop: int) -> list[tuple[int, Group]]:
    """The groups that end with the step before `stop`, and what is in use meanwhile."""
    found = []
    for group in usage.groups(stop - 1):
        start = stop - len(group.steps)
        if start < begin or group.steps[0] != start:
            break
        found.append((_used(usage, group), group))
    return found


def _used(usage: Usage, group: Group) -> int:
    """What is in use while a group is computed where it stands."""
    start = group.steps[0]
    return usage.after((1 << start) - 1, usage.kept[start], group)[1]


def _helped(usage: Usage, begin: int, end: int, step: int, top: int) -> bool:
    """Whether any group with a step in it needs less than `top`: else nothing can be gained."""
    windows = 0
    for last in range(step, end):
        if any(
            used < top and group.steps[0] <= step for used, group in _ways(usage, begin, last + 1)
        ):
            return True
        windows += not usage.by_values(last)
        if last not in usage.lines or windows > DEPTH:
            break
    return False
