"""Errors of the form of a statement: its block, its end, and what is said twice."""

from typing import ClassVar

from cnnspec.core.edits import Edit, Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label


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
    remedy: str = ""
    fix: Fix | None = None

    @property
    def message(self) -> str:
        return f"{self.what} is given twice"

    @property
    def help(self) -> str:
        if self.remedy:
            return self.remedy
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

        if self.fix:
            return (self.fix,)
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
