"""A spec and its graph as lints look at them: who takes from whom, and where it was written."""

from collections.abc import Iterable, Iterator
from typing import Any

from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.graph.build import INPUT, Graph, Row
from cnnspec.ir.spec import Element, Gap, Merge, Node, Placed, Shared, Spec
from cnnspec.layers.base import Layer


class Network:
    """A spec and its graph, with what several lints ask of them."""

    def __init__(self, spec: Spec, graph: Graph, places: dict[str, Span]) -> None:
        self.spec = spec
        self.graph = graph
        self.rows = graph.rows
        self.places = places
        self.elements = dict(_named(spec.nodes))
        self.indices = {row.name: index for index, row in enumerate(self.rows)}
        self.takers: list[list[int]] = [[] for _ in range(len(self.rows) + 1)]
        for index, row in enumerate(self.rows):
            for source in row.inputs:
                self.takers[source].append(index)
        self.repeated = {row.shares for row in self.rows if row.shares}

    def source(self, row: Row) -> Row | None:
        """The row whose output a row takes; `None` for the input and for several."""
        if len(row.inputs) != 1 or row.inputs[0] == INPUT:
            return None
        return self.rows[row.inputs[0]]

    def taker(self, row: Row) -> Row | None:
        """The row that takes the output of a row, if it is the only one."""
        taken = self.takers[self.indices[row.name]]
        return self.rows[taken[0]] if len(taken) == 1 else None

    def used_once(self, row: Row) -> bool:
        """Whether a layer is at work in one place only, and was written as it is."""
        return not (row.shares or row.implied or row.name in self.repeated)

    def back(self, row: Row | None, through: tuple[type[Layer], ...]) -> Row | None:
        """The first row that is none of some layers, a row and those before it looked at."""
        while row is not None and isinstance(row.layer, through):
            row = self.source(row)
        return row

    def element(self, row: Row) -> Placed | None:
        """What was written for a row."""
        return self.elements.get(row.shares or row.name)

    def at(self, row: Row, cls: type[Diagnostic], place: str = "", **values: Any) -> Diagnostic:
        """A warning at a row, or at the place of one of its fields where that was written."""
        element = self.element(row)
        span = element.places.get(place, element.span) if element else row.span
        found = cls(span, **values)
        if element and element.uses:
            return Traced(span, found, tuple(Label(use, "used here") for use in element.uses))
        return found


def _named(elements: Iterable[Element]) -> Iterator[tuple[str, Placed]]:
    for element in elements:
        match element:
            case Node(name=name):
                yield name, element
            case Merge(name=name, branches=branches):
                yield name, element
                for branch in branches:
                    yield from _named(branch)
            case Shared(body=body):
                yield from _named(body)
            case Gap():
                pass


def short(layer: Layer) -> str:
    """A layer with its sizes only, so that a message stays a line."""
    specs = type(layer).specs
    sizes = {name: getattr(layer, name) for name in specs if specs[name].place == "positional"}
    return str(type(layer)(**sizes))


def label(row: Row, text: str) -> Label | None:
    """A second place to look at, where it was written in the text."""
    return Label(row.span, text) if row.span else None
