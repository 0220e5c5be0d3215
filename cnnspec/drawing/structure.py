"""Graph to items of a picture: chains of layers, forks with their branches, repetitions.

Knows which layers belong together, but neither places nor sizes. Every call of the graph is in
exactly one item: drawn, one of the copies of a repetition, or, in a network with more items than a
picture can hold, left out and counted.
"""

from collections.abc import Iterator
from typing import Any

from cnnspec.core.record import Record
from cnnspec.graph.graph import INPUT, Graph, LayerCall


class Group(Record):
    """Layers drawn as one block: the first, and those after it that change only values."""

    calls: tuple[int, ...]


class Fork(Record):
    """Branches from one value, and the call that joins them. An empty branch is a skip."""

    branches: "tuple[Chain, ...]"
    join: int


class Repeat(Record):
    """A chain drawn once for `times` equal ones; `further` are the calls of the other copies."""

    body: "Chain"
    times: int
    shared: bool
    further: tuple[int, ...]


class Left(Record):
    """Calls that are not drawn, and how they are described."""

    calls: tuple[int, ...]
    what: str


class Route(Record):
    """The output of a call that is drawn elsewhere, where a branch begins."""

    source: int


Item = Group | Fork | Repeat | Left | Route
Chain = tuple[Item, ...]

MAX_DRAWN_ITEMS = 300
"""The maximum number of items that are drawn."""
MAX_UNFOLDED_ITEMS = 40
"""Up to so many items, equal parts are drawn one by one unless they share their weights."""
MIN_FOLDED_COPIES = 3
"""Equal parts of a long network are drawn once if there are at least so many."""
PERIOD = 32
"""The maximum length of a repeated part, in items."""
TOGETHER = 4
"""The most layers in one block."""


def structure(graph: Graph) -> Chain:
    """The chain from the input to the last row."""
    finder = _Repetitions(graph.calls)
    chain = finder.collapsed(_series(graph), shared=True)
    if _count(chain) > MAX_UNFOLDED_ITEMS:
        chain = finder.collapsed(chain, shared=False)
    for most in (MAX_DRAWN_ITEMS, 100, 40, 16, 8, 4, 2):
        short = _shortened(chain, most)
        if _count(short) <= MAX_DRAWN_ITEMS:
            break
    return (Group((INPUT,)), *_grouped(short, graph))


def rows_of(chain: Chain) -> Iterator[int]:
    """Every call that a chain draws or represents."""
    for item in chain:
        match item:
            case Group(calls=calls) | Left(calls=calls):
                yield from calls
            case Fork(branches=branches, join=join):
                for branch in branches:
                    yield from rows_of(branch)
                yield join
            case Repeat(body=body, further=further):
                yield from rows_of(body)
                yield from further


def _series(graph: Graph) -> Chain:
    """Returns the graph as chains and forks, with one item for each call.

    Every path from the input to a call passes its dominator (Lengauer and Tarjan, 1979); that of a
    join is where its branches begin. Calls are in an order in which they can be computed, so the
    dominator is where the paths back from all inputs meet.
    """
    above = [INPUT] * len(graph.calls)
    depth = [0] * len(graph.calls)
    for index, call in enumerate(graph.layers, 1):
        meeting, *others = call.inputs
        for other in others:
            while meeting != other:
                if depth[meeting] >= depth[other]:
                    meeting = above[meeting]
                else:
                    other = above[other]
        above[index] = meeting
        depth[index] = depth[meeting] + 1

    drawn: set[int] = set()

    def between(begin: int, end: int) -> Chain:
        items: list[Item] = []
        while end != begin:
            if end in drawn:
                # Only a branch that begins with `from` reaches a call a second time.
                items.append(Route(end))
                break
            drawn.add(end)
            inputs = graph.calls[end].inputs
            if len(inputs) > 1:
                items.append(Fork(tuple(between(above[end], i) for i in inputs), end))
            else:
                items.append(Group((end,)))
            end = above[end]
        return tuple(reversed(items))

    return between(INPUT, len(graph.calls) - 1)


class _Repetitions:
    """Finds equal parts that follow each other."""

    def __init__(self, calls: tuple[LayerCall, ...]) -> None:
        self.calls = calls

    def collapsed(self, chain: Chain, *, shared: bool) -> Chain:
        """Merges equal parts of the chain: those that share weights, or those that do not."""
        chain = tuple(self._inside(item, shared) for item in chain)
        keys = self._numbered(chain)
        least = 2 if shared else MIN_FOLDED_COPIES
        done: list[Item] = []
        at = 0
        while at < len(chain):
            best = (0, 0)
            for period in range(1, min(PERIOD, (len(chain) - at) // least) + 1):
                copies = self._copies(chain, keys, at, period, shared)
                if copies >= least and copies * period > best[0] * best[1]:
                    best = (copies, period)
            copies, period = best
            if copies:
                further = tuple(rows_of(chain[at + period : at + copies * period]))
                done.append(Repeat(chain[at : at + period], copies, shared, further))
                at += copies * period
            else:
                done.append(chain[at])
                at += 1
        return tuple(done)

    def _inside(self, item: Item, shared: bool) -> Item:
        if isinstance(item, Fork):
            branches = tuple(self.collapsed(branch, shared=shared) for branch in item.branches)
            return item.replace(branches=branches)
        return item

    def _copies(self, chain: Chain, keys: list[int], at: int, period: int, shared: bool) -> int:
        """How many consecutive copies there are of the part that begins at an index."""
        first = keys[at : at + period]
        copies = 1
        while True:
            begin = at + copies * period
            if keys[begin : begin + 1] != first[:1] or keys[begin : begin + period] != first:
                return copies
            own = rows_of(chain[at : at + period])
            again = rows_of(chain[begin : begin + period])
            if not all(self._alike(a, b, shared) for a, b in zip(own, again, strict=True)):
                return copies
            copies += 1

    def _alike(self, first: int, again: int, shared: bool) -> bool:
        own, other = self.calls[first], self.calls[again]
        if shared:
            return other.weights_from != "" and other.weights_from in (own.name, own.weights_from)
        return bool(own.weights_from) == bool(other.weights_from)

    def _numbered(self, chain: Chain) -> list[int]:
        """A number for each item, the same for equal ones."""
        numbers: dict[Any, int] = {}
        return [numbers.setdefault(self._key(item), len(numbers)) for item in chain]

    def _key(self, item: Item) -> Any:
        match item:
            case Group(calls=calls) | Left(calls=calls):
                return tuple(self._look(call) for call in calls)
            case Fork(branches=branches, join=join):
                inside = [tuple(self._key(item) for item in branch) for branch in branches]
                return self._look(join), *inside
            case Route(source=source):
                return "from", source
            case Repeat(body=body, times=times):
                return times, *(self._key(item) for item in body)

    def _look(self, index: int) -> Any:
        call = self.calls[index]
        return str(call.layer), call.input_shape.dims, call.output_shape.dims


def _count(chain: Chain) -> int:
    """How many items are drawn, including those inside others."""
    total = len(chain)
    for item in chain:
        if isinstance(item, Fork):
            total += sum(map(_count, item.branches)) + len(item.branches)
        elif isinstance(item, Repeat):
            total += _count(item.body)
    return total


def _shortened(chain: Chain, most: int) -> Chain:
    """Returns the chain without the middle of every part that is longer than `most`."""
    items: list[Item] = list(chain)
    if len(chain) > most:
        end = len(chain) - most // 2
        calls = tuple(rows_of(chain[most // 2 : end]))
        items[most // 2 : end] = [Left(calls, f"{len(calls):,} layers")]
    return tuple(_shortened_inside(item, most) for item in items)


def _shortened_inside(item: Item, most: int) -> Item:
    match item:
        case Repeat(body=body):
            return item.replace(body=_shortened(body, most))
        case Fork(branches=branches):
            kept = list(branches)
            if len(kept) > most:
                end = len(kept) - most // 2
                middle = branches[most // 2 : end]
                calls = tuple(call for branch in middle for call in rows_of(branch))
                left = Left(calls, f"{len(middle):,} branches")
                kept[most // 2 : end] = [(left,) if calls else ()]
            return item.replace(branches=tuple(_shortened(branch, most) for branch in kept))
    return item


def _grouped(chain: Chain, graph: Graph) -> Chain:
    """Puts layers that change only values into the block of the layer before them."""
    items: list[Item] = []
    for item in chain:
        last = items[-1] if items else None
        match item:
            case Group(calls=(call,)) if isinstance(last, Group) and _follows(last, call, graph):
                items[-1] = Group((*last.calls, call))
            case Fork(branches=branches):
                inside = tuple(_grouped(branch, graph) for branch in branches)
                items.append(item.replace(branches=inside))
            case Repeat(body=body):
                items.append(item.replace(body=_grouped(body, graph)))
            case _:
                items.append(item)
    return tuple(items)


def _follows(group: Group, call: int, graph: Graph) -> bool:
    return is_slab(graph, call) and len(group.calls) < TOGETHER


def is_slab(graph: Graph, call: int) -> bool:
    """Whether a layer changes only values, so that it is not a block of its own."""
    return all(operation.keeps_shape for operation in graph.operations[call])
