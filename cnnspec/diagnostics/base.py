"""What an error or warning is: one small frozen class each, apart from the code that finds it.

Knows sources, spans and edits; not how a diagnostic is printed, nor who raises it.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from cnnspec.core.edits import Fixes, write
from cnnspec.core.record import Record
from cnnspec.core.source import Span


class Label(Record):
    """A second place that explains the first, with what there is to see."""

    span: Span
    text: str


class Diagnostic(Record):
    """A finding about a spec, its data or its environment.

    The docstring of a subclass explains its code; `bad` and `good` are a spec that shows
    the finding and one that does not.
    """

    code: ClassVar[str]
    severity: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    bad: ClassVar[str] = ""
    good: ClassVar[str] = ""

    span: Span | None
    """The smallest place that is wrong; `None` where the finding is in no text."""

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
        """The text beside the caret; empty where the message is enough."""
        return ""

    @property
    def help(self) -> str:
        """What to do in words; empty where no fix can be named."""
        return ""

    @property
    def related(self) -> tuple[Label, ...]:
        """Other places worth seeing."""
        return ()

    @property
    def fixes(self) -> Fixes:
        """Ways to remove the finding, as edits of the text, the best one first."""
        return self.fixes_at(self.span) if self.span else ()

    def fixes_at(self, span: Span) -> Fixes:
        """Returns the fixes of a finding in a text, at its span."""
        return ()


Warn = Callable[[Diagnostic], None]
"""Takes a diagnostic that ends nothing, to show it."""


def silent(_: Diagnostic) -> None:
    """Ignores a diagnostic."""


class Traced(Diagnostic):
    """A diagnostic of a text that makes several layers, as in a block that is used twice.

    `uses` are the places where the block is used.
    """

    inner: Diagnostic
    uses: tuple[Label, ...] = ()
    everywhere: bool = True
    """Whether it holds for all layers that the text makes."""

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
    def fixes(self) -> Fixes:
        # A change of the text changes all its layers, also those that are as they should be.
        found = self.inner.fixes
        return found if self.everywhere else tuple(fix.replace(safe=False) for fix in found)


def listing(words: Iterable[Any], joint: str = "or", most: int = 12, quote: str = "`") -> str:
    """Returns `a, b or c`, each word in quotes, cut after `most` words."""
    quoted = [f"{quote}{word}{quote}" for word in words]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" and {len(quoted) - most} more"
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {joint} {quoted[-1]}"


def many(number: int, what: str) -> str:
    """Returns `1 epoch` or `2,000 epochs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def did_you_mean(near: str, words: "tuple[str, ...]", what: str = "") -> str:
    """Returns the help for an unknown word: the nearest known one, or else the whole choice."""
    if near:
        return f"did you mean `{near}`?"
    return f"{what or 'it'} can be {listing(words, most=60)}" if words else ""


def respell(
    span: Span | None, word: str, near: str, known: "tuple[str, ...]", *, safe: bool = False
) -> Fixes:
    """Returns the fix that writes the nearest known word, safe where it can be no other."""
    from cnnspec.core.spelling import certain

    if not (near and span):
        return ()
    return (write(span, near, safe=safe or certain(word, near, known), title=f"write `{near}`"),)


class UnknownSpelling(Diagnostic):
    """A name that is not one of those known; the first fix writes the nearest."""

    name: str
    near: str
    """The known name that is probably meant, empty where none is near."""
    known: tuple[str, ...]

    def fixes_at(self, span: Span) -> Fixes:
        return respell(span, self.name, self.near, self.known)
