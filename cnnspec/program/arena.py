"""Places buffers in one arena, so that those in use together do not meet.

Where at most two are in use together, as in every chain, they are placed at the two ends of the
arena in turn, and no plan is smaller. In general, to place buffers of given lifetimes in the least
memory is NP-hard (dynamic storage allocation, Garey and Johnson 1979, SR2). To place buffers by
size, the largest first, each as low as it fits, is close to the best in practice (Pisarchyk and
Lee, "Efficient memory management for deep neural net inference", 2020). Where that needs more than
the most that is alive at once, which is a lower bound, an arena of just that size is filled by
backtracking, and other orders are tried.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

from cnnspec.program.spans import Span, live_sizes


def at_most_two(spans: Sequence[Span]) -> bool:
    """Returns whether at most two buffers are in use at any step."""
    latest = -1
    for before, span in zip(spans, spans[2:], strict=False):
        latest = max(latest, before.last)
        if latest >= span.first:
            return False
    return True


Beside = list[tuple[int, int]]
"""The buffers in use at the same time as one, and what each and that one span at least."""

MAX_PAIRS = 300_000
"""With more pairs of buffers in use together, buffers are placed in order of use."""
MAX_PLACES = 2_000
"""How many places of buffers are tried to fill an arena of the least size."""
TRIES = 24
"""How many other orders are tried, of many buffers fewer; the first nearly always reaches the
minimum."""
MAX_PLACED = 6_000
"""How many buffers are placed in all by these tries."""


def offsets_of(spans: Sequence[Span], least: int) -> list[int]:
    """Returns an offset for each buffer.

    Buffers in use together do not overlap, but for one and its source. `least` is the most that is
    alive at once: no arena can be smaller.
    """
    if at_most_two(spans):
        return [0 if i % 2 == 0 else least - span.size for i, span in enumerate(spans)]
    beside = _neighbours(spans)
    if beside is None:
        return _as_they_come(spans)
    order = sorted(range(len(spans)), key=lambda index: -spans[index].size)
    offsets = _lowest(order, spans, beside)
    if _end(spans, offsets) <= least:
        return offsets
    return _filled(spans, beside, least) or _best_of(order, spans, beside, least)


def _filled(spans: Sequence[Span], beside: Sequence[Beside], arena: int) -> list[int] | None:
    """Places buffers in an arena of this size by backtracking; `None` if no way was found.

    Those in use when the arena is fullest come first, since they have least choice, and among them
    those that are done with first: what does not fit is then near to what hinders it. Further
    attempts begin with the largest of them, and with the first that is used.
    """
    live = live_sizes(spans, max(span.last for span in spans) + 1)
    full = [max(live[span.first : span.last + 1]) for span in spans]
    by_end = sorted(range(len(spans)), key=lambda at: (-full[at], spans[at].last, at))
    by_size = sorted(range(len(spans)), key=lambda at: (-full[at], -spans[at].size, at))
    for order in (by_end, by_size, range(len(spans))):
        if offsets := _backtracked(order, spans, beside, arena):
            return offsets
    return None


def _backtracked(
    order: Sequence[int], spans: Sequence[Span], beside: Sequence[Beside], arena: int
) -> list[int] | None:
    """Places buffers in this order; takes the last one back where the next has no place."""
    offsets = [-1] * len(spans)
    choices = [_places(order[0], spans, beside, offsets, arena)]
    for _ in range(MAX_PLACES):
        index = order[len(choices) - 1]
        offsets[index] = next(choices[-1], -1)
        if offsets[index] >= 0:
            if len(choices) == len(order):
                return offsets
            choices.append(_places(order[len(choices)], spans, beside, offsets, arena))
        else:
            choices.pop()
            if not choices:
                break
    return None


def _places(
    index: int, spans: Sequence[Span], beside: Sequence[Beside], offsets: Sequence[int], arena: int
) -> Iterator[int]:
    """Where a buffer may lie against those that are placed, or at an end, the lowest first."""
    top = arena - spans[index].size
    taken = _taken(index, spans, beside, offsets)
    for place in sorted({0, top}.union(*taken)):
        if 0 <= place <= top and all(place <= begin or place >= end for begin, end in taken):
            yield place


def _best_of(
    order: list[int], spans: Sequence[Span], beside: Sequence[Beside], least: int
) -> list[int]:
    """Places buffers in several orders, each made of the best one not yet looked at.

    The buffer at the top found no free gap, so it is placed before one of those beside it.
    """
    offsets = _lowest(order, spans, beside)
    found = [(_end(spans, offsets), 0, order, offsets)]
    best, tries, most = found[0], 0, min(TRIES, MAX_PLACED // len(spans))
    while found and best[0] > least and tries < most:
        _, _, order, offsets = heappop(found)
        top = max(order, key=lambda index: offsets[index] + spans[index].size)
        others, hindering = [at for at in order if at != top], {other for other, _ in beside[top]}
        for place in range(order.index(top)):
            if tries < most and (place == 0 or others[place] in hindering):
                tries += 1
                moved = [*others[:place], top, *others[place:]]
                placed = _lowest(moved, spans, beside)
                heappush(found, (_end(spans, placed), tries, moved, placed))
                best = min(best, found[0])
    return best[3]


def _end(spans: Sequence[Span], offsets: Sequence[int]) -> int:
    return max(offset + span.size for span, offset in zip(spans, offsets, strict=True))


def _neighbours(spans: Sequence[Span]) -> list[Beside] | None:
    """For each buffer the others in use at the same time; `None` where there are too many."""
    beside: list[Beside] = [[] for _ in spans]
    active: list[int] = []
    pairs = 0
    for index, span in enumerate(spans):
        active = [other for other in active if spans[other].last >= span.first]
        pairs += len(active)
        if pairs > MAX_PAIRS:
            return None
        for other in active:
            runs_into = span.source is spans[other]
            together = span.together if runs_into else span.size + spans[other].size
            beside[other].append((index, together))
            beside[index].append((other, together))
        active.append(index)
    return beside


def _lowest(order: Iterable[int], spans: Sequence[Span], beside: Sequence[Beside]) -> list[int]:
    """Places each buffer as low as it fits beside those placed before it."""
    offsets = [-1] * len(spans)
    for index in order:
        offset = 0
        for begin, end in sorted(_taken(index, spans, beside, offsets)):
            if offset <= begin:
                break
            offset = max(offset, end)
        offsets[index] = offset
    return offsets


def _taken(
    index: int, spans: Sequence[Span], beside: Sequence[Beside], offsets: Sequence[int]
) -> list[tuple[int, int]]:
    """Pairs of offsets between which a buffer would be too near to one that is placed."""
    size = spans[index].size
    return [
        (at + spans[other].size - together, at + together - size)
        for other, together in beside[index]
        if (at := offsets[other]) >= 0
    ]


def _as_they_come(spans: Sequence[Span]) -> list[int]:
    """Places each buffer, when it is first used, in the smallest gap that fits, or on top."""
    offsets: list[int] = []
    used: list[tuple[int, int, int]] = []
    for span in spans:
        used = [entry for entry in used if entry[2] >= span.first]
        offset, gaps = 0, []
        for begin, end, _ in used:
            if begin - offset >= span.size:
                gaps.append((begin - offset, offset))
            offset = max(offset, end)
        chosen = min(gaps)[1] if gaps else offset
        offsets.append(chosen)
        used.append((chosen, chosen + span.size, span.last))
        used.sort()
    return offsets
