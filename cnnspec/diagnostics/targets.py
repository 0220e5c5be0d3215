"""Errors of a target: the spec is valid, but the target does not support all of it."""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic


class Unsupported(Diagnostic):
    """A target does not support every word of the language.

    A network is lowered to a target: a Keras model, a program for numpy, a file for a
    device. Each target has a list of the words it does not support, with the reason. That
    is reported before anything is trained or written; the spec itself is valid.
    """

    code: ClassVar[str] = "CNN701"

    word: str
    target: str
    reason: str
    kind: str = "target"
    """`backend` where it is one that trains."""
    instead: str = "another target"
    optional: bool = False
    """Whether it can be left out."""

    @property
    def message(self) -> str:
        return f"the {self.kind} `{self.target}` does not support `{self.word}`: {self.reason}"

    @property
    def help(self) -> str:
        other = "leave it out" if self.optional else f"use another word in place of `{self.word}`"
        return f"{other}, or {self.instead}"
