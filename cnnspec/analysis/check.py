"""IR to verdict: every shape, every cost, every budget, without any framework.

Values in, values or diagnostics out; `graph` sends the shapes through the network.
"""

from collections.abc import Iterable
from typing import ClassVar

from cnnspec.analysis.lint import lint
from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import NotAllowed, NothingFits, OverBudget
from cnnspec.diagnostics.shapes import WrongClasses
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.expand import Expanded, PartialSpec, partial_spec
from cnnspec.expansion.state import Overrides
from cnnspec.files.sources import Unsaved
from cnnspec.graph.build import Graph, LayerCall, build_graph
from cnnspec.ir.claims import BYTES, Budget
from cnnspec.ir.conflicts import check_settings
from cnnspec.ir.source import SpecSource
from cnnspec.ir.spec import Element, ErrorNode, From, Merge, Node, SharedRepeat, Spec, every
from cnnspec.language.parse import Parsed, parse
from cnnspec.layers.base import InferenceCache
from cnnspec.program.arena import peak_of


class Totals(Record):
    """What the whole network costs; the quantities a budget can limit."""

    ignored: ClassVar[tuple[str, ...]] = ("graph",)
    memos: ClassVar[tuple[str, ...]] = ("_peak",)

    params: int
    trainable: int
    macs: int
    depth: int
    graph: Graph
    """What memory is planned for when that is asked for: a sweep mostly does not."""

    def of(self, budget: Budget) -> int:
        """The value that a budget limits."""
        dtype = budget.dtype or "float32"
        if budget.quantity == "flash":
            return self.params * BYTES[dtype]
        if budget.quantity == "ram":
            return self.ram(dtype)
        value: int = getattr(self, budget.quantity)
        return value

    def ram(self, dtype: str = "float32") -> int:
        """Returns the bytes of the arena that inference of one image needs."""
        return self.memo("_peak", lambda: peak_of(self.graph)) * BYTES[dtype]

    def dump(self) -> dict[str, int]:
        """Every quantity by its name; flash and RAM in bytes, as float32."""
        sizes = {"flash": self.params * BYTES["float32"], "ram": self.ram()}
        names = ("params", "trainable", "macs")
        return {name: getattr(self, name) for name in names} | sizes | {"depth": self.depth}


class BudgetResult(Record):
    """A budget and what it is measured against."""

    budget: Budget
    value: int

    @property
    def holds(self) -> bool:
        """Whether the budget is kept."""
        return self.budget.holds(self.value)


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
    fitted: dict[str, int] = {}  # noqa: RUF012 - a record never changes its defaults
    """The value that was found for a `fit`."""

    @property
    def spec(self) -> Spec:
        """What the text says."""
        return self.expanded.spec

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
MAX_TRIED = 20_000
"""Layers that a `fit` looks at in all; about a second."""


def check(
    source: Source, overrides: Overrides | None = None, unsaved: Unsaved | None = None
) -> CheckedSpec:
    """Reads and checks a source, and finds the value that a `fit` in it asks for.

    `unsaved` are texts of files that it uses, in the place of what is on disk. Warnings about
    a valid spec that is probably not what was meant are among its problems.
    """
    overrides = overrides or {}
    if isinstance(source, SpecSource):
        result = check_spec(source.spec, source.name, overrides)
    else:
        result = Checker(parse(source), unsaved).check(overrides)
    if not result.ok:
        return result
    warnings = lint(result.spec, result.graph, result.expanded.spans)
    if not warnings:
        return result
    if isinstance(result.source, SpecSource):
        # A warning needs a place, and only a text has any.
        return check(result.source.written(), overrides)
    return result.replace(problems=_sorted([*result.problems, *warnings]))


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
        result = self.network(overrides).with_settings(overrides)
        fit = result.expanded.fit
        if fit is None:
            return result
        tries = len(fit.values)
        if tries * len(result.layers) > MAX_TRIED:
            what = f"this fit would look at {tries:,} networks of {len(result.layers):,} layers"
            limit = f"{MAX_TRIED:,} layers in all"
            return result.replace(problems=(TooLarge(fit.span, what=what, limit=limit),))
        for value, written in reversed(fit.values.items()):
            tried = {**overrides, fit.name: written}
            result = self.network(tried).with_settings(tried)
            if result.ok:
                return result.replace(fitted={fit.name: value})
        # What is wrong for another reason than a shape or a budget is told as it is.
        if result.expanded.problems:
            return result
        reasons = "; ".join(dict.fromkeys(p.message for p in result.problems))
        low, high = min(fit.values), max(fit.values)
        fault = NothingFits(fit.span, name=fit.name, low=low, high=high, reasons=reasons)
        return result.replace(problems=(fault,))

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
    costs = totals(graph) if known else None
    budget_results = tuple(BudgetResult(b, costs.of(b)) for b in spec.budgets) if costs else ()
    problems = [*graph.errors]
    problems += [_over(verdict, graph) for verdict in budget_results if not verdict.holds]
    if graph.output_shape is not None and spec.nodes and not poisoned & {"data", "classes"}:
        problems += _ending(spec, graph.output_shape)
    if spec.allow:
        problems += forbidden(spec.nodes, spec.allow)
    return CheckedNetwork(text, elements, graph, costs, budget_results, tuple(problems))


def _sorted(problems: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Problems in the order of their places in the text."""
    if len(problems) > 1:
        problems = sorted(problems, key=lambda p: p.span.start if p.span else -1)
    return tuple(problems)


def forbidden(elements: Iterable[Element], allowed: tuple[str, ...]) -> list[Diagnostic]:
    """The layers that are not among those allowed, each place once."""
    found: dict[int, Diagnostic] = {}
    for element in every(elements):
        if isinstance(element, Node | Merge) and element.layer.word not in allowed:
            span = element.span
            fault = NotAllowed(span, word=element.layer.word, allowed=allowed)
            found.setdefault(span.start if span else id(element), fault)
    return list(found.values())


def totals(graph: Graph) -> Totals:
    """Sums, the longest path, and the memory of inference."""
    return Totals(
        params=sum(call.params for call in graph.layers),
        trainable=sum(call.trainable for call in graph.layers),
        macs=sum(call.macs for call in graph.layers),
        depth=graph.depth(),
        graph=graph,
    )


def _over(verdict: BudgetResult, graph: Graph) -> OverBudget:
    budget = verdict.budget
    return OverBudget(
        budget.span,
        quantity=budget.subject,
        value=f"{verdict.value:,}",
        relation=budget.relation,
        limit=f"{budget.limit:,.12g}",
        costliest=_costliest(budget, graph) if budget.relation in ("<=", "<") else "",
    )


def _costliest(budget: Budget, graph: Graph) -> str:
    """The three layers that cost most of what the budget limits."""
    calls = graph.layers
    counted: dict[str, list[int]] = {
        "params": (params := [call.params for call in calls]),
        "flash": params,
        "trainable": [call.trainable for call in calls],
        "macs": [call.macs for call in calls],
    }
    if budget.quantity == "ram":
        from cnnspec.program.inference import inference_plan

        plan = inference_plan(graph, budget.dtype or "float32")
        names = [step.name for step in plan.program.steps]
        ranked = zip(plan.live, names, strict=True)
    elif budget.quantity in counted:
        ranked = zip(counted[budget.quantity], (call.name for call in calls), strict=True)
    else:
        return ""
    most = sorted(ranked, key=lambda pair: -pair[0])[:3]
    return ", ".join(f"{name} {cost:,}" for cost, name in most if cost)


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
