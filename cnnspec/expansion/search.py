"""Values that are not given but tried: `fit` finds the best, `sweep` names some to compare."""

from typing import NoReturn

from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.diagnostics.structure import WrongForm
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.state import Axis, Fit, Interval, Keyword, Objective, Scope, State
from cnnspec.expansion.statements import body_of, guarded, require_few
from cnnspec.ir.claims import Budget, read_quantity
from cnnspec.language.arg_types import Int
from cnnspec.language.expressions import Bindings, evaluate, names_in
from cnnspec.language.numbers import MAX_WHOLE, smallest
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
        case (Word() as quantity, *named) if len(named) <= 3:
            dtype, runtime = read_quantity(quantity, named, Budget, word)
            state.objective = Objective(word, quantity.text, dtype, runtime, statement.span)
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
        _refuse_empty(written, span, word, form)
    _require_short(ends, span, word, most)


def _refuse_empty(written: Range, span: Span, word: str, form: str) -> NoReturn:
    from cnnspec.expansion import repairs

    fix = repairs.reverse(written)
    error = WrongForm(span, word=word, form=form, found="an empty range", fix=fix)
    raise DiagnosticError(error)


def _require_short(ends: tuple[int, int], span: Span, word: str, most: int) -> None:
    low, high = ends
    if high - low >= most:
        what, limit = f"the range of `{word}` is too long", f"{most:,} values"
        raise DiagnosticError(TooLarge(span, what=what, limit=limit))


LOG = "log"
"""The word behind a range whose values are drawn by their logarithm."""


def sweep(state: State, statement: Statement, scope: Scope) -> None:
    """`sweep { depth in 1, 2, 3; rate in 1e-4..1e-1 log }`: the values to try."""
    state.once("sweep", "`sweep`", statement.word_span)
    for inner in body_of(statement):
        match inner.arguments:
            case (Relation(operator="in"),) | (
                Relation(operator="in", value=Range()),
                Word(text="log"),
            ):
                guarded(state, axis, inner, scope)
            case _ if not inner.broken:
                state.problems.append(_wrong_axis(inner))


def _wrong_axis(statement: Statement) -> WrongForm:
    """The error of a name with something else than values behind it."""
    from cnnspec.expansion import repairs

    match statement.arguments:
        case (Relation(operator="in", value=values), Word(text=word) as last, *_):
            # A list has no scale, and a range is linear without a word.
            form = f"{statement.word} in {values.span.text}"
            if isinstance(values, Range) and not word.startswith("lin"):
                form += f" {LOG}"
            found = "a list with `log`" if word == LOG else last.kind
            return WrongForm(last.span, word=statement.word, form=form, found=found)
    form = f"{statement.word} in 1, 2, 3"
    found = statement.arguments[0].kind if statement.arguments else "nothing"
    fix = repairs.axis(statement)
    return WrongForm(statement.span, word=statement.word, form=form, found=found, fix=fix)


def axis(state: State, statement: Statement, scope: Scope) -> None:
    """One name of a sweep and its values."""
    name = statement.word
    relation = statement.arguments[0]
    assert isinstance(relation, Relation)
    values: tuple[Expression, ...] = ()
    interval: Interval | None = None
    match relation.value:
        case Sequence(items=items):
            values = items
        case Range() as ends:
            log = len(statement.arguments) > 1
            interval = _interval(ends, relation.span, name, scope.values, log=log)
            if interval.whole and not interval.log:
                values, interval = _listed(interval, name), None
        case value:
            values = (value,)
    for known in state.axes:
        if known.name == name:
            first = known.span
            raise DiagnosticError(GivenTwice(statement.word_span, what=f"`{name}`", first=first))
    require_few(state.axes, statement.word_span, "names")
    state.axes.append(Axis(name, values, statement.word_span, interval))


def _interval(written: Range, span: Span, name: str, bindings: Bindings, *, log: bool) -> Interval:
    """The values between two ends; raises `DiagnosticError` where there are none."""
    what = f"the end of `{name}`"
    low, high = (evaluate(end, bindings, what) for end in (written.low, written.high))
    # `0.0..1.0` is continuous, though both ends are whole.
    whole = all(isinstance(end, int) for end in (low, high)) and "." not in (
        written.low.span.text + written.high.span.text
    )
    if whole:
        low, high = _ends(written, name, bindings)
    form = f"{name} in 1..3" if whole else f"{name} in 0.1..0.5"
    if smallest(low, high) != low or (low == high and not whole):
        _refuse_empty(written, span, name, form)
    if log and smallest(low, 0) == low:
        found = f"a `{LOG}` range that begins at {written.low.span.text}"
        form = f"{name} in 1e-4..1e-1 {LOG}"
        raise DiagnosticError(WrongForm(written.span, word=name, form=form, found=found))
    return Interval(low, high, log, whole, written.span)


def _listed(interval: Interval, name: str) -> tuple[Expression, ...]:
    """The whole numbers of an interval one by one; raises `DiagnosticError` for too many."""
    low, high = interval.low, interval.high
    assert isinstance(low, int)
    assert isinstance(high, int)
    _require_short((low, high), interval.span, name, MAX_AXIS)
    return tuple(Number(interval.span, value) for value in range(low, high + 1))


KEYWORDS = {
    "maximize": Keyword(objective),
    "minimize": Keyword(objective),
    "sweep": Keyword(sweep, takes_block=True),
}
