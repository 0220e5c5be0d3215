"""What brings a network under its budget: a change of one layer, tried and found to fit.

Pure: a checked spec in, diagnostics with a fix out. Each try changes the spec and sends
its shapes through again, which is cheap; how much is tried is bounded, so that a network
of thousands of layers waits no longer for its errors.
"""

from collections.abc import Callable, Iterable, Iterator

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.costs import BudgetResult, totals
from cnnspec.core.edits import Fix, write
from cnnspec.core.shapes import Image
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import OverBudget
from cnnspec.diagnostics.render import MAX_SHOWN
from cnnspec.graph.build import build_graph
from cnnspec.ir.claims import UPPER, Budget
from cnnspec.ir.spec import Element, Merge, Node, SharedRepeat
from cnnspec.layers.base import Layer
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Flatten
from cnnspec.layers.pooling import GlobalAverage

MOST_ROWS = 3_000
"""Rows worked out over all tries for one budget; one takes about 10 microseconds."""


def _advice(span: Span, text: str, value: int, instead: str = "") -> Fix:
    """Returns the fix that writes a text with which the budget has this value."""
    what = f" instead of `{instead}`" if instead else ""
    return write(span, text, title=f"`{text}`{what} at line {span.line} would fit ({value:,})")


Change = Callable[[Node], tuple[Element, ...]]
"""What stands in the place of a node."""


def with_advice(checked: CheckedSpec) -> tuple[Diagnostic, ...]:
    """The problems of a spec; those of a budget with advice, where there is any.

    Only for problems that are shown: each advice takes some of a hundred networks.
    """
    budget_results = {v.budget.span: v for v in checked.budget_results if not v.holds}
    shown = tuple(
        problem.replace(advice=advice(checked, budget_results[problem.span]))
        if isinstance(problem, OverBudget) and problem.span in budget_results
        else problem
        for problem in checked.problems[:MAX_SHOWN]
    )
    return shown + checked.problems[MAX_SHOWN:]


def advice(checked: CheckedSpec, verdict: BudgetResult) -> Fix | None:
    """Returns the smallest change that keeps a budget, or `None` where none is found.

    Tried are other numbers of filters or units for one statement, down to half of what
    they are; then a global pooling in place of a flatten. The budgets that hold go on
    holding, and the output keeps its shape. Where several budgets do not hold, one change
    for all of them comes first.
    """
    budget = verdict.budget
    if budget.relation not in UPPER or checked.totals is None:
        return None
    held = [v.budget for v in checked.budget_results if v.holds]
    upper = [v.budget for v in checked.budget_results if v.budget.relation in UPPER]
    for kept in ([*held, *upper], [*held, budget]):
        trial = _Trial(checked, budget, kept)
        numbers = [found for nodes in trial.statements() if (found := trial.number(nodes))]
        if numbers:
            return max(numbers, key=lambda found: found[0])[1]
        if pooled := next(trial.pooled(), None):
            return pooled
    return None


class _Trial:
    """The tries for one budget, with all that are to hold."""

    def __init__(self, checked: CheckedSpec, budget: Budget, kept: list[Budget]) -> None:
        self.checked = checked
        self.budget = budget
        self.kept = kept
        self.source = checked.source
        self.rows_left = MOST_ROWS

    def statements(self) -> Iterator[list[Node]]:
        """The nodes of each statement that is one edit, the costly ones first."""
        groups: dict[tuple[int, int], list[Node]] = {}
        for node in _nodes(self.checked.spec.nodes):
            # What a block of another file says is not this text's to change.
            if node.span and node.span.source is self.source:
                groups.setdefault((node.span.start, node.span.end), []).append(node)
        costs = {call.name: call.params + call.macs for call in self.checked.layers}
        order = sorted(
            groups.values(), key=lambda nodes: -sum(costs.get(node.name, 0) for node in nodes)
        )
        yield from (nodes for nodes in order if len({node.layer for node in nodes}) == 1)

    def value(self, span: Span, change: Change) -> int | None:
        """What the budget limits after a change; `None` where that is not allowed."""
        if self.rows_left <= 0:
            return None
        spec = self.checked.spec
        graph = build_graph(_changed(spec.nodes, span, change), spec.shape)
        self.rows_left -= len(graph.calls)
        if graph.errors or graph.output_shape != self.checked.graph.output_shape:
            return None
        costs = totals(graph, self.checked.spec.model)
        if not all(budget.holds(costs.of(budget)) for budget in self.kept):
            return None
        return costs.of(self.budget)

    def number(self, nodes: list[Node]) -> tuple[float, Fix] | None:
        """The largest number of filters or units that fits, as a share of what it is."""
        node = nodes[0]
        layer, span = node.layer, node.span
        field = next((name for name in ("units", "filters") if hasattr(layer, name)), "")
        if not field or span is None:
            return None
        present: int = getattr(layer, field)
        step: int = getattr(layer, "groups", 1)

        def tried(number: int) -> int | None:
            return self.value(span, lambda n: (n.replace(layer=_with(n.layer, field, number)),))

        # Fewer cost less: between what fits and what does not lies the largest that fits.
        fits, beyond = -(-present // (2 * step)), -(-present // step)
        best = tried(fits * step) if fits < beyond else None
        if best is None:
            return None
        while beyond - fits > 1:
            middle = (fits + beyond) // 2
            value = tried(middle * step)
            if value is None:
                beyond = middle
            else:
                fits, best = middle, value
        text = _written(node, _with(layer, field, fits * step))
        return fits * step / present, _advice(span, text, best)

    def pooled(self) -> Iterator[Fix]:
        """A global pooling where an image is flattened."""
        before = {
            call.name: call.input_shape for call in self.checked.layers if not call.weights_from
        }
        for nodes in self.statements():
            node = nodes[0]
            flat = before.get(f"{node.name}.flatten", before.get(node.name))
            if node.span is None or not isinstance(flat, Image):
                continue
            pool = Node(node.span, name=f"{node.name}.gap", layer=GlobalAverage())
            if isinstance(node.layer, Flatten):
                change: Change = lambda _, pool=pool: (pool,)  # type: ignore[misc]  # noqa: E731
                text, instead = "gap", "flatten"
            elif isinstance(node.layer, Dense):
                change = lambda n, pool=pool: (pool, n)  # type: ignore[misc]  # noqa: E731
                text, instead = f"gap; {_written(node, node.layer)}", ""
            else:
                continue
            value = self.value(node.span, change)
            if value is not None:
                yield _advice(node.span, text, value, instead)


def _with(layer: Layer, field: str, number: int) -> Layer:
    return layer.replace(**{field: number})


def _written(node: Node, layer: Layer) -> str:
    """The statement of a layer in the place of a node, with the name that was given there."""
    name = node.spans.get("name")
    return f"{layer} {name.text}" if name else str(layer)


def _nodes(elements: Iterable[Element]) -> Iterator[Node]:
    for element in elements:
        match element:
            case Node():
                yield element
            case Merge(branches=branches):
                for branch in branches:
                    yield from _nodes(branch)
            case SharedRepeat(body=body):
                yield from _nodes(body)


def _changed(elements: tuple[Element, ...], span: Span, change: Change) -> tuple[Element, ...]:
    """The elements with every node that was written at a span changed."""
    changed: list[Element] = []
    for element in elements:
        match element:
            case Node() if element.span == span:
                changed += change(element)
            case Merge(branches=branches):
                inner = tuple(_changed(branch, span, change) for branch in branches)
                changed.append(element.replace(branches=inner))
            case SharedRepeat(body=body):
                changed.append(element.replace(body=_changed(body, span, change)))
            case _:
                changed.append(element)
    return tuple(changed)
