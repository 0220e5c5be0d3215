"""IR to graph: every layer applied, in order, with where its input comes from.

Sends the shape of the input through the network. A layer whose input is unknown,
because one before it has an error, is passed over: no error is reported that only
follows from another.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape, Vector
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.diagnostics.branches import BranchesDiffer, UnusedOutput, WeightsDiffer
from cnnspec.diagnostics.shapes import ShapeDiagnostic, TooManyValuesHere
from cnnspec.graph.graph import INPUT, Graph, LayerCall
from cnnspec.ir.spec import (
    INPUT_NAME,
    Element,
    ErrorNode,
    From,
    Merge,
    Names,
    Node,
    SharedRepeat,
    every,
    is_identity,
)
from cnnspec.language.numbers import MAX_WHOLE
from cnnspec.layers.base import Inference, InferenceCache, Input, Layer, ShapeError
from cnnspec.layers.convolution import Conv
from cnnspec.layers.geometry import Flatten, Reshape
from cnnspec.layers.merging import Add
from cnnspec.layers.normalization import BatchNorm

_INPUT = Input()
_FLATTEN = Flatten()


class Value(Record):
    """The output of a call while the graph is built: the call's index, the shape, what made it."""

    index: int
    shape: Shape
    layer: Layer | None = None
    span: Span | None = None

    @property
    def origin(self) -> str:
        """Where the shape comes from: `after pool at line 8`."""
        if self.layer is None:
            return "at the input"
        word = self.layer.word
        return f"after {word} at line {self.span.line}" if self.span else f"after {word}"


class GraphBuilder:
    """Builds one graph, element by element."""

    def __init__(self, shape: Shape | None, inference_cache: InferenceCache) -> None:
        self.inference_cache = inference_cache
        shape = shape or Vector(0)
        self.calls = [LayerCall("input", _INPUT, (), shape, shape, _INPUT.infer(shape))]
        self.origins = ["input"]
        """The name that the layer of each call has in the text, however often it is applied."""
        self.uses = Counter(self.origins)
        """How often each of those names has come."""
        self.times = [1]
        """For each call, how often its name had come by then."""
        self.names = {"input"}
        """The names that calls have, or had before they got another."""
        self.named = {INPUT_NAME: Value(INPUT, shape)}
        """The latest output of each layer by the name that it has in the text."""
        self.errors: list[Diagnostic] = []
        self.whole = True
        """Whether the whole text could be read."""
        self.jumps = False
        """Whether a branch begins elsewhere than at the input of its merge."""

    def sequence(self, elements: Iterable[Element], at: Value | None) -> Value | None:
        """Adds elements one after another; `None` is a value of unknown shape."""
        for element in elements:
            match element:
                case ErrorNode():
                    at = None
                    self.whole = False
                case Node():
                    at = self.node(element, at)
                case Merge():
                    at = self.merge(element, at)
                case SharedRepeat():
                    at = self.shared(element, at)
                case From(source=source):
                    at = self.named.get(source)
                    self.jumps = True
        return at

    def node(self, node: Node, at: Value | None) -> Value | None:
        """Adds a layer. After an error it goes on where the output shape is certain."""
        if at is not None:
            try:
                if node.layer.takes_vector and isinstance(at.shape, Image):
                    at = self.add(f"{node.name}.flatten", _FLATTEN, at, node, implicit=True)
                return self.add(node.name, node.layer, at, node)
            except ShapeError as error:
                self.report(error, node, at.origin)
        fixed_output_shape = node.layer.fixed_output_shape
        return (
            Value(INPUT, fixed_output_shape, node.layer, node.span) if fixed_output_shape else None
        )

    def add(
        self, name: str, layer: Layer, at: Value, node: Node | Merge, *, implicit: bool = False
    ) -> Value:
        """Applies a layer to a value; raises `ShapeError`."""
        inference = self.inference_cache.of(layer, at.shape)
        size = inference.shape.size
        if size > MAX_WHOLE:
            raise ShapeError("", TooManyValuesHere(None, at.shape, values=size))
        return self.call(name, layer, (at,), inference, node.span, implicit=implicit)

    def call(
        self,
        name: str,
        layer: Layer,
        sources: tuple[Value, ...],
        inference: Inference,
        span: Span | None,
        *,
        implicit: bool = False,
    ) -> Value:
        """Adds a call and returns its output."""
        inputs = tuple(source.index for source in sources)
        after = inference.shape
        self.calls.append(
            LayerCall(name, layer, inputs, sources[0].shape, after, inference, span, implicit)
        )
        self.origins.append(name)
        self.uses[name] += 1
        self.times.append(self.uses[name])
        self.names.add(name)
        self.named[name] = Value(len(self.calls) - 1, after, layer, span)
        return self.named[name]

    def merge(self, merge: Merge, at: Value | None) -> Value | None:
        """Adds every branch from the same input, then the join."""
        ends = [self.sequence(branch, at) for branch in merge.branches]
        known = [end for end in ends if end is not None]
        if at is None or len(known) < len(ends):
            return None
        try:
            known = self.fitted(merge, known)
            inference = merge.layer.join(tuple(end.shape for end in known))
        except ShapeError as error:
            if isinstance(error.diagnostic, BranchesDiffer):
                ends_at = tuple(
                    (branch[-1].span, str(end.shape))
                    for branch, end in zip(merge.branches, known, strict=True)
                    if branch and branch[-1].span
                )
                word = merge.span.text if merge.span else merge.layer.word
                problem = error.diagnostic.replace(shape=at.shape, of=word, ends=ends_at)
                if isinstance(merge.layer, Add):
                    problem = problem.replace(projected=merge.layer.project)
                error = ShapeError(error.field, problem)
            self.report(error, merge, at.origin)
            return None
        return self.call(merge.name, merge.layer, tuple(known), inference, merge.span)

    def fitted(self, merge: Merge, ends: list[Value]) -> list[Value]:
        """The ends of the branches, with the implicit calls that make them fit."""
        layer = merge.layer
        branches = list(zip(ends, merge.branches, strict=True))
        target = next((end.shape for end, branch in branches if not is_identity(branch)), None)
        names = Names(f"{merge.name}.")
        fitted = []
        for end, branch in branches:
            if isinstance(layer, Add) and layer.project and is_identity(branch) and target:
                end = self.projected(merge, names, end, target)
            fitted.append(end)
        return [self.gate(merge, names, end, fitted) for end in fitted]

    def projected(self, merge: Merge, names: Names, end: Value, target: Shape) -> Value:
        """An empty branch brought to the shape of the others by a 1x1 convolution."""
        if end.shape == target or not (isinstance(end.shape, Image) and isinstance(target, Image)):
            return end
        stride = (
            -(-end.shape.height // target.height),
            -(-end.shape.width // target.width),
        )
        norm = _norm_of_projection(merge)
        conv = Conv(
            filters=target.channels,
            kernel=(1, 1),
            stride=stride,
            padding="same",
            bias=norm is None,
        )
        if conv.infer(end.shape).shape != target:
            return end
        name = names.next("project")
        end = self.add(name, conv, end, merge, implicit=True)
        return self.add(f"{name}.bn", norm, end, merge, implicit=True) if norm else end

    def gate(self, merge: Merge, names: Names, end: Value, ends: list[Value]) -> Value:
        """Reshapes a vector beside an image to an image of one pixel, where the merge allows it."""
        image = next((e.shape for e in ends if isinstance(e.shape, Image)), None)
        if not (merge.layer.gates and image and isinstance(end.shape, Vector)):
            return end
        if end.shape.units != image.channels:
            return end
        reshape = Reshape((1, 1, image.channels))
        return self.add(names.next("gate"), reshape, end, merge, implicit=True)

    def shared(self, shared: SharedRepeat, at: Value | None) -> Value | None:
        """Adds the same layers several times; their weights are shared and counted once.

        Layers are known by their names in the text, because the body may contain shared repeats,
        whose calls already have other names.
        """
        owners: dict[str, LayerCall] = {}
        for _ in range(shared.times):
            begin = len(self.calls)
            at = self.sequence(shared.body, at)
            for index in range(begin, len(self.calls)):
                call, origin = self.calls[index], self.origins[index]
                owner = owners.setdefault(origin, call)
                if _weights(owner) != _weights(call):
                    problem = WeightsDiffer(call.span, call.input_shape, first=owner.input_shape)
                    self.errors.append(problem)
                    return None
                if owner is not call:
                    name = call.name
                    if name == origin:
                        name = _unused(origin, self.times[index], self.names)
                        self.names.add(name)
                    self.calls[index] = call.replace(name=name, weights_from=owner.name)
        return at

    def report(self, error: ShapeError, element: Node | Merge, origin: str) -> None:
        """Keeps the error of a layer, with its place in the text."""
        span = element.spans.get(error.field, element.span)
        problem = error.diagnostic.replace(span=span)
        if isinstance(problem, ShapeDiagnostic):
            problem = problem.replace(origin=origin)
        if element.call_sites:
            problem = Traced(
                span, problem, tuple(Label(use, "used here") for use in element.call_sites)
            )
        self.errors.append(problem)


def build_graph(
    elements: Iterable[Element], shape: Shape | None, inference_cache: InferenceCache | None = None
) -> Graph:
    """Builds the graph of a network on an input of this shape, `None` if it is unknown.

    An `inference_cache` of graphs built before saves work where networks have layers in common.
    """
    under_way = GraphBuilder(shape, inference_cache or InferenceCache())
    at = under_way.sequence(elements, Value(INPUT, shape) if shape else None)
    # In a graph without errors, only `from` can leave an output unused.
    if at and under_way.jumps and under_way.whole and not under_way.errors:
        under_way.errors += _unused_outputs(under_way.calls, at.index)
    return Graph(
        tuple(under_way.calls),
        at.shape if at else None,
        tuple(under_way.errors),
    )


def _unused_outputs(calls: list[LayerCall], output: int) -> Iterator[UnusedOutput]:
    """Reports calls whose output is not used: Keras would silently leave them out."""
    taken = {source for call in calls for source in call.inputs}
    for index, call in enumerate(calls):
        if index not in taken and index not in (INPUT, output):
            yield UnusedOutput(call.span, call.output_shape, of=call.layer.word)


def _norm_of_projection(merge: Merge) -> BatchNorm | None:
    """The batch norm after a projection: the one that ends the branches beside it."""
    if not getattr(merge.layer, "bn", False):
        return None
    found = BatchNorm()
    for branch in merge.branches:
        for element in every(branch):
            if isinstance(element, Node) and isinstance(element.layer, BatchNorm):
                found = element.layer
    return found


def _unused(name: str, time: int, taken: set[str]) -> str:
    """A free name for another use of a layer: `conv@2`, unless a layer in the text has it."""
    while f"{name}@{time}" in taken:
        time += 1
    return f"{name}@{time}"


def _weights(call: LayerCall) -> tuple[int, int, int]:
    """What must be equal for weights to be shared: their number and the channels."""
    has = call.inference.params.value or call.inference.frozen.value
    return (
        call.inference.params.value,
        call.inference.frozen.value,
        call.input_shape.dims[-1] if has else 0,
    )
