"""Errors of the text itself: characters, brackets, numbers, the form of a statement."""

import re
from typing import ClassVar

from cnnspec.core.edits import Edit, Fix, Fixes, insert, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label


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
        says, written = self._written()
        return f"{says} `{self.before}{written}`" if written else says

    def fixes_at(self, span: Span) -> Fixes:
        _, written = self._written()
        if not written:
            return ()
        return (write(span, written, safe=True, title=f"write `{self.before}{written}`"),)

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
    return text.replace(".", "").isalnum()


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
        return "add a layer; the shortest spec is `dense 10 softmax`"


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

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import append, statement_around

        # An empty block means something for these: the defaults, and the input itself.
        if self.word not in ("train", "branch"):
            return ()
        whole = statement_around(span)
        inside = whole.text[len(self.word) :].strip()
        if inside and whole.start == span.start:
            text = f"{self.word} {{ {inside} }}"
            return (write(whole, text, title=f"write `{text}`"),)
        return (append(statement_around(span), "{ }"),)


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
        return f"remove the braces; arguments of `{self.word}` are written on its line"

    def fixes_at(self, span: Span) -> Fixes:
        inside = span.text.strip("{} \t\r\n")
        if set(inside) & set(";\n{}#"):
            return ()
        return (write(span, inside, title="remove the braces"),)


class GivenTwice(Diagnostic):
    """What can be given once is given once, so that no line is ignored."""

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
        if self._in_rounds:
            return "put the repeated layers into a `block`: each use of it has names of its own"
        return "keep one of the two"

    @property
    def _in_rounds(self) -> bool:
        """Whether one place gives it twice, in two rounds of a `repeat`."""
        if self.span is None or self.first is None:
            return False
        return self.span.source is self.first.source and self.span.start == self.first.start

    @property
    def related(self) -> tuple[Label, ...]:
        return (Label(self.first, "given first here"),) if self.first else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out_if_whole

        # Of two that say the same, either can go; else which one was meant is a guess.
        if self._in_rounds:
            return leave_out_if_whole(span)
        same = self.first is not None and self.first.text == span.text
        spans = [span]
        if self.first and self.first.source is span.source:
            spans.append(self.first)
        return tuple(fix for span in spans for fix in leave_out_if_whole(span, safe=same))


class MissingSeparator(Diagnostic):
    """Statements are separated by a new line or by `;`."""

    code: ClassVar[str] = "CNN014"
    bad: ClassVar[str] = "conv 8x3 relu pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; pool 2; dense 10 softmax"

    word: str
    comma: bool = False
    """Whether there is a comma instead."""

    @property
    def message(self) -> str:
        instead = "; a comma separates values" if self.comma else ""
        return f"a new line or `;` is missing before `{self.word}`{instead}"

    @property
    def help(self) -> str:
        return f"write `; {self.word}`: it begins a statement of its own"

    def fixes_at(self, span: Span) -> Fixes:
        text, start = span.source.text, span.start
        before = len(text[:start].rstrip(" \t,"))
        place = span.source.span(before, start)
        return (Fix((Edit(place, "; "),), True, f"write `; {self.word}`"),)


class ForeignLine(Diagnostic):
    """A spec is made of statements; lines of Python, darknet and Caffe are not.

    Where the line makes a layer or sets up training, the help says the statement for it.
    `check --fix` writes those that say all that the line says. The words of other tools are in
    docs/dialects.md.
    """

    code: ClassVar[str] = "CNN015"
    bad: ClassVar[str] = "Conv2D(8, 3, activation='relu')\npool 2\ndense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu\npool 2\ndense 10 softmax"

    what: str
    """What it is, with the language: "`Conv2D(…)` is Python"."""
    instead: str = ""
    """The statement for it, empty where the line has to go."""
    notes: tuple[str, ...] = ()
    """What the statement does not say."""
    fix: Fix | None = None

    @property
    def message(self) -> str:
        return f"{self.what}, not a statement of a spec"

    @property
    def help(self) -> str:
        if self.instead:
            return "; ".join([f"write `{self.instead}`", *self.notes])
        if self.fix:
            return "remove it: a spec lists layers one after another, and settings in `train`"
        return "; ".join(self.notes) or "docs/dialects.md has the words of other tools"

    def fixes_at(self, span: Span) -> Fixes:
        if self.fix and not self.instead:
            from cnnspec.diagnostics.rewrites import without_statement

            return (self.fix.replace(edits=(without_statement(span),)),)
        return (self.fix,) if self.fix else ()
