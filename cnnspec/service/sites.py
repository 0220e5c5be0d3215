"""Statements of a text with the layers that they make: shapes before and after, and costs.

One statement can make several layers: in a block that is used twice, or in a `repeat`.
"""

from collections.abc import Iterator

from cnnspec.core.record import Record
from cnnspec.graph.build import LayerCall
from cnnspec.ir.spec import Merge, Node, every
from cnnspec.language.syntax import Statement
from cnnspec.service.snapshot import Snapshot


class Site(Record):
    """A statement and the calls of layers that it makes, in order.

    `uses_block` says whether it makes them by a block; what the last one gives is then its
    output.
    """

    statement: Statement
    calls: tuple[LayerCall, ...]
    uses_block: bool = False

    @property
    def shapes(self) -> str:
        """The shapes of what it gives: `28x28x6`, or for several layers `28x28x6 … 7x7x16`."""
        if self.uses_block:
            return str(self.calls[-1].output_shape)
        return _between([str(call.output_shape) for call in self.calls])

    @property
    def inputs(self) -> str:
        """The shapes of what it takes, as `shapes`."""
        calls = self.calls[:1] if self.uses_block else self.calls
        return _between([str(call.input_shape) for call in calls])

    @property
    def params(self) -> int:
        """The parameters that it adds, of all its layers."""
        return sum(call.params for call in self.calls)

    @property
    def macs(self) -> int:
        """The multiply-accumulates for one image, of all its layers."""
        return sum(call.macs for call in self.calls)


def _between(shapes: list[str]) -> str:
    """The first and the last of some texts, or one for all."""
    return shapes[0] if len(set(shapes)) == 1 else f"{shapes[0]} … {shapes[-1]}"


def sites(snapshot: Snapshot) -> tuple[Site, ...]:
    """Returns the statements that make layers of known shapes, in the order of the text."""
    own = snapshot.source
    uses = {
        element.name: element.call_sites
        for element in every(snapshot.checked.spec.nodes)
        if isinstance(element, Node | Merge)
    }
    made: dict[int, list[LayerCall]] = {}
    by_blocks: dict[int, list[LayerCall]] = {}
    for call in snapshot.layers:
        if call.span is None:
            continue
        # What another layer brings along is no output of the statement, but costs.
        if call.span.source is own:
            made.setdefault(call.span.start, []).append(call)
        for use in uses.get(call.name, uses.get(call.weights_from, ())):
            if use.source is own:
                by_blocks.setdefault(use.start, []).append(call)
    found = []
    for statement in statements(snapshot.parsed.statements):
        start = statement.span.start
        if start in made:
            found.append(Site(statement, _shown(made[start])))
        elif start in by_blocks:
            found.append(Site(statement, tuple(by_blocks[start]), uses_block=True))
    return tuple(found)


def _shown(calls: list[LayerCall]) -> tuple[LayerCall, ...]:
    """The calls of the layer that is written; those that it brings along come before it."""
    return tuple(call for call in calls if not call.implicit) or tuple(calls)


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
