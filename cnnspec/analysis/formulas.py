"""Every number of a check written out: the formula in names, with numbers put in, the result."""

from cnnspec.analysis.check import Checked
from cnnspec.core.counts import Count
from cnnspec.core.terminal import Line
from cnnspec.graph.build import Row

LEGEND = (
    ("H, W, Cin", "rows, columns and channels of the input", "H W Cin"),
    ("N", "values of the input", "N"),
    ("Kh, Kw", "rows and columns of the kernel", "Kh Kw"),
    ("P", "rows or columns of the pool or border", "P"),
    ("S", "stride", "S"),
    ("D", "dilation", "D"),
    ("F", "filters", "F"),
    ("G", "groups", "G"),
    ("M", "filters for each channel", "M"),
    ("U", "units", "U"),
    ("H', W'", "rows and columns of the output", "H' W'"),
)


def explain(checked: Checked) -> list[Line]:
    """The lines of every layer, the sums, and what the letters stand for."""
    lines: list[Line] = []
    for row in checked.rows:
        lines += _layer(row)
        lines.append([])
    if checked.totals:
        lines += _sum("parameters", [row.params for row in checked.rows])
        lines += _sum("MACs", [row.macs for row in checked.rows])
        lines.append([])
    for letters, meaning in legend(checked):
        lines.append([(f"{letters:<10}", "strong"), (meaning, "")])
    return lines


def legend(checked: Checked) -> list[tuple[str, str]]:
    """What the letters in the formulas of a network stand for."""
    used = {word for row in checked.rows for word in _letters(row)}
    return [(letters, told) for letters, told, words in LEGEND if set(words.split()) & used]


def _layer(row: Row) -> list[Line]:
    note = "  (a dense layer on an image brings it along)" if row.implied else ""
    lines: list[Line] = [
        [(row.name, "strong"), (f": {row.layer}, {row.before} -> {row.after}{note}", "")]
    ]
    lines += [[(f"  {name:<12}", "dim"), (derivation(fact), "")] for name, fact in facts(row)]
    return lines


def facts(row: Row) -> list[tuple[str, Count]]:
    """The numbers of a layer at work by their names: its output, its parameters, its MACs."""
    names = ("rows", "columns", "channels") if len(row.work.out) == 3 else ("values",)
    found = list(zip(names, row.work.out, strict=True))
    found.append(("parameters", row.work.params))
    if row.work.frozen.value:
        found.append(("not trained", row.work.frozen))
    found.append(("MACs", row.work.macs))
    return found


def derivation(number: Count) -> str:
    """`(Kh*Kw*Cin + 1) * F = (3*3*1 + 1) * 10 = 100`; parts that say the same stand once."""
    parts = [number.symbols, number.numbers, f"{number.value:,}"]
    if parts[1] == str(number.value):
        del parts[1]
    return " = ".join(dict.fromkeys(parts))


def _sum(name: str, values: list[int]) -> list[Line]:
    parts = [f"{value:,}" for value in values if value]
    text = " + ".join(parts) + f" = {sum(values):,}" if len(parts) > 1 else f"{sum(values):,}"
    return [[(f"{name:<14}", "strong"), (text, "")]]


def _letters(row: Row) -> set[str]:
    text = " ".join(
        number.symbols
        for number in (*row.work.out, row.work.params, row.work.frozen, row.work.macs)
    )
    for mark in "()*/+-,":
        text = text.replace(mark, " ")
    return set(text.split())
