"""IR to verdict: every shape, every cost, every budget, without any framework.

Values in, values or diagnostics out. A layer whose input is unknown, because one
before it is at fault, is passed over: no fault is reported that only follows from
another.
"""

from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import NothingValidates, OverBudget
from cnnspec.diagnostics.shapes import ShapeFault, TooManyValuesHere, WrongClasses
from cnnspec.expand import Expanded, Gap, Overrides, read
from cnnspec.ir.claims import BYTES, Budget
from cnnspec.ir.spec import Node, Spec
from cnnspec.language.parse import MAX_WHOLE
from cnnspec.layers.base import Layer, Misfit, Work
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Flatten
from cnnspec.record import Record
from cnnspec.shapes import Image, Shape
from cnnspec.source import Source, Span


class Row(Record):
    """A layer at work: what goes in, what comes out and what it costs.

    An `implied` row is a flatten that a dense layer brings along.
    """

    name: str
    layer: Layer
    before: Shape
    work: Work
    span: Span | None = None
    implied: bool = False

    @property
    def after(self) -> Shape:
        """The shape of the output."""
        return self.work.shape

    @property
    def alive(self) -> int:
        """The values that are needed at once while it works.

        Its input and its output, or only the output where it can take the memory of
        the input; a fused activation works in place.
        """
        return self.after.size + (0 if self.layer.in_place else self.before.size)

    @property
    def params(self) -> int:
        """All weights, frozen ones included, as Keras counts them."""
        return self.work.params.value + self.work.frozen.value


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
    spec: Spec
    rows: tuple[Row, ...]
    totals: Totals | None
    verdicts: tuple[Verdict, ...]
    problems: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return all(p.severity != "error" for p in self.problems)


def check(source: Source, overrides: Overrides | None = None) -> Checked:
    """Reads and checks a text."""
    expanded = read(source, overrides)
    rows, faults, after = _walk(expanded)
    certain = not faults and not expanded.problems
    whole = bool(expanded.nodes) and len(expanded.nodes) == len(expanded.spec.nodes)
    known = whole and after is not None and not faults and not _sources(expanded)
    totals = _totals(rows, expanded.spec.shape) if known else None
    verdicts = tuple(Verdict(b, totals.of(b)) for b in expanded.spec.budgets) if totals else ()
    problems = [*expanded.problems, *faults]
    problems += [_over(verdict, rows) for verdict in verdicts if not verdict.holds]
    if after is not None and expanded.nodes and not expanded.doubtful & {"data", "classes"}:
        problems += _ending(expanded, rows, after)
    if certain:
        problems += _unmeasurable(expanded)
    problems.sort(key=lambda p: p.span.start if p.span else -1)
    return Checked(source, expanded.spec, rows, totals, verdicts, tuple(problems))


def _sources(expanded: Expanded) -> frozenset[str]:
    """The settings at fault without which the shape of the input is unknown."""
    return expanded.doubtful & {"data", "input"}


def _walk(expanded: Expanded) -> tuple[tuple[Row, ...], list[Diagnostic], Shape | None]:
    """Sends a shape through the layers; it is `None` from a fault to where it is certain again."""
    shape: Shape | None = None if _sources(expanded) else expanded.spec.shape
    origin = "the input"
    rows: list[Row] = []
    faults: list[Diagnostic] = []
    for node in expanded.nodes:
        if isinstance(node, Gap):
            shape = None
            continue
        if shape is None:
            shape = node.layer.certain
            origin = _after(node)
            continue
        before = shape
        try:
            for row in _apply(node, shape):
                rows.append(row)
                shape = row.after
        except Misfit as misfit:
            faults.append(_placed(misfit, node, origin))
            shape = node.layer.certain
        else:
            if shape.size > MAX_WHOLE:
                fault = TooManyValuesHere(node.span, before, origin, values=shape.size)
                faults.append(fault)
                shape = node.layer.certain
        origin = _after(node)
    return tuple(rows), faults, shape


def _apply(node: Node, shape: Shape) -> list[Row]:
    """The rows of a layer: a dense layer on an image brings a flatten along."""
    rows = []
    if isinstance(node.layer, Dense) and isinstance(shape, Image):
        flatten = Flatten()
        rows.append(
            Row(f"{node.name}.flatten", flatten, shape, flatten.work(shape), node.span, True)
        )
        shape = rows[0].after
    rows.append(Row(node.name, node.layer, shape, node.layer.work(shape), node.span))
    return rows


def _after(node: Node) -> str:
    return f"after {node.layer.word} at line {node.span.line}" if node.span else ""


def _placed(misfit: Misfit, node: Node, origin: str) -> Diagnostic:
    span = node.places.get(misfit.field, node.span)
    fault = misfit.fault.replace(span=span)
    return fault.replace(origin=origin) if isinstance(fault, ShapeFault) else fault


def _totals(rows: tuple[Row, ...], shape: Shape) -> Totals:
    """Sums and peaks over the layers.

    The peak of live values is what a runtime that runs one layer after another must
    hold.
    """
    return Totals(
        params=sum(row.params for row in rows),
        trainable=sum(row.work.params.value for row in rows),
        macs=sum(row.work.macs.value for row in rows),
        depth=sum(row.layer.has_kernel for row in rows),
        values=max(shape.size, *(row.alive for row in rows)),
    )


def _over(verdict: Verdict, rows: tuple[Row, ...]) -> OverBudget:
    budget = verdict.budget
    return OverBudget(
        budget.span,
        quantity=budget.subject,
        value=f"{verdict.value:,}",
        relation=budget.relation,
        limit=f"{budget.limit:,.12g}",
        costliest=_costliest(budget, rows) if budget.relation in ("<=", "<") else "",
    )


def _costliest(budget: Budget, rows: tuple[Row, ...]) -> str:
    """The three layers that cost most of what the budget limits."""
    costs = {
        "params": lambda row: row.params,
        "flash": lambda row: row.params,
        "trainable": lambda row: row.work.params.value,
        "macs": lambda row: row.work.macs.value,
        "ram": lambda row: row.alive,
    }
    cost = costs.get(budget.quantity)
    if cost is None:
        return ""
    unit = " values" if budget.quantity == "ram" else ""
    most = sorted(rows, key=cost, reverse=True)[:3]
    return ", ".join(f"{row.name} {cost(row):,}{unit}" for row in most if cost(row))


def _ending(expanded: Expanded, rows: tuple[Row, ...], after: Shape) -> list[Diagnostic]:
    """The last layer must give a value for each class."""
    classes = expanded.spec.classes
    last = expanded.nodes[-1]
    if after.dims == (classes,) or isinstance(last, Gap):
        return []
    word = last.layer.word
    if not last.layer.has_kernel:
        kernels = [n for n in expanded.nodes if isinstance(n, Node) and n.layer.has_kernel]
        if kernels and word in ("softmax", "sigmoid"):
            last, word = kernels[-1], kernels[-1].layer.word
    span = last.places.get("units", last.span)
    return [WrongClasses(span, after, classes=classes, last=word)]


def _unmeasurable(expanded: Expanded) -> list[Diagnostic]:
    """Claims and settings that need a validation set where there is none."""
    train = expanded.spec.train
    if train.validation != "none":
        return []
    found: list[Diagnostic] = [
        NothingValidates(claim.span, what=f"`{claim.quantity}`")
        for claim in expanded.spec.expectations
        if claim.split == "validation"
    ]
    stop = train.early_stop
    if stop and stop.monitor.startswith("val_"):
        span = expanded.places.get("train.early_stop")
        found.append(NothingValidates(span, what=f"`early_stop {stop.monitor}`"))
    return found
