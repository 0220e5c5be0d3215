"""Errors of structure: blocks, branches, repetition, other files."""

from typing import ClassVar

from cnnspec.core.edits import Edit, Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, UnknownSpelling, did_you_mean


class WrongForm(Diagnostic):
    """A word of structure has a form of its own."""

    code: ClassVar[str] = "CNN120"
    bad: ClassVar[str] = "repeat i 3 { conv 8x3 relu }; dense 10 softmax"
    good: ClassVar[str] = "repeat i in 1..3 { conv 8x3 relu }; dense 10 softmax"

    word: str
    form: str
    found: str
    fix: Fix | None = None

    @property
    def message(self) -> str:
        if self.found == "nothing":
            return f"`{self.word}` is incomplete"
        return f"`{self.word}` does not take {self.found} here"

    @property
    def help(self) -> str:
        if self.fix and self.fix.safe and self.fix.title.startswith(f"write `{self.word}"):
            return self.fix.title
        return f"write it as in `{self.form}`"

    def fixes_at(self, span: Span) -> Fixes:
        return (self.fix,) if self.fix else ()


class BlockUsesItself(Diagnostic):
    """A block that used itself would never end."""

    code: ClassVar[str] = "CNN121"
    bad: ClassVar[str] = "block b { conv 8x3 relu; b }; b; dense 10 softmax"
    good: ClassVar[str] = "block b { conv 8x3 relu }; b; b; dense 10 softmax"

    word: str

    @property
    def message(self) -> str:
        return f"the block `{self.word}` uses itself"

    @property
    def help(self) -> str:
        return "use a block after its end only; `repeat` applies layers several times"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out, statement_around

        return (leave_out(statement_around(span), statement=True),)


class NotABranch(Diagnostic):
    """The block of a merge contains a `branch { … }` for each of its inputs."""

    code: ClassVar[str] = "CNN122"
    bad: ClassVar[str] = "add { relu; branch { } }; dense 10 softmax"
    good: ClassVar[str] = "add { branch { relu }; branch { } }; dense 10 softmax"

    word: str
    found: str

    @property
    def message(self) -> str:
        return f"`{self.word}` takes branches, not `{self.found}`"

    @property
    def help(self) -> str:
        return "write `branch { … }` around it; an empty branch is the input itself"

    def fixes_at(self, span: Span) -> Fixes:
        if self.found == "branch":
            return ()
        return (write(span, f"branch {{ {span.text} }}", title="put it in a branch"),)


class TooFewBranches(Diagnostic):
    """A merge joins at least two branches."""

    code: ClassVar[str] = "CNN123"
    bad: ClassVar[str] = "add { branch { relu } }; dense 10 softmax"
    good: ClassVar[str] = "add { branch { relu }; branch { } }; dense 10 softmax"

    word: str
    block: Span | None = None
    """Where the block of the merge is, its braces included."""

    @property
    def message(self) -> str:
        return f"`{self.word}` needs at least two branches"

    @property
    def help(self) -> str:
        return "add `branch { }`, which is the input itself, or `branch { … }` with other layers"

    def fixes_at(self, span: Span) -> Fixes:
        if not self.block or not self.block.text.endswith("}"):
            return ()
        inside = self.block.text[:-1].rstrip()
        at = self.block.start + len(inside)
        joint = " " if inside == "{" else "; "
        place = self.block.source.span(at, at)
        return (Fix((Edit(place, f"{joint}branch {{ }}"),), title="add `branch { }`"),)


class CannotUse(Diagnostic):
    """`use` reads files of the project only: below the folder of the spec, by relative paths.

    It never follows a link out of that folder and never opens a device.
    """

    code: ClassVar[str] = "CNN124"
    bad: ClassVar[str] = 'use "../blocks.cnn"; dense 10 softmax'
    good: ClassVar[str] = "block head { dropout 0.5; dense 10 softmax }; head"

    path: str
    reason: str

    @property
    def message(self) -> str:
        return f"cannot use {self.path}: {self.reason}"


class UnknownSource(UnknownSpelling):
    """`from` takes the output of a layer that has a name and is before it in the text.

    `conv 8x3 relu name=stem` gives a name, which in a block is known within the block. Names
    that layers get by default change as layers are added, so they cannot be sources.
    """

    code: ClassVar[str] = "CNN211"
    bad: ClassVar[str] = (
        "conv 8x3 relu name=stem; conv 8x3 same relu\n"
        "add { branch { }; branch { from stam } }; pool 2; dense 10 softmax"
    )
    good: ClassVar[str] = (
        "conv 8x3 relu name=stem; conv 8x3 same relu\n"
        "add { branch { }; branch { from stem } }; pool 2; dense 10 softmax"
    )

    automatic: bool = False
    """Whether it is the name of a layer that got it by default."""

    @property
    def message(self) -> str:
        if self.automatic:
            return f"the name `{self.name}` was not given to a layer"
        return f"there is no layer named `{self.name}` before this"

    @property
    def help(self) -> str:
        if self.near or len(self.known) > 1:
            return did_you_mean(self.near, self.known, "a name here")
        return "give a layer above a name, as in `conv 8x3 relu name=stem`, and write `from stem`"


class NotAtBeginning(Diagnostic):
    """`from` says where a branch begins, so it is the first statement of a branch."""

    code: ClassVar[str] = "CNN212"
    bad: ClassVar[str] = (
        "conv 8x3 relu name=stem; conv 8x3 same relu\n"
        "add { branch { }; branch { tanh; from stem } }; pool 2; dense 10 softmax"
    )
    good: ClassVar[str] = (
        "conv 8x3 relu name=stem; conv 8x3 same relu\n"
        "add { branch { }; branch { from stem; tanh } }; pool 2; dense 10 softmax"
    )

    @property
    def message(self) -> str:
        return "`from` is allowed at the beginning of a branch only"

    @property
    def help(self) -> str:
        return "join it with what is before it: `concat { branch { }; branch { from … } }`"
