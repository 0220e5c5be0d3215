"""The value of an expression: numbers, and names that `let` has defined.

Knows syntax and arithmetic; what a value is for is the caller's business.
"""

import math
from collections.abc import Iterator

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import BadArithmetic, UnknownName, WrongType
from cnnspec.language.numbers import MAX_WHOLE, divide
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Binary,
    Dims,
    Expression,
    Group,
    Negative,
    Number,
    Range,
    Sequence,
    Word,
)

Bindings = dict[str, int | float]
"""The names that are defined and their values."""


def evaluate(expression: Expression, bindings: Bindings, what: str) -> int | float:
    """The number an expression stands for.

    Whole numbers stay whole as long as the arithmetic is exact. `what` names the
    value in messages. Raises `DiagnosticError` for an unknown name, a value that is no
    number, a division by zero and a result beyond the limits.
    """
    # Most are a number and no more, and a sweep asks for very many.
    if isinstance(expression, Number):
        return expression.value
    # A stack instead of recursion: a sum may have as many terms as a text has words.
    values: list[int | float] = []
    todo: list[Expression | _Apply] = [expression]
    while todo:
        match todo.pop():
            case Number(value=value):
                values.append(value)
            case Group(inner=inner):
                todo.append(inner)
            case Negative(inner=inner, span=span):
                # Written as 0 - x, so that there is one kind of step.
                values.append(0)
                todo += [_Apply("-", span), inner]
            case Word(text=text, span=span):
                if text not in bindings:
                    near = nearest(text, bindings)
                    raise DiagnosticError(
                        UnknownName(span, name=text, near=near, known=tuple(bindings))
                    )
                values.append(bindings[text])
            case Binary(operator=operator, left=left, right=right, span=span):
                todo += [_Apply(operator, span), right, left]
            case _Apply(operator=operator, span=span):
                after, before = values.pop(), values.pop()
                values.append(_operate(operator, before, after, span))
            case other:
                fault = WrongType(other.span, what=what, expected="a number", found=other.kind)
                raise DiagnosticError(fault)
    return values.pop()


def names_in(expression: Expression) -> Iterator[Word]:
    """Yields the words of an expression that `evaluate` looks up, in the order of the text."""
    # A stack instead of recursion: a sum may have as many terms as a text has words.
    todo: list[Expression] = [expression]
    while todo:
        match todo.pop():
            case Word() as word:
                yield word
            case Group(inner=inner) | Negative(inner=inner):
                todo.append(inner)
            case Binary(left=left, right=right) | Range(low=left, high=right):
                todo += [right, left]
            case Dims(parts=inside) | Sequence(items=inside):
                todo += reversed(inside)


class _Apply(Record):
    """A step still to do: the operator between the last two values."""

    operator: str
    span: Span


def _operate(operator: str, left: int | float, right: int | float, span: Span) -> int | float:
    if operator in "/%" and right == 0:
        raise DiagnosticError(BadArithmetic(span, reason="it divides by zero"))
    match operator:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case "/":
            value = divide(left, right)
        case "%":
            value = left % right
        case _:
            value = _power(left, right, span)
    if not math.isfinite(value) or (isinstance(value, int) and abs(value) > MAX_WHOLE):
        raise DiagnosticError(BadArithmetic(span, reason=f"it is larger than {MAX_WHOLE}"))
    return value


def _power(base: int | float, exponent: int | float, span: Span) -> int | float:
    # Estimated first: 9^9^9 must not be worked out to be refused.
    if base != 0 and exponent * math.log2(abs(base)) > 1000:
        raise DiagnosticError(BadArithmetic(span, reason=f"it is larger than {MAX_WHOLE}"))
    try:
        value = base**exponent
    except ZeroDivisionError:
        raise DiagnosticError(BadArithmetic(span, reason="it divides by zero")) from None
    if isinstance(value, complex):
        raise DiagnosticError(BadArithmetic(span, reason="it is not a real number"))
    return int(value) if isinstance(value, float) and value.is_integer() else value
