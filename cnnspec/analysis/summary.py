"""What is said of a checked spec: its layers, its totals, its budgets. Prints nothing."""

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line


def title(result: CheckedSpec) -> list[Line]:
    """Name, file, data and shapes, in a line."""
    spec = result.spec
    facts = f"{spec.data.title}, {spec.shape} -> {spec.classes} classes"
    return [[(spec.model, "strong"), (f"  {result.source.name}  {facts}", "dim")]]


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
    for name, value in result.fitted.items():
        lines.append([(f"{name} = {value}, the largest value that fits", "")])
    for verdict in result.budget_results:
        words = ("held", "good") if verdict.holds else ("not held", "bad")
        lines.append([(f"{verdict.budget}: {verdict.value:,} ", ""), words])
    return lines


def kib(size: int) -> str:
    """Bytes in KiB, as they count on small devices."""
    return f"{size / 1024:,.1f} KiB"
