"""Edits for words of structure in another form than theirs: what was most likely meant.

Each function takes the syntax as it was written and returns its fix, or `None` where what
was meant is not clear.
"""

import re

from cnnspec.core.edits import Edit, Fix, insert, write
from cnnspec.core.source import Span
from cnnspec.language.syntax import (
    Argument,
    Call,
    Expression,
    Group,
    Number,
    Option,
    Range,
    Relation,
    Statement,
    String,
    Word,
)


def named(word: str, argument: Argument | None = None) -> Fix | None:
    """Returns the fix of `block "b" { … }` and `repeat (i) in 1..2 { … }`: a name alone."""
    match argument:
        case Group(inner=Word(text=name), span=span):
            pass
        case String(value=name, span=span) if name.isidentifier():
            pass
        case _:
            return None
    return write(span, name, safe=True, title=f"write `{word} {name}`")


def let(arguments: tuple[Argument, ...]) -> Fix | None:
    """Returns the fix of `let f 16`."""
    match arguments:
        case (Word(span=span, text=name), Number(span=value)):
            title = f"write `let {name} = {value.text}`"
            return insert(span.source, span.end, " =", safe=True, title=title)
    return None


def repeat(arguments: tuple[Argument, ...]) -> Fix | None:
    """Returns the fix of `repeat i 3`."""
    match arguments:
        case (argument, Relation()) if fix := named("repeat", argument):
            return fix
        case (Word(), Number(span=span)):
            return insert(span.source, span.start, "in 1..", title="write `in 1..`")
        case (Number(span=span), Word(text="times" | "x", span=last)):
            text = span.text
            return write(span.to(last), text, safe=True, title=f"write `repeat {text}`")
        case (Option(name=name, span=span, value=Range(span=ends)),):
            text = f"{name} in {ends.text}"
            return write(span, text, safe=True, title=f"write `repeat {text}`")
    return _range(arguments[0].span.to(arguments[-1].span)) if arguments else None


_MOST_LISTED = 20


def _range(span: Span) -> Fix | None:
    """Returns the fix of `i in 1 to 5`, `i in 1 - 5` and `i in 1..9 step 2`."""
    found = re.fullmatch(
        r"(\w+)\s+in\s+(\d{1,9})\s*(?:-|to|\.\.)\s*(\d{1,9})(?:\s+(?:step|by)\s+(\d{1,9}))?",
        span.text,
    )
    if found is None:
        return None
    low, high, step = (int(end or 1) for end in found.groups()[1:])
    values = range(low, high + 1, step or 1)
    if step > 1 and not 0 < len(values) <= _MOST_LISTED:
        return None
    text = ", ".join(map(str, values)) if step > 1 else f"{low}..{high}"
    title = f"write `repeat {found[1]} in {text}`"
    return write(span, f"{found[1]} in {text}", safe=True, title=title)


def fit(call: Call) -> Fix | None:
    """Returns the fix of `fit(64)`."""
    match call.arguments:
        case (Number(span=span),):
            return insert(span.source, span.start, "1..", title="write `1..`")
        case (Number(span=low), Number(span=high)):
            text = f"fit({low.text}..{high.text})"
            return write(call.span, text, safe=True, title=f"write `{text}`")
    from cnnspec.language.elsewhere import stepped_fit

    return stepped_fit(call.span.source, call.span)


def reverse(values: Range) -> Fix:
    """Returns the fix of `8..1`."""
    low, high = values.low.span, values.high.span
    edits = (Edit(low, high.text), Edit(high, low.text))
    return Fix(edits, safe=True, title="write the smaller value first")


def axis(statement: Statement) -> Fix | None:
    """Returns the fix of `sweep { depth 1, 2 }`."""
    match statement.arguments:
        case (Expression(), *_):
            word = statement.word_span
            return insert(word.source, word.end, " in", safe=True, title="write `in`")
    return None


def use(arguments: tuple[Argument, ...]) -> Fix | None:
    """Returns the fix of `use blocks`."""
    match arguments:
        case (Word(text=name, span=span),):
            return write(span, f'"{name}.cnn"', title=f'write `"{name}.cnn"`')
    return None
