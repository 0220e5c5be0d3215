"""Text to syntax tree. Knows no layer and no setting by name.

A text without faults is read by the automaton that lark has made of the grammar ahead of
time; only one with faults, which are to be told, needs lark itself.
"""

from bisect import bisect_left
from functools import cache

from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.language.automaton import Automaton, Unreadable
from cnnspec.language.scan import scan, words
from cnnspec.language.syntax import Expression, Option, Statement
from cnnspec.language.tree import Tree


class Parsed(Record):
    """The statements of a text and what was wrong with it."""

    source: Source
    statements: tuple[Statement, ...]
    problems: tuple[Diagnostic, ...]


MAX_SEARCHED = 100_000
"""Words of a text that lark is asked about, which takes six times as long as the automaton."""


@cache
def _reader() -> tuple[Automaton, Tree]:
    """Built once and used for many texts."""
    tree = Tree()
    return Automaton(tree), tree


def parse(source: Source) -> Parsed:
    """Parses a text; faults are collected, and every statement that can be read is."""
    return _parsed(source, None)


def _parsed(source: Source, text: str | None) -> Parsed:
    """The statements of a source, or of a text with the same characters in the same places."""
    problems, text = scan(source, text)
    if not text.strip():
        return Parsed(source, (), tuple(problems))
    if not problems:
        reader, tree = _reader()
        tree.begin(source)
        try:
            statements = reader.read(text)
            if not tree.problems:
                return Parsed(source, statements, ())
            problems = list(tree.problems)
        except Unreadable as unreadable:
            at = min(unreadable.at, len(source.text))
            what = "there is an error here, and this text is too long to say which"
            problems = [TooLarge(source.span(at, at), what=what, limit=f"{MAX_SEARCHED:,} words")]
    if len(text) > MAX_SEARCHED and words(text) > MAX_SEARCHED:
        return Parsed(source, (), tuple(problems))
    return _recovered(source)


def _recovered(source: Source) -> Parsed:
    """The statements of a text with faults, and the faults."""
    from cnnspec.language.foreign import foreign_lines
    from cnnspec.language.hyphens import unhyphenated
    from cnnspec.language.recovery import recover

    foreign, text = foreign_lines(source)
    hyphens, text = unhyphenated(source, text)
    problems, text = scan(source, text)
    statements, faults, wrong = recover(source, text)
    unbalanced = {p.span.line for p in problems if p.span}
    faults = sorted([*hyphens, *faults], key=lambda fault: fault.span.start if fault.span else 0)
    shown = [f for f in faults if f.span and f.span.line not in unbalanced]
    found = foreign + problems + wrong + _one_a_line(shown)
    places = sorted(p.span.start for p in [*foreign, *faults, *problems, *wrong] if p.span)
    return Parsed(source, _mark_broken(statements, places, len(text)), tuple(found))


_LET = "let "


def parse_value(source: Source, start: int = 0, end: int | None = None) -> Expression | None:
    """Parses a name and its value, as `--set` gives them; `None` where there is no value.

    They are what is in the source from `start` to `end`. What is before them is shown with an
    error, such as the `--set ` of the command line; without any it is a `let`.
    """
    if start < len(_LET):
        source, start, end = Source(source.name, _LET + source.text[start:end]), len(_LET), None
    item = source.text[start:end]
    parsed = _parsed(source, f"{_LET:{start}}{item}")
    match parsed.statements:
        case (Statement(arguments=(Option(value=value),), broken=False),) if not parsed.problems:
            return value
    return None


def _one_a_line(faults: list[Diagnostic]) -> list[Diagnostic]:
    """Only the first fault of a line: those after it mostly follow from it."""
    seen: set[int] = set()
    first = []
    for fault in faults:
        assert fault.span
        if fault.span.line not in seen:
            seen.add(fault.span.line)
            first.append(fault)
    return first


def _mark_broken(
    statements: tuple[Statement, ...], places: list[int], end: int
) -> tuple[Statement, ...]:
    """Marks the innermost statements in whose text a fault stands."""
    if not places or not statements:
        return statements
    marked = []
    nexts = [s.span.start for s in statements[1:]] + [end + 1]
    for statement, limit in zip(statements, nexts, strict=True):
        # Places and statements are in order: to search all for each would cost their product.
        mine = places[bisect_left(places, statement.span.start) : bisect_left(places, limit)]
        block = statement.block
        if mine and block:
            begin = bisect_left(mine, block.span.start)
            inner = _mark_broken(block.statements, mine[begin:], block.span.end)
            statement = statement.replace(block=block.replace(statements=inner))
            mine = mine[:begin]
        marked.append(statement.replace(broken=True) if mine else statement)
    return tuple(marked)
