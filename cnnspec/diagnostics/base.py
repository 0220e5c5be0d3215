"""What an error or warning is. One small frozen class each, apart from the code that finds it.

Knows sources and spans; not how a diagnostic is printed, nor who raises it.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from cnnspec.core.edits import Fix
from cnnspec.core.record import Record
from cnnspec.core.source import Span


class Label(Record):
    """A second place that explains the first, with what is to be seen there."""

    span: Span
    text: str


class Diagnostic(Record):
    """A finding about a spec, its data or its surroundings.

    The docstring of a subclass tells the story behind its code; `bad` and `good`
    are a spec that shows it and one that does not.
    """

    code: ClassVar[str]
    severity: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    bad: ClassVar[str] = ""
    good: ClassVar[str] = ""

    span: Span | None
    """The smallest place at fault; `None` where the fault is in no text."""

    @property
    def message(self) -> str:
        """One sentence that stands alone."""
        raise NotImplementedError

    @property
    def topic(self) -> str:
        """What findings of this kind have in common, without the numbers of this one."""
        return (type(self).__doc__ or "").partition("\n")[0].rstrip(".")

    @property
    def label(self) -> str:
        """What is said beside the caret; empty where the message says it all."""
        return ""

    @property
    def help(self) -> str:
        """A fix, or empty where there is none to name."""
        return ""

    @property
    def related(self) -> tuple[Label, ...]:
        """Other places worth seeing."""
        return ()

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """Ways to remove the finding, as edits of the text, the best one first."""
        return ()


Warn = Callable[[Diagnostic], None]
"""Gets what a person should know and what stops nothing."""


def silent(_: Diagnostic) -> None:
    """Tells nobody."""


class Traced(Diagnostic):
    """A diagnostic inside a block, with the places where the block is used."""

    inner: Diagnostic
    uses: tuple[Label, ...]

    @property
    def code(self) -> str:  # type: ignore[override]
        """The code of what was found."""
        return self.inner.code

    @property
    def severity(self) -> str:  # type: ignore[override]
        """The severity of what was found."""
        return self.inner.severity

    @property
    def message(self) -> str:
        return self.inner.message

    @property
    def topic(self) -> str:
        return self.inner.topic

    @property
    def label(self) -> str:
        return self.inner.label

    @property
    def help(self) -> str:
        return self.inner.help

    @property
    def related(self) -> tuple[Label, ...]:
        return (*self.inner.related, *self.uses)

    @property
    def fixes(self) -> tuple[Fix, ...]:
        return self.inner.fixes


def listing(words: Iterable[Any], joint: str = "or", most: int = 12, quote: str = "`") -> str:
    """`a, b or c`, each in quotes, cut after `most` words."""
    quoted = [f"{quote}{word}{quote}" for word in words]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" and {len(quoted) - most} more"
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {joint} {quoted[-1]}"


def many(number: int, what: str) -> str:
    """`1 epoch`, `2,000 epochs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def did_you_mean(near: str, words: "tuple[str, ...]", what: str = "") -> str:
    """The help for an unknown word: the nearest known one, else the whole choice."""
    if near:
        return f"did you mean `{near}`?"
    return f"{what or 'it'} can be {listing(words, most=60)}" if words else ""
