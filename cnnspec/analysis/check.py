"""IR to verdict: every shape, every cost, every budget, without any framework.

Values in, values or diagnostics out; `graph` sends the shapes through the network.
"""

from collections.abc import Iterable

from cnnspec.analysis.lint import lint
from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import NotAllowed, NothingFits, OverBudget
from cnnspec.diagnostics.shapes import WrongClasses
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.cache import Memory
from cnnspec.expansion.expand import Expanded, Outline, Overrides, outline
from cnnspec.graph.build import Graph, Row, walk
from cnnspec.ir.claims import BYTES, Budget
from cnnspec.ir.conflicts import misfits
from cnnspec.ir.spec import Element, Gap, Merge, Node, Shared, Spec, every
from cnnspec.language.parse import Parsed, parse
from cnnspec.layers.base import Works


class Totals(Record):
    """What the whole network costs; the quantities a budget can limit."""

    params: int
    trainable: int
    macs: int
    depth: int
    values: int
    """The largest number of values alive at once for one image."""

    def of(self, budget: Budget) -> int:
        """The value that a budget limits."""
        each = BYTES[budget.dtype or "float32"]
        if budget.quantity == "flash":
            return self.params * each
        if budget.quantity == "ram":
            return self.values * each
        value: int = getattr(self, budget.quantity)
        return value

    def dump(self) -> dict[str, int]:
        """Every quantity by its name; flash and RAM in bytes, as float32."""
        each = BYTES["float32"]
        sizes = {"flash": self.params * each, "ram": self.values * each}
        names = ("params", "trainable", "macs")
        return {name: getattr(self, name) for name in names} | sizes | {"depth": self.depth}


class Verdict(Record):
    """A budget and what it is measured against."""

    budget: Budget
    value: int

    @property
    def holds(self) -> bool:
        """Whether the budget is kept."""
        return self.budget.holds(self.value)


class Checked(Record):
    """A spec with all that can be known of it before training.

    `totals` is `None` where a fault leaves them unknown. Only a spec without
    errors may be built.
    """

    source: Source
    expanded: Expanded
    graph: Graph
    totals: Totals | None
    verdicts: tuple[Verdict, ...]
    problems: tuple[Diagnostic, ...]
    fitted: dict[str, int] = {}  # noqa: RUF012 - a record never changes its defaults
    """The value that was found for a `fit`."""

    @property
    def spec(self) -> Spec:
        """What the text says."""
        return self.expanded.spec

    @property
    def rows(self) -> tuple[Row, ...]:
        """The layers in the order in which they work."""
        return self.graph.rows

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return all(p.severity != "error" for p in self.problems)


class Network(Record):
    """What can be known of a spec whatever its training settings are."""

    outline: Outline
    graph: Graph
    totals: Totals | None
    verdicts: tuple[Verdict, ...]
    problems: tuple[Diagnostic, ...]

    def trained(self, overrides: Overrides) -> Checked:
        """The verdict on the network with its training settings."""
        expanded = self.outline.settled(overrides)
        problems = [*expanded.problems, *self.problems]
        if not self.graph.faults and not expanded.problems:
            problems += misfits(expanded.spec, expanded.places)
        source = self.outline.parsed.source
        return Checked(source, expanded, self.graph, self.totals, self.verdicts, _sorted(problems))


MAX_KEPT = 20_000
"""Layers of networks that a checker keeps in all; some tens of megabytes."""
MAX_TRIED = 20_000
"""Layers that a `fit` looks at in all; about a second."""


def check(source: Source, overrides: Overrides | None = None) -> Checked:
    """Reads and checks a text, and finds the value that a `fit` in it asks for.

    Only a text without errors is warned about what it hardly means.
    """
    result = check_parsed(parse(source), overrides or {})
    if not result.ok:
        return result
    warnings = lint(result.spec, result.graph, result.expanded.places)
    return result.replace(problems=_sorted([*result.problems, *warnings]))


def check_parsed(parsed: Parsed, overrides: Overrides) -> Checked:
    """Checks a text that is parsed already."""
    return Checker(parsed).check(overrides)


class Checker:
    """Checks one text under many overrides, as for the points of a sweep.

    Where the lets have the same values, the network is worked out once.
    """

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.memory = Memory()
        self.works = Works()
        self.lets: tuple[str, ...] = ()
        self.networks: dict[tuple[int, ...], Network] = {}
        self.layers = 0
        """How many there are in all those networks."""

    def check(self, overrides: Overrides) -> Checked:
        """The text under some overrides, with the value that a `fit` in it asks for."""
        result = self.network(overrides).trained(overrides)
        fit = result.expanded.fit
        if fit is None:
            return result
        tries = len(fit.values)
        if tries * len(result.rows) > MAX_TRIED:
            what = f"this fit would look at {tries:,} networks of {len(result.rows):,} layers"
            limit = f"{MAX_TRIED:,} layers in all"
            return result.replace(problems=(TooLarge(fit.span, what=what, limit=limit),))
        for value, written in reversed(fit.values.items()):
            tried = {**overrides, fit.name: written}
            result = self.network(tried).trained(tried)
            if result.ok:
                return result.replace(fitted={fit.name: value})
        # What is wrong for another reason than a shape or a budget is told as it is.
        if result.expanded.problems:
            return result
        reasons = "; ".join(dict.fromkeys(p.message for p in result.problems))
        low, high = min(fit.values), max(fit.values)
        fault = NothingFits(fit.span, name=fit.name, low=low, high=high, reasons=reasons)
        return result.replace(problems=(fault,))

    def network(self, overrides: Overrides) -> Network:
        """The network under some overrides."""
        network = self.networks.get(self._key(overrides))
        if network is None:
            network = _worked_out(outline(self.parsed, overrides, self.memory), self.works)
            lets = tuple(network.outline.lets)
            layers = len(network.graph.rows) + sum(1 for _ in every(network.outline.spec.nodes))
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
        return tuple([id(overrides.get(name)) for name in self.lets])


def _worked_out(text: Outline, works: Works) -> Network:
    """Sends the shapes through a network and holds it against its budgets."""
    spec, doubtful = text.spec, text.doubtful
    graph = walk(spec.nodes, None if doubtful & {"data", "input"} else spec.shape, works)
    known = bool(graph.rows) and graph.after is not None
    known = known and not graph.faults and not _has_gap(spec.nodes)
    costs = totals(graph) if known else None
    verdicts = tuple(Verdict(b, costs.of(b)) for b in spec.budgets) if costs else ()
    problems = [*graph.faults]
    problems += [_over(verdict, graph) for verdict in verdicts if not verdict.holds]
    if graph.after is not None and spec.nodes and not doubtful & {"data", "classes"}:
        problems += _ending(spec, graph.after)
    if spec.allow:
        problems += forbidden(spec.nodes, spec.allow)
    return Network(text, graph, costs, verdicts, tuple(problems))


def _sorted(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(problems, key=lambda p: p.span.start if p.span else -1))


def forbidden(elements: Iterable[Element], allowed: tuple[str, ...]) -> list[Diagnostic]:
    """The layers that are not among those allowed, each place once."""
    found: dict[int, Diagnostic] = {}
    for element in every(elements):
        if isinstance(element, Node | Merge) and element.layer.word not in allowed:
            span = element.span
            fault = NotAllowed(span, word=element.layer.word, allowed=allowed)
            found.setdefault(span.start if span else id(element), fault)
    return list(found.values())


def _has_gap(elements: Iterable[Element]) -> bool:
    return any(isinstance(element, Gap) for element in every(elements))


def totals(graph: Graph) -> Totals:
    """Sums, the longest path, and the peak of what is alive, the input image included."""
    return Totals(
        params=sum(row.params for row in graph.rows),
        trainable=sum(row.trainable for row in graph.rows),
        macs=sum(row.macs for row in graph.rows),
        depth=graph.depth(),
        values=max([graph.input.size, *graph.alive()]),
    )


def _over(verdict: Verdict, graph: Graph) -> OverBudget:
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
    rows = graph.rows
    costs = {
        "params": lambda: [row.params for row in rows],
        "flash": lambda: [row.params for row in rows],
        "trainable": lambda: [row.trainable for row in rows],
        "macs": lambda: [row.macs for row in rows],
        "ram": graph.alive,
    }
    if budget.quantity not in costs:
        return ""
    unit = " values" if budget.quantity == "ram" else ""
    ranked = sorted(zip(costs[budget.quantity](), rows, strict=True), key=lambda pair: -pair[0])
    return ", ".join(f"{row.name} {cost:,}{unit}" for cost, row in ranked[:3] if cost)


def _ending(spec: Spec, after: Shape) -> list[Diagnostic]:
    """The last layer must give a value for each class."""
    last = spec.nodes[-1]
    if after.dims == (spec.classes,) or isinstance(last, Gap):
        return []
    if isinstance(last, Shared):
        return [WrongClasses(last.span, after, classes=spec.classes, last="repeat")]
    word = last.layer.word
    if word in ("softmax", "sigmoid"):
        kernels = [n for n in spec.nodes if isinstance(n, Node) and n.layer.has_kernel]
        if kernels:
            last, word = kernels[-1], kernels[-1].layer.word
    span = last.places.get("units", last.span)
    return [WrongClasses(span, after, classes=spec.classes, last=word)]
