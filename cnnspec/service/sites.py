"""Statements of a text with the layers that they make: shapes before and after, and costs.

One statement can make several layers: in a block that is used twice, or in a `repeat`.
"""

from collections.abc import Iterator

from cnnspec.core.record import Record
from cnnspec.graph.graph import Graph, LayerCall
from cnnspec.ir.spec import Merge, Node, every
from cnnspec.language.syntax import Statement
from cnnspec.layers.merging import MERGES, Residual
from cnnspec.service.snapshot import Snapshot


class Site(Record):
    """A statement and the calls of layers that it makes, in order.

    Among them are those that its layers bring along, such as a flatten. `before` and `after`
    are the shapes each time that its layer or block is applied.
    """

    statement: Statement
    calls: tuple[LayerCall, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def shapes(self) -> str:
        """The shapes of what it gives: `28x28x6`, or of the first and the last time."""
        return _between(self.after)

    @property
    def inputs(self) -> str:
        """The shapes of what it takes, as `shapes`; of a merge those of its branches."""
        return _between(self.before)

    @property
    def params(self) -> int:
        """The parameters that it adds, of all its layers."""
        return sum(call.params for call in self.calls)

    @property
    def macs(self) -> int:
        """The multiply-accumulates for one image, of all its layers."""
        return sum(call.macs for call in self.calls)


def _between(shapes: tuple[str, ...]) -> str:
    """The first and the last of some texts, or one for all."""
    return shapes[0] if len(set(shapes)) == 1 else f"{shapes[0]} … {shapes[-1]}"


class _Applied(Record):
    """A layer or a block each time that it is applied, by the name it has then."""

    times: dict[str, list[LayerCall]]

    def add(self, name: str, calls: list[LayerCall]) -> None:
        self.times.setdefault(name, []).extend(calls)

    def site(self, statement: Statement, graph: Graph) -> Site:
        times = [*self.times.values()]
        merges = statement.word in _MERGES
        return Site(
            statement,
            tuple(call for calls in times for call in calls),
            tuple(_inputs(calls[-1 if merges else 0], graph) for calls in times),
            tuple(str(calls[-1].output_shape) for calls in times),
        )


_MERGES = (*MERGES, Residual.word)


def _inputs(call: LayerCall, graph: Graph) -> str:
    """The shapes that a call takes, each once."""
    shapes = [str(graph.calls[index].output_shape) for index in call.inputs]
    return ", ".join(dict.fromkeys(shapes))


def sites(snapshot: Snapshot) -> tuple[Site, ...]:
    """Returns the statements that make layers of known shapes, in the order of the text."""
    own = snapshot.source
    uses = {
        element.name: element.call_sites
        for element in every(snapshot.checked.spec.nodes)
        if isinstance(element, Node | Merge)
    }
    found: dict[int, _Applied] = {}
    for calls in _with_their_own(snapshot.layers):
        last = calls[-1]
        if last.span and last.span.source is own:
            found.setdefault(last.span.start, _Applied({})).add(last.name, calls)
        text_name = last.name if last.name in uses else last.weights_from
        for depth, use in enumerate(uses.get(text_name, ()), 1):
            if use.source is own:
                # `gate` of `separable.gate.dense`, the name of the use.
                name = text_name.rsplit(".", depth)[0]
                found.setdefault(use.start, _Applied({})).add(name, calls)
    return tuple(
        found[statement.span.start].site(statement, snapshot.checked.graph)
        for statement in statements(snapshot.parsed.statements)
        if statement.span.start in found
    )


def _with_their_own(calls: tuple[LayerCall, ...]) -> Iterator[list[LayerCall]]:
    """Yields the call of each layer that is written, behind those that it brings along."""
    own: list[LayerCall] = []
    for call in calls:
        own.append(call)
        if not call.implicit:
            yield [each for each in own if each.span is call.span]
            own = []


def statements(found: tuple[Statement, ...]) -> Iterator[Statement]:
    """Yields statements and those in their blocks, in the order of the text."""
    for statement in found:
        yield statement
        if statement.block:
            yield from statements(statement.block.statements)


def statement_at(snapshot: Snapshot, offset: int) -> Statement | None:
    """Returns the innermost statement around a character of the text."""
    around = None
    for statement in statements(snapshot.parsed.statements):
        if statement.span.start <= offset <= statement.span.end:
            around = statement
    return around
