"""IR to graph: every layer at work, in order, with where its input comes from.

Sends the shape of the input through the network. A layer whose input is unknown,
because one before it is at fault, is passed over: no fault is reported that only
follows from another.
"""

from collections.abc import Iterable
from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape, Vector
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.diagnostics.shapes import BranchesDiffer, ShapeFault, TooManyValuesHere, WeightsDiffer
from cnnspec.ir.spec import Element, Gap, Merge, Node, Shared
from cnnspec.language.numbers import MAX_WHOLE
from cnnspec.layers.base import Layer, Misfit, Work, Works
from cnnspec.layers.convolution import Conv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Flatten, Reshape
from cnnspec.layers.merging import Add, Merging

INPUT = -1
"""The index that stands for the input image among the inputs of a row."""


_FLATTEN = Flatten()


class Row(Record):
    """A layer at work: what goes in, what comes out and what it costs.

    `inputs` are the indices of the rows whose outputs it takes. An `implied` row is
    one that another brings along: the flatten of a dense layer on an image, the 1x1
    convolution of a projection. A row that `shares` uses the weights of an earlier one.
    """

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    before: Shape
    after: Shape
    work: Work
    span: Span | None = None
    implied: bool = False
    shares: str = ""

    @property
    def trainable(self) -> int:
        """The weights it adds that training changes."""
        return 0 if self.shares else self.work.params.value

    @property
    def params(self) -> int:
        """All weights it adds, frozen ones included, as Keras counts them."""
        return 0 if self.shares else self.work.params.value + self.work.frozen.value

    @property
    def macs(self) -> int:
        """Its multiply-accumulates for one image."""
        return self.work.macs.value

    def dump(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "name": self.name,
            "layer": str(self.layer),
            "implied": self.implied,
            "output": list(self.after.dims),
            "params": self.params,
            "trainable": self.trainable,
            "macs": self.macs,
        }


class Graph(Record):
    """The rows in an order in which they can be worked out, and what is wrong.

    `after` is the shape at the end, `None` where a fault leaves it unknown.
    """

    input: Shape
    rows: tuple[Row, ...]
    after: Shape | None
    faults: tuple[Diagnostic, ...]

    def alive(self) -> list[int]:
        """How many values are needed at once while each row works.

        A value is alive from the row that makes it to the last that takes it. A layer
        that works in place puts its output where an input was that no later row takes;
        a fused activation works in place.
        """
        last = [INPUT] * (len(self.rows) + 1)
        for index, row in enumerate(self.rows):
            for source in row.inputs:
                last[source] = index
        # Index -1 is the input's, which Python finds at the end of the list.
        held = [row.after.size for row in self.rows] + [self.input.size]
        alive = self.input.size
        needed = []
        for index, row in enumerate(self.rows):
            ending = {source for source in row.inputs if last[source] == index}
            reused = row.layer.in_place and any(held[s] == held[index] for s in ending)
            freed = sum(held[source] for source in ending)
            inside = row.work.inside
            if inside:
                # In two steps: what is between stands beside the input, then the output.
                needed.append(max(alive + inside, alive - freed + inside + held[index]))
            else:
                needed.append(alive + (0 if reused else held[index]))
            alive += held[index] - freed
        return needed

    def depth(self) -> int:
        """Layers with a kernel on the longest path."""
        depths = [0] * (len(self.rows) + 1)
        for index, row in enumerate(self.rows):
            longest = max(depths[source] for source in row.inputs)
            depths[index] = longest + row.layer.has_kernel
        return max(depths)


class _At(Record):
    """Where the walk is: the row whose output it holds, the shape of that, what made it."""

    index: int
    shape: Shape
    layer: Layer | None = None
    span: Span | None = None

    @property
    def origin(self) -> str:
        """How the shape came about: `after pool at line 8`."""
        if self.layer is None:
            return "the input"
        word = self.layer.word
        return f"after {word} at line {self.span.line}" if self.span else f"after {word}"


class _Walk:
    """One walk under way."""

    def __init__(self, works: Works) -> None:
        self.works = works
        self.rows: list[Row] = []
        self.faults: list[Diagnostic] = []

    def sequence(self, elements: Iterable[Element], at: _At | None) -> _At | None:
        """Goes through elements one after another; `None` stands for an unknown shape."""
        for element in elements:
            match element:
                case Gap():
                    at = None
                case Node():
                    at = self.node(element, at)
                case Merge():
                    at = self.merge(element, at)
                case Shared():
                    at = self.shared(element, at)
        return at

    def node(self, node: Node, at: _At | None) -> _At | None:
        """A layer. After a fault it goes on where the output is certain all the same."""
        if at is not None:
            try:
                if isinstance(node.layer, Dense) and isinstance(at.shape, Image):
                    at = self.add(f"{node.name}.flatten", _FLATTEN, at, node, implied=True)
                return self.add(node.name, node.layer, at, node)
            except Misfit as misfit:
                self.fault(misfit, node, at.origin)
        certain = node.layer.certain
        return _At(INPUT, certain, node.layer, node.span) if certain else None

    def add(
        self, name: str, layer: Layer, at: _At, node: Node | Merge, *, implied: bool = False
    ) -> _At:
        """Puts a layer to work; raises `Misfit`."""
        work = self.works.of(layer, at.shape)
        size = work.shape.size
        if size > MAX_WHOLE:
            raise Misfit("", TooManyValuesHere(None, at.shape, values=size))
        return self.row(name, layer, (at,), work, node.span, implied=implied)

    def row(
        self,
        name: str,
        layer: Layer,
        sources: tuple[_At, ...],
        work: Work,
        span: Span | None,
        *,
        implied: bool = False,
    ) -> _At:
        """Adds a row and moves on to its output."""
        inputs = tuple(source.index for source in sources)
        after = work.shape
        self.rows.append(Row(name, layer, inputs, sources[0].shape, after, work, span, implied))
        return _At(len(self.rows) - 1, after, layer, span)

    def merge(self, merge: Merge, at: _At | None) -> _At | None:
        """Every branch from the same input, then the join."""
        ends = [self.sequence(branch, at) for branch in merge.branches]
        known = [end for end in ends if end is not None]
        if at is None or len(known) < len(ends):
            return None
        try:
            known = self.fitted(merge, known)
            work = merge.layer.join(tuple(end.shape for end in known))
        except Misfit as misfit:
            if isinstance(misfit.fault, BranchesDiffer):
                ends_at = tuple(
                    (branch[-1].span, str(end.shape))
                    for branch, end in zip(merge.branches, known, strict=True)
                    if branch and branch[-1].span
                )
                word = merge.span.text if merge.span else merge.layer.word
                fault = misfit.fault.replace(shape=at.shape, of=word, ends=ends_at)
                if isinstance(merge.layer, Add):
                    fault = fault.replace(projected=merge.layer.project)
                misfit = Misfit(misfit.field, fault)
            self.fault(misfit, merge, at.origin)
            return None
        return self.row(merge.name, merge.layer, tuple(known), work, merge.span)

    def fitted(self, merge: Merge, ends: list[_At]) -> list[_At]:
        """The ends of the branches with what the merge brings along to make them fit."""
        layer = merge.layer
        target = next((e.shape for e, b in zip(ends, merge.branches, strict=True) if b), None)
        fitted = []
        for end, branch in zip(ends, merge.branches, strict=True):
            if isinstance(layer, Add) and layer.project and not branch and target:
                end = self.projected(merge, end, target)
            fitted.append(end)
        return [self.gate(merge, layer, end, fitted) for end in fitted]

    def projected(self, merge: Merge, end: _At, target: Shape) -> _At:
        """An empty branch brought to the shape of the others by a 1x1 convolution."""
        if end.shape == target or not (isinstance(end.shape, Image) and isinstance(target, Image)):
            return end
        stride = (
            -(-end.shape.height // target.height),
            -(-end.shape.width // target.width),
        )
        conv = Conv(filters=target.channels, kernel=(1, 1), stride=stride, padding="same")
        if conv.work(end.shape).shape != target:
            return end
        return self.add(f"{merge.name}.project", conv, end, merge, implied=True)

    def gate(self, merge: Merge, layer: Merging, end: _At, ends: list[_At]) -> _At:
        """A vector beside an image as an image of one pixel, where the merge allows it."""
        image = next((e.shape for e in ends if isinstance(e.shape, Image)), None)
        if not (layer.gates and image and isinstance(end.shape, Vector)):
            return end
        if end.shape.units != image.channels:
            return end
        reshape = Reshape((1, 1, image.channels))
        return self.add(f"{merge.name}.gate", reshape, end, merge, implied=True)

    def shared(self, shared: Shared, at: _At | None) -> _At | None:
        """The same layers several times with one set of weights, counted once."""
        begin = len(self.rows)
        at = self.sequence(shared.body, at)
        first = {row.name: row for row in self.rows[begin:]}
        for time in range(2, shared.times + 1):
            begin = len(self.rows)
            at = self.sequence(shared.body, at)
            for index in range(begin, len(self.rows)):
                row = self.rows[index]
                own = first.get(row.name)
                if own and _weights(own) != _weights(row):
                    fault = WeightsDiffer(row.span, row.before, first=own.before)
                    self.faults.append(fault)
                    return None
                name = self.unused(row.name, time)
                self.rows[index] = row.replace(name=name, shares=own.name if own else "")
        return at

    def unused(self, name: str, time: int) -> str:
        """A name for another use of a layer: `conv@2`."""
        taken = {row.name for row in self.rows}
        while f"{name}@{time}" in taken:
            time += 1
        return f"{name}@{time}"

    def fault(self, misfit: Misfit, element: Node | Merge, origin: str) -> None:
        """Gives a fault its place and keeps it."""
        span = element.places.get(misfit.field, element.span)
        fault = misfit.fault.replace(span=span)
        if isinstance(fault, ShapeFault):
            fault = fault.replace(origin=origin)
        if element.uses:
            fault = Traced(span, fault, tuple(Label(use, "used here") for use in element.uses))
        self.faults.append(fault)


def walk(elements: Iterable[Element], shape: Shape | None, works: Works | None = None) -> Graph:
    """The graph of a network on an input of a shape, `None` if even that is unknown.

    `works` are those of walks before, where networks have layers in common.
    """
    under_way = _Walk(works or Works())
    at = under_way.sequence(elements, _At(INPUT, shape) if shape else None)
    return Graph(
        shape or Vector(0),
        tuple(under_way.rows),
        at.shape if at else None,
        tuple(under_way.faults),
    )


def _weights(row: Row) -> tuple[int, int, int]:
    """What must be the same for weights to be shared: how many there are, and the channels."""
    has = row.work.params.value or row.work.frozen.value
    return row.work.params.value, row.work.frozen.value, row.before.dims[-1] if has else 0
