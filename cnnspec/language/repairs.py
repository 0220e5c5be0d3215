"""Edits for a text that does not parse: what was most likely meant where it is unreadable.

A table of small functions. Each looks at the characters around the place and returns its
fix, or `None` where the place is not of its kind.
"""

import re
import unicodedata
from collections.abc import Callable

from cnnspec.core.edits import Fix, write
from cnnspec.core.source import Source, Span

CALLED = re.compile(r"(?:^|[;{])\s*[^\W\d]\w*\([^()]*$")


def repair(place: Span, *, ended: bool) -> Fix | None:
    """Returns the fix for the unreadable text at a place.

    `ended` says that a statement has ended and only a separator may follow.
    """
    source, at = place.source, place.start
    line = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    if ended:
        return _separated(place)
    found = (try_(source, place, line) for try_ in _REPAIRS)
    return next((fix for fix in found if fix), None)


def _separated(place: Span) -> Fix | None:
    """`train { } dense 10`: the statement after a block needs a separator."""
    if not place.text[:1].isalpha():
        return None
    blanks = re.search(r"[ \t]*\Z", place.source.text[: place.start])
    assert blanks
    span = place.source.span(blanks.start(), place.start)
    return write(span, "; ", safe=True, title="write `;`")


def _brace_below(source: Source, place: Span, line: str) -> Fix | None:
    """A brace on the line after its word."""
    blanks = re.search(r"(?<=[^\s;{}])[ \t]*\r?\n\s*\Z", source.text[: place.start])
    if place.text != "{" or blanks is None:
        return None
    if "#" in source.line(source.line_column(blanks.start())[0]):
        return None
    span = source.span(blanks.start(), place.start)
    return write(span, " ", safe=True, title="put the brace on the line of its word")


def _call(source: Source, place: Span, line: str) -> Fix | None:
    """`conv(32, 3)`, as in Python."""
    if not CALLED.search(line):
        return None
    begin = place.start - len(line) + line.rindex("(")
    inside = re.compile(r"\(([^()\"'#\n]*)\)").match(source.text, begin)
    if inside is None:
        return None
    values = [value.strip().replace(" ", "") for value in inside[1].split(",")]
    numbers = next((i for i, v in enumerate(values) if not v.isdecimal()), len(values))
    size = ["x".join(values[:numbers])] if numbers else []
    text = " ".join([*size, *values[numbers:]])
    span = source.span(begin, inside.end())
    return write(span, f" {text}", title="write the arguments without parentheses")


def _no_digit(source: Source, place: Span, line: str) -> Fix | None:
    """`.5`."""
    after = source.text[place.end : place.end + 1]
    if place.text != "." or not after.isdigit() or (line and line[-1] not in " =,(\t"):
        return None
    return write(place, "0.", safe=True, title="write `0.`")


def _digits(source: Source, place: Span, line: str) -> Fix | None:
    """Digits of another script."""
    if not place.text or not place.text.isdecimal() or place.text.isascii():
        return None
    digits = "".join(str(unicodedata.digit(char)) for char in place.text)
    return write(place, digits, safe=True, title=f"write `{digits}`")


def _times(source: Source, place: Span, line: str) -> Fix | None:
    """A size with a `*` or the sign of multiplication."""
    digits = line[-1:].isdigit() and source.text[place.end : place.end + 1].isdigit()
    if place.text not in ("*", "\u00d7") or not digits:
        return None
    return write(place, "x", safe=place.text != "*", title="write an `x`")


def _expression(source: Source, place: Span, line: str) -> Fix | None:
    """Arithmetic without parentheses."""
    if place.text not in ("^", "/", "+", "-", "%", "*") or not line:
        return None
    before = re.search(r"[\w.*/%+^-]*\Z", line)
    after = re.compile(r"[*/%+^-]+\w[\w.*/%+^-]*").match(source.text, place.start)
    if not (before and before.group() and after):
        return None
    span = source.span(place.start - len(before.group()), after.end())
    # The kernel of `f*2x3` is not in the expression.
    inside, tail = re.fullmatch(r"(.+?)((?:x\d+)*)", span.text).groups()  # type: ignore[union-attr]
    return write(span, f"({inside}){tail}", title="put the expression in parentheses")


def _size_first(source: Source, place: Span, line: str) -> Fix | None:
    """`32x3 conv`."""
    swapped = re.compile(r"(\d[\dx.]*)[ \t]+([^\W\d]\w*)").match(source.text, place.start)
    if swapped is None or (line.strip() and line.rstrip()[-1] not in ";{}"):
        return None
    span = source.span(swapped.start(), swapped.end())
    return write(span, f"{swapped[2]} {swapped[1]}", title="write the word first")


_REPAIRS: tuple[Callable[[Source, Span, str], Fix | None], ...] = (
    _brace_below,
    _call,
    _no_digit,
    _digits,
    _times,
    _expression,
    _size_first,
)
