"""What was meant by an argument that cannot be bound. Only asked for a text with an error."""

import re
from collections.abc import Container, Iterator, Mapping
from itertools import combinations
from typing import Any

from cnnspec.core.edits import Edit, Fix, apply_edits, write
from cnnspec.core.record import MISSING
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import Misplaced
from cnnspec.diagnostics.rewrites import without_argument
from cnnspec.diagnostics.values import TooManyValues
from cnnspec.language.arg_types import Float
from cnnspec.language.binding import bind
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings
from cnnspec.language.numbers import read_number
from cnnspec.language.parse import parse_value
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Dims,
    Expression,
    Group,
    Number,
    Option,
    Sequence,
    Word,
)
from cnnspec.language.texts import Text


def size_apart(
    cls: type[Construct], first: Span | None, value: Expression
) -> DiagnosticError | None:
    """Returns the error of a size in several values, `None` where they are not one size.

    `first` is the part that is bound already, if it stands apart.
    """
    match value:
        case Sequence(items=items) if all(isinstance(item, Number | Group) for item in items):
            parts = [item.span.text for item in items]
            parts = parts[:1] if first and len(set(parts)) == 1 else parts
        case Dims(parts=sides):
            parts = [side.span.text for side in sides]
            # `conv 32 3x3` is a square kernel.
            parts = parts[:1] if len(set(parts)) == 1 else parts
        case Number() | Group():
            parts = [value.span.text]
        case _:
            return None
    span = value.span
    if first:
        parts.insert(0, first.text)
        span = first.to(span)
    size = "x".join(parts)
    fix = write(span, size, safe=True, title=f"write `{cls.word} {size}`")
    return DiagnosticError(TooManyValues(span, of=f"`{cls.word}`", usage=cls.usage(), joined=fix))


_SIDES = ("top", "bottom", "left", "right")


def too_many(
    cls: type[Construct], value: Expression, bindings: Bindings, given: Container[str]
) -> DiagnosticError:
    """Returns the error of the first value that nothing takes; four of a border are sides.

    `given` are the fields that have a value already.
    """
    usage, of, span = cls.usage(), f"`{cls.word}`", value.span
    texts = [name for name, spec in cls.specs.items() if isinstance(spec.kind, Text)]
    if span.text[:1] == '"' and texts:
        option = f"{texts[0]}={span.text}"
        return DiagnosticError(TooManyValues(span, of=of, usage=usage, option=option))
    if {*_SIDES} <= cls.specs.keys():
        usage = " ".join([cls.word, *(f"{side}=…" for side in _SIDES)])
        return DiagnosticError(TooManyValues(span, of=of, usage=usage, sides=True))
    if isinstance(value, Group) and isinstance(value.inner, Word):
        # A flag or a choice in parentheses: `conv 8x3 (same)`.
        word = value.inner.text
        if word in cls.words() and word not in bindings:
            title = f"write `{word}`, without parentheses"
            fix = write(span, word, safe=True, title=title)
            return DiagnosticError(TooManyValues(span, of=of, usage=usage, joined=fix))
    names = list(takers(cls, value, bindings, given))
    if span.source.text[span.start - 1 : span.start] == "x":
        names = []
    elif isinstance(value, Number) and isinstance(value.value, int):
        # A whole number is a count of something, such as a stride.
        counts = [name for name in names if not isinstance(cls.specs[name].kind, Float)]
        sized = any(spec.place == "positional" for spec in cls.specs.values())
        names = counts if sized else [*counts, *(name for name in names if name not in counts)]
    named = {name: cls.specs[name].help for name in names}
    note = cls.without_values
    return DiagnosticError(TooManyValues(span, of=of, usage=usage, takers=named, note=note))


def takers(
    cls: type[Construct], value: Expression, bindings: Bindings, given: Container[str]
) -> Iterator[str]:
    """Yields the options that could have the value, were their name written."""
    for name, spec in cls.specs.items():
        if spec.place != "option" or name in given:
            continue
        try:
            spec.kind.read(value, bindings, name)
        except DiagnosticError:
            continue
        yield name


def called(
    cls: type[Construct], arguments: tuple[Argument, ...], bindings: Bindings
) -> tuple[str, bool] | None:
    """Returns an entry with its arguments in parentheses, and whether no other was meant.

    It is `None` where no entry comes of that.

    `adam lr 0.01` is `adam(learning_rate=0.01)`: a name takes the value that follows it.
    """
    inside: list[str] = []
    sure = True
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        match argument:
            case Option(name=name, value=value):
                inside.append(f"{_option(name, cls) or name}={value.span.text}")
            case Word(text=text) if text not in cls.words() and (name := _option(text, cls)):
                follows = bool(rest) and isinstance(rest[0], Expression)
                inside.append(f"{name}={rest.pop(0).span.text}" if follows else text)
            case Number() if name := _only_option(cls, argument, bindings):
                inside.append(f"{name}={argument.span.text}")
                sure = False
            case _:
                inside.append(argument.span.text)
    bound = _bound(cls, f"{cls.word}({', '.join(inside)})", bindings)
    return bound and (bound[0], bound[1] and sure)


def inside_another(
    option: Option, values: Mapping[str, Any], spans: Mapping[str, Span], bindings: Bindings
) -> DiagnosticError | None:
    """Returns the error of an option that belongs to a value before it.

    `init=he_normal seed=3` is `init=he_normal(seed=3)`.
    """
    for name, value in values.items():
        if isinstance(value, Construct) and option.name in value.specs:
            given = spans[name].text.partition("(")[2].removesuffix(")").strip()
            inside = ", ".join(filter(None, [given, option.span.text]))
            written = f"{value.word}({inside})"
            text, safe = _bound(type(value), written, bindings) or (written, False)
            edits = (Edit(spans[name], f"{name}={text}"), without_argument(option.span))
            fix = Fix(edits, safe, "put it in parentheses")
            home = f"in parentheses: `{name}={text}`"
            word = option.span.text
            return DiagnosticError(Misplaced(option.span, word=word, home=home, fix=fix))
    return None


def _only_option(cls: type[Construct], value: Number, bindings: Bindings) -> str:
    """Returns the option that a number is for where no value in place takes one; or empty.

    `plateau 3` is `plateau(patience=3)`: a whole number counts something where it can.
    """
    placed = [spec.kind for spec in cls.specs.values() if spec.place == "positional"]
    if any(not kind.words for kind in placed):
        return ""
    names = sorted(
        takers(cls, value, bindings, ()),
        key=lambda name: isinstance(cls.specs[name].kind, Float) is isinstance(value.value, int),
    )
    return names[0] if names else ""


def _bound(cls: type[Construct], text: str, bindings: Bindings) -> tuple[str, bool] | None:
    """A call as it can be bound: with the first fix of each error that it has, if any helps."""
    safe = True
    for _ in range(4):
        source = Source("", f"let x = {text}")
        value = parse_value(source, len("let "))
        problems: list[Diagnostic] = []
        if not isinstance(value, Call):
            return None
        bind(cls, value.arguments, value.word_span, bindings, problems)
        if not problems:
            return text, safe
        fixes = problems[0].fixes
        if not fixes:
            return None
        text = apply_edits(source, fixes[0].edits)[len("let x = ") :]
        safe = safe and fixes[0].safe
    return None


def _option(word: str, cls: type[Construct]) -> str:
    """The field that a word names, in its own or in another spelling; empty for none."""
    names = tuple(name for name, spec in cls.specs.items() if spec.place != "flag")
    return word if word in names else nearest(word, names)


def size_of_names(word: str, bindings: Bindings) -> str:
    """Returns `(f)x3` for `fx3`, where `f` is a name; empty for another word."""
    parts = word.split("x")
    if not 1 < len(parts) <= 6:
        return ""
    for count in range(len(parts), 1, -1):
        # A name may have an `x` in it, so parts are also put together again.
        for cut in combinations(range(1, len(parts)), count - 1):
            ends = zip((0, *cut), (*cut, len(parts)), strict=True)
            sides = ["x".join(parts[start:end]) for start, end in ends]
            if all(side in bindings or side.isdecimal() for side in sides):
                return "x".join(f"({side})" if side in bindings else side for side in sides)
    return ""


def option_example(word: Word, cls: type[Construct]) -> tuple[Span, str]:
    """Returns how an option is written, as `momentum=0.9`, and what that replaces.

    It is empty for a word that names none. A value that follows is taken: `stride 2`.
    """
    name = word.text if word.text in cls.specs else _option(word.text, cls)
    if not name:
        # The value of an option without its name: `horizontal`.
        options = (name for name, spec in cls.specs.items() if spec.place == "option")
        taker = next((name for name in options if word.text in cls.specs[name].kind.words), "")
        return word.span, f"{taker}={word.text}" if taker else ""
    spec = cls.specs[name]
    source, end = word.span.source, word.span.end
    after = re.compile(r"[ \t]+([\w.]+|\"[^\"\n]*\")").match(source.text, end)
    if after and (after[1][0].isdigit() or after[1][0] == '"' or after[1] in spec.kind.words):
        return source.span(word.span.start, after.end()), f"{name}={after[1]}"
    return word.span, _example(name, cls)


def with_first(words: tuple[str, ...], option: str, span: Span) -> str:
    """Returns an option behind the word that belongs first, unless that follows at `span`."""
    rest = re.split(r"[;}\n]", span.source.text[span.end :], maxsplit=1)[0]
    return option if set(words) & set(rest.split()) else f"{words[0]} {option}"


_USUAL = {
    "momentum": "0.9",
    "weight_decay": "0.0001",
    "ema": "0.99",
    "l1": "0.0001",
    "l2": "0.0001",
    "max": "6",
    "shift": "0.1",
    "zoom": "0.1",
    "shear": "0.1",
    "rotate": "10",
}
"""Values that papers use, of options whose default is nothing."""


def _example(word: str, cls: type[Construct]) -> str:
    """An option with a value that it can have; empty where none is usual."""
    spec = cls.specs[word]
    if spec.default and spec.default is not MISSING:
        return f"{word}={spec.kind.write(spec.default)}"
    if spec.kind.words:
        return f"{word}={spec.kind.words[0]}"
    for text in (_USUAL.get(word, "1"), "0.5"):
        number = Number(Source("", text).span(0, len(text)), read_number(text))
        try:
            spec.kind.read(number, {}, word)
        except DiagnosticError:
            continue
        return f"{word}={text}"
    return ""
