"""Changes of a text as data: what to write in which place. Imports `source` and `Record` only."""

from collections.abc import Iterable

from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span


class Edit(Record):
    """A new text for the characters of a span; an empty span inserts, an empty text deletes."""

    span: Span
    text: str


class Fix(Record):
    """Edits that are applied together and remove one finding.

    A `safe` fix gives the text the meaning that its author surely intended; any other one is
    a guess that a person should look at. The edits of a fix never overlap.
    """

    edits: tuple[Edit, ...]
    safe: bool = False
    title: str = ""
    """What it does, in a few words, where the edits alone do not say it."""


Fixes = tuple[Fix, ...]
"""Several ways to remove one finding, the best one first."""


def write(span: Span, text: str, *, safe: bool = False, title: str = "") -> Fix:
    """Returns the fix that writes a text in the place of a span."""
    return Fix((Edit(span, text),), safe, title)


def insert(source: Source, offset: int, text: str, *, safe: bool = False, title: str = "") -> Fix:
    """Returns the fix that inserts a text before a character."""
    return Fix((Edit(source.span(offset, offset), text),), safe, title)


def apply_edits(source: Source, edits: Iterable[Edit]) -> str:
    """Returns the text of a source after some edits of it, which must not overlap.

    Raises:
        ValueError: two edits overlap, or one belongs to another source.
    """
    parts: list[str] = []
    reached = 0
    for edit in sorted(edits, key=_place):
        span = edit.span
        if span.source is not source or span.start < reached:
            raise ValueError(f"cannot apply an edit at {span.start}")
        parts += [source.text[reached : span.start], edit.text]
        reached = span.end
    return "".join([*parts, source.text[reached:]])


def overlap(one: Fix, other: Fix) -> bool:
    """Returns whether two fixes change the same place, so that only one can be applied.

    Two texts inserted at one place overlap as well: their order would be a guess.
    """
    return any(_touch(a.span, b.span) for a in one.edits for b in other.edits)


def _touch(a: Span, b: Span) -> bool:
    if a.source is not b.source:
        return False
    if a.start == a.end or b.start == b.end:
        return a.start <= b.end and b.start <= a.end
    return a.start < b.end and b.start < a.end


def _place(edit: Edit) -> tuple[int, int]:
    return edit.span.start, edit.span.end
