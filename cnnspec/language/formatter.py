"""The canonical layout of a .cnn text: everything a person wrote stays, blanks do not matter.

A printer over the syntax tree. Values are copied from the text without their blanks,
so that `6_000` stays `6_000`; comments, which the tree does not hold, come from the text.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.language.constructs import Construct
from cnnspec.language.parse import parse
from cnnspec.language.scan import MAX_BYTES, comments
from cnnspec.language.syntax import (
    Argument,
    Binary,
    Block,
    Call,
    Dims,
    Expression,
    Group,
    Number,
    Option,
    Relation,
    Statement,
    Word,
)

WIDTH = 90
"""A block that is written on one line stays there if the whole line has no more columns."""

_FAR = 45
"""Comments line up behind lines of at most so many columns."""
_INDENT = "  "

Constructs = Mapping[str, type[Construct]]
"""Layers and merges by their words; the table is handed in, for this folder knows no layer."""


def format_text(source: Source, constructs: Constructs) -> str:
    """The text in its canonical layout. Raises `CnnspecError` where it does not parse or fit.

    `constructs` are the layers by their words, whose arguments have a canonical order.

    The result parses to the same statements, the arguments of layers in canonical order,
    and formatting it again changes nothing.
    """
    parsed = parse(source)
    if parsed.problems:
        raise CnnspecError(*parsed.problems)
    layout = _Layout(source, constructs)
    layout.body(parsed.statements, 0, len(source.text), 0)
    text = "".join(f"{line}\n" for line in _aligned(layout.lines))
    if len(text.encode()) > MAX_BYTES:
        # Deep blocks on one line get long by their indent; nothing would read the file again.
        what = "this text would be too long in its canonical layout"
        raise CnnspecError(TooLarge(source.span(0, 0), what=what, limit="2 MiB"))
    return text


class _Layout:
    """The lines of a text under way: each is its code and the comment behind it."""

    def __init__(self, source: Source, constructs: Constructs) -> None:
        self.text = source.text
        self.constructs = constructs
        self.comments = comments(source)
        self.next = 0
        """The first comment that is not printed yet."""
        self.lines: list[tuple[str, str]] = []

    def body(self, statements: tuple[Statement, ...], start: int, end: int, depth: int) -> None:
        """Prints what stands in `[start, end)`: statements, comments and one blank line at most."""
        indent = _INDENT * depth
        at = start
        limits = [statement.span.start for statement in statements[1:]] + [end]
        for statement, limit in zip(statements, limits, strict=False):
            at = self.alone(at, statement.span.start, indent, first=at == start)
            self.blank(at, statement.span.start, first=at == start)
            self.statement(statement, depth)
            at = self.behind(statement.span.end, limit)
        self.alone(at, end, indent, first=at == start)

    def alone(self, at: int, end: int, indent: str, *, first: bool) -> int:
        """Prints the comments before `end` that have a line of their own; returns where it is."""
        while (comment := self.peek(end)) is not None:
            self.blank(at, comment.start, first=first)
            self.lines.append((indent + comment.text.rstrip(), ""))
            self.next += 1
            at, first = comment.end, False
        return at

    def behind(self, at: int, limit: int) -> int:
        """Puts the comment that follows on the same line behind the last line printed."""
        comment = self.peek(limit)
        if comment is None or "\n" in self.text[at : comment.start]:
            return at
        code, _ = self.lines.pop()
        self.lines.append((code, comment.text.rstrip()))
        self.next += 1
        return comment.end

    def peek(self, limit: int) -> Span | None:
        """The next comment, if it begins before `limit`."""
        if self.next < len(self.comments) and self.comments[self.next].start < limit:
            return self.comments[self.next]
        return None

    def blank(self, at: int, start: int, *, first: bool) -> None:
        """Keeps a blank line between two things, but not before the first."""
        if not first and self.text.count("\n", at, start) > 1:
            self.lines.append(("", ""))

    def statement(self, statement: Statement, depth: int) -> None:
        """Prints a statement on one line, or its block over several."""
        indent = _INDENT * depth
        block = statement.block
        if block is None or not self.wide(statement, block, len(indent)):
            self.lines.append((indent + self.flat(statement), ""))
            return
        self.lines.append((f"{indent}{self.head(statement)} {{", ""))
        inside = block.span.start + 1
        first = block.statements[0].span.start if block.statements else block.span.end
        inside = self.behind(inside, first)
        self.body(block.statements, inside, block.span.end - 1, depth + 1)
        self.lines.append((f"{indent}}}", ""))

    def wide(self, statement: Statement, block: Block, indent: int) -> bool:
        """Whether a block needs lines of its own."""
        if self.peek(block.span.end) is not None:
            return True
        if not block.statements:
            return False
        text = statement.span.text
        # What is too long without any blank is not printed only to be measured.
        if "\n" in block.span.text or len("".join(text.split())) > WIDTH:
            return True
        return indent + len(self.flat(statement)) > WIDTH

    def flat(self, statement: Statement) -> str:
        """A statement on one line."""
        if statement.block is None:
            return self.head(statement)
        inside = "; ".join(self.flat(inner) for inner in statement.block.statements)
        return (
            f"{self.head(statement)} {{ {inside} }}" if inside else f"{self.head(statement)} {{ }}"
        )

    def head(self, statement: Statement) -> str:
        """A statement without its block."""
        write = _definition if statement.word == "let" else _argument
        return " ".join([statement.word, *map(write, self.ordered(statement))])

    def ordered(self, statement: Statement) -> tuple[Argument, ...]:
        """The arguments of a layer as its entry prints them: sizes, flags, options.

        As they are where one is not known, and where a size is given by its name beside
        others that are not: the place of those depends on it.
        """
        entry = self.constructs.get(statement.word)
        if entry is None:
            return statement.arguments
        sizes = [name for name, spec in entry.specs.items() if spec.place == "positional"]
        names = [*sizes, *(name for name in entry.specs if name not in sizes), "name"]
        ranks = [_rank(entry, names, argument) for argument in statement.arguments]
        found = [rank for rank in ranks if rank is not None]
        if len(found) < len(ranks):
            return statement.arguments
        named = any((2, names.index(name)) in found for name in sizes)
        if named and any(kind == 0 for kind, _ in found):
            return statement.arguments
        order = sorted(range(len(found)), key=found.__getitem__)
        return tuple(statement.arguments[index] for index in order)


def _rank(entry: type[Construct], names: list[str], argument: Argument) -> tuple[int, int] | None:
    """Where an argument belongs: among sizes, flags or options, and where there."""
    match argument:
        case Option(name=name) if name in names:
            return 2, names.index(name)
        case Word(text=word) | Call(name=word):
            for name, spec in entry.specs.items():
                if word in spec.kind.words and spec.place != "option":
                    return (0, 0) if spec.place == "positional" else (1, names.index(name))
        case Number() | Dims() | Group():
            return 0, 0
    return None


def _definition(argument: Argument) -> str:
    """What a `let` says: `f = 16`, with room around the signs of a sum."""
    if not isinstance(argument, Option):
        return _argument(argument)
    return f"{argument.name} = {_sum(argument.value)}"


def _sum(value: Expression) -> str:
    # Down the left side in a loop: a sum may have as many terms as a text has words.
    terms: list[str] = []
    while isinstance(value, Binary) and value.operator in "+-":
        terms += [_compact(value.right.span.text), value.operator]
        value = value.left
    terms.append(_compact(value.span.text))
    return " ".join(reversed(terms))


def _argument(argument: Argument) -> str:
    if isinstance(argument, Relation):
        return f"{argument.operator} {_compact(argument.value.span.text)}"
    return _compact(argument.span.text)


_BLANKS = re.compile(r'"[^"\n]*"|[ \t\r\f]+|,')


def _compact(text: str) -> str:
    """A value without blanks but those after a comma.

    Between two words or numbers of one value always stands a sign, so that nothing
    runs together; arguments, between which there is none, are printed apart.
    """
    return _BLANKS.sub(_tight, text)


def _tight(match: re.Match[str]) -> str:
    found = match.group()
    if found.startswith('"'):
        return found
    return ", " if found == "," else ""


def _aligned(lines: list[tuple[str, str]]) -> Iterator[str]:
    """The lines with the comments of those between two blank lines in one column.

    A comment behind a long line stands for itself; it would draw all the others far away.
    """
    for _, group in groupby(lines, lambda line: line == ("", "")):
        together = list(group)
        widths = [len(code) for code, comment in together if comment]
        column = max((width for width in widths if width <= _FAR), default=0)
        for code, comment in together:
            yield f"{code:<{column}}  {comment}" if comment else code
