"""Errors of the text itself: characters, brackets, numbers, the form of a statement."""

import re
from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, insert, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic


class UnexpectedText(Diagnostic):
    """A statement is a word, its arguments and, for some words, a block in braces.

    Statements are separated by a new line or by `;`. Arithmetic is written in
    parentheses, or after `=`.
    """

    code: ClassVar[str] = "CNN001"
    bad: ClassVar[str] = "8x3 conv; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    found: str
    expected: str
    remedy: str = ""
    fix: Fix | None = None

    @property
    def message(self) -> str:
        return f"expected {self.expected}, found {self.found}"

    @property
    def help(self) -> str:
        return self.remedy

    def fixes_at(self, span: Span) -> Fixes:
        return (self.fix,) if self.fix else ()


class Unclosed(Diagnostic):
    """Every opening bracket needs a closing one; a `(` is closed on its own line."""

    code: ClassVar[str] = "CNN002"
    bad: ClassVar[str] = "dense 10 softmax\ntrain {\n  epochs 5\n"
    good: ClassVar[str] = "dense 10 softmax\ntrain {\n  epochs 5\n}"

    opener: str
    closer: str

    @property
    def message(self) -> str:
        return f"this `{self.opener}` is never closed"

    @property
    def help(self) -> str:
        where = " on the same line" if self.opener == "(" else ""
        return f"add a `{self.closer}`{where}"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import close_brace, close_parenthesis

        return ((close_parenthesis if self.opener == "(" else close_brace)(span),)


class Unopened(Diagnostic):
    """A closing bracket needs an opening one before it."""

    code: ClassVar[str] = "CNN003"
    bad: ClassVar[str] = "dense 10 softmax }"
    good: ClassVar[str] = "dense 10 softmax"

    closer: str

    @property
    def message(self) -> str:
        return f"this `{self.closer}` closes nothing"

    @property
    def help(self) -> str:
        return "remove it, or add the bracket that it should close"

    def fixes_at(self, span: Span) -> Fixes:
        # A guess: the opening bracket may be what is missing.
        from cnnspec.diagnostics.rewrites import leave_out

        return (leave_out(span, statement=True),)


class UnclosedString(Diagnostic):
    """A string ends with a quote, on the line on which it begins."""

    code: ClassVar[str] = "CNN004"
    bad: ClassVar[str] = 'model "mine\ndense 10 softmax'
    good: ClassVar[str] = 'model "mine"\ndense 10 softmax'

    @property
    def message(self) -> str:
        return "this string is never closed"

    @property
    def help(self) -> str:
        return 'add a `"` on the same line'

    def fixes_at(self, span: Span) -> Fixes:
        inside = span.text.rstrip()
        # With a blank, `;` or `#` in it, the string may have been meant to end earlier.
        safe = not set(" \t;#{}") & set(inside)
        at = span.start + len(inside)
        return (insert(span.source, at, '"', safe=safe, title='add a `"`'),)


_MARKS = frozenset("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068")
_MARKS |= frozenset("\x85\u2069")
"""Characters that end a line elsewhere or change the direction of text."""


class ForbiddenCharacter(Diagnostic):
    """Control characters and characters that change the direction of text are not allowed.

    They can make a spec look like a different one.
    """

    code: ClassVar[str] = "CNN005"
    bad: ClassVar[str] = "conv 8x3 relu\x00; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    character: str

    @property
    def message(self) -> str:
        return f"the character U+{ord(self.character):04X} is not allowed in a spec"

    @property
    def help(self) -> str:
        return "remove it; most editors do not show it"

    def fixes_at(self, span: Span) -> Fixes:
        # Who meets a mark of direction should look at what the line says without it.
        safe = self.character not in _MARKS
        return (write(span, "", safe=safe, title="remove the character"),)


class NotText(Diagnostic):
    """A spec is UTF-8 text."""

    code: ClassVar[str] = "CNN006"
    exit_code: ClassVar[int] = 1

    name: str
    offset: int
    byte: int

    @property
    def message(self) -> str:
        return f"{self.name} is not UTF-8 text: byte 0x{self.byte:02x} at offset {self.offset}"

    @property
    def help(self) -> str:
        if self.offset == 0 and self.byte in (0xFE, 0xFF):
            # UTF-16, as Windows PowerShell writes what a command prints.
            return "save it as UTF-8: in PowerShell `| Out-File -Encoding utf8 FILE`, not `> FILE`"
        return "save the file as UTF-8"


class TooLarge(Diagnostic):
    """Limits keep every check short, whatever the file contains."""

    code: ClassVar[str] = "CNN007"

    what: str
    limit: str
    remedy: str = ""

    @property
    def message(self) -> str:
        return f"{self.what}; the limit is {self.limit}"

    @property
    def help(self) -> str:
        return self.remedy


UNITS = {"k": 10**3, "M": 10**6, "kB": 10**3, "MB": 10**6, "KiB": 2**10, "MiB": 2**20}
"""What a number can end in, and what that multiplies it by."""


class MissingSpace(Diagnostic):
    """Arguments are separated by spaces, so that `32x3` can be one of them."""

    code: ClassVar[str] = "CNN008"
    bad: ClassVar[str] = "conv 8x3relu; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    before: str
    after: str

    @property
    def message(self) -> str:
        return f"a space is missing between `{self.before}` and `{self.after}`"

    @property
    def help(self) -> str:
        if path := self._path():
            return f'write the path of its files in quotes: `"{path.text}"`'
        says, written = self._written()
        return f"{says} `{self.before}{written}`" if written else says

    def fixes_at(self, span: Span) -> Fixes:
        if path := self._path():
            return (write(path, f'"{path.text}"', title=f'write `"{path.text}"`'),)
        _, written = self._written()
        if not written:
            return ()
        return (write(span, written, safe=True, title=f"write `{self.before}{written}`"),)

    def _path(self) -> Span | None:
        """The whole source of `data` whose name has a `-`: `cifar-10`."""
        if self.span is None or self.after[0] != "-":
            return None
        source, start = self.span.source, self.span.start - len(self.before)
        if not re.search(r"(?:^|[;{\n])\s*data[ \t]+\Z", source.text[:start]):
            return None
        path = re.compile(r"[^\s;{}\"#()=]+").match(source.text, start)
        return path and source.span(start, path.end())

    def _written(self) -> tuple[str, str]:
        """What to say, and what to write in the place of `after`; empty if it is not known."""
        tail = self.after[1:]
        unit = {name.lower(): name for name in UNITS}.get(self.after.lower())
        larger = {"g": "000M", "gb": "000MB"}.get(self.after.lower())
        if larger and self.before[-1].isdecimal():
            return "the largest unit is `M`: write", larger
        if unit and self.before[-1].isdecimal():
            return f"write the unit as `{unit}`:", unit
        ends = re.fullmatch(r"(?:-|to)(\d+)", self.after)
        if ends and re.fullmatch(r"in \d+", self.before):
            return "write a range with two points:", f"..{ends[1]}"
        if self.after[0] == "X" and tail.isdecimal():
            return "write a size with a small x:", f"x{tail}"
        if self.after[0] == "x" and tail.isidentifier():
            return "write a name in a size in parentheses:", f"x({tail})"
        if self.after[0] == "x":
            return "write a number, in the digits 0 to 9, on both sides of the x: `32x3`", ""
        inside = tail[:-1].strip()
        if self.after[0] == "(" and self.before.isidentifier() and _plain(inside):
            return "write arguments without parentheses:", f" {inside}"
        return "write", f" {self.after}"


def _plain(text: str) -> bool:
    """Returns whether a value means the same without parentheses."""
    # With a `_` it is mostly a name of `let`, which needs them; a metric is a word.
    return text.replace(".", "").isalnum() or bool(
        re.fullmatch(r'"[^"]*"|(val|train)_(accuracy|f1|loss)', text)
    )


class BadNumber(Diagnostic):
    """Whole numbers go up to 2147483647; other numbers are finite."""

    code: ClassVar[str] = "CNN009"
    bad: ClassVar[str] = "dense 99999999999 softmax"
    good: ClassVar[str] = "dense 10 softmax"

    number: str

    @property
    def message(self) -> str:
        shown = self.number if len(self.number) <= 24 else f"{self.number[:20]}…"
        return f"the number {shown} is too large"

    @property
    def help(self) -> str:
        if set(self.number) & set(".eE"):
            return "numbers go up to about 1.8e308"
        return "whole numbers go up to 2147483647"
