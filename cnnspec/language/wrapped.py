"""Names in brackets, quotes or parentheses where they are written alone: `["adam"]`, `let (f)`."""

import re

from cnnspec.core.edits import Fix, write
from cnnspec.core.source import Source, Span

_LIST = re.compile(r"\[([^\[\]\n;{}#]*)\]")
_ITEM = re.compile(r"\"[^\"]*\"|'[^']*'|[\w.+-]+")
_TEXT = re.compile(r"\s*(?:model|data|use)\b|.*\bname=\s*\Z", re.DOTALL)
"""What is before a text that may be in quotes."""


def bracketed(source: Source, place: Span) -> Fix | None:
    """`optimizer ["adam"]` and `metrics [accuracy, f1]`, as lists of Python."""
    found = _LIST.match(source.text, place.start)
    if found is None:
        return None
    items = [item.strip() for item in found[1].split(",") if item.strip()]
    if not items or not all(map(_ITEM.fullmatch, items)):
        return None
    begin = max(source.text.rfind(sign, 0, place.start) for sign in "\n;{") + 1
    text = _TEXT.match(source.text[begin : place.start]) is not None
    written = ", ".join(_bare(item, text=text) for item in items)
    span = source.span(found.start(), found.end())
    return write(span, written, safe=True, title=f"write `{written}`, without brackets")


def _bare(item: str, *, text: bool) -> str:
    if item[0] not in "\"'":
        return item
    return f'"{item[1:-1]}"' if text or not item[1:-1].isidentifier() else item[1:-1]


_NAME = r"(?:\(\s*([^\W\d]\w*)\s*\)|\"([^\W\d]\w*)\"|'([^\W\d]\w*)')"
_MADE = re.compile(rf"(?:^|[;{{])[ \t]*let[ \t]+({_NAME})[ \t]*\Z")
_BEGINS = re.compile(rf"{_NAME}(?=[ \t]*(?:\bin\b|=|\w|\Z|[\n;}}]))")


def wrapped(source: Source, place: Span) -> Fix | None:
    """`let (f) = 8`, where the parser stops at the `=`, and `sweep { "epochs" in 1, 2 }`."""
    begin = source.text.rfind("\n", 0, place.start) + 1
    line = source.text[begin : place.start]
    if place.text == "=" and (made := _MADE.search(line)):
        start, end = begin + made.start(1), begin + made.end(1)
        name = next(name for name in made.groups()[1:] if name)
    elif (not line.strip() or line.rstrip()[-1] in ";{") and (
        found := _BEGINS.match(source.text, place.start)
    ):
        start, end = found.span()
        name = next(name for name in found.groups() if name)
    else:
        return None
    return write(source.span(start, end), name, safe=True, title=f"write `{name}`, alone")
