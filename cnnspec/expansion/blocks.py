"""`block`: words of one's own, and their use."""

from collections.abc import Sequence
from operator import is_not

from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import UnknownOption
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.diagnostics.structure import BlockUsesItself, WrongForm
from cnnspec.diagnostics.values import Incompatible, MissingValue, TooManyValues, WrongType
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.state import Definition, Keyword, Scope, State
from cnnspec.expansion.statements import body_of, require_depth, require_few, run
from cnnspec.ir.spec import NAME, Element, From, Merge, Names, Node, SharedRepeat
from cnnspec.language.expressions import Bindings
from cnnspec.language.numbers import Exact
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Dims,
    Expression,
    Option,
    Relation,
    Statement,
    Word,
)


def define(state: State, statement: Statement, scope: Scope) -> None:
    """`block cbr(f, k=3) { … }`: a word of one's own."""
    name, span, arguments = _head(state, statement)
    state.poisoned.add(f"block {name}")
    if name in scope.keywords or name in state.vocabulary.elsewhere:
        reason = f"the name `{name}`, which is a word of the language"
        raise DiagnosticError(
            Incompatible(span, of="block", reason=reason, remedy="choose another name")
        )
    if name in scope.blocks:
        first = scope.blocks[name].span
        raise DiagnosticError(GivenTwice(span, what=f"the block `{name}`", first=first))
    require_few(scope.blocks, span, "blocks")
    parameters = _parameters(state.cache, name, arguments, scope.values)
    body = body_of(statement)
    if not statement.broken:
        state.poisoned.discard(f"block {name}")
    scope.blocks[name] = Definition(span, parameters, body, dict(scope.values), dict(scope.blocks))


def _head(state: State, statement: Statement) -> tuple[str, Span, tuple[Argument, ...]]:
    """The name that a block is given, its place, and the arguments with the parameters."""
    match statement.arguments:
        case (Call(name=name, word_span=span, arguments=arguments),):
            return name, span, arguments
        case (Word(text=name, span=span),):
            return name, span, ()
        case (first, *_):
            found, where = first.kind, first.span
        case _:
            found, where = "nothing", statement.word_span
    form = "block name(f, k=3) { … }"
    from cnnspec.expansion import repairs

    fix = repairs.named("block", *statement.arguments[:1])
    if fix:
        state.poisoned.add(f"block {fix.edits[0].text}")
    raise DiagnosticError(WrongForm(where, word="block", form=form, found=found, fix=fix))


def _parameters(
    cache: ExpansionCache, block: str, arguments: tuple[Argument, ...], bindings: Bindings
) -> dict[str, Exact | None]:
    """The parameters of a block with their defaults, `None` for one without."""
    parameters: dict[str, Exact | None] = {}
    for argument in arguments:
        match argument:
            case Word(text=parameter):
                default = None
            case Option(name=parameter, value=value):
                default = cache.value(value, bindings, f"the default of `{parameter}`")
            case _:
                form = f"block {block}(f, k=3) {{ … }}"
                raise DiagnosticError(
                    WrongForm(argument.span, word="block", form=form, found=argument.kind)
                )
        if parameter in parameters:
            raise DiagnosticError(GivenTwice(argument.span, what=f"the parameter `{parameter}`"))
        require_few(parameters, argument.span, "parameters")
        parameters[parameter] = default
    return parameters


def apply(state: State, statement: Statement, scope: Scope) -> None:
    """A block used like a layer: `cbr 32`."""
    word = statement.word
    definition = scope.blocks[word]
    require_depth(scope, statement.word_span)
    given, name = _given(state.cache, statement, definition, scope.values)
    prefix = scope.names.next(word) if name is None else f"{scope.names.prefix}{name}"
    inner = Scope(
        state.vocabulary.inside,
        {**definition.values, **given},
        definition.blocks,
        Names(f"{prefix}."),
        (statement.span, *scope.call_sites),
        scope.depth + 1,
        scope.nesting,
    )
    inner.opens = scope.opens and not scope.elements
    before = len(state.problems)
    run(state, _without(definition.body, word, state.problems), inner)
    state.problems[before:] = [
        Traced(p.span, p, (Label(statement.span, "used here"),)) for p in state.problems[before:]
    ]
    scope.elements += inner.elements
    if last := _last_name(inner.elements):
        state.block_ends[prefix] = last


def _last_name(elements: Sequence[Element]) -> str:
    """The name of the layer whose output is that of some elements; empty where there is none."""
    for element in reversed(elements):
        match element:
            case Node(name=name) | Merge(name=name) | From(source=name):
                return name
            case SharedRepeat(body=body) if name := _last_name(body):
                return name
    return ""


def _given(
    cache: ExpansionCache, statement: Statement, definition: Definition, bindings: Bindings
) -> tuple[Bindings, str | None]:
    """The values of a block's parameters, and the name given to its use."""
    word, known = statement.word, tuple(definition.parameters)
    usage = " ".join([word, *(parameter.upper() for parameter in known)])
    values: Bindings = {}
    name = None
    left = list(known)
    for argument in statement.arguments:
        parts: tuple[Expression, ...]
        match argument:
            case Option(name="name", value=value):
                name = NAME.read(value, bindings, f"the name of `{word}`")
                continue
            case Option(name=parameter, value=value):
                _require_parameter(argument, word, known, values)
                parts, targets = (value,), [parameter]
            case Relation():
                what, kind = f"an argument of `{word}`", argument.kind
                raise DiagnosticError(
                    WrongType(argument.span, what=what, expected="a number", found=kind)
                )
            case _:
                parts = argument.parts if isinstance(argument, Dims) else (argument,)
                targets = left[: len(parts)]
                if len(targets) < len(parts):
                    raise DiagnosticError(TooManyValues(argument.span, of=f"`{word}`", usage=usage))
        for target, part in zip(targets, parts, strict=True):
            values[target] = cache.value(part, bindings, f"the {target} of `{word}`")
            left.remove(target)
    for parameter in left:
        default = definition.parameters[parameter]
        if default is None and not statement.broken:
            raise DiagnosticError(
                MissingValue(statement.span, of=word, value=parameter, usage=usage)
            )
        values[parameter] = default or 0
    return values, name


def _require_parameter(option: Option, word: str, known: tuple[str, ...], values: Bindings) -> None:
    """Raises `DiagnosticError` for an option that names no parameter, or one that has a value."""
    name = option.name
    if name not in known:
        near = nearest(name, known)
        raise DiagnosticError(
            UnknownOption(option.word_span, option=name, of=word, near=near, known=known)
        )
    if name in values:
        raise DiagnosticError(GivenTwice(option.span, what=f"the {name} of `{word}`"))


def _without(
    body: tuple[Statement, ...], word: str, problems: list[Diagnostic]
) -> tuple[Statement, ...]:
    """A body without uses of its own block, which are reported.

    Statements stay the same objects, by which the cache knows them.
    """
    kept = []
    for statement in body:
        if statement.word == word:
            problems.append(BlockUsesItself(statement.word_span, word=word))
        else:
            block = statement.block
            if block:
                inner = _without(block.statements, word, problems)
                if len(inner) != len(block.statements) or any(map(is_not, inner, block.statements)):
                    statement = statement.replace(block=block.replace(statements=inner))
            kept.append(statement)
    return tuple(kept)


KEYWORDS = {"block": Keyword(define, takes_block=True)}
DEFINED = Keyword(apply, makes_elements=True)
"""What a word does that `block` has defined."""
