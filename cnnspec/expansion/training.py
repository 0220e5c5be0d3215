"""`train { … }`: the settings of training."""

from collections.abc import Callable

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import Misplaced, UnknownStatement
from cnnspec.diagnostics.statements import BlockNotTaken
from cnnspec.diagnostics.structure import WrongForm
from cnnspec.expansion.settings import assign
from cnnspec.expansion.state import Keyword, Scope, State
from cnnspec.expansion.statements import (
    body_of,
    expand_statement,
    guarded,
    known_words,
    separated,
)
from cnnspec.ir.training import Training
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Statement

ELSEWHERE = dict.fromkeys(Training.specs, "in `train { … }`")


def train(state: State, statement: Statement, scope: Scope) -> None:
    """`train { … }`: how the network is trained; each statement in it is a setting."""
    read_settings(state, statement, scope, _setting)


def read_settings(
    state: State,
    statement: Statement,
    scope: Scope,
    setting: Callable[[State, Statement, Scope], None],
) -> None:
    """Reads a train block; `setting` takes each statement of it that begins with a setting."""
    state.once("train", "`train`", statement.word_span)
    body = body_of(statement)
    if statement.arguments:
        argument = statement.arguments[0]
        raise DiagnosticError(
            WrongForm(argument.span, word="train", form="train { … }", found=argument.kind)
        )
    closed = statement.block is not None and statement.block.closed
    for whole in body:
        for inner in separated(state, whole, Training.specs, scope):
            if inner.word in Training.specs:
                guarded(state, setting, inner, scope)
                if inner.block and inner.block.closed:
                    state.problems.append(BlockNotTaken(inner.block.span, word=inner.word))
            elif inner.word in known_words(scope) and not closed:
                # The end of the block is missing before this statement.
                expand_statement(state, inner, scope)
            else:
                _unknown_setting(state, inner, scope)


def _setting(state: State, statement: Statement, scope: Scope) -> None:
    """A statement of the train block."""
    assign(state, Training, state.training, "train.", statement)


def _unknown_setting(state: State, statement: Statement, scope: Scope) -> None:
    """Reports a word that is not a training setting."""
    from cnnspec.diagnostics.dialects import find

    word, span = statement.word, statement.word_span
    row = find(word, "setting")
    if row and row.idle:
        state.problems.append(UnknownStatement(span, word=word, near="", known=(), where="`train`"))
    elif home := _home(state, statement):
        state.problems.append(home)
    elif statement.unread:
        return
    elif word in known_words(scope):
        keyword = scope.keywords.get(word)
        fix = None
        if keyword and not keyword.makes_elements and not keyword.takes_block:
            from cnnspec.diagnostics.rewrites import out_of_train

            fix = out_of_train(span)
        outside = "outside of `train { … }`"
        state.problems.append(Misplaced(span, word=word, home=outside, fix=fix))
    else:
        known = tuple(Training.specs)
        near = nearest(word, known)
        state.problems.append(
            UnknownStatement(span, word=word, near=near, known=known, where="`train`")
        )


def _home(state: State, statement: Statement) -> Misplaced | None:
    """The error of an option of another setting, `None` for a word that is none."""
    from cnnspec.diagnostics.dialects import meanings
    from cnnspec.expansion.homes import home_of

    homes = (home_of(state, each, statement.word_span) for each in meanings(statement.word))
    return next((home for home in homes if home), None)


KEYWORDS = {"train": Keyword(train, takes_block=True)}
