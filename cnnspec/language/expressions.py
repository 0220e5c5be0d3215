"""The value of an expression: numbers, and names that `let` has defined.

Knows syntax and arithmetic; what a value is for is the caller's business.
"""

from collections.abc import Iterator

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import UnknownFunction, UnknownName
from cnnspec.diagnostics.values import BadArithmetic, WrongCall, WrongType
from cnnspec.language.numbers import FUNCTIONS, Exact, NoValue, apply
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Binary,
    Call,
    Dims,
    Expression,
    Group,
    Negative,
    Number,
    Range,
    Sequence,
    Word,
)

Bindings = dict[str, Exact]
"""The names that are defined and their values."""


def evaluate(expression: Expression, bindings: Bindings, what: str) -> Exact:
    """The number an expression stands for.

    All arithmetic is exact, but for roots that are not. `what` names the
    value in messages. Raises `DiagnosticError` for an unknown name, a value that is no
    number, a division by zero and a result beyond the limits.
    """
    # Most are a number and no more, and a sweep asks for very many.
    if isinstance(expression, Number):
        return expression.value
    # A stack instead of recursion: a sum may have as many terms as a text has words.
    values: list[Exact] = []
    todo: list[Expression | _Apply | _Ask] = [expression]
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
                    called = text in FUNCTIONS or text == "fit"
                    near = "" if called else nearest(text, bindings)
                    raise DiagnosticError(
                        UnknownName(
                            span, name=text, near=near, known=tuple(bindings), called=called
                        )
                    )
                values.append(bindings[text])
            case Binary(operator=operator, left=left, right=right, span=span):
                todo += [_Apply(operator, span), right, left]
            case _Apply(operator=operator, span=span):
                after, before = values.pop(), values.pop()
                values.append(_operate(operator, before, after, span))
            case Call(name=name) as call:
                todo += [_Ask(name, len(call.arguments)), *_arguments(call)]
            case _Ask(name=name, count=count):
                given = reversed([values.pop() for _ in range(count)])
                values.append(FUNCTIONS[name][0](*given))
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
            case Call(name=name, arguments=inside) if name in FUNCTIONS:
                todo += [each for each in reversed(inside) if isinstance(each, Expression)]
            case Dims(parts=inside) | Sequence(items=inside):
                todo += reversed(inside)


class _Apply(Record):
    """A step still to do: the operator between the last two values."""

    operator: str
    span: Span


class _Ask(Record):
    """A step still to do: the function of the last values."""

    name: str
    count: int


def _arguments(call: Call) -> Iterator[Expression]:
    """Yields what a function is given, the last first. Raises `DiagnosticError`."""
    name = call.name
    if name not in FUNCTIONS:
        known = tuple(FUNCTIONS)
        near = nearest(name, known)
        raise DiagnosticError(UnknownFunction(call.word_span, name=name, near=near, known=known))
    count = FUNCTIONS[name][1]
    if len(call.arguments) != (count or max(len(call.arguments), 1)):
        raise DiagnosticError(WrongCall(call.span, name=name, found=len(call.arguments)))
    for argument in reversed(call.arguments):
        if not isinstance(argument, Expression):
            what, found = f"a value of `{name}`", argument.kind
            raise DiagnosticError(
                WrongType(argument.span, what=what, expected="a number", found=found)
            )
        yield argument


def _operate(operator: str, left: Exact, right: Exact, span: Span) -> Exact:
    try:
        return apply(operator, left, right)
    except NoValue as none:
        raise DiagnosticError(BadArithmetic(span, reason=f"it {none}")) from None
