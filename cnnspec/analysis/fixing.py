"""Texts with their fixes applied, and proof that each did what it promised.

Values in, values out; nothing is written. Fixes are applied in rounds, because one that is
applied can bring the next to light: a misspelled word hides what is wrong with its values.
After each round the texts are checked again. What was to be fixed must be gone and nothing
may be worse; else the fixes of the round are tried one by one, and those that fail are
refused.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.edits import Edit, Fix, apply_edits, overlap
from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.expansion.state import Overrides
from cnnspec.language.parse import parse

MAX_CHECKS = 500
"""Checks for one call; no text that a person writes comes near."""


class Change(Record):
    """A fix and the finding that it removes, both as they were when it was tried."""

    found: Diagnostic
    fix: Fix

    @property
    def source(self) -> Source:
        """The text that changes."""
        return self.fix.edits[0].span.source

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What a change is recognized by in a later round, wherever it is by then."""
        return self.found.code, self.found.message, tuple(e.text for e in self.fix.edits)


class FixedText(Record):
    """A text before and after its fixes."""

    source: Source
    result: CheckedSpec
    """The text after the fixes, checked."""
    applied: tuple[Change, ...] = ()
    refused: tuple[Change, ...] = ()
    """Changes that would not have done what they promise, or would have made it worse."""

    @property
    def text(self) -> str:
        """The text after the fixes."""
        return self.result.source.text

    @property
    def changed(self) -> bool:
        """Whether the text is another one than before."""
        return self.text != self.source.text


def fix_texts(
    sources: Iterable[Source], values: Overrides | None = None, *, unsafe: bool = False
) -> list[FixedText]:
    """Returns every text with its safe fixes applied, with `unsafe` also the first of others.

    A fix of a file that a text uses is only applied if that is among the sources.
    """
    originals = list(sources)
    fixing = _Fixing(originals, values or {}, unsafe)
    while fixing.round():
        pass
    return [
        FixedText(
            source,
            fixing.results[place],
            tuple(change for at, change in fixing.applied if at == place),
            tuple(change for at, change in fixing.refused.values() if at == place),
        )
        for source in originals
        for place in (_place(source),)
    ]


_Texts = dict[str, Source]
"""Texts by their places on disk."""
_Found = dict[str, tuple[Diagnostic, ...]]
"""What is wrong with each text, by its place."""


class _Fixing:
    """The texts under way."""

    def __init__(self, sources: list[Source], values: Overrides, unsafe: bool) -> None:
        self.values = values
        self.unsafe = unsafe
        self.texts: _Texts = {_place(source): source for source in sources}
        self.checks = 0
        self.results = self.check(self.texts)
        self.seen = {_key(self.texts)}
        self.applied: list[tuple[str, Change]] = []
        self.refused: dict[object, tuple[str, Change]] = {}

    def check(self, texts: _Texts) -> dict[str, CheckedSpec]:
        """Checks every text, each with the others as they would be."""
        self.checks += len(texts)
        unsaved = {place: source.text for place, source in texts.items()}
        return {place: check(source, self.values, unsaved) for place, source in texts.items()}

    @property
    def found(self) -> _Found:
        """What is wrong with the texts as they are."""
        return {place: result.problems for place, result in self.results.items()}

    def round(self) -> bool:
        """Applies what can be applied at once; returns whether to go on."""
        changes = list(self.changes())
        if not changes:
            return False
        if self.tried(changes):
            return True
        for change in changes:
            if self.checks > MAX_CHECKS:
                return False
            if len(changes) > 1 and self.tried([change]):
                return True
            self.refused[change.key] = _place(change.source), change
        return True

    def changes(self) -> Iterator[Change]:
        """The changes that do not overlap, the first of those that do."""
        taken: list[Fix] = []
        for result in self.results.values():
            # What brings a network under its budget is never safe, and takes a while to find.
            for problem in with_advice(result) if self.unsafe else result.problems:
                fix = next(iter(problem.fixes), None)
                if fix is None or not (fix.safe or self.unsafe):
                    continue
                fix = self.own(fix)
                if fix is None or any(overlap(fix, other) for other in taken):
                    continue
                change = Change(problem, fix)
                if change.key not in self.refused:
                    taken.append(fix)
                    yield change

    def own(self, fix: Fix) -> Fix | None:
        """The fix in the texts that are under way; `None` where it is in another one.

        A file that a text uses is another `Source` each time it is read.
        """
        source = fix.edits[0].span.source
        mine = self.texts.get(_place(source))
        if mine is None or mine.text != source.text:
            return None
        spans = [mine.span(edit.span.start, edit.span.end) for edit in fix.edits]
        edits = tuple(Edit(s, e.text) for s, e in zip(spans, fix.edits, strict=True))
        return fix.replace(edits=edits)

    def tried(self, changes: list[Change]) -> bool:
        """Applies changes if the texts are then as promised; returns whether they are."""
        edits: dict[str, list[Edit]] = {}
        for change in changes:
            edits.setdefault(_place(change.source), []).extend(change.fix.edits)
        texts = self.texts | {
            place: Source(self.texts[place].name, apply_edits(self.texts[place], several))
            for place, several in edits.items()
        }
        if (key := _key(texts)) in self.seen:
            return False
        results, before = self.check(texts), self.found
        found = {place: result.problems for place, result in results.items()}
        if any(_worse(before[p], found[p], changed=p in edits) for p in texts):
            return False
        if any(
            _wrong(self.texts[place], texts[place], several, before[place], found[place])
            for place, several in edits.items()
        ):
            return False
        if not all(self.gone(change, changes, found, edits) for change in changes):
            return False
        self.seen.add(key)
        self.refused.clear()
        self.applied += [(_place(change.source), change) for change in changes]
        self.texts, self.results = texts, results
        return True

    def gone(
        self, change: Change, changes: list[Change], found: _Found, edits: dict[str, list[Edit]]
    ) -> bool:
        """Whether the finding that a change removes is no longer there."""
        one, span = change.found, change.found.span
        if span is None or (place := _place(span.source)) not in self.texts:
            return True
        ends = _moved(span.start, edits.get(place, []))
        still = any(
            (p.code, p.message) == (one.code, one.message) and p.span and p.span.start in ends
            for p in found[place]
        )
        # Where the same finding follows right behind, it takes the place of this one.
        before, after = (
            sum((p.code, p.message) == (one.code, one.message) for p in problems[place])
            for problems in (self.found, found)
        )
        meant = sum((c.found.code, c.found.message) == (one.code, one.message) for c in changes)
        return not still or after <= before - meant


def _place(source: Source) -> str:
    """Where a text is on disk; one that is in no file keeps its name."""
    return source.name if source.name.startswith("<") else str(Path(source.name).resolve())


def _key(texts: _Texts) -> tuple[str, ...]:
    return tuple(source.text for source in texts.values())


def _moved(offset: int, edits: list[Edit]) -> tuple[int, int]:
    """Where a character is after some edits, without and with what is inserted right there."""
    before = sum(
        len(edit.text) - (edit.span.end - edit.span.start)
        for edit in edits
        if edit.span.end <= offset and edit.span.start < offset
    )
    here = sum(len(e.text) for e in edits if e.span.start == e.span.end == offset)
    return offset + before, offset + before + here


def _worse(old: tuple[Diagnostic, ...], new: tuple[Diagnostic, ...], *, changed: bool) -> bool:
    """Whether there are more errors than before, or in a text without them more warnings."""
    if _errors(old) or _errors(new):
        return _errors(new) > _errors(old)
    # In a text that changes one must go: a warning for another one is no progress.
    return len(new) > len(old) - changed


def _wrong(
    before: Source,
    after: Source,
    edits: list[Edit],
    old: tuple[Diagnostic, ...],
    new: tuple[Diagnostic, ...],
) -> bool:
    """Whether a text parses worse than before, or has a new error in what was written.

    One with a fix of its own, as a word that is misspelled besides, is for the next round.
    """
    if len(parse(after).problems) > len(parse(before).problems):
        return True
    known = Counter((p.code, p.message) for p in old)
    written = []
    for edit in edits:
        at = _moved(edit.span.start, [other for other in edits if other is not edit])[0]
        written.append(after.span(at, at + len(edit.text)))
    return any(
        p.severity == "error"
        and not p.fixes
        and not known[p.code, p.message]
        and any(_inside(p.span, place) for place in written)
        for p in new
    )


def _inside(span: Span | None, place: Span) -> bool:
    if span is None or span.source.text != place.source.text or span.start == span.end:
        return False
    return place.start <= span.start and span.end <= place.end


def _errors(problems: tuple[Diagnostic, ...]) -> int:
    return sum(problem.severity == "error" for problem in problems)
