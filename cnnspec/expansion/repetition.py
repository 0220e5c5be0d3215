"""`repeat`: the same statements several times."""

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.structure import WrongForm
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.state import Keyword, Scope, State
from cnnspec.expansion.statements import (
    body_of,
    elements_of,
    require_depth,
    run,
    too_many_layers,
)
from cnnspec.ir.spec import MAX_LAYERS, SharedRepeat, applied
from cnnspec.language.arg_types import Int
from cnnspec.language.expressions import Bindings
from cnnspec.language.syntax import (
    Argument,
    Expression,
    Group,
    Number,
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
    body, span = body_of(statement), statement.word_span
    *head, last = statement.arguments or (None,)
    shared = isinstance(last, Word) and last.text == "shared" and bool(head)
    arguments = tuple(head) if shared else statement.arguments
    rounds = _rounds(state.cache, statement, arguments, scope.values)
    if statement.block and not statement.block.closed:
        # The rest of the text is in it, and makes sense once at most.
        rounds = rounds[:1]
    if shared:
        _share(state, statement, len(rounds), scope)
        return
    # Before anything is expanded, and not only where a layer is made.
    if len(rounds) * max(1, _size(body)) > MAX_LAYERS:
        raise DiagnosticError(too_many_layers(span))
    if not body:
        # Its rounds count as statements, for they are as many as those of the repeat around it.
        state.steps += len(rounds)
        return
    require_depth(scope, span)
    for values in rounds:
        if state.spent:
            return
        inner = state.inner(scope, values)
        inner.opens = scope.opens and not scope.elements
        run(state, body, inner)
        scope.elements += inner.elements


def _share(state: State, statement: Statement, times: int, scope: Scope) -> None:
    """The body of a repeat that shares its weights, which is expanded once."""
    body, span = body_of(statement), statement.word_span
    elements = elements_of(state, body, scope, span) if times else ()
    shared = SharedRepeat(span, call_sites=scope.call_sites, times=times, body=elements)
    # What is in the body has been counted once; it may share weights itself.
    state.layers += max(0, applied((shared,)) - applied(elements))
    if state.layers > MAX_LAYERS and not state.spent:
        state.spent = True
        raise DiagnosticError(too_many_layers(span))
    scope.elements.append(shared)


def _rounds(
    cache: ExpansionCache,
    statement: Statement,
    arguments: tuple[Argument, ...],
    bindings: Bindings,
) -> list[Bindings]:
    """The value of the variable in every round; empty ones where there is no variable."""

    def whole(kind: Int, end: Expression, what: str) -> int:
        if isinstance(end, Group):
            end = Number(end.span, cache.value(end, bindings, what))
        return kind.read(end, bindings, what)

    match arguments:
        case (Word(text=name),) if name not in bindings:
            pass
        case (Expression() as count,):
            times = whole(_TIMES, count, "the count of `repeat`")
            if times > MAX_LAYERS:
                raise DiagnosticError(too_many_layers(statement.word_span))
            return [{}] * times
        case (Word(text=name), Relation(operator="in", value=Range(low=low, high=high))):
            ends = [whole(_END, end, f"the end of `{name}`") for end in (low, high)]
            return [{name: value} for value in range(ends[0], ends[1] + 1)]
        case (Word(text=name), Relation(operator="in", value=values)):
            items = values.items if isinstance(values, Sequence) else (values,)
            return [{name: cache.value(item, bindings, f"`{name}`")} for item in items]
    found = arguments[0].kind if arguments else "nothing"
    span = arguments[0].span if arguments else statement.word_span
    form = "repeat 3 { … }` or `repeat i in 0..2 { … }"
    from cnnspec.expansion import repairs

    fix = repairs.repeat(arguments)
    raise DiagnosticError(WrongForm(span, word="repeat", form=form, found=found, fix=fix))


def _size(statements: tuple[Statement, ...]) -> int:
    """How many statements a body comes to at least, with those of repeats each time."""
    size = 0
    for statement in statements:
        inside = _size(statement.block.statements) if statement.block else 0
        times = _times(statement.arguments) if statement.word == "repeat" else 1
        size += max(1, inside) * times
    return size


def _times(arguments: tuple[Argument, ...]) -> int:
    """How often a repeat repeats that is written with numbers; 1 for names, whose values come."""
    match arguments:
        case (Number(value=int(times)), *_):
            return times
        case (_, Relation(value=Range(low=Number(value=int(low)), high=Number(value=int(high))))):
            return max(0, high - low + 1)
        case (_, Relation(value=Sequence(items=items))):
            return len(items)
    return 1


KEYWORDS = {"repeat": Keyword(repeat, takes_block=True, makes_elements=True)}
