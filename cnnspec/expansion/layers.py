"""Layers, and the branches that merges join."""

from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.statements import BlockMissing
from cnnspec.diagnostics.structure import (
    NotABranch,
    NotAtBeginning,
    TooFewBranches,
    UnknownSource,
    WrongForm,
)
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.diagnostics.values import Incompatible
from cnnspec.expansion.state import A_LAYER, Keyword, NamedLayer, Scope, State
from cnnspec.expansion.statements import body_of, elements_of, run
from cnnspec.ir.spec import (
    INPUT_NAME,
    NAME,
    Element,
    ErrorNode,
    From,
    Merge,
    Node,
    is_automatic,
)
from cnnspec.language.binding import Bound
from cnnspec.language.scan import MAX_WORD
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Option, Relation, Statement
from cnnspec.layers.merging import MERGES, Add, Residual
from cnnspec.layers.table import LAYERS


def layer(state: State, statement: Statement, scope: Scope) -> None:
    """A layer of the table."""
    cls = LAYERS[statement.word]
    bound = state.cache.bound(cls, statement, scope.values, state.problems)
    name = _layer_name(state, statement.word, statement.span, bound, scope)
    element = (
        ErrorNode(statement.span)
        if bound.entry is None
        else Node(statement.span, bound.spans, scope.call_sites, name=name, layer=bound.entry)
    )
    scope.elements.append(element)


def merge(state: State, statement: Statement, scope: Scope) -> None:
    """`add`, `concat`, ... with a `branch { … }` for each input."""
    body = body_of(statement)
    cls = MERGES[statement.word]
    bound = state.cache.bound(cls, statement, scope.values, state.problems)
    # What is no branch in a block without an end is what comes after the merge.
    after = () if _closed(statement) else tuple(each for each in body if each.word != "branch")
    body = tuple(each for each in body if each not in after) if after else body
    branches = tuple([_branch(state, inner, statement.word, scope) for inner in body])
    broken = statement.broken or any(inner.broken for inner in body)
    if len(branches) < 2 and not broken and _closed(statement):
        block = statement.block.span if statement.block else None
        error = TooFewBranches(statement.word_span, word=statement.word, block=block)
        raise DiagnosticError(error)
    _join(state, statement, bound, branches, scope)
    run(state, after, scope)


def residual(state: State, statement: Statement, scope: Scope) -> None:
    """`residual { … }`, or `add`, `concat`, ... with a `branch { … }` for each input."""
    body = body_of(statement)
    bound = state.cache.bound(Residual, statement, scope.values, state.problems)
    span = statement.word_span
    branches = elements_of(state, body, scope, span, brackets=2, opens=True), ()
    entry = bound.entry
    added = Add(**{name: getattr(entry, name) for name in Add.specs}) if entry else None
    _join(state, statement, bound.replace(entry=added), branches, scope)


def _join(
    state: State,
    statement: Statement,
    bound: Bound,
    branches: tuple[tuple[Element, ...], ...],
    scope: Scope,
) -> None:
    """The merge that a statement makes of its branches."""
    if bound.entry is None or not _closed(statement):
        scope.elements.append(ErrorNode(statement.span))
        return
    name = _layer_name(state, bound.entry.word, statement.span, bound, scope)
    scope.elements.append(
        Merge(
            statement.word_span,
            bound.spans,
            scope.call_sites,
            name=name,
            layer=bound.entry,
            branches=branches,
        )
    )


def _closed(statement: Statement) -> bool:
    """Whether the block of a statement ends where its author meant it to, as far as is known.

    Without its `}` it has the rest of the text in it, and its shape is not that of the merge.
    """
    return statement.block is not None and statement.block.closed


def _branch(state: State, statement: Statement, word: str, scope: Scope) -> tuple[Element, ...]:
    """One branch of a merge."""
    state.steps += 1
    if statement.unread:
        return (ErrorNode(statement.span),)
    if statement.word != "branch" or statement.arguments:
        state.problems.append(NotABranch(statement.span, word=word, found=statement.word))
        return (ErrorNode(statement.span),)
    if statement.block is None:
        state.problems.append(BlockMissing(statement.word_span, word="branch"))
        return (ErrorNode(statement.span),)
    body, span = statement.block.statements, statement.word_span
    return elements_of(state, body, scope, span, brackets=2, opens=True)


def source(state: State, statement: Statement, scope: Scope) -> None:
    """`from stem`: a branch that begins with the output of a layer before, or with the `input`."""
    arguments = statement.arguments
    if not arguments or isinstance(arguments[0], Option | Relation):
        found, place = (arguments[0].kind, arguments[0]) if arguments else ("nothing", statement)
        raise DiagnosticError(WrongForm(place.span, word="from", form="from stem", found=found))
    name = NAME.read_arguments(arguments, statement.word_span, scope.values, "the source of `from`")
    if scope.elements or not scope.opens:
        raise DiagnosticError(NotAtBeginning(statement.word_span))
    found = _source(state, name, arguments[0].span, scope)
    begun: Element = ErrorNode(statement.span)
    if found:
        begun = From(statement.span, call_sites=scope.call_sites, source=found)
    scope.elements.append(begun)


def _source(state: State, name: str, span: Span, scope: Scope) -> str:
    """The layer that a name means: one of the block it is in, else of the whole text.

    Empty for an unknown name where a layer before has an error, which may have hidden it.
    """
    known = state.layer_names
    for full in (f"{scope.names.prefix}{name}", name):
        full = full if full in known else state.block_ends.get(full, full)
        if full in known and not is_automatic(full):
            return full
    if name == INPUT_NAME:
        return name
    if A_LAYER in state.poisoned:
        return ""
    given = tuple(dict.fromkeys([*(n for n in known if not is_automatic(n)), INPUT_NAME]))
    near = nearest(name, given)
    raise DiagnosticError(
        UnknownSource(span, name=name, near=near, known=given, automatic=name in known)
    )


def _layer_name(state: State, word: str, place: Span, bound: Bound, scope: Scope) -> str:
    """The name of a layer: the one given, or the next of its word."""
    given: str | None = bound.extra.get("name")
    span = bound.spans.get("name", place)
    if given is None or is_automatic(given):
        name = scope.names.next(word)
        if given not in (None, name):
            state.problems.append(
                Incompatible(
                    span,
                    of=word,
                    reason=f"the name `{given}`",
                    remedy="choose a name that layers do not get by default",
                )
            )
    else:
        name = f"{scope.names.prefix}{given}"
    if len(name) > MAX_WORD:
        what = "the name of this layer is too long, with those of the blocks around it"
        state.problems.append(TooLarge(span, what=what, limit=f"{MAX_WORD} characters"))
    named = NamedLayer(span, scope.call_sites)
    if name in state.layer_names:
        from cnnspec.expansion.name_clashes import name_clash

        state.problems.append(name_clash(name, state.layer_names[name], named))
    state.layer_names[name] = named
    return name


KEYWORDS = {
    "from": Keyword(source, makes_elements=True),
    # A residual is an `add` in the canonical text, and counts as one.
    "residual": Keyword(residual, takes_block=True, makes_elements=True, layers=1),
    **dict.fromkeys(MERGES, Keyword(merge, takes_block=True, makes_elements=True, layers=1)),
    **dict.fromkeys(LAYERS, Keyword(layer, makes_elements=True, layers=1)),
}
