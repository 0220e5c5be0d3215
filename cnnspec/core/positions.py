"""Places of a text as editors count them: lines and characters from 0. Knows text only.

The Language Server Protocol ends a line at a line feed, at a carriage return, and at both
together, and nowhere else; `str.splitlines` also ends it at a form feed and at U+2028, which
would move every place behind one. Characters are counted in units of UTF-16, unless the two
sides have agreed on another unit.
"""

import re
from bisect import bisect_right

from cnnspec.core.record import Record

_LINE_END = re.compile(r"\r\n|\n|\r")

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"
"""The units in which characters of a line can be counted."""


class Position(Record):
    """A place between two characters: its line and its character, both from 0."""

    line: int
    character: int


class Positions:
    """The lines of a text, and where an offset is in them."""

    __slots__ = ("_ends", "_starts", "_text", "_unit")

    def __init__(self, text: str, unit: str = UTF16) -> None:
        self._text = text
        self._unit = unit
        ends = [(match.start(), match.end()) for match in _LINE_END.finditer(text)]
        self._starts = [0, *(behind for _, behind in ends)]
        self._ends = [*(before for before, _ in ends), len(text)]

    @property
    def lines(self) -> int:
        """How many lines there are; an empty text has one."""
        return len(self._starts)

    def at(self, offset: int) -> Position:
        """The position of a character."""
        line = bisect_right(self._starts, offset) - 1
        return Position(line, units(self._text[self._starts[line] : offset], self._unit))

    def offset(self, line: int, character: int) -> int:
        """The character at a position; one behind the end of its line is at that end."""
        if line >= self.lines:
            return len(self._text)
        start, end = self._starts[line], self._ends[line]
        inside = self._text[start:end]
        if self._unit == UTF32 or inside.isascii():
            return min(start + character, end)
        for index, letter in enumerate(inside):
            # Within a pair of UTF-16 is before the character that the pair makes.
            character -= units(letter, self._unit)
            if character < 0:
                return start + index
        return end

    def line_of(self, offset: int) -> int:
        """The line of a character, from 0."""
        return bisect_right(self._starts, offset) - 1

    def start(self, line: int) -> int:
        """The first character of a line."""
        return self._starts[line]

    def end(self, line: int) -> int:
        """The place behind the last character of a line, before what ends it."""
        return self._ends[line]


def units(text: str, unit: str = UTF16) -> int:
    """Returns how long a text is in a unit: bytes of UTF-8, halves of UTF-16, or characters."""
    if unit == UTF32 or text.isascii():
        return len(text)
    if unit == UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
