"""What was meant by a value of another type: a number or an expression in the place of a word.

Only asked for a text with an error.
"""

import re

from cnnspec.core.edits import Fix, write
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.values import WrongType
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings
from cnnspec.language.slips import takers
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Expression, Group, Number, String, Word


def word_for(value: Expression, words: tuple[str, ...]) -> Fix | None:
    """Returns the fix of what is written for a word, `None` where none of them is meant.

    `(adam)` is a name in parentheses, `val-loss` a word of others, `601` the end of one word.
    """
    inner = value
    while isinstance(inner, Group):
        inner = inner.inner
    text = inner.span.text
    if inner is not value and isinstance(inner, Word | String):
        text = text[1:-1] if text[1:-1] in words else text
        return write(value.span, text, safe=True, title=f"write `{text}`, without parentheses")
    if isinstance(value, Number):
        ends = [word for word in words if re.search(rf"(?<!\d){re.escape(text)}\Z", word)]
        if ends:
            return write(value.span, ends[0], title=f"write {listing(ends)}")
    near = nearest(text.replace("-", "_"), words) if re.fullmatch(r"\w+(-\w+)+", text) else ""
    return write(value.span, near, safe=True, title=f"write `{near}`") if near else None


def unnamed(
    cls: type[Construct], field: str, value: Expression, bindings: Bindings
) -> DiagnosticError | None:
    """Returns the error of a number where a word is read, if the number is meant for another.

    `early_stop 3` lacks the name of its option as well, and `target 0.9` only its metric.
    """
    spec = cls.specs[field]
    if not isinstance(value, Number) or not spec.kind.words:
        return None
    number, word = value.span.text, spec.kind.words[0]
    named = [f"{name}={number}" for name in takers(cls, value, bindings, ())]
    if named:
        named = [f"{word} {option}" for option in named[:3]]
        remedy = f"write {listing(named)}: the {field} comes first"
        fix = write(value.span, named[0], title=f"write `{named[0]}`")
    else:
        source, end = value.span.source, value.span.end
        behind = re.compile(r"[ \t]+([^\W\d]\w*)").match(source.text, end)
        if behind and behind[1] in spec.kind.words:
            # `target 0.9 accuracy`: the word is there, after the number.
            word, end = behind[1], behind.end()
        text = f"{word} {number}"
        fix = write(source.span(value.span.start, end), text, title=f"write `{text}`")
        remedy = f"write `{cls.word} {text}`: the {field} comes first"
        if not _takes_next(cls, field, value, bindings):
            return None
    return DiagnosticError(
        WrongType(
            value.span,
            what=f"the {field} of `{cls.word}`",
            expected=spec.kind.expected,
            found=value.kind,
            remedy=remedy,
            fix=fix,
        )
    )


def _takes_next(cls: type[Construct], field: str, value: Number, bindings: Bindings) -> bool:
    """Whether the value in the place after a field can be this number."""
    places = [name for name, spec in cls.specs.items() if spec.place == "positional"]
    after = places[places.index(field) + 1 :][:1]
    try:
        return bool([cls.specs[name].kind.read(value, bindings, name) for name in after])
    except DiagnosticError:
        return False
