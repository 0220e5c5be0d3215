"""Changes that can be offered: fixes of problems, all safe ones at once, and the layout."""

import re
from difflib import SequenceMatcher

from cnnspec.analysis.fixing import fix_texts
from cnnspec.core.edits import Edit, Fix
from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.language.formatter import format_text
from cnnspec.layers.table import CONSTRUCTS
from cnnspec.service.snapshot import Snapshot


class Offer(Record):
    """A fix with the problem that it removes."""

    problem: Diagnostic
    fix: Fix


def fixes(found: Snapshot, start: int, end: int) -> tuple[Offer, ...]:
    """Returns the fixes of the problems that touch `[start, end]`, the best of each first."""
    return tuple(
        Offer(problem, fix)
        for problem in found.problems
        if problem.span and problem.span.source is found.source
        if problem.span.start <= end and start <= problem.span.end
        for fix in problem.fixes
    )


def fix_all(found: Snapshot) -> tuple[Edit, ...]:
    """Returns the edits of every safe fix, each tried as `check --fix` tries it."""
    (fixed,) = fix_texts([found.source], found.overrides)
    return between(found.source, fixed.text)


def formatted(found: Snapshot, lines: range | None = None) -> tuple[Edit, ...]:
    """Returns the edits that give a text its canonical layout, or some of its lines, from 0.

    None for a text that does not parse: its layout is left as it is.
    """
    try:
        text = format_text(found.source, CONSTRUCTS)
    except CnnspecError:
        return ()
    edits = between(found.source, text)
    if lines is None:
        return edits
    at = found.positions.line_of

    def within(span: Span) -> bool:
        last = max(span.start, span.end - 1)
        return at(span.start) < lines.stop and at(last) >= lines.start

    return tuple(edit for edit in edits if within(edit.span))


_MOST_PAIRS = 1_000_000
"""Pairs of lines that are compared; longer changes are one edit, for that takes too long."""


def between(source: Source, text: str) -> tuple[Edit, ...]:
    """Returns the edits of whole lines that make one text of another.

    What stays the same is not touched, so that a cursor and folded lines stay where they are.
    """
    if text == source.text:
        return ()
    old, new = (re.findall(r"[^\n]*\n|[^\n]+", side) for side in (source.text, text))
    offsets = [0]
    for line in old:
        offsets.append(offsets[-1] + len(line))
    first, last = _ends(old, new)
    rest = len(old) - last, len(new) - last
    if (rest[0] - first) * (rest[1] - first) > _MOST_PAIRS:
        whole = source.span(offsets[first], offsets[rest[0]])
        return (Edit(whole, "".join(new[first : rest[1]])),)
    matcher = SequenceMatcher(None, old[first : rest[0]], new[first : rest[1]], autojunk=False)
    return tuple(
        Edit(
            source.span(offsets[first + a], offsets[first + b]), "".join(new[first + c : first + d])
        )
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    )


def _ends(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines two texts have in common at their beginning, and at their end."""
    most = min(len(old), len(new))
    first = next((n for n in range(most) if old[n] != new[n]), most)
    most -= first
    last = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    return first, last
