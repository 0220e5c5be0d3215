"""Every number of a check written out: the formula in names, with numbers put in, the result."""

from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.counts import ZERO, Count
from cnnspec.core.terminal import Line
from cnnspec.graph.graph import LayerCall

LEGEND = (
    ("H, W, Cin", "rows, columns and channels of the input", "H W Cin"),
    ("N", "values of the input", "N"),
    ("Kh, Kw", "rows and columns of the kernel", "Kh Kw"),
    ("P", "rows or columns of the pool or border", "P"),
    ("Pt, Pb", "rows of the border above and below", "Pt Pb"),
    ("Pl, Pr", "columns of the border on the left and on the right", "Pl Pr"),
    ("C", "channels taken", "C"),
    ("S", "stride", "S"),
    ("D", "dilation", "D"),
    ("F", "filters", "F"),
    ("G", "groups", "G"),
    ("M", "filters for each channel", "M"),
    ("U", "units", "U"),
    ("H', W'", "rows and columns of the output", "H' W'"),
)


def explain(checked: CheckedSpec) -> list[Line]:
    """The lines of every layer, the sums, and what the letters stand for."""
    lines: list[Line] = []
    for call in checked.layers:
        lines += _layer(call)
        lines.append([])
    if checked.totals:
        lines += _sum("parameters", [call.params for call in checked.layers])
        lines += _sum("MACs", [call.macs for call in checked.layers])
        lines.append([])
    for letters, meaning in legend(checked):
        lines.append([(f"{letters:<10}", "strong"), (meaning, "")])
    return lines


def dump(checked: CheckedSpec) -> dict[str, Any]:
    """The layers as JSON with the formulas of their numbers, and what the letters stand for."""
    layers = [
        call.dump() | {"formulas": {name: _dump(fact) for name, fact in facts(call)}}
        for call in checked.layers
    ]
    return {"layers": layers, "legend": dict(legend(checked))}


def _dump(number: Count) -> dict[str, Any]:
    return {
        "symbols": number.symbols,
        "numbers": number.numbers,
        "latex": number.latex,
        "value": number.value,
    }


def legend(checked: CheckedSpec) -> list[tuple[str, str]]:
    """What the letters in the formulas of a network stand for."""
    used = {word for call in checked.layers for word in _letters(call)}
    return [(letters, told) for letters, told, words in LEGEND if set(words.split()) & used]


def _layer(call: LayerCall) -> list[Line]:
    note = "  (a dense layer on an image brings it along)" if call.implicit else ""
    lines: list[Line] = [
        [
            (call.name, "strong"),
            (f": {call.layer}, {call.input_shape} -> {call.output_shape}{note}", ""),
        ]
    ]
    lines += [[(f"  {name:<12}", "dim"), (derivation(fact), "")] for name, fact in facts(call)]
    return lines


def facts(call: LayerCall) -> list[tuple[str, Count]]:
    """The numbers of a layer at work by their names: its output, its parameters, its MACs."""
    names = ("rows", "columns", "channels") if len(call.inference.out) == 3 else ("values",)
    found = list(zip(names, call.inference.out, strict=True))
    # A call that uses the weights of an earlier one adds none.
    found.append(("parameters", ZERO if call.weights_from else call.inference.params))
    if call.inference.frozen.value and not call.weights_from:
        found.append(("not trained", call.inference.frozen))
    found.append(("MACs", call.inference.macs))
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


def _letters(call: LayerCall) -> set[str]:
    text = " ".join(
        number.symbols
        for number in (
            *call.inference.out,
            call.inference.params,
            call.inference.frozen,
            call.inference.macs,
        )
    )
    for mark in "()*/+-,":
        text = text.replace(mark, " ")
    return set(text.split())
