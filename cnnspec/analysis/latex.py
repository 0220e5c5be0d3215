r"""What a check found, for a paper: the table of the layers and every formula.

The table needs `\usepackage{booktabs}` (a long one also `longtable`) and the formulas `amsmath`.
"""

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.formulas import facts, legend
from cnnspec.analysis.summary import brief, layer_table
from cnnspec.core.counts import Count
from cnnspec.core.markup import latex_text
from cnnspec.core.table import Cell, Table
from cnnspec.core.terminal import safe
from cnnspec.core.typesetting import Latex
from cnnspec.graph.graph import LayerCall

_ROOM = 58
"""The signs of a formula as text that fit on a line of the class `article`."""


def layers_latex(checked: CheckedSpec) -> str:
    """Returns the table of the layers of a spec without errors, after a comment with its name."""
    return f"% {safe(checked.spec.model)}: the layers\n{layers(checked).latex()}"


def layers(checked: CheckedSpec) -> Table:
    """Returns the table of the layers, without options that change neither shape nor function."""
    table = layer_table(checked)
    rows = (
        (name, brief(call.layer), Cell(output, "shape"), *costs)
        for call, (name, _, output, *costs) in zip(checked.layers, table.rows, strict=True)
    )
    return table.replace(rows=tuple(rows))


def formulas_latex(checked: CheckedSpec) -> str:
    """Returns the formulas of every layer, the sums, and what the letters stand for."""
    parts = [f"% {safe(checked.spec.model)}: how each number is worked out\n"]
    parts += [_layer(call) for call in checked.layers]
    totals = checked.totals
    assert totals is not None
    parts.append(_aligned([("parameters", f"{totals.params:,}"), ("MACs", f"{totals.macs:,}")]))
    told = [(letters.split(", "), meaning) for letters, meaning in legend(checked)]
    how = Latex()
    words = "; ".join(
        f"{', '.join(f'${how.letter(letter)}$' for letter in letters)}: {latex_text(meaning)}"
        for letters, meaning in told
    )
    return "".join([*parts, f"\\noindent {words}.\n" if words else ""])


def _layer(call: LayerCall) -> str:
    """The formulas of a layer below its name, its text and its shapes."""
    name, layer = latex_text(call.name), latex_text(brief(call.layer))
    shapes = " \\to ".join(map(_product, (str(call.input_shape), str(call.output_shape))))
    head = rf"\paragraph{{{name}}} \texttt{{{layer}}}, ${shapes}$" + "\n"
    lines: list[tuple[str, str]] = []
    for title, fact in facts(call):
        first, *more = _parts(fact)
        lines += [(title, first), *(("", part) for part in more)]
    return head + _aligned(lines)


def _parts(fact: Count) -> list[str]:
    """A formula with its numbers and its value: on a line, or on three where it is long."""
    how = Latex()
    parts = [fact.typeset(how), fact.typeset(how, numbers=True), how.number(fact.value)]
    parts = list(dict.fromkeys(parts))
    long = len(fact.symbols) + len(fact.numbers) > _ROOM
    return parts if long else [" = ".join(parts)]


def _aligned(lines: list[tuple[str, str]]) -> str:
    named = ((rf"\text{{{title}}}" if title else "", text) for title, text in lines)
    rows = (f"  {title} &= {text}" for title, text in named)
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"


def _product(shape: str) -> str:
    return shape.replace("x", r" \times ")
