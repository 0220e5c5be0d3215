"""Edits for words of structure in another form than theirs: what was most likely meant.

Each function takes the syntax as it was written and returns its fix, or `None` where what
was meant is not clear.
"""

from cnnspec.core.edits import Edit, Fix, insert, write
from cnnspec.language.syntax import (
    Argument,
    Call,
    Expression,
    Number,
    Option,
    Range,
    Statement,
    Word,
)


def let(arguments: tuple[Argument, ...]) -> Fix | None:
    """Returns the fix of `let f 16`."""
    match arguments:
        case (Word(span=span), Number()):
            return insert(span.source, span.end, " =", safe=True, title="write `=`")
    return None


def repeat(arguments: tuple[Argument, ...]) -> Fix | None:
    """Returns the fix of `repeat i 3`."""
    match arguments:
        case (Word(), Number(span=span)):
            return insert(span.source, span.start, "in 1..", title="write `in 1..`")
        case (Number(span=span), Word(text="times" | "x", span=last)):
            text = span.text
            return write(span.to(last), text, safe=True, title=f"write `repeat {text}`")
        case (Option(name=name, span=span, value=Range(span=ends)),):
            text = f"{name} in {ends.text}"
            return write(span, text, safe=True, title=f"write `repeat {text}`")
    return None


def fit(call: Call) -> Fix | None:
    """Returns the fix of `fit(64)`."""
    match call.arguments:
        case (Number(span=span),):
            return insert(span.source, span.start, "1..", title="write `1..`")
    return None


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
