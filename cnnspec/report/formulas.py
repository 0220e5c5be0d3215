"""The formulas of a network for a page: MathML, which browsers set without a script."""

from markupsafe import Markup

from cnnspec.analysis.formulas import facts, legend
from cnnspec.core.counts import ZERO, Count
from cnnspec.core.typesetting import MathML
from cnnspec.graph.graph import LayerCall
from cnnspec.report.contents import Contents


def formulas(run: Contents, most: int) -> list[tuple[LayerCall, list[tuple[str, Markup]]]]:
    """Returns the numbers of each of the first `most` layers with their formulas as MathML.

    Numbers that need no arithmetic share a row: a shape that is kept, and zeros.
    """
    return [(call, _rows(facts(call))) for call in run.checked.layers[:most]]


def _rows(found: list[tuple[str, Count]]) -> list[tuple[str, Markup]]:
    shape = [(name, fact) for name, fact in found if name in _SHAPE]
    rows: list[tuple[str, Markup]] = []
    if all(fact.is_leaf for _, fact in shape):
        rows.append(("output", Markup(", ").join(formula(fact) for _, fact in shape)))
        found = found[len(shape) :]
    rows += [(name, formula(fact)) for name, fact in found if fact.value]
    nothing = [name for name, fact in found if not fact.value]
    return rows + ([(", ".join(nothing), formula(ZERO))] if nothing else [])


_SHAPE = ("rows", "columns", "channels", "values")
"""The names of the numbers of a shape, which come first."""


def letters(run: Contents) -> list[tuple[Markup, str]]:
    """Returns the letters of the formulas and what they stand for."""
    how = MathML()
    return [
        (
            Markup(", ").join(
                Markup(f"<math>{how.letter(each)}</math>") for each in named.split(", ")
            ),
            meaning,
        )
        for named, meaning in legend(run.checked)
    ]


def formula(fact: Count) -> Markup:
    """Returns a derivation as an element `<math>`: in names, with numbers put in, its value."""
    how = MathML()
    parts = [fact.typeset(how), fact.typeset(how, numbers=True), how.number(fact.value)]
    first, *rest = dict.fromkeys(parts)
    # A line may be broken before an equals sign, so each part is a formula of its own.
    parts = [first, *(f"<mo>=</mo>{part}" for part in rest)]
    return Markup(" ".join(f'<math displaystyle="true">{part}</math>' for part in parts))
