"""Statements, whatever they say: what expands them, where they end, what is unknown."""

from collections import ChainMap
from collections.abc import Callable, Container, Iterator, Sized

from cnnspec.core.record import MISSING
from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import Misplaced, UnknownStatement
from cnnspec.diagnostics.statements import BlockMissing, BlockNotTaken, MissingSeparator
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.state import A_LAYER, MAX_ERRORS, MAX_NAMES, Scope, State
from cnnspec.ir.spec import MAX_ELEMENTS, MAX_LAYERS, MAX_NESTING, Element, ErrorNode, Spec
from cnnspec.ir.training import Training
from cnnspec.language.scan import MAX_DEPTH
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Argument, Option, Sequence, Statement, Word
from cnnspec.layers.table import CONSTRUCTS


def run(state: State, statements: tuple[Statement, ...], scope: Scope) -> None:
    """Expands the statements of a scope one after another."""
    for statement in statements:
        for part in separated(state, statement, known_words(scope), scope):
            if state.spent:
                return
            expand_statement(state, part, scope)


def known_words(scope: Scope) -> Container[str]:
    """The words that may start a statement in a scope; blocks that come later are among them."""
    return ChainMap(scope.blocks, scope.keywords) if scope.blocks else scope.keywords  # type: ignore[arg-type]


def expand_statement(state: State, statement: Statement, scope: Scope) -> None:
    """One statement: a word of the language, or a block that was defined."""
    if state.spent:
        return
    word, block = statement.word, statement.block
    keyword = scope.keywords.get(word)
    if keyword is None and word in scope.blocks:
        keyword = state.vocabulary.defined
    state.steps += 1
    if keyword is not None:
        state.layers += keyword.layers
    if excess := _excess(state, statement.word_span):
        state.spent = True
        state.problems.append(excess)
        scope.elements.append(ErrorNode(statement.span))
        return
    if keyword is None:
        _unknown(state, statement, scope)
        return
    needless = block is not None and block.closed and not keyword.takes_block
    if needless and not statement.arguments:
        # What is missing is in the braces: `data { mnist }`.
        statement = statement.replace(broken=True)
    guarded(state, keyword.expand, statement, scope, makes_elements=keyword.makes_elements)
    if block and not keyword.takes_block:
        if block.closed:
            state.problems.append(BlockNotTaken(block.span, word=word))
        else:
            # Its end is missing, which is reported already.
            run(state, block.statements, scope)


def _excess(state: State, span: Span) -> TooLarge | None:
    """What there is too much of, if anything; nothing is expanded from there on."""
    if state.layers > MAX_LAYERS:
        return too_many_layers(span)
    if state.steps > MAX_ELEMENTS:
        what = "this spec has too many statements, those of repeats counted each time"
        return TooLarge(span, what=what, limit=f"{MAX_ELEMENTS:,}")
    if len(state.problems) > state.look and state.too_many_errors():
        return TooLarge(span, what="this text has too many errors", limit=f"{MAX_ERRORS}")
    return None


def guarded(
    state: State,
    expand: Callable[[State, Statement, Scope], None],
    statement: Statement,
    scope: Scope,
    *,
    makes_elements: bool = False,
) -> None:
    """Expands a statement and keeps the error that it raises."""
    if statement.broken:
        _poison(state, statement, makes_elements=makes_elements)
    before = len(scope.elements)
    try:
        expand(state, statement, scope)
    except DiagnosticError as error:
        _poison(state, statement, makes_elements=makes_elements)
        if makes_elements:
            del scope.elements[before:]
            scope.elements.append(ErrorNode(statement.span))
        if not statement.broken:
            state.problems.append(error.diagnostic)


def _poison(state: State, statement: Statement, *, makes_elements: bool) -> None:
    """Remembers a statement with an error; the name that it gives to a layer may be lost."""
    state.poisoned.add(A_LAYER if makes_elements else statement.word)


def separated(
    state: State, statement: Statement, known: Container[str], scope: Scope
) -> Iterator[Statement]:
    """A statement that runs on into the next for want of a separator, as what was meant."""
    arguments, commas = _without_commas(statement.arguments, known)
    begin = 0
    # A loop instead of recursion: a line may have as many words as a text has.
    for index, argument in enumerate(arguments):
        if not isinstance(argument, Word) or argument.text not in known:
            continue
        if statement.word in scope.blocks or statement.word not in known:
            break
        words, anything = _words_taken(statement.word)
        if index - begin < anything or argument.text in words or argument.text in scope.values:
            continue
        if statement.word in Spec.specs and not arguments[index + 1 :] and _needs(argument.text):
            # `data "mine" shuffle`: a layer without its numbers was not meant.
            break
        comma = argument.span.start in commas
        state.problems.append(MissingSeparator(argument.span, word=argument.text, comma=comma))
        head = arguments[begin:index]
        span = statement.span.to(head[-1].span if head else statement.word_span)
        yield statement.replace(span=span, arguments=head, block=None, broken=False)
        statement = statement.replace(
            span=argument.span.to(statement.span),
            word=argument.text,
            word_span=argument.span,
            arguments=(),
        )
        begin = index + 1
    yield statement.replace(arguments=arguments[begin:]) if begin else statement


def _without_commas(
    arguments: tuple[Argument, ...], known: Container[str]
) -> tuple[tuple[Argument, ...], frozenset[int]]:
    """Arguments with the items of each list in which a statement seems to begin: `relu, pool 2`.

    Also returns where these words begin.
    """
    # Most statements have no list, and every point of a sweep expands all of them.
    if Sequence not in map(type, arguments):
        return arguments, frozenset()
    found: list[Argument] = []
    commas = set()
    for argument in arguments:
        items = argument.items if isinstance(argument, Sequence) else ()
        words = [each for each in items[1:] if isinstance(each, Word) and each.text in known]
        commas |= {word.span.start for word in words}
        found += items if words else (argument,)
    return (tuple(found), frozenset(commas)) if commas else (arguments, frozenset())


def _needs(word: str) -> bool:
    """Returns whether a word has to be given something."""
    construct = CONSTRUCTS.get(word)
    return construct is not None and MISSING in construct.fields.values()


def _words_taken(word: str) -> tuple[tuple[str, ...], int]:
    """The words a statement takes as arguments, and how many it takes whatever they are.

    A setting can be set to any word; a layer takes only its own.
    """
    if setting := Training.specs.get(word) or Spec.specs.get(word):
        return setting.kind.words, 1
    construct = CONSTRUCTS.get(word)
    return (construct.words(), 0) if construct else (("shared",), 1)


def _unknown(state: State, statement: Statement, scope: Scope) -> None:
    """Reports a word that has no meaning here."""
    word, span = statement.word, statement.word_span
    if word in state.vocabulary.outside:
        state.problems.append(Misplaced(span, word=word, home="outside of every block"))
        return
    if word in state.vocabulary.elsewhere:
        state.problems.append(Misplaced(span, word=word, home=state.vocabulary.elsewhere[word]))
        return
    # The use of a block whose definition is wrong is not a second error.
    if f"block {word}" not in state.poisoned and not statement.unread:
        known = (*scope.keywords, *scope.blocks)
        near = nearest(word, known)
        state.problems.append(UnknownStatement(span, word=word, near=near, known=known))
    # What it would have defined is not called undefined as well.
    given = [each.name for each in statement.arguments if isinstance(each, Option)]
    state.poisoned |= {f"let {name}" for name in given}
    if statement.broken:
        state.poisoned.add(f"let {word}")
    # The layer that was meant is unknown, and so are its name and all shapes after it.
    state.poisoned.add(A_LAYER)
    scope.elements.append(ErrorNode(statement.span))


def elements_of(
    state: State,
    body: tuple[Statement, ...],
    scope: Scope,
    span: Span,
    *,
    brackets: int = 1,
    opens: bool = False,
) -> tuple[Element, ...]:
    """The elements of a block within a scope; a branch `opens` with them.

    The canonical text puts `brackets` around them. Raises `DiagnosticError`, with `span` for
    its place, where they nest too deep.
    """
    require_depth(scope, span)
    inner = state.inner(scope, {}, brackets)
    if inner.nesting > MAX_NESTING:
        what = "merges and repeats nest too deep"
        limit = f"{MAX_NESTING} brackets when written out, and a merge has two"
        raise DiagnosticError(TooLarge(span, what=what, limit=limit))
    inner.opens = opens
    run(state, body, inner)
    return tuple(inner.elements)


def require_depth(scope: Scope, span: Span) -> None:
    """Raises `DiagnosticError` where another scope within this one would be too deep."""
    if scope.depth >= MAX_DEPTH:
        raise DiagnosticError(TooLarge(span, what="blocks nest too deep", limit="100 levels"))


def require_few(known: Sized, span: Span, what: str) -> None:
    """Raises `DiagnosticError` where there are as many names as a scope may have.

    Each block keeps what it sees, so that without a limit n blocks would keep n * n names.
    """
    if len(known) >= MAX_NAMES:
        what = f"there are too many {what} here"
        raise DiagnosticError(TooLarge(span, what=what, limit=f"{MAX_NAMES:,}"))


def body_of(statement: Statement) -> tuple[Statement, ...]:
    """The statements of the block that a word needs. Raises `DiagnosticError` without one."""
    if statement.block is None:
        raise DiagnosticError(BlockMissing(statement.word_span, word=statement.word))
    return statement.block.statements


def too_many_layers(span: Span) -> TooLarge:
    """The error of a network that has more layers than anyone means."""
    return TooLarge(span, what="this network has too many layers", limit="10,000")
