"""Statements, whatever they say: who takes them, what is known, what is reported."""

from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar

from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import (
    Misplaced,
    UnknownStatement,
)
from cnnspec.diagnostics.syntax import (
    BlockMissing,
    BlockNotTaken,
    MissingSeparator,
    TooLarge,
    Twice,
)
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.scopes import Handler, Scope
from cnnspec.ir.spec import Element, ErrorNode
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Statement,
    Word,
)
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS

MAX_LAYERS = 10_000
MAX_STEPS = 30_000
"""Statements taken in all, those counted that are repeated and make no layer."""


class Statements:
    """The taking of statements, whatever they say. `problems` collects what is wrong.

    A subclass for each kind of word adds handlers; `Structure` puts them together.
    """

    memory: ExpansionCache
    building: ClassVar[dict[str, Handler]]
    """What may stand wherever layers may."""
    blocky: frozenset[str] = frozenset()
    """The words that take a block."""
    elsewhere: Mapping[str, str] = {}
    """Words that have a meaning in another place, and where that is."""

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.poisoned: set[str] = set()
        """What could not be read: settings and words, `let f` for a name, `block b` for a block."""
        self.spans: dict[str, Span] = {}
        """Where each thing that can be said once is said."""
        self.names: dict[str, Span] = {}
        """The layers named so far, and where."""
        self.layers = self.steps = 0
        self.spent = False
        """Whether a limit was passed; nothing is expanded from there on."""

    def run(self, statements: tuple[Statement, ...], frame: Scope) -> None:
        """Takes the statements of a frame one after another."""
        for statement in statements:
            # Without a word there is none with which another statement could begin.
            if not any(isinstance(argument, Word) for argument in statement.arguments):
                self.statement(statement, frame)
                continue
            for part in self.separated(statement, self.known(frame), frame):
                self.statement(part, frame)

    def handlers(self, frame: Scope) -> dict[str, Handler]:
        """The words that have a meaning in a frame."""
        return self.building

    def known(self, frame: Scope) -> Collection[str]:
        """The words that may start a statement in a frame."""
        handlers = self.handlers(frame)
        return {**handlers, **frame.blocks} if frame.blocks else handlers

    def statement(self, statement: Statement, frame: Scope) -> None:
        """One statement: a word of the language, or a block that was defined."""
        word, block = statement.word, statement.block
        if self.spent:
            return
        self.steps += 1
        self.layers += word in LAYERS or word in MERGES
        if self.layers > MAX_LAYERS or self.steps > MAX_STEPS:
            self.spent = True
            self.problems.append(too_many(statement.word_span))
            frame.elements.append(ErrorNode(statement.span))
            return
        handler = self.handlers(frame).get(word)
        if handler is None and word in frame.blocks:
            handler = type(self).apply
        if handler is None:
            self.unknown(statement, frame)
            return
        self.guarded(handler, statement, frame)
        if block and not self.takes_block(word):
            if block.closed:
                self.problems.append(BlockNotTaken(block.span, word=word))
            else:
                # Its end is missing, which is said already.
                self.run(block.statements, frame)

    def takes_block(self, word: str) -> bool:
        """Whether a word is followed by a block."""
        return word in self.blocky

    def guarded(self, handler: Handler, statement: Statement, frame: Scope) -> None:
        """Runs a handler and keeps what it refuses."""
        if statement.broken:
            self.poisoned.add(statement.word)
        before = len(frame.elements)
        try:
            handler(self, statement, frame)
        except DiagnosticError as refused:
            self.poisoned.add(statement.word)
            if statement.word in self.building and statement.word not in ("let", "block", "use"):
                del frame.elements[before:]
                frame.elements.append(ErrorNode(statement.span))
            if not statement.broken:
                self.problems.append(refused.diagnostic)

    def separated(
        self, statement: Statement, known: Collection[str], frame: Scope
    ) -> Iterator[Statement]:
        """A statement that runs on into the next for want of a separator, as what was meant."""
        if statement.word not in known or statement.word in frame.blocks:
            yield statement
            return
        taken, first = self.taken(statement.word)
        for index, argument in enumerate(statement.arguments[first:], first):
            if not isinstance(argument, Word) or argument.text not in known:
                continue
            if argument.text not in taken and argument.text not in frame.values:
                self.problems.append(MissingSeparator(argument.span, word=argument.text))
                head = statement.arguments[:index]
                end = head[-1].span if head else statement.word_span
                yield statement.replace(
                    span=statement.span.to(end), arguments=head, block=None, broken=False
                )
                rest = statement.replace(
                    span=Span(argument.span.source, argument.span.start, statement.span.end),
                    word=argument.text,
                    word_span=argument.span,
                    arguments=statement.arguments[index + 1 :],
                )
                yield from self.separated(rest, known, frame)
                return
        yield statement

    def taken(self, word: str) -> tuple[tuple[str, ...], int]:
        """The words a statement takes as arguments, and how many it takes whatever they are.

        What a setting is set to can be any word; what a layer takes are its own.
        """
        entry = LAYERS.get(word) or MERGES.get(word)
        return (entry.words(), 0) if entry else (("shared", "project"), 1)

    def unknown(self, statement: Statement, frame: Scope) -> None:
        """Reports a word that has no meaning here."""
        word, span = statement.word, statement.word_span
        if word in self.elsewhere:
            self.problems.append(Misplaced(span, word=word, home=self.elsewhere[word]))
            return
        known = tuple(self.known(frame))
        if word in self.doubtful_blocks:
            pass
        else:
            near = nearest(word, known)
            self.problems.append(UnknownStatement(span, word=word, near=near, known=known))
        # The layer that was meant is unknown, and so are all shapes after it.
        frame.elements.append(ErrorNode(statement.span))

    @property
    def doubtful_blocks(self) -> set[str]:
        """Blocks whose definition is at fault; their use is no second fault."""
        return {name[6:] for name in self.poisoned if name.startswith("block ")}

    def elements(self, body: tuple[Statement, ...], frame: Scope) -> tuple[Element, ...]:
        """The elements of a block within a frame."""
        inner = frame.inner()
        self.run(body, inner)
        return tuple(inner.elements)

    def once(self, name: str, what: str, span: Span) -> None:
        """Notes where a thing is said; a second time is a fault."""
        if name in self.spans:
            raise DiagnosticError(Twice(span, what=what, first=self.spans[name]))
        self.spans[name] = span

    def apply(self, statement: Statement, frame: Scope) -> None:
        """Takes a word that a block has defined."""
        raise NotImplementedError

    def body(self, statement: Statement) -> tuple[Statement, ...]:
        """The statements of the block that a word needs."""
        if statement.block is None:
            raise DiagnosticError(BlockMissing(statement.word_span, word=statement.word))
        return statement.block.statements


def too_many(span: Span) -> TooLarge:
    """The fault of a network that has more layers than anyone means."""
    return TooLarge(span, what="this network has too many layers", limit="10,000")
