"""IR to verdict: every shape, every cost, every budget, without any framework.

Values in, values or diagnostics out; `graph` sends the shapes through the network.
"""

from collections.abc import Iterable

from cnnspec.analysis.costs import BudgetResult, FittedValue, Totals, over_budget, refused, totals
from cnnspec.analysis.lint import lint
from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.shapes import WrongClasses
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.expand import Expanded, PartialSpec, partial_spec
from cnnspec.expansion.state import Overrides
from cnnspec.files.sources import Unsaved
from cnnspec.graph.build import build_graph
from cnnspec.graph.graph import Graph, LayerCall
from cnnspec.ir.claims import Budget
from cnnspec.ir.conflicts import check_settings
from cnnspec.ir.source import SpecSource
from cnnspec.ir.spec import Element, ErrorNode, From, Merge, Node, SharedRepeat, Spec, every
from cnnspec.language.parse import Parsed, parse
from cnnspec.layers.base import InferenceCache


class CheckedSpec(Record):
    """A spec with all that can be known of it before training.

    `totals` is `None` where an error leaves them unknown. Only a spec without
    errors may be built.
    """

    source: Source
    expanded: Expanded
    graph: Graph
    totals: Totals | None
    budget_results: tuple[BudgetResult, ...]
    problems: tuple[Diagnostic, ...]
    fits: tuple[FittedValue, ...] = ()
    """The value that was found for each `fit`."""

    @property
    def spec(self) -> Spec:
        """What the text says."""
        return self.expanded.spec

    @property
    def fitted(self) -> dict[str, int]:
        """The value that was found for each `fit`, by its name."""
        return {fit.name: fit.value for fit in self.fits}

    @property
    def binding(self) -> set[Budget]:
        """The budgets that keep a `fit` from a better value."""
        return {budget for fit in self.fits for budget in fit.broken}

    @property
    def layers(self) -> tuple[LayerCall, ...]:
        """The layers in the order in which they work."""
        return self.graph.layers

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return all(p.severity != "error" for p in self.problems)

    def with_seed(self, seed: int) -> "CheckedSpec":
        """The spec of one of several runs; a seed changes nothing that was checked."""
        return self.replace(expanded=self.expanded.replace(spec=self.spec.with_seed(seed)))


class CheckedNetwork(Record):
    """What can be known of a spec whatever its training settings are."""

    partial_spec: PartialSpec
    elements: tuple[Element, ...]
    """Those of its network, with those within branches and repetitions."""
    graph: Graph
    totals: Totals | None
    budget_results: tuple[BudgetResult, ...]
    problems: tuple[Diagnostic, ...]

    def with_settings(self, overrides: Overrides) -> CheckedSpec:
        """The verdict on the network with its training settings."""
        expanded = self.partial_spec.with_overrides(overrides)
        problems = [*expanded.problems, *self.problems]
        if not self.graph.errors and not expanded.problems:
            problems += check_settings(expanded.spec, expanded.spans)
        return CheckedSpec(
            self.partial_spec.source,
            expanded,
            self.graph,
            self.totals,
            self.budget_results,
            _sorted(problems),
        )


MAX_KEPT = 20_000
"""Layers of networks that a checker keeps in all; some tens of megabytes."""


def check(
    source: Source, overrides: Overrides | None = None, unsaved: Unsaved | None = None
) -> CheckedSpec:
    """Reads and checks a source, and finds the value that a `fit` in it asks for.

    `unsaved` are texts of files that it uses, in the place of what is on disk. Warnings about
    a valid spec that is probably not what was meant are among its problems.
    """
    overrides = overrides or {}
    if isinstance(source, SpecSource):
        return _with_warnings(check_spec(source.spec, source.name, overrides), overrides)
    return check_text(parse(source), overrides, unsaved)


def check_text(parsed: Parsed, overrides: Overrides, unsaved: Unsaved | None = None) -> CheckedSpec:
    """Checks a text that is parsed already, as `check` does."""
    return _with_warnings(Checker(parsed, unsaved).check(overrides), overrides)


def _with_warnings(result: CheckedSpec, overrides: Overrides) -> CheckedSpec:
    """A result with the warnings about it, which only a spec without errors has."""
    if not result.ok:
        return result
    idle = idle_fits(result)
    warnings = lint(result.spec, result.graph, result.expanded.spans, idle)
    if not warnings:
        return result
    if isinstance(result.source, SpecSource):
        # A warning needs a place, and only a text has any.
        return check(result.source.written(), overrides)
    return result.replace(problems=_sorted([*result.problems, *warnings]))


def idle_fits(result: CheckedSpec) -> dict[str, Span]:
    """Returns the names of fits that nothing in a text uses, with their places."""
    if not result.fits:
        return {}
    # Here, for most specs have no fit.
    from cnnspec.expansion.symbols import symbols

    defined = {s.name: s for s in symbols(parse(result.source)) if s.kind == "let"}
    unused = (defined[fit.name] for fit in result.fits if fit.name in defined)
    return {symbol.name: symbol.definition for symbol in unused if not symbol.uses}


def check_parsed(parsed: Parsed, overrides: Overrides) -> CheckedSpec:
    """Checks a text that is parsed already, without a look for warnings."""
    return Checker(parsed).check(overrides)


def check_spec(
    spec: Spec,
    name: str,
    overrides: Overrides | None = None,
    *,
    like: CheckedSpec | None = None,
) -> CheckedSpec:
    """Checks a spec as it is, without printing and parsing it, and without a look for warnings.

    `name` is that of its source in messages. The graph of `like`, which was checked before,
    is taken where it is of the same network. Only an error needs a text, to have a place in:
    then the canonical text is checked.
    """
    # Here, for a check of a text never needs it.
    from cnnspec.ir.validity import is_valid

    overrides = overrides or {}
    source = SpecSource(name, spec)
    if is_valid(spec):
        text = PartialSpec(source, spec)
        if like and like.ok and like.spec.replace(train=spec.train) == spec:
            network = CheckedNetwork(text, (), like.graph, like.totals, like.budget_results, ())
        else:
            network = _check_network(text, InferenceCache())
        result = network.with_settings(overrides)
        if result.ok:
            return result
    return check_parsed(parse(source.written()), overrides)


class Checker:
    """Checks one text under many overrides, as for the points of a sweep.

    Where the lets have the same values, the network is worked out once.
    """

    def __init__(self, parsed: Parsed, unsaved: Unsaved | None = None) -> None:
        self.parsed = parsed
        self.expansion_cache = ExpansionCache(unsaved)
        self.inference_cache = InferenceCache()
        self.lets: tuple[str, ...] = ()
        self.networks: dict[tuple[int, ...], CheckedNetwork] = {}
        self.layers = 0
        """How many there are in all those networks."""

    def check(self, overrides: Overrides) -> CheckedSpec:
        """The text under some overrides, with the value that a `fit` in it asks for."""
        result = self.plain(overrides)
        if not result.expanded.fits:
            return result
        # Here, for most specs say every value.
        from cnnspec.analysis.fit import solve

        return solve(self, result, overrides)

    def plain(self, overrides: Overrides) -> CheckedSpec:
        """The text under some overrides, every `fit` at its largest value."""
        return self.network(overrides).with_settings(overrides)

    def network(self, overrides: Overrides) -> CheckedNetwork:
        """The network under some overrides."""
        network = self.networks.get(self._key(overrides))
        if network is None:
            network = _check_network(
                partial_spec(self.parsed, overrides, self.expansion_cache), self.inference_cache
            )
            lets = tuple(network.partial_spec.lets)
            layers = len(network.graph.calls) + len(network.elements)
            if lets != self.lets or self.layers + layers > MAX_KEPT:
                self.networks.clear()
                self.lets, self.layers = lets, 0
            self.networks[self._key(overrides)] = network
            self.layers += layers
        return network

    def _key(self, overrides: Overrides) -> tuple[int, ...]:
        """What the lets take from some overrides: which pieces of syntax, for faults show them.

        A network that is kept has them in its outline, so no other piece gets their ids.
        """
        return tuple(map(id, map(overrides.get, self.lets)))


def _check_network(text: PartialSpec, inference_cache: InferenceCache) -> CheckedNetwork:
    """Sends the shapes through a network and holds it against its budgets."""
    spec, poisoned = text.spec, text.poisoned
    graph = build_graph(
        spec.nodes, None if poisoned & {"data", "input"} else spec.shape, inference_cache
    )
    elements = tuple(every(spec.nodes))
    known = bool(graph.layers) and graph.output_shape is not None
    known = known and not graph.errors and ErrorNode not in map(type, elements)
    costs = totals(graph, spec.model) if known else None
    problems = [*graph.errors]
    budget_results = []
    if costs is not None:
        for budget in spec.budgets:
            if error := refused(budget, graph):
                problems.append(error)
                continue
            result = BudgetResult(budget, costs.of(budget))
            budget_results.append(result)
            if not result.holds:
                problems.append(over_budget(result, graph))
    if graph.output_shape is not None and spec.nodes and not poisoned & {"data", "classes"}:
        problems += _ending(spec, graph.output_shape)
    if spec.allow:
        problems += forbidden(spec.nodes, spec.allow)
    return CheckedNetwork(text, elements, graph, costs, tuple(budget_results), tuple(problems))


def _sorted(problems: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Problems in the order of their places in the text."""
    if len(problems) > 1:
        problems = sorted(problems, key=lambda p: p.span.start if p.span else -1)
    return tuple(problems)


def forbidden(elements: Iterable[Element], allowed: tuple[str, ...]) -> list[Diagnostic]:
    """The layers that are not among those allowed, each place once."""
    # Here, for few specs say which layers are allowed.
    from cnnspec.diagnostics.claims import NotAllowed

    found: dict[int, Diagnostic] = {}
    for element in every(elements):
        if isinstance(element, Node | Merge) and element.layer.word not in allowed:
            span = element.span
            fault = NotAllowed(span, word=element.layer.word, allowed=allowed)
            found.setdefault(span.start if span else id(element), fault)
    return list(found.values())


def _ending(spec: Spec, after: Shape) -> list[Diagnostic]:
    """The last layer must give a value for each class."""
    last = spec.nodes[-1]
    known = spec.data.dataset is not None
    if after.dims == (spec.classes,) or isinstance(last, ErrorNode | From):
        return []
    if isinstance(last, SharedRepeat):
        return [WrongClasses(last.span, after, classes=spec.classes, last="repeat", known=known)]
    end = last.span if isinstance(last, Node) and not last.call_sites else None
    word = last.layer.word
    if word in ("softmax", "sigmoid"):
        kernels = [n for n in spec.nodes if isinstance(n, Node) and n.layer.has_kernel]
        if kernels:
            last, word = kernels[-1], kernels[-1].layer.word
    span = last.spans.get("units", last.span)
    return [WrongClasses(span, after, classes=spec.classes, last=word, known=known, end=end)]
