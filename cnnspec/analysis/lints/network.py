"""A spec and its graph as lints look at them: who takes from whom, and where it was written."""

from collections import Counter
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.graph.graph import INPUT, Graph, LayerCall
from cnnspec.ir.spec import Merge, Node, Placed, Spec, every
from cnnspec.layers.base import Layer
from cnnspec.operations.base import ANY, Bounds, Operation
from cnnspec.operations.windows import Reduce

DENSE_SHARE = 0.9
DENSE_LEAST = 100_000
"""Below so many parameters, where they are is hardly worth a word."""


def subjects(spec: Spec, graph: Graph) -> set[str]:
    """Returns the modules of lints that a spec needs: most have nothing to say about it.

    A module is left out only where each of its lints would be silent.
    """
    found = set()
    total = heaviest = 0
    for call, operations in zip(graph.layers, graph.operations[1:], strict=True):
        layer, params = call.layer, call.params
        total += params
        if params > heaviest:
            heaviest = params
        if layer.has_kernel:
            if layer.function == "linear":
                found.add("linear")
        elif not call.implicit and (
            operations[0].kind == "activation" or operations[0].identity(call.input_shape)
        ):
            found.add("idle")
            if layer.function in ("softmax", "sigmoid"):
                found.add("values")
        if layer.starts_at_zero("kernel"):
            found.add("values")
        for operation in operations:
            always, strides, may_forget = _traits(type(operation))
            found |= always
            if strides and getattr(operation, "stride", (1, 1)) != (1, 1):
                found.add("windows")
            if may_forget and operation.forgets(call.output_shape):
                found.add("values")
    if total >= DENSE_LEAST and heaviest > DENSE_SHARE * total:
        found.add("sizes")
    reads = spec.train.loss.reads
    if reads and graph.layers[-1].layer.function not in reads:
        found.add("ending")
    if spec.train != Spec.fields["train"]:
        found.add("training")
    return found


@cache
def _traits(cls: type[Operation]) -> tuple[frozenset[str], bool, bool]:
    """What a kind of operation always needs, whether it has a stride, and whether it may forget."""
    traits = {
        "dropout": cls.training_only,
        "norms": cls.mixes_images,
        "sizes": issubclass(cls, Reduce),
    }
    always = frozenset(subject for subject, holds in traits.items() if holds)
    return always, "stride" in cls.fields, cls.forgets is not Operation.forgets


class LintContext:
    """A spec and its graph, with what several lints ask of them."""

    def __init__(self, spec: Spec, graph: Graph, spans: dict[str, Span]) -> None:
        self.spec = spec
        self.graph = graph
        self.calls = graph.calls
        self.layers = graph.layers
        self.computed = graph.operations
        self.spans = spans

    @cached_property
    def elements(self) -> dict[str, Placed]:
        """What was written, by the name of the layer."""
        return {
            each.name: each for each in every(self.spec.nodes) if isinstance(each, Node | Merge)
        }

    @cached_property
    def indices(self) -> dict[str, int]:
        """The index of each call by its name."""
        return {call.name: index for index, call in enumerate(self.calls)}

    @cached_property
    def _operations(self) -> dict[str, tuple[Operation, ...]]:
        """What each call computes, by its name."""
        names = (call.name for call in self.calls)
        return dict(zip(names, self.computed, strict=True))

    @cached_property
    def takers(self) -> list[list[int]]:
        """The indices of the calls that take the output of each call."""
        found: list[list[int]] = [[] for _ in self.calls]
        for index, call in enumerate(self.calls):
            for source in call.inputs:
                found[source].append(index)
        return found

    @cached_property
    def uses(self) -> dict[str, list[int]]:
        """The calls of each layer, by the name of the one that has the weights."""
        found: dict[str, list[int]] = {}
        for index, call in enumerate(self.calls):
            found.setdefault(call.weights_from or call.name, []).append(index)
        return found

    @cached_property
    def bounds(self) -> list[Bounds]:
        """Between which numbers the values of each call are."""
        known = [ANY]
        for call, operations in zip(self.layers, self.computed[1:], strict=True):
            found = tuple(known[source] for source in call.inputs)
            for operation in operations:
                found = (operation.bounds(found),)
            known.append(found[0])
        return known

    def operations(self, call: LayerCall) -> tuple[Operation, ...]:
        """Returns what a call computes."""
        return self._operations[call.name]

    def is_of(self, call: LayerCall, trait: Callable[[Operation], bool]) -> bool:
        """Returns whether every operation of a call with one input has a trait."""
        return len(call.inputs) == 1 and all(map(trait, self.operations(call)))

    def disturbance(self, call: LayerCall) -> float:
        """Returns how strongly a call disturbs values while training; 0 for most."""
        return max(operation.disturbance for operation in self.operations(call))

    def source(self, call: LayerCall) -> LayerCall | None:
        """The row whose output a row takes; `None` for the input and for several."""
        if len(call.inputs) != 1 or call.inputs[0] == INPUT:
            return None
        return self.calls[call.inputs[0]]

    def back(
        self, call: LayerCall | None, through: Callable[[Operation], bool]
    ) -> LayerCall | None:
        """The first row without a trait, a row and those before it looked at."""
        while call is not None and self.is_of(call, through):
            call = self.source(call)
        return call

    def element(self, call: LayerCall) -> Placed | None:
        """What was written for a row."""
        return self.elements.get(call.weights_from or call.name)

    @cached_property
    def _written(self) -> "Counter[tuple[int, int]]":
        """How many elements have a span, their own or that of a field, that begins at a place."""
        return Counter(
            (id(span.source), span.start)
            for element in self.elements.values()
            for span in (element.span, *element.spans.values())
            if span
        )

    def written(self, span: Span | None) -> int:
        """Returns how many elements were made of what is written at a span; 0 for a setting."""
        return self._written[id(span.source), span.start] if span else 0

    def at(
        self, call: LayerCall, cls: type[Diagnostic], place: str = "", **values: Any
    ) -> Diagnostic:
        """A warning at a row, or at the place of one of its fields where that was written."""
        element = self.element(call)
        span = element.spans.get(place, element.span) if element else call.span
        found = cls(span, **values)
        if element and element.call_sites:
            return Traced(span, found, tuple(Label(use, "used here") for use in element.call_sites))
        return found


def short(layer: Layer) -> str:
    """A layer with its sizes only, so that a message stays a line."""
    specs = type(layer).specs
    sizes = {name: getattr(layer, name) for name in specs if specs[name].place == "positional"}
    return str(type(layer)(**sizes))


def label(call: LayerCall, text: str) -> Label | None:
    """A second place to look at, where it was written in the text."""
    return Label(call.span, text) if call.span else None
