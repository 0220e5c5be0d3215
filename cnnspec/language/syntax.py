"""The tree of statements a text parses to. Every node has its span; no word has a meaning yet."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.language.numbers import Exact


class SyntaxNode(Record):
    """A piece of syntax. Where it stands takes no part in equality."""

    ignored: ClassVar[tuple[str, ...]] = ("span", "word_span")

    span: Span

    @property
    def kind(self) -> str:
        """What a message calls it."""
        return type(self).__name__.lower()


class Expression(SyntaxNode):
    """A node that stands for a value."""


class Number(Expression):
    """`6000`, `6k`, `1e-4`, `1/8`."""

    value: Exact

    @property
    def kind(self) -> str:
        return f"the number {self.span.text}"


class Word(Expression):
    """`relu`: a flag, a choice or a name."""

    text: str

    @property
    def kind(self) -> str:
        return f"the word `{self.text}`"


class String(Expression):
    """`"images"`."""

    value: str

    @property
    def kind(self) -> str:
        return f"the string {self.span.text}"


class Dims(Expression):
    """`32x3`, `28x28x1`, `(2*f)x3`."""

    parts: tuple[Expression, ...]

    @property
    def kind(self) -> str:
        return f"the size {self.span.text}"


class Group(Expression):
    """`(2*f)`."""

    inner: Expression

    @property
    def kind(self) -> str:
        return f"the number {self.span.text}"


class Sequence(Expression):
    """`1, 2, 3`."""

    items: tuple[Expression, ...]

    @property
    def kind(self) -> str:
        return f"the list {self.span.text}"


class Range(Expression):
    """`1..4`."""

    low: Expression
    high: Expression

    @property
    def kind(self) -> str:
        return f"the range {self.span.text}"


class Call(Expression):
    """`he_uniform(seed=1)`."""

    name: str
    word_span: Span
    arguments: "tuple[Argument, ...]"

    @property
    def kind(self) -> str:
        return f"`{self.name}(…)`"


class Binary(Expression):
    """`2*f`."""

    ignored: ClassVar[tuple[str, ...]] = ("span", "word_span", "depth")

    operator: str
    left: Expression
    right: Expression
    depth: int = 1
    """How many operations are within one another in it."""

    @property
    def kind(self) -> str:
        return f"the number {self.span.text}"


class Negative(Expression):
    """`-f`."""

    ignored: ClassVar[tuple[str, ...]] = ("span", "word_span", "depth")

    inner: Expression
    depth: int = 1

    @property
    def kind(self) -> str:
        return f"the number {self.span.text}"


class Option(SyntaxNode):
    """`stride=2`."""

    name: str
    word_span: Span
    value: Expression

    @property
    def kind(self) -> str:
        return f"the option `{self.name}`"


class Relation(SyntaxNode):
    """`<= 6000`, `in 1, 2, 3`."""

    operator: str
    value: Expression

    @property
    def kind(self) -> str:
        return f"the comparison {self.span.text}"


Argument = Expression | Option | Relation


class Block(SyntaxNode):
    """`{ … }`; not `closed` where its end is missing and was put at the end of the text."""

    statements: "tuple[Statement, ...]"
    closed: bool = True


UNREAD = "_"
"""The word that is put in the place of a statement in another language, to be parsed."""


class Statement(SyntaxNode):
    """A word, its arguments and perhaps a block.

    A statement is `broken` when part of its text did not parse: what is there can
    be shown, and nothing may be concluded from what is not.
    """

    word: str
    word_span: Span
    arguments: tuple[Argument, ...]
    block: Block | None = None
    broken: bool = False

    @property
    def unread(self) -> bool:
        """Whether it stands for a statement in another language, which is reported already."""
        return self.broken and self.word == UNREAD


def nodes_in(nodes: Iterable[SyntaxNode]) -> Iterator[SyntaxNode]:
    """Yields some nodes and every node within them, in no order that matters."""
    # A stack instead of recursion: a sum may have as many terms as a text has words.
    todo: list[object] = [*nodes]
    while todo:
        match todo.pop():
            case SyntaxNode() as node:
                yield node
                todo += [getattr(node, name) for name in type(node).fields]
            case tuple() as several:
                todo += several


def words_in(nodes: Iterable[SyntaxNode]) -> Iterator[str]:
    """Yields the text of every word within some nodes, whatever it means there."""
    return (node.text for node in nodes_in(nodes) if isinstance(node, Word))
