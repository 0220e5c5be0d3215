"""Errors of values: missing, out of range, of the wrong type, or not with one another."""

import re
from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, listing


class MissingValue(Diagnostic):
    """A value without a default has to be given."""

    code: ClassVar[str] = "CNN104"
    bad: ClassVar[str] = "dense 10 softmax; train { early_stop patience=3 }"
    good: ClassVar[str] = "dense 10 softmax; train { early_stop val_loss patience=3 }"

    of: str
    value: str
    usage: str
    words: tuple[str, ...] = ()
    """The words that the value can be."""
    given: str = ""
    """The arguments that are there already."""

    @property
    def message(self) -> str:
        return f"`{self.of}` needs its {self.value}"

    @property
    def help(self) -> str:
        if self.words:
            return f"write `{self._written}`; the {self.value} can be {listing(self.words)}"
        return f"write `{self.usage}`"

    @property
    def _written(self) -> str:
        return " ".join([self.of, self.words[0], *([self.given] if self.given else [])])

    def fixes_at(self, span: Span) -> Fixes:
        if not self.words or span.source.text[span.end : span.end + 1] == "(":
            return ()
        return (write(span, self._written, title=f"write `{self._written}`"),)


class OutOfRange(Diagnostic):
    """A number is outside the range in which it has a meaning."""

    code: ClassVar[str] = "CNN105"
    bad: ClassVar[str] = "dropout 50; dense 10 softmax"
    good: ClassVar[str] = "dropout 0.5; dense 10 softmax"

    what: str
    value: str
    allowed: str
    nearest: str = ""
    """The value in the range that was most likely meant."""
    share: bool = False
    """Whether that is the value in per cent."""

    @property
    def message(self) -> str:
        return f"{self.value} is out of range for {self.what}"

    @property
    def help(self) -> str:
        if self.share:
            return f"write `{self.nearest}`, for {self.value} %: {self.allowed}"
        return f"use {self.allowed}"

    def fixes_at(self, span: Span) -> Fixes:
        if not self.nearest:
            return ()
        return (write(span, self.nearest, title=f"write `{self.nearest}`"),)


class WrongType(Diagnostic):
    """A value is of another type than the one that is read there."""

    code: ClassVar[str] = "CNN106"
    bad: ClassVar[str] = 'dense "10" softmax'
    good: ClassVar[str] = "dense 10 softmax"

    what: str
    expected: str
    found: str
    remedy: str = ""
    fix: Fix | None = None

    @property
    def message(self) -> str:
        return f"expected {self.expected} for {self.what}, found {self.found}"

    @property
    def help(self) -> str:
        if self.remedy or not self.span:
            return self.remedy
        return "".join(fix.title for fix in self.fixes_at(self.span)[:1])

    def _foreign(self, span: Span) -> Fixes:
        """The fix of a value as other tools have it: a padding in numbers, a range of channels."""
        if self.expected.startswith("one of `valid`") and span.text.isdecimal():
            from cnnspec.diagnostics.translations import padding_fixes

            return padding_fixes(span)
        if self.found.startswith("the range"):
            from cnnspec.diagnostics.translations import range_fixes

            return range_fixes(span)
        return ()

    def fixes_at(self, span: Span) -> Fixes:
        if self.fix:
            return (self.fix,)
        text = span.text
        if foreign := self._foreign(span):
            return foreign
        number = "number" in self.expected
        if number and re.fullmatch(r'"\d+(\.\d+)?"', text):
            return (write(span, text[1:-1], safe=True, title=f"write `{text[1:-1]}`"),)
        if self.expected.startswith("`yes`") and text.lower() in ("0", "1", "true", "false"):
            word = "yes" if text.lower() in ("1", "true") else "no"
            return (write(span, word, safe=True, title=f"write `{word}`"),)
        return ()


class TooManyValues(Diagnostic):
    """A word is given more values than it takes."""

    code: ClassVar[str] = "CNN107"
    bad: ClassVar[str] = "dense 10 10 softmax"
    good: ClassVar[str] = "dense 10 softmax"

    of: str
    usage: str
    joined: Fix | None = None
    """The fix that joins the value with the one before, where they are one size."""
    sides: bool = False
    """Whether the values are sides, whose order differs from tool to tool."""
    option: str = ""
    """How the value is written as an option: `test="b.csv"`."""
    takers: dict[str, str] = {}  # noqa: RUF012 - a record never changes its defaults
    """The options that could have the value, with what each is."""
    note: str = ""
    """Why nothing takes it."""

    @property
    def message(self) -> str:
        return f"{self.of} takes no more values here"

    @property
    def help(self) -> str:
        if self.joined:
            return f"a size is one value: {self.joined.title}"
        if self.option:
            return f"name what it is: write `{self.option}`"
        if self.sides:
            return f"name the sides: `{self.usage}`"
        from cnnspec.diagnostics.translations import layer_help

        if foreign := layer_help(self.span, self.of.strip("`")):
            return foreign
        if self.note:
            return f"write `{self.usage}`: {self.note}"
        if self.span and self.takers:
            named = [f"`{n}={self.span.text}`: {what}" for n, what in self.takers.items()]
            return f"write {'; or '.join(named[:3])}"
        return f"write `{self.usage}`" if self.usage else "give it one value"

    def fixes_at(self, span: Span) -> Fixes:
        if self.joined:
            return (self.joined,)
        if self.option:
            return (write(span, self.option, title=f"write `{self.option}`"),)
        if self.sides:
            return ()
        if len(self.takers) == 1 and not self.note:
            (name,) = self.takers
            title = f"write `{name}={span.text}`"
            return (write(span, f"{name}={span.text}", title=title),)
        from cnnspec.diagnostics.rewrites import leave_out
        from cnnspec.diagnostics.translations import layer_fixes

        return layer_fixes(span, self.of.strip("`")) or (leave_out(span),)


class BadArithmetic(Diagnostic):
    """An expression has no value: it divides by zero, or its result is out of bounds."""

    code: ClassVar[str] = "CNN109"
    bad: ClassVar[str] = "let f = 1 / 0; dense (f) softmax"
    good: ClassVar[str] = "let f = 20 / 2; dense (f) softmax"

    reason: str

    @property
    def message(self) -> str:
        return f"this expression has no value: {self.reason}"


class WrongCall(Diagnostic):
    """`floor`, `ceil` and `round` take one number, `min` and `max` one or more."""

    code: ClassVar[str] = "CNN131"
    bad: ClassVar[str] = "let f = round(7.5, 2); dense (f) relu; dense 10 softmax"
    good: ClassVar[str] = "let f = round(7.5); dense (f) relu; dense 10 softmax"

    name: str
    found: int

    @property
    def message(self) -> str:
        one = "at least one number" if self.name in ("min", "max") else "one number"
        return f"`{self.name}` takes {one}, and {self.found or 'none'} are given"

    @property
    def help(self) -> str:
        if self.name == "round":
            return "a multiple of 8 is `round(f / 8) * 8`"
        return f"write `{self.name}(2 * f)`"


class Incompatible(Diagnostic):
    """Two values are each allowed, but not together."""

    code: ClassVar[str] = "CNN113"
    bad: ClassVar[str] = "conv 8x4 relu stride=2 dilation=2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x4 relu stride=2; dense 10 softmax"

    of: str
    reason: str
    remedy: str
    instead: str = ""
    """What to write in the place of the span."""

    @property
    def message(self) -> str:
        return f"`{self.of}` cannot have {self.reason}"

    @property
    def help(self) -> str:
        return self.remedy

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out_if_whole

        if self.instead:
            return (write(span, self.instead, title=f"write `{self.instead}`"),)
        return leave_out_if_whole(span)
