"""`repeat`: the same statements several times."""

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.structure import WrongForm
from cnnspec.expansion.state import Keyword, Scope, State
from cnnspec.expansion.statements import (
    body_of,
    elements_of,
    run,
    too_many_layers,
)
from cnnspec.ir.spec import MAX_LAYERS, SharedRepeat
from cnnspec.language.arg_types import Int
from cnnspec.language.expressions import Bindings, evaluate
from cnnspec.language.syntax import (
    Argument,
    Expression,
    Range,
    Relation,
    Sequence,
    Statement,
    Word,
)

_TIMES = Int(0)
_END = Int(-MAX_LAYERS, MAX_LAYERS)


def repeat(state: State, statement: Statement, scope: Scope) -> None:
    """`repeat 3 { … }`, `repeat i in 0..2 { … }`, `repeat 3 shared { … }`."""
    body = body_of(statement)
    *head, last = statement.arguments or (None,)
    shared = isinstance(last, Word) and last.text == "shared" and bool(head)
    rounds = _rounds(statement, tuple(head) if shared else statement.arguments, scope.values)
    if len(rounds) * max(_size(body), 1) > MAX_LAYERS:
        raise DiagnosticError(too_many_layers(statement.word_span))
    if shared:
        elements = elements_of(state, body, scope) if rounds else ()
        scope.elements.append(
            SharedRepeat(
                statement.word_span,
                call_sites=scope.call_sites,
                times=len(rounds),
                body=elements,
            )
        )
        return
    for values in rounds:
        inner = state.inner(scope, **values)
        inner.opens = scope.opens and not scope.elements
        run(state, body, inner)
        scope.elements += inner.elements


def _rounds(
    statement: Statement, arguments: tuple[Argument, ...], bindings: Bindings
) -> list[Bindings]:
    """The value of the variable in every round; empty ones where there is no variable."""
    match arguments:
        case (Word(text=name),) if name not in bindings:
            pass
        case (Expression() as count,):
            times = _TIMES.read(count, bindings, "the count of `repeat`")
            if times > MAX_LAYERS:
                raise DiagnosticError(too_many_layers(statement.word_span))
            return [{}] * times
        case (Word(text=name), Relation(operator="in", value=Range(low=low, high=high))):
            ends = [_END.read(end, bindings, f"the end of `{name}`") for end in (low, high)]
            return [{name: value} for value in range(ends[0], ends[1] + 1)]
        case (Word(text=name), Relation(operator="in", value=values)):
            items = values.items if isinstance(values, Sequence) else (values,)
            return [{name: evaluate(item, bindings, f"`{name}`")} for item in items]
    found = arguments[0].kind if arguments else "nothing"
    span = arguments[0].span if arguments else statement.word_span
    form = "repeat 3 { … }` or `repeat i in 0..2 { … }"
    from cnnspec.expansion import repairs

    fix = repairs.repeat(arguments)
    raise DiagnosticError(WrongForm(span, word="repeat", form=form, found=found, fix=fix))


def _size(statements: tuple[Statement, ...]) -> int:
    """How many statements a body comes to at least, plain repetitions multiplied out."""
    size = 0
    for statement in statements:
        inside = _size(statement.block.statements) if statement.block else 0
        times = 1
        if statement.word == "repeat" and statement.arguments:
            times = getattr(statement.arguments[0], "value", 1)
        size += max(1, inside) * (times if isinstance(times, int) else 1)
    return size


KEYWORDS = {"repeat": Keyword(repeat, takes_block=True, makes_elements=True)}
