"""Values that are not given but tried: `fit` finds the largest, `sweep` names some to compare."""

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.structure import WrittenAs
from cnnspec.diagnostics.syntax import TooLarge, Twice
from cnnspec.expansion.scopes import Scope
from cnnspec.expansion.structure import Structure
from cnnspec.language.arg_types import Int
from cnnspec.language.numbers import MAX_WHOLE
from cnnspec.language.syntax import (
    Call,
    Expression,
    Number,
    Range,
    Relation,
    Sequence,
    Statement,
)

MAX_FIT = 1_000
MAX_AXIS = 100_000

_END = Int(-MAX_WHOLE, MAX_WHOLE)


class Fit(Record):
    """A `let` whose value is to be found, and the whole numbers it can be: `let w = fit(1..64)`."""

    name: str
    values: dict[int, Number]
    span: Span


class Axis(Record):
    """A name that a sweep varies, and its values."""

    name: str
    values: tuple[Expression, ...]
    span: Span


class Trials(Structure):
    """The words `fit` and `sweep`."""

    def __init__(self) -> None:
        super().__init__()
        self.fit: Fit | None = None
        self.axes: list[Axis] = []

    def to_fit(self, name: str, call: Call, frame: Scope) -> int:
        """Notes a value that the checker is to find, and takes the largest for now."""
        if self.fit is not None:
            raise DiagnosticError(Twice(call.span, what="`fit`", first=self.fit.span))
        match call.arguments:
            case (Range(low=low, high=high),):
                ends = [_END.read(end, frame.values, f"the end of `{name}`") for end in (low, high)]
            case _:
                form = f"let {name} = fit(1..64)"
                raise DiagnosticError(
                    WrittenAs(call.span, word="fit", form=form, found=call.span.text)
                )
        self.ordered(ends, call.span, "fit", f"let {name} = fit(1..64)", MAX_FIT)
        values = {value: Number(call.span, value) for value in range(ends[0], ends[1] + 1)}
        self.fit = Fit(name, values, call.span)
        return ends[1]

    def ordered(self, ends: list[int], span: Span, word: str, form: str, most: int) -> None:
        """Refuses a range without values, or with more than anyone would try."""
        if ends[1] < ends[0]:
            raise DiagnosticError(WrittenAs(span, word=word, form=form, found="an empty range"))
        if ends[1] - ends[0] >= most:
            limit = f"{most:,} values"
            raise DiagnosticError(
                TooLarge(span, what=f"the range of `{word}` is too long", limit=limit)
            )

    def sweep(self, statement: Statement, frame: Scope) -> None:
        """`sweep { depth in 1, 2, 3; loss in poisson, mse }`: the values to try."""
        self.once("sweep", "`sweep`", statement.word_span)
        for inner in self.body(statement):
            match inner.arguments:
                case (Relation(operator="in"),):
                    self.guarded(Trials.axis, inner, frame)
                case _ if not inner.broken:
                    form = f"{inner.word} in 1, 2, 3"
                    found = inner.arguments[0].kind if inner.arguments else "nothing"
                    fault = WrittenAs(inner.span, word=inner.word, form=form, found=found)
                    self.problems.append(fault)

    def axis(self, statement: Statement, frame: Scope) -> None:
        """One name of a sweep and its values."""
        name = statement.word
        (relation,) = statement.arguments
        assert isinstance(relation, Relation)
        values: tuple[Expression, ...]
        match relation.value:
            case Sequence(items=items):
                values = items
            case Range(low=low, high=high):
                ends = [_END.read(end, frame.values, f"the end of `{name}`") for end in (low, high)]
                self.ordered(ends, relation.span, name, f"{name} in 1..3", MAX_AXIS)
                span = relation.value.span
                values = tuple(Number(span, value) for value in range(ends[0], ends[1] + 1))
            case value:
                values = (value,)
        for known in self.axes:
            if known.name == name:
                raise DiagnosticError(
                    Twice(statement.word_span, what=f"`{name}`", first=known.span)
                )
        self.axes.append(Axis(name, values, statement.word_span))
