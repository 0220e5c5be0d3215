"""What a target does not do: right as a spec, and beyond what it is to be made into."""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic


class Unsupported(Diagnostic):
    """A target does not do every word of the language.

    A target is what a network is made into: a Keras model, a program for numpy, a file for
    a device. Each has a list of the words it does not do, with the reason. That is reported
    before anything is trained or written; the spec itself is right.
    """

    code: ClassVar[str] = "CNN701"

    word: str
    target: str
    reason: str

    @property
    def message(self) -> str:
        return f"the target `{self.target}` does not do `{self.word}`: {self.reason}"

    @property
    def help(self) -> str:
        return f"use another word in place of `{self.word}`, or another target"
