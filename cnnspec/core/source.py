"""Source texts and places in them. Imports only `Record` from the package."""

import re
from bisect import bisect_right

from cnnspec.core.record import Record


class Span(Record):
    """A half-open range of character offsets in one `Source`."""

    source: "Source"
    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """The range from the start of this span to the end of the other."""
        return Span(self.source, self.start, other.end)

    @property
    def text(self) -> str:
        """The characters covered."""
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line of the first character, from 1."""
        return self.source.line_column(self.start)[0]

    @property
    def column(self) -> int:
        """The column of the first character, from 1, in characters."""
        return self.source.line_column(self.start)[1]


class Source:
    """A named text. Lines end at a line feed; a carriage return before it has no column.

    A carriage return alone, which ended the lines of old Macs, becomes a line feed.
    """

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        # As long as before, so that offsets into the text that was given stay right.
        self.text = re.sub(r"\r(?!\n)", "\n", text) if "\r" in text else text
        self._starts: list[int] | None = None

    @property
    def shown(self) -> str:
        """What messages call the text, before a line of it."""
        return self.name

    def span(self, start: int, end: int) -> Span:
        """The range of offsets `[start, end)`."""
        return Span(self, start, end)

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            starts = [0]
            starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
            self._starts = starts
        return self._starts

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its line end."""
        starts = self._line_starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")
