"""The forms of JSON documents as values, and which parts of a document match them.

A form says what a value may be: a text, a number in a range, a list, an object with certain fields.
`fit` returns the parts of a value that match and reports each one that does not. A damaged part is
left out, together with whatever needs it. What is returned is safe to compute with, to print and to
plot. Light.
"""

from collections.abc import Callable
from typing import Any

from cnnspec.core.record import MISSING, Record
from cnnspec.core.terminal import safe

MOST_DEPTH = 64
"""How deep lists and objects may be nested in `Anything`."""

MOST_COUNT = 2**53
"""Larger whole numbers are not exact in all programs that write JSON."""

MOST_NUMBER = 3.5e38
"""A little more than the largest float32, so that every metric is less."""

Report = Callable[[str], None]
"""Receives each damage: its place in the document, and what is wrong there."""


class Form(Record):
    """What a value may be."""

    def fit(self, value: Any, place: str, report: Report) -> Any:
        """Returns the value without its damaged parts; `MISSING` where nothing is left."""
        raise NotImplementedError


def damaged(place: str, what: str, report: Report) -> Any:
    """Reports damage and returns `MISSING`."""
    report(f"{place or 'the document'} {what}")
    return MISSING


def _not(value: Any, wanted: str, place: str, report: Report) -> Any:
    return damaged(place, f"is {_kind(value)}, not {wanted}", report)


def _kind(value: Any) -> str:
    """What a value is, in a few words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f"the text {safe(value[:30])!r}"
    if isinstance(value, int) and abs(value) >= MOST_COUNT:
        return f"about 10^{len(str(abs(value))) - 1}"
    return f"{value:.6g}" if isinstance(value, float) else f"{value}"


class Text(Form):
    """A text that can name a file and be written in UTF-8. It may hold control characters."""

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if not isinstance(value, str):
            return _not(value, "a text", place, report)
        if "\0" in value or not _encodable(value):
            return damaged(place, "holds characters that are not a text", report)
        return value


class Flag(Form):
    """`true` or `false`."""

    def fit(self, value: Any, place: str, report: Report) -> Any:
        return value if isinstance(value, bool) else _not(value, "true or false", place, report)


class Count(Form):
    """A whole number from `least` to `most`, also if it is written `3.0`."""

    least: int = 0
    most: int = MOST_COUNT

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return _not(value, "a whole number", place, report)
        if self.least <= value <= self.most:
            return value
        return _not(value, f"a whole number from {self.least} to {self.most}", place, report)


class Number(Form):
    """A number from `least` to `most`."""

    least: float = -MOST_NUMBER
    most: float = MOST_NUMBER

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _not(value, "a number", place, report)
        if self.least <= value <= self.most:
            return value if abs(value) < MOST_COUNT else float(value)
        return _not(value, f"a number from {self.least:g} to {self.most:g}", place, report)


class Word(Form):
    """One of several words."""

    words: tuple[str, ...]

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if isinstance(value, str) and value in self.words:
            return value
        return _not(value, f"one of {', '.join(self.words)}", place, report)


class Maybe(Form):
    """A value of a form, or `null`."""

    form: Form

    def fit(self, value: Any, place: str, report: Report) -> Any:
        return None if value is None else self.form.fit(value, place, report)


class Anything(Form):
    """Any value that is not nested too deeply, with numbers that `Number` accepts."""

    depth: int = MOST_DEPTH

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if not self.depth:
            return damaged(place, "is nested too deep", report)
        inner = Anything(self.depth - 1)
        match value:
            case dict():
                return MapOf(inner).fit(value, place, report)
            case list():
                return ListOf(inner).fit(value, place, report)
            case str():
                return Text().fit(value, place, report)
            case bool() | None:
                return value
        return Number().fit(value, place, report)


class ListOf(Form):
    """A list of values of one form; one damaged value damages the list.

    With `cut` the list ends before its first damaged value instead.
    """

    form: Form
    length: int | None = None
    cut: bool = False

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if not isinstance(value, list):
            return _not(value, "a list", place, report)
        if self.length is not None and len(value) != self.length:
            return damaged(place, f"has {len(value)} values, not {self.length}", report)
        found: list[Any] = []
        for index, each in enumerate(value):
            fitting = self.form.fit(each, f"{place}[{index}]", report)
            if fitting is MISSING:
                return found if self.cut else MISSING
            found.append(fitting)
        return found


class MapOf(Form):
    """An object with any names, and values of one form."""

    form: Form

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if not isinstance(value, dict):
            return _not(value, "an object", place, report)
        found = {n: self.form.fit(v, _inside(place, n), report) for n, v in value.items()}
        return {n: v for n, v in found.items() if v is not MISSING and _encodable(n)}


class ObjectOf(Form):
    """An object with known fields; its other fields have the form `others`.

    It is damaged if one of the fields `needed` is missing. Then nothing of it is returned, unless
    `partly` says that the rest can still be used.
    """

    known: dict[str, Form]
    needed: tuple[str, ...] = ()
    others: Form = Anything()
    partly: bool = False

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if not isinstance(value, dict):
            return _not(value, "an object", place, report)
        rest = dict.fromkeys(value, self.others)
        found = {
            name: form.fit(value[name], _inside(place, name), report)
            for name, form in (rest | self.known).items()
            if name in value
        }
        for name in self.needed:
            if name not in value:
                damaged(place, f"has no `{name}`", report)
        left = {n: v for n, v in found.items() if v is not MISSING and _encodable(n)}
        return left if self.partly or all(n in left for n in self.needed) else MISSING


class Matrix(Form):
    """A square matrix of counts: a list of rows. It may be large, so it is checked as a whole."""

    def fit(self, value: Any, place: str, report: Report) -> Any:
        if not isinstance(value, list) or not value:
            return _not(value, "a list of rows", place, report)
        if not all(isinstance(row, list) and len(row) == len(value) for row in value):
            return damaged(place, "is not a square matrix", report)
        if not all(type(n) is int and 0 <= n <= MOST_COUNT for row in value for n in row):
            return damaged(place, "holds something else than counts", report)
        return value


def _encodable(text: str) -> bool:
    """Whether a text can be written; file names that are not UTF-8 can."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _inside(place: str, name: str) -> str:
    name = safe(name[:40])
    return f"{place}.{name}" if place else name
