"""A first look at the raw text: limits, forbidden characters, brackets and strings.

Runs in one pass of a regular expression before the parser, so that a text that is
too large, too deep or out of balance is refused at once and at the right place.
"""

import re
from itertools import islice

from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.syntax import (
    ForbiddenCharacter,
    TooLarge,
    Unclosed,
    UnclosedString,
    Unopened,
)

MAX_BYTES = 2 * 2**20
"""Room for the largest network with every default written out, line by line."""
MAX_DEPTH = 100
MAX_TOKENS = 500_000
MAX_WORD = 255
MAX_STATEMENT = 100_000
"""Words between two line ends, `;`, `{` or `}`."""

_MOST = 100
"""A text with so many faults of this kind is no spec; it is looked at no further."""

_CLOSER = {"{": "}", "(": ")"}
_MARK = re.compile(r'"[^"\n]*"?|#[^\n]*|[{}()\n;]')
_MARK_OR_WORD = re.compile(rf'{_MARK.pattern}|[^\s{{}}()#";]+')
_COMMENT = r'"[^"\n]*"?|#[^\n]*'
_TOKEN = r"\w+|[^\w\s]"
_LONG = re.compile(rf"\b\w{{{MAX_WORD + 1},}}")
# C0 and C1 controls but tab, line feed, form feed and return; the marks that
# reorder or hide text (Unicode's Bidi_Control and the zero-width ones).
_FORBIDDEN = "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"


_BLANKS = dict.fromkeys(map(ord, "\t\n\r\f"))


def scan(source: Source, text: str | None = None) -> tuple[list[Diagnostic], str]:
    """Faults of the raw text, and the text to parse.

    `text` is that of the source by default; another has blanks for what is not to be looked at.

    The text comes back with closing braces added for those that are missing and
    blanks for those that close nothing, so that the rest is still checked. It is
    empty when a limit is passed and nothing may be parsed.
    """
    text = source.text if text is None else text
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return [TooLarge(source.span(0, 0), what="this text is too long", limit="2 MiB")], ""
    problems: list[Diagnostic] = []
    # What can be printed is not forbidden, and to see that is quick.
    if not text.translate(_BLANKS).isprintable():
        problems += [
            ForbiddenCharacter(source.span(m.start(), m.end()), character=m.group())
            for m in islice(re.finditer(_FORBIDDEN, text), _MOST)
        ]
        if problems:
            return problems, ""
    # Few texts are long, or have a long word somewhere: in most no word needs a look.
    doubtful = len(text) > MAX_STATEMENT or _LONG.search(text)
    astray: list[int] = []
    tokens = 0
    open_at: list[tuple[str, int]] = []
    # How many words there are before the statement.
    begin = 0
    for match in (_MARK_OR_WORD if doubtful else _MARK).finditer(text):
        mark, at = match.group(), match.start()
        first = mark[0]
        if first in "{};\n":
            begin = tokens
        if first in "{(":
            if first == "{" and open_at:
                _close_line(source, open_at, problems)
            open_at.append((first, at))
            if len(open_at) > MAX_DEPTH:
                span = source.span(at, at + 1)
                return [TooLarge(span, what="brackets nest too deep", limit="100 levels")], ""
        elif first in "})":
            if first == "}" and open_at:
                _close_line(source, open_at, problems)
            if open_at and _CLOSER[open_at[-1][0]] == first:
                open_at.pop()
            else:
                problems.append(Unopened(source.span(at, at + 1), closer=first))
                astray.append(at)
        elif first in "\n;":
            if open_at:
                _close_line(source, open_at, problems)
        elif first == '"':
            if len(mark) == 1 or mark[-1] != '"':
                problems.append(UnclosedString(source.span(at, match.end())))
        elif first != "#":
            long = _LONG.search(mark) if len(mark) > MAX_WORD else None
            if long and not long.group().isdecimal():
                span = source.span(at + long.start(), at + long.end())
                return [TooLarge(span, what="this word is too long", limit="255 characters")], ""
            # Words are made of characters: a short text has few.
            tokens += len(re.findall(_TOKEN, mark)) if len(text) > MAX_STATEMENT else 0
            if tokens > MAX_TOKENS:
                span = source.span(at, match.end())
                return [TooLarge(span, what="this spec is too long", limit="500,000 words")], ""
            if tokens - begin > MAX_STATEMENT:
                span = source.span(at, match.end())
                what = "this statement is too long"
                return [TooLarge(span, what=what, limit="100,000 words")], ""
        if len(problems) >= _MOST:
            return problems, ""
    if open_at:
        _close_line(source, open_at, problems)
    for opener, at in open_at:
        problems.append(Unclosed(source.span(at, at + 1), opener=opener, closer=_CLOSER[opener]))
    for at in astray:
        text = f"{text[:at]} {text[at + 1 :]}"
    return problems, text + "\n}" * len(open_at)


def words(text: str) -> int:
    """How many words and signs a text has."""
    return sum(1 for _ in re.finditer(_TOKEN, text))


def comments(source: Source) -> list[Span]:
    """Every comment with its `#`, in order; a `#` within a string is none."""
    return [
        source.span(match.start(), match.end())
        for match in re.finditer(_COMMENT, source.text)
        if match.group()[0] == "#"
    ]


def _close_line(source: Source, open_at: list[tuple[str, int]], problems: list[Diagnostic]) -> None:
    """A parenthesis does not outlive its statement, nor reach into a block."""
    while open_at and open_at[-1][0] == "(":
        _, at = open_at.pop()
        problems.append(Unclosed(source.span(at, at + 1), opener="(", closer=")"))
