"""What is said of a checked spec: its layers, its totals, its budgets. Prints nothing."""

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line
from cnnspec.layers.base import Layer


def title(result: CheckedSpec) -> list[Line]:
    """Name, file, data and shapes, in a line."""
    spec = result.spec
    facts = f"{spec.data.title}, {spec.shape} -> {spec.classes} classes"
    return [[(spec.model, "strong"), (f"  {result.source.name}  {facts}", "dim")]]


def brief(layer: Layer) -> str:
    """The text of a layer without options that change neither its shape nor its function."""
    kept = [
        argument
        for argument in layer.arguments()
        if "=" not in argument or argument.startswith(("stride=", "dilation="))
    ]
    return " ".join([layer.word, *kept])


def layer_table(result: CheckedSpec) -> Table:
    """Returns a row for each layer, and the totals."""
    totals = result.totals
    assert totals is not None
    rows = tuple(
        (
            row.name,
            f"({row.layer})" if row.implicit else str(row.layer),
            str(row.output_shape),
            f"{row.params:,}",
            f"{row.macs:,}",
        )
        for row in result.layers
    )
    total = ("total", "", "", f"{totals.params:,}", f"{totals.macs:,}")
    return Table(("name", "layer", "output", "params", "MACs"), rows, "lllrr", total)


def overview(result: CheckedSpec) -> list[Line]:
    """The layers, the totals and what became of every budget."""
    totals = result.totals
    assert totals is not None
    lines = layer_table(result).lines()
    frozen = totals.params - totals.trainable
    of_which = f" ({totals.trainable:,} trainable, {frozen:,} not)" if frozen else ""
    lines += [
        [],
        [
            (
                f"{totals.params:,} parameters{of_which}, {totals.macs:,} MACs, "
                f"flash {kib(totals.params * 4)}, RAM {kib(totals.ram())}, "
                f"depth {totals.depth}",
                "",
            )
        ],
    ]
    lines += fit_lines(result)
    for verdict in result.budget_results:
        words = ("held", "good") if verdict.holds else ("not held", "bad")
        unit = UNITS.get(verdict.budget.quantity, "")
        about = "about " if verdict.error else ""
        line: Line = [(f"{verdict.budget}: {about}{verdict.value:,}{unit} ", ""), words]
        if verdict.share is not None:
            line.append((f", {percent(verdict.share)} used", ""))
        if bound := [fit.name for fit in result.fits if verdict.budget in fit.broken]:
            line.append((f", limits {' and '.join(bound)}", ""))
        if verdict.error:
            line.append((f" (by formula, within {percent(verdict.error)})", ""))
        lines.append(line)
    return lines


UNITS = {"flash": " bytes", "ram": " bytes"}
"""The unit of a value that is more than a number of what its budget names."""


def fit_lines(result: CheckedSpec) -> list[Line]:
    """The value of each `fit`, and why it is not a larger one."""
    objective = result.expanded.objective
    chosen = f"the best value for `{objective}`" if objective else "the largest value that fits"
    lines: list[Line] = []
    for fit in result.fits:
        why = "; it is the last of its range" if not fit.values else ""
        if fit.reason:
            tried = " and ".join(f"{name} = {value}" for name, value in fit.values.items())
            why = f"; with {tried}, {fit.reason}"
        lines.append([(f"{fit.name} = {fit.value}, {chosen}{why}", "")])
    return lines


def percent(share: float) -> str:
    """A share in percent, which is 100 % only where nothing is left."""
    tenths = int(share * 1000) if share < 1 else round(share * 1000)
    return f"{tenths / 10:,.12g} %"


def kib(size: int) -> str:
    """Bytes in KiB, as they count on small devices."""
    return f"{size / 1024:,.1f} KiB"
