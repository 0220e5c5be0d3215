"""Rules to syntax nodes: what is made of each rule of the grammar as soon as it is read.

Tokens are strings with a `type`, a `start_pos` and an `end_pos`, whoever cut them.
Knows no layer and no setting by name.
"""

import re
from typing import Any

from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.syntax import UNITS, BadNumber, MissingSpace, TooLarge
from cnnspec.diagnostics.values import BadArithmetic
from cnnspec.language.numbers import MAX_WHOLE, Exact, apply, read_number
from cnnspec.language.syntax import (
    Binary,
    Block,
    Call,
    Dims,
    Group,
    Negative,
    Number,
    Option,
    Range,
    Relation,
    Sequence,
    Statement,
    String,
    SyntaxNode,
    Word,
)


def _end(thing: Any) -> int:
    """Where a node or a token ends."""
    end: int = thing.span.end if isinstance(thing, SyntaxNode) else thing.end_pos
    return end


MAX_TERMS = 1_000
"""Operations within one another. A deeper tree could exhaust the stack of whoever walks it, or of
Python when it goes, where that is as small as in a browser."""


def _depth(node: Any) -> int:
    """How deep the operations of an expression are within one another."""
    while isinstance(node, Group):
        node = node.inner
    return node.depth if isinstance(node, Binary | Negative) else 0


class Tree:
    """Makes a syntax node of every rule as soon as it is complete; one method for each."""

    def __init__(self) -> None:
        self.begin(Source("", ""))

    def begin(self, source: Source) -> None:
        """Starts on another text; a parser is built once and used for many."""
        self.source, self.size = source, len(source.text)
        self.problems: list[Diagnostic] = []
        self.too_long = False

    def _span(self, first: Any, last: Any) -> Span:
        """From where a node or a token begins to where another one ends."""
        start = first.span.start if isinstance(first, SyntaxNode) else first.start_pos
        end = _end(last)
        # Braces put after the end, for those that are missing, stand in no file.
        return Span(self.source, start, end if end < self.size else self.size)

    def _at(self, token: Any) -> Span:
        return Span(self.source, token.start_pos, token.end_pos)

    def _number(self, token: Any, sign: int = 1) -> Exact:
        if len(token) < 10 and token.isdecimal():
            return sign * int(token)
        digits = re.sub(r"[A-Za-z]+$", "", token) if token[-1].isalpha() else str(token)
        scale = UNITS.get(token[len(digits) :], 1)
        digits = digits.replace("_", "")
        try:
            value = read_number(digits, scale * sign)
        except OverflowError:
            value = None
        # A whole number without an exponent is a size or a count.
        large = isinstance(value, int) and abs(value) > MAX_WHOLE
        if value is None or (large and (digits.isdigit() or scale > 1)):
            self.problems.append(BadNumber(self._at(token), number=str(token)))
            return 1
        return value

    def start(self, items: list[Any]) -> tuple[Statement, ...]:
        statements: tuple[Statement, ...] = items[0]
        return statements

    def body(self, items: list[Any]) -> tuple[Statement, ...]:
        return tuple(items)

    def statement(self, items: list[Any]) -> Statement:
        word, *rest = items
        block = rest.pop() if rest and isinstance(rest[-1], Block) else None
        last = word
        for argument in rest:
            start = argument.span.start
            if start == _end(last) and not isinstance(argument, Relation | Option):
                self.problems.append(
                    MissingSpace(
                        argument.span,
                        before=self._span(last, last).text,
                        after=argument.span.text,
                    )
                )
            last = argument
        span = self._span(word, block or last)
        return Statement(span, str(word), self._at(word), tuple(rest), block)

    def block(self, items: list[Any]) -> Block:
        end = items[-1].start_pos
        return Block(self._span(items[0], items[-1]), items[1], end < len(self.source.text))

    def option(self, items: list[Any]) -> Option:
        name, value = items
        return Option(self._span(name, value), str(name), self._at(name), value)

    def relation(self, items: list[Any]) -> Relation:
        operator, value = items
        return Relation(self._span(operator, value), str(operator), value)

    def sequence(self, items: list[Any]) -> Sequence:
        return Sequence(self._span(items[0], items[-1]), tuple(items))

    def range(self, items: list[Any]) -> Range:
        return Range(self._span(items[0], items[1]), items[0], items[1])

    def literal(self, items: list[Any]) -> Number:
        if len(items) == 1:
            return self.number(items)
        span = self._span(items[0], items[-1])
        sign = -1 if items[0].type == "MINUS" else 1
        numbers = [t for t in items if t.type == "NUMBER"]
        value = self._number(numbers[0], sign)
        if len(numbers) == 2:
            below = self._number(numbers[1])
            if below == 0:
                self.problems.append(BadArithmetic(span, reason="it divides by zero"))
                below = 1
            value = apply("/", value, below)
        return Number(span, value)

    def number(self, items: list[Any]) -> Number:
        return Number(self._at(items[0]), self._number(items[0]))

    dim = number

    def word(self, items: list[Any]) -> Word:
        return Word(self._at(items[0]), str(items[0]))

    def string(self, items: list[Any]) -> String:
        return String(self._at(items[0]), str(items[0])[1:-1])

    def group(self, items: list[Any]) -> Group:
        return Group(self._span(items[0], items[2]), items[1])

    def dims(self, items: list[Any]) -> Dims:
        parts = tuple(item for item in items if isinstance(item, SyntaxNode))
        return Dims(self._span(items[0], items[-1]), parts)  # type: ignore[arg-type]

    def call(self, items: list[Any]) -> Call:
        name, *inside = items
        arguments = tuple(item for item in inside if isinstance(item, SyntaxNode))
        span = self._span(name, items[-1])
        return Call(span, str(name), self._at(name), arguments)  # type: ignore[arg-type]

    def binary(self, items: list[Any]) -> Binary | Number:
        left, operator, right = items
        span = self._span(left, right)
        depth = 1 + max(_depth(left), _depth(right))
        if depth > MAX_TERMS:
            return self._too_long(span)
        return Binary(span, str(operator), left, right, depth)

    def negative(self, items: list[Any]) -> Negative | Number:
        span, depth = self._span(items[0], items[1]), 1 + _depth(items[1])
        return self._too_long(span) if depth > MAX_TERMS else Negative(span, items[1], depth)

    def _too_long(self, span: Span) -> Number:
        """Refuses an expression, once in a text, and puts a number in its place."""
        if not self.too_long:
            self.too_long = True
            error = TooLarge(span, what="this expression is too long", limit=f"{MAX_TERMS:,} terms")
            self.problems.append(error)
        return Number(span, 1)
