"""What was meant by an argument that cannot be bound. Only asked for a text with an error."""

import re
from itertools import combinations

from cnnspec.core.edits import write
from cnnspec.core.record import MISSING
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import TooManyValues
from cnnspec.language.choices import Text
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings
from cnnspec.language.numbers import read_number
from cnnspec.language.syntax import Dims, Expression, Group, Number, Sequence, Word


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


def too_many(cls: type[Construct], span: Span) -> DiagnosticError:
    """Returns the error of the first value that nothing takes; four of a border are sides."""
    usage, of = cls.usage(), f"`{cls.word}`"
    texts = [name for name, spec in cls.specs.items() if isinstance(spec.kind, Text)]
    if span.text[:1] == '"' and texts:
        option = f"{texts[0]}={span.text}"
        return DiagnosticError(TooManyValues(span, of=of, usage=usage, option=option))
    if not {*_SIDES} <= cls.specs.keys():
        return DiagnosticError(TooManyValues(span, of=of, usage=usage))
    usage = " ".join([cls.word, *(f"{side}=…" for side in _SIDES)])
    return DiagnosticError(TooManyValues(span, of=of, usage=usage, sides=True))


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
    spec = cls.specs.get(word.text)
    if spec is None:
        return word.span, ""
    source, end = word.span.source, word.span.end
    after = re.compile(r"[ \t]+([\w.]+|\"[^\"\n]*\")").match(source.text, end)
    if after and (after[1][0].isdigit() or after[1][0] == '"' or after[1] in spec.kind.words):
        return source.span(word.span.start, after.end()), f"{word.text}={after[1]}"
    return word.span, _example(word.text, cls) if spec.place == "option" else ""


def _example(word: str, cls: type[Construct]) -> str:
    """An option with a value that it can have."""
    spec = cls.specs[word]
    if spec.default and spec.default is not MISSING:
        return f"{word}={spec.kind.write(spec.default)}"
    if spec.kind.words:
        return f"{word}={spec.kind.words[0]}"
    for text in ("0.9", "1"):
        number = Number(Source("", text).span(0, len(text)), read_number(text))
        try:
            spec.kind.read(number, {}, word)
        except DiagnosticError:
            continue
        return f"{word}={text}"
    return ""
