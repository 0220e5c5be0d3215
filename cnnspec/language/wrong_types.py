"""What was meant by a value of another type: a number or an expression in the place of a word.

Only asked for a text with an error.
"""

import re
from collections.abc import Mapping

from cnnspec.core.edits import Fix, write
from cnnspec.diagnostics.base import Diagnostic, listing
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.values import WrongType
from cnnspec.language.binding import bind
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings
from cnnspec.language.slips import takers
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Binary, Call, Expression, Group, Number, Option, String, Word


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
    if isinstance(value, Call) and value.name in words:
        # `early_stop val_loss(patience=3)`, where the word takes nothing.
        options = [each.span.text for each in value.arguments if isinstance(each, Option)]
        text = " ".join([value.name, *options])
        safe = len(options) == len(value.arguments)
        return write(value.span, text, safe=safe, title=f"write `{text}`, without parentheses")
    if isinstance(value, Number):
        ends = [word for word in words if re.search(rf"(?<!\d){re.escape(text)}\Z", word)]
        if ends:
            return write(value.span, ends[0], title=f"write {listing(ends)}")
    near = nearest(text.replace("-", "_"), words) if re.fullmatch(r"\w+(-\w+)+", text) else ""
    return write(value.span, near, safe=True, title=f"write `{near}`") if near else None


def without_word(
    table: Mapping[str, type[Construct]], usual: str, value: Expression, bindings: Bindings
) -> tuple[str, Fix | None]:
    """Returns how a number is written behind the words of a table that take one, and the fix.

    `optimizer 0.01` lacks its word: `adam(0.01)`. Words that take the number alone come before
    those that need the name of an option. Empty where no word takes it.
    """
    if not isinstance(value, Number | Binary | Group):
        return "", None
    bare = value.inner if isinstance(value, Group) and isinstance(value.inner, Number) else value
    number = bare.span.text
    alone, named = [], []
    for word in dict.fromkeys([usual or next(iter(table)), *table]):
        problems: list[Diagnostic] = []
        bind(table[word], (value,), value.span, bindings, problems)
        if not problems:
            alone.append(f"{word}({number})")
        elif option := next(takers(table[word], value, bindings, ()), ""):
            named.append(f"{word}({option}={number})")
    texts = [*alone, *named][:3]
    if not texts:
        return "", None
    return f"write {listing(texts)}", write(value.span, texts[0], title=f"write `{texts[0]}`")


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
