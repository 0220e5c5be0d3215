"""Faults of structure: blocks, branches, repetition, other files."""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic


class WrittenAs(Diagnostic):
    """A word of structure has a form of its own."""

    code: ClassVar[str] = "CNN120"
    bad: ClassVar[str] = "repeat i 3 { conv 8x3 relu }; dense 10 softmax"
    good: ClassVar[str] = "repeat i in 1..3 { conv 8x3 relu }; dense 10 softmax"

    word: str
    form: str
    found: str

    @property
    def message(self) -> str:
        if self.found == "nothing":
            return f"`{self.word}` is incomplete"
        return f"`{self.word}` does not take {self.found} here"

    @property
    def help(self) -> str:
        return f"write `{self.form}`"


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
        return "a block can be used after its end; `repeat` does a thing several times"


class NotABranch(Diagnostic):
    """The block of a merge holds a `branch { … }` for each of its inputs."""

    code: ClassVar[str] = "CNN122"
    bad: ClassVar[str] = "add { relu; branch { } }; dense 10 softmax"
    good: ClassVar[str] = "add { branch { relu }; branch { } }; dense 10 softmax"

    word: str
    found: str

    @property
    def message(self) -> str:
        return f"`{self.word}` holds branches, not `{self.found}`"

    @property
    def help(self) -> str:
        return "write `branch { … }`; an empty one is the input itself"


class TooFewBranches(Diagnostic):
    """There is nothing to join with fewer than two branches."""

    code: ClassVar[str] = "CNN123"
    bad: ClassVar[str] = "add { branch { relu } }; dense 10 softmax"
    good: ClassVar[str] = "add { branch { relu }; branch { } }; dense 10 softmax"

    word: str

    @property
    def message(self) -> str:
        return f"`{self.word}` needs at least two branches"

    @property
    def help(self) -> str:
        return f"write `{self.word} {{ branch {{ … }}; branch {{ }} }}`"


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
