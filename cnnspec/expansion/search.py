"""Values that are not given but tried: `fit` finds the best, `sweep` names some to compare."""

from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.diagnostics.structure import WrongForm
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.state import Axis, Fit, Keyword, Objective, Scope, State
from cnnspec.expansion.statements import body_of, guarded, require_few
from cnnspec.ir.claims import QUANTITIES, read_quantity
from cnnspec.language.arg_types import Int
from cnnspec.language.expressions import Bindings, names_in
from cnnspec.language.numbers import MAX_WHOLE
from cnnspec.language.syntax import (
    Call,
    Expression,
    Number,
    Range,
    Relation,
    Sequence,
    Statement,
    Word,
)

MAX_FIT = 1_000
MAX_AXIS = 100_000

_END = Int(-MAX_WHOLE, MAX_WHOLE)


def fit(state: State, name: str, call: Call, scope: Scope) -> int:
    """Notes a value that the checker is to find; returns the largest for now."""
    form = f"let {name} = fit(1..64)"
    match call.arguments:
        case (Range() as values,):
            low, high = _ends(values, name, scope.values)
        case _:
            from cnnspec.expansion import repairs

            found, fix = call.span.text, repairs.fit(call)
            raise DiagnosticError(WrongForm(call.span, word="fit", form=form, found=found, fix=fix))
    _require_ordered((low, high), values, call.span, "fit", form, MAX_FIT)
    tried = {value: Number(call.span, value) for value in range(low, high + 1)}
    fixed = not any(True for end in (values.low, values.high) for _ in names_in(end))
    state.fits.append(Fit(name, tried, call.span, fixed))
    return high


def objective(state: State, statement: Statement, scope: Scope) -> None:
    """`maximize macs`, `minimize ram int8`: which of the values that fit are the best."""
    word = statement.word
    state.once("objective", "an objective", statement.span)
    match statement.arguments:
        case (Word() as quantity, *kind) if len(kind) <= 1:
            dtype = read_quantity(quantity, kind, word, tuple(QUANTITIES))
            state.objective = Objective(word, quantity.text, dtype, statement.span)
        case arguments:
            found = arguments[0].kind if arguments else "nothing"
            form = f"{word} macs"
            raise DiagnosticError(WrongForm(statement.span, word=word, form=form, found=found))


def _ends(values: Range, name: str, bindings: Bindings) -> list[int]:
    """The first and the last value of a range."""
    what = f"the end of `{name}`"
    return [_END.read(end, bindings, what) for end in (values.low, values.high)]


def _require_ordered(
    ends: tuple[int, int], written: Range, span: Span, word: str, form: str, most: int
) -> None:
    """Refuses a range without values, or with more than anyone would try."""
    low, high = ends
    if high < low:
        from cnnspec.expansion import repairs

        fix = repairs.reverse(written)
        error = WrongForm(span, word=word, form=form, found="an empty range", fix=fix)
        raise DiagnosticError(error)
    if high - low >= most:
        what, limit = f"the range of `{word}` is too long", f"{most:,} values"
        raise DiagnosticError(TooLarge(span, what=what, limit=limit))


def sweep(state: State, statement: Statement, scope: Scope) -> None:
    """`sweep { depth in 1, 2, 3; loss in poisson, mse }`: the values to try."""
    state.once("sweep", "`sweep`", statement.word_span)
    for inner in body_of(statement):
        match inner.arguments:
            case (Relation(operator="in"),):
                guarded(state, axis, inner, scope)
            case _ if not inner.broken:
                form = f"{inner.word} in 1, 2, 3"
                found = inner.arguments[0].kind if inner.arguments else "nothing"
                from cnnspec.expansion import repairs

                fix = repairs.axis(inner)
                error = WrongForm(inner.span, word=inner.word, form=form, found=found, fix=fix)
                state.problems.append(error)


def axis(state: State, statement: Statement, scope: Scope) -> None:
    """One name of a sweep and its values."""
    name = statement.word
    (relation,) = statement.arguments
    assert isinstance(relation, Relation)
    values: tuple[Expression, ...]
    match relation.value:
        case Sequence(items=items):
            values = items
        case Range(span=span) as ends:
            low, high = _ends(ends, name, scope.values)
            form = f"{name} in 1..3"
            _require_ordered((low, high), ends, relation.span, name, form, MAX_AXIS)
            values = tuple(Number(span, value) for value in range(low, high + 1))
        case value:
            values = (value,)
    for known in state.axes:
        if known.name == name:
            first = known.span
            raise DiagnosticError(GivenTwice(statement.word_span, what=f"`{name}`", first=first))
    require_few(state.axes, statement.word_span, "names")
    state.axes.append(Axis(name, values, statement.word_span))


KEYWORDS = {
    "maximize": Keyword(objective),
    "minimize": Keyword(objective),
    "sweep": Keyword(sweep, takes_block=True),
}
