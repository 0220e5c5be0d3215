"""`use`: the blocks of other files of the project."""

from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.errors import CnnspecError, DiagnosticError
from cnnspec.diagnostics.names import Misplaced
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.diagnostics.structure import CannotUse, WrongForm
from cnnspec.expansion.state import Definition, Keyword, Scope, State
from cnnspec.expansion.statements import expand_statement
from cnnspec.files.sources import read_used
from cnnspec.ir.spec import Names
from cnnspec.language.syntax import Statement, String

MAX_FILES = 64
MAX_FILE_DEPTH = 16
ALLOWED = ("let", "block", "use")
"""What a file that is used may hold."""


def use(state: State, statement: Statement, scope: Scope) -> None:
    """`use "blocks.cnn"`: the blocks of another file of the project."""
    match statement.arguments:
        case (String(value=path, span=span),):
            pass
        case _:
            found = statement.arguments[0].kind if statement.arguments else "nothing"
            form = 'use "blocks.cnn"'
            from cnnspec.expansion import repairs

            fix = repairs.use(statement.arguments)
            error = WrongForm(statement.span, word="use", form=form, found=found, fix=fix)
            raise DiagnosticError(error)
    for name, definition in _blocks_of(state, path, span).items():
        # Two files may both use a third: the same block is no second one.
        if scope.blocks.setdefault(name, definition) is not definition:
            first = scope.blocks[name].span
            raise DiagnosticError(GivenTwice(span, what=f"the block `{name}`", first=first))


def _blocks_of(state: State, path: str, span: Span) -> dict[str, Definition]:
    """The blocks that a file defines."""
    from pathlib import Path

    chain = state.file_chain or [Path(span.source.name).absolute()]
    try:
        resolved, source = read_used(path, chain[-1].parent, chain[0].parent, state.cache.unsaved)
    except CnnspecError as error:
        reason = error.diagnostics[0].message
        raise DiagnosticError(CannotUse(span, path=path, reason=reason)) from None
    if resolved in state.files:
        return state.files[resolved]
    if resolved in [known.resolve() for known in chain]:
        names = " -> ".join(known.name for known in [*chain, resolved])
        raise DiagnosticError(CannotUse(span, path=path, reason=f"it uses itself: {names}"))
    if len(state.files) >= MAX_FILES or len(chain) > MAX_FILE_DEPTH:
        reason = f"at most {MAX_FILES} files, {MAX_FILE_DEPTH} deep, can be used"
        raise DiagnosticError(CannotUse(span, path=path, reason=reason))
    state.file_chain = [*chain, resolved]
    try:
        return state.files.setdefault(resolved, _definitions(state, source))
    finally:
        state.file_chain = chain


def _definitions(state: State, source: Source) -> dict[str, Definition]:
    """The blocks in a text of nothing but `let`, `block` and `use`."""
    parsed = state.cache.parsed(source)
    state.problems += parsed.problems
    scope = Scope(state.vocabulary.inside, {}, {}, Names())
    for statement in parsed.statements:
        if statement.word in ALLOWED:
            expand_statement(state, statement, scope)
        else:
            home = "in the spec itself; a file that is used holds blocks"
            state.problems.append(Misplaced(statement.word_span, word=statement.word, home=home))
    return scope.blocks


KEYWORDS = {"use": Keyword(use)}
