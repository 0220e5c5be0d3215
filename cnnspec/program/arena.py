"""Places every value in one arena: which values share a buffer, and where the buffers are.

Works on plain lists, because every check asks for the peak; `memory_plan` is the same with names
and records. Two facts make the peak of a graph fast to compute, and exact:

- Batch norm, functions and joins work in place where nothing else reads their input, so folding and
  fusing them changes no buffer. The program as built, without what does nothing at inference and
  with pooling as part of the convolution before it, has the same peak as after every pass.
- Where at most two buffers are in use together, as in every chain, they are placed at the two ends
  of the arena in turn, and no plan is smaller.

In general, to place buffers of given lifetimes in the least memory is NP-hard (dynamic storage
allocation, Garey and Johnson 1979, SR2). To place buffers by size, the largest first, each as low
as it fits, is close to the best in practice (Pisarchyk and Lee, "Efficient memory management for
deep neural net inference", 2020); a few other orders are tried where that needs more than the most
that is alive at once, which is a lower bound.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from cnnspec.graph.graph import INPUT, Graph
from cnnspec.operations.base import Operation
from cnnspec.operations.values import BatchNormalization, Dropout, Map
from cnnspec.operations.windows import Convolution, Pool


class Span:
    """The values in one buffer, by their indices, and the steps of its first and last use."""

    __slots__ = ("first", "last", "size", "values")

    def __init__(self, first: int, last: int, size: int) -> None:
        self.first = first
        self.last = last
        self.size = size
        self.values = [first]


def peak_of(graph: Graph) -> int:
    """Returns the size of the arena for inference, in numbers (not bytes)."""
    spans, least = _buffers(graph)
    return least if at_most_two(spans) else _end(spans, offsets_of(spans, least))


def least_of(graph: Graph) -> int:
    """Returns the most numbers that are in use at once: no arena is smaller.

    Unlike the arena, which is found by trying, it never shrinks where a layer gets wider.
    """
    return _buffers(graph)[1]


def _buffers(graph: Graph) -> tuple[list[Span], int]:
    """The buffers of inference, not yet placed, and the most that is alive at once."""
    operations = [*graph.operations[INPUT]]
    inputs: list[tuple[int, ...]] = [()]
    sizes = [graph.input.size]
    owners = [""]
    made = [INPUT]
    for call, chain in zip(graph.layers, graph.operations[1:], strict=True):
        shape, sources = call.input_shape, tuple([made[source] for source in call.inputs])
        for operation in chain:
            before = shape
            if operation is chain[-1]:
                shape = call.output_shape
            elif not operation.keeps_shape:
                shape = operation.shape((shape,))
            if not operation.identity(before):
                operations.append(operation)
                inputs.append(sources)
                sources = (len(sizes),)
                sizes.append(shape.size)
                owners.append(call.weights_from or call.name)
        made.append(sources[0])
    if any(isinstance(operation, Pool) and operation.tiles for operation in operations):
        shared = {call.weights_from for call in graph.layers if call.weights_from}
        _fuse_pools(operations, inputs, sizes, made[-1], [owner in shared for owner in owners])
    spans = spans_of(operations, inputs, sizes, made[-1])
    return spans, max(live_sizes(spans, len(sizes)))


_IN_PLACE = Dropout(0.0)
"""What is computed within the step before it."""


def _fuse_pools(
    operations: list[Operation],
    inputs: Sequence[Sequence[int]],
    sizes: list[int],
    output: int,
    shared: Sequence[bool],
) -> None:
    """Gives a convolution and all up to its max-pooling the size of the pooled image.

    As the passes do: batch norm goes into a kernel that is not shared, functions that keep
    the order of numbers go behind the pooling, and that goes into the convolution.
    """
    readers = Counter(source for sources in inputs for source in sources)

    def alone(index: int) -> bool:
        return readers[index] == 1 and index != output

    for index, operation in enumerate(operations):
        if not isinstance(operation, Pool) or not operation.tiles:
            continue
        (at,) = inputs[index]
        passed = []
        while isinstance(found := operations[at], Map) and found.function.monotone and alone(at):
            passed.append(at)
            (at,) = inputs[at]
        if isinstance(operations[at], BatchNormalization) and alone(at):
            passed.append(at)
            (at,) = inputs[at]
            if shared[at]:
                continue
        if type(operations[at]) is Convolution and alone(at):
            for each in (at, *passed):
                sizes[each] = sizes[index]
            operations[index] = _IN_PLACE


def spans_of(
    operations: Sequence[Operation],
    inputs: Sequence[Sequence[int]],
    sizes: Sequence[int],
    output: int,
) -> list[Span]:
    """Returns the buffers of a program, not yet placed, in the order of their first use.

    A step uses the buffer of an input where it may overwrite it, because nothing reads it any more
    and the size is equal, or where it only views it in another shape.
    """
    last = list(range(len(sizes)))
    for index, sources in enumerate(inputs):
        for source in sources:
            last[source] = index
    last[output] = len(sizes) - 1
    spans: list[Span] = []
    within: list[Span] = []
    for index, operation in enumerate(operations):
        found = None
        if operation.in_place:
            for source in inputs[index]:
                span = within[source]
                if span.size == sizes[index] and (operation.view or span.last == index):
                    found = span
                    found.values.append(index)
                    found.last = max(found.last, last[index])
                    break
        if found is None:
            found = Span(index, last[index], sizes[index])
            spans.append(found)
        within.append(found)
    return spans


def live_sizes(spans: Iterable[Span], steps: int) -> list[int]:
    """Returns the sum of the sizes of the buffers in use, for each step."""
    change = [0] * (steps + 1)
    for span in spans:
        change[span.first] += span.size
        change[span.last + 1] -= span.size
    live, now = [], 0
    for more in change[:-1]:
        now += more
        live.append(now)
    return live


def at_most_two(spans: Sequence[Span]) -> bool:
    """Returns whether at most two buffers are in use at any step."""
    latest = -1
    for before, span in zip(spans, spans[2:], strict=False):
        latest = max(latest, before.last)
        if latest >= span.first:
            return False
    return True


MAX_PAIRS = 300_000
"""With more pairs of buffers in use together, buffers are placed in order of use."""
TRIES = 24
"""How many orders are tried; the first nearly always reaches the minimum."""


def offsets_of(spans: Sequence[Span], least: int) -> list[int]:
    """Returns an offset for each buffer; buffers in use together do not overlap.

    `least` is the most that is alive at once: no arena can be smaller.
    """
    if at_most_two(spans):
        return [0 if i % 2 == 0 else least - span.size for i, span in enumerate(spans)]
    beside = _neighbours(spans)
    if beside is None:
        return _as_they_come(spans)
    order = sorted(range(len(spans)), key=lambda index: -spans[index].size)
    best = offsets = _lowest(order, spans, beside)
    lowest = _end(spans, best)
    for _ in range(TRIES):
        if lowest == least:
            break
        # The buffer at the top found no free gap, so it is placed first in the next order.
        top = max(order, key=lambda index: offsets[index] + spans[index].size)
        order = [top, *(index for index in order if index != top)]
        offsets = _lowest(order, spans, beside)
        if _end(spans, offsets) < lowest:
            best, lowest = offsets, _end(spans, offsets)
    return best


def _end(spans: Sequence[Span], offsets: Sequence[int]) -> int:
    return max(offset + span.size for span, offset in zip(spans, offsets, strict=True))


def _neighbours(spans: Sequence[Span]) -> list[list[int]] | None:
    """For each buffer the others in use at the same time; `None` where there are too many."""
    beside: list[list[int]] = [[] for _ in spans]
    active: list[int] = []
    pairs = 0
    for index, span in enumerate(spans):
        active = [other for other in active if spans[other].last >= span.first]
        pairs += len(active)
        if pairs > MAX_PAIRS:
            return None
        for other in active:
            beside[other].append(index)
        beside[index] += active
        active.append(index)
    return beside


def _lowest(
    order: Iterable[int], spans: Sequence[Span], beside: Sequence[Sequence[int]]
) -> list[int]:
    """Places each buffer as low as it fits beside those placed before it."""
    offsets = [-1] * len(spans)
    for index in order:
        size = spans[index].size
        taken = sorted(
            (offsets[other], offsets[other] + spans[other].size)
            for other in beside[index]
            if offsets[other] >= 0
        )
        offset = 0
        for begin, end in taken:
            if begin - offset >= size:
                break
            offset = max(offset, end)
        offsets[index] = offset
    return offsets


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
