"""Faults of the text itself: characters, brackets, numbers, the form of a statement."""

from typing import ClassVar

from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label


class UnexpectedText(Diagnostic):
    """A statement is a word, its arguments and, for some words, a block in braces.

    Statements are separated by a new line or by `;`. Arithmetic stands in
    parentheses, or after `=`.
    """

    code: ClassVar[str] = "CNN001"
    bad: ClassVar[str] = "8x3 conv; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    found: str
    expected: str
    remedy: str = ""

    @property
    def message(self) -> str:
        return f"expected {self.expected}, found {self.found}"

    @property
    def help(self) -> str:
        return self.remedy


class Unclosed(Diagnostic):
    """Every opening bracket has its closing one; a `(` closes on its own line."""

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


class UnclosedString(Diagnostic):
    """A string ends at its closing quote, on the line on which it began."""

    code: ClassVar[str] = "CNN004"
    bad: ClassVar[str] = 'model "mine\ndense 10 softmax'
    good: ClassVar[str] = 'model "mine"\ndense 10 softmax'

    @property
    def message(self) -> str:
        return "this string is never closed"

    @property
    def help(self) -> str:
        return 'add a `"` on the same line'


class ForbiddenCharacter(Diagnostic):
    """Control characters and marks that change the direction of text are no part of a spec.

    They can make a spec look like another one than it is.
    """

    code: ClassVar[str] = "CNN005"
    bad: ClassVar[str] = "conv 8x3 relu\x00; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    character: str

    @property
    def message(self) -> str:
        return f"the character U+{ord(self.character):04X} may not stand in a spec"

    @property
    def help(self) -> str:
        return "remove it; it is invisible in most editors"


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
        return "save the file as UTF-8"


class TooLarge(Diagnostic):
    """Limits keep every check short, whatever the file holds."""

    code: ClassVar[str] = "CNN007"

    what: str
    limit: str

    @property
    def message(self) -> str:
        return f"{self.what}; the limit is {self.limit}"


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
        unit = {name.lower(): name for name in UNITS}.get(self.after.lower())
        if unit and self.before[-1].isdecimal():
            return f"the unit is written `{unit}`: `{self.before}{unit}`"
        tail = self.after[1:]
        if self.after[0] == "X" and tail.isdecimal():
            return f"a size has a small x: `{self.before}x{tail}`"
        if self.after[0] == "x" and tail.isidentifier():
            return f"a name in a size stands in parentheses: `{self.before}x({tail})`"
        if self.after[0] == "x":
            return "a size has a number, in the digits 0 to 9, on both sides of its x: `32x3`"
        if self.after[0] == "(":
            return f"arguments stand without parentheses: `{self.before} {tail[:-1]}`"
        return f"write `{self.before} {self.after}`"


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


class NothingToTrain(Diagnostic):
    """A spec has at least one layer."""

    code: ClassVar[str] = "CNN010"
    bad: ClassVar[str] = "# to be written"
    good: ClassVar[str] = "dense 10 softmax"

    @property
    def message(self) -> str:
        return "this spec has no layers"

    @property
    def help(self) -> str:
        return "the shortest spec is `dense 10 softmax`"


class BlockMissing(Diagnostic):
    """Some words are followed by a block of statements in braces."""

    code: ClassVar[str] = "CNN011"
    bad: ClassVar[str] = "dense 10 softmax; train"
    good: ClassVar[str] = "dense 10 softmax; train { epochs 5 }"

    word: str

    @property
    def message(self) -> str:
        return f"`{self.word}` needs a block"

    @property
    def help(self) -> str:
        return f"write `{self.word} {{ … }}`"


class BlockNotTaken(Diagnostic):
    """Most words take no block."""

    code: ClassVar[str] = "CNN012"
    bad: ClassVar[str] = "conv 8x3 { relu }; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    word: str

    @property
    def message(self) -> str:
        return f"`{self.word}` takes no block"

    @property
    def help(self) -> str:
        return f"remove it; what belongs to `{self.word}` stands on its line"


class Twice(Diagnostic):
    """What can be said once is said once, so that no line is ignored."""

    code: ClassVar[str] = "CNN013"
    bad: ClassVar[str] = "conv 8x3 relu tanh; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    what: str
    first: Span | None = None

    @property
    def message(self) -> str:
        return f"{self.what} is given twice"

    @property
    def help(self) -> str:
        return "keep one of the two"

    @property
    def related(self) -> tuple[Label, ...]:
        return (Label(self.first, "given first here"),) if self.first else ()


class MissingSeparator(Diagnostic):
    """Statements are separated by a new line or by `;`."""

    code: ClassVar[str] = "CNN014"
    bad: ClassVar[str] = "conv 8x3 relu pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; pool 2; dense 10 softmax"

    word: str

    @property
    def message(self) -> str:
        return f"a new line or `;` is missing before `{self.word}`"

    @property
    def help(self) -> str:
        return f"`{self.word}` starts a statement of its own"
