"""What the help and the fixes of unknown words say where a word is of another tool."""

import re

from cnnspec.core.edits import Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.dialects import GENERAL, Foreign, advice, find
from cnnspec.diagnostics.restating import SIZES, Restated, restate
from cnnspec.diagnostics.rewrites import block_of, leave_out, statement_around

_ACTIVATIONS = {"max": "relu", "slope": "leaky_relu", "alpha": "elu"}
"""Options of activations, which have a line of their own with them."""
_BLOCK = re.compile(r"\s*\{")


def _of_statement(word: str, near: str, *, training: bool) -> Foreign | None:
    """The entry of a word that begins a statement, `None` where another word is nearer."""
    kinds = ("setting", "layer", "word") if training else ("layer", "setting", "word")
    row = find(word, *kinds)
    return row if row and (not near or near in row.words) else None


def _restated(span: Span, row: Foreign, *, training: bool) -> Restated | None:
    """The statement of a word of another tool; `None` where it has a block, or no equivalent."""
    statement = statement_around(span)
    if _BLOCK.match(statement.source.text, statement.end):
        return None
    said = restate(statement.text, row)
    if said is None or not said.text:
        return None
    activation = row.pattern == f"conv 32x3 {said.text}"
    if said.text in row.words and not activation:
        # Without arguments, those of the table show how it is written.
        said = said.replace(text=row.example)
    if row.kind == "setting" and not training and block_of(span.source, "train") is None:
        return said.replace(text=f"train {{ {said.text} }}")
    return said


def statement_help(span: Span | None, word: str, near: str, *, training: bool) -> str:
    """Returns what to write for an unknown statement; empty for a word of no other tool."""
    row = _of_statement(word, near, training=training)
    if row is None:
        return ""
    said = _restated(span, row, training=training) if span else None
    block = said is None and span and near and near in row.words
    help = advice(row, near if block else said.text if said else "")
    outside = row.kind == "setting" and not training
    if outside and row.pattern and not (said and said.text.startswith("train")):
        help += "; it belongs in `train { … }`"
    return help


def statement_fixes(span: Span, word: str, near: str, *, training: bool) -> Fixes:
    """Returns the fixes of an unknown statement, none for a word of no other tool."""
    row = _of_statement(word, near, training=training)
    if row is None:
        return ()
    if row.idle:
        return (leave_out(statement_around(span), safe=True, statement=True),)
    said = _restated(span, row, training=training)
    misplaced = row.kind == "setting" and not training
    if said is None or (misplaced and not said.text.startswith("train")):
        # A block stays as it is; only its word is replaced.
        renamed = near and near in row.words
        return (write(span, near, safe=True, title=f"write `{near}`"),) if renamed else ()
    bare = statement_around(span).text == word
    known = row.words and row.tools != (GENERAL,)
    safe = bool(known) and said.exact and not (bare and " " in said.text)
    return (write(statement_around(span), said.text, safe=safe, title=f"write `{said.text}`"),)


def word_help(word: str, near: str) -> str:
    """Returns what to write for an unknown word; empty for one of no other tool."""
    row = find(word, "word", "layer")
    if row is None:
        # The name of an option that is needless here: `data "mine" shuffle`.
        option = None if near else find(word, "option")
        return advice(option) if option and option.idle else ""
    if near and near not in row.words:
        return ""
    if near:
        return advice(row, near)
    return advice(row) if row.kind == "word" else ""


def needless(span: Span, word: str) -> Fixes:
    """Returns the fix that leaves out a word of another tool that says nothing here."""
    row = find(word, "word")
    return (leave_out(span, safe=True),) if row and row.idle else ()


def option_help(span: Span | None, option: str, near: str, value: Span | None = None) -> str:
    """Returns what to write for an unknown option; empty for one of no other tool."""
    if span and value and (own := _own_line(span.to(value))):
        return f"write `{own}`: `{option}` is an option of the activation"
    row = find(option, "option")
    if row is None or (near and near not in row.words) or (row.pattern and not near):
        return ""
    if near and span:
        said = _layer_of(span)
        return advice(row, said.text if said else near)
    return advice(row)


def option_fixes(whole: Span, option: str, near: str) -> Fixes:
    """Returns the fixes of an unknown option with its value, none for one of no other tool."""
    if own := _own_line(whole):
        return (write(statement_around(whole), own, title=f"write `{own}`"),)
    row = find(option, "option")
    if row is None or (near and near not in row.words):
        return ()
    if row.idle:
        return (leave_out(whole, safe=True),)
    said = _layer_of(whole)
    if near and said:
        title = f"write `{said.text}`"
        return (write(statement_around(whole), said.text, safe=said.exact, title=title),)
    return ()


def padding_fixes(span: Span) -> Fixes:
    """Returns the fix of a padding that is a number, as PyTorch, Caffe and ONNX have it."""
    said = _layer_of(span) if span.text.isdecimal() else None
    if said is None:
        return ()
    title = f"write `{said.text}`"
    return (write(statement_around(span), said.text, safe=said.exact, title=title),)


def range_fixes(span: Span) -> Fixes:
    """Returns the fix of channels that are a range: `slice 0..3`, with both ends as in `repeat`."""
    statement = statement_around(span)
    ends = re.fullmatch(r"slice\s+(\d+)\.\.(\d+)", statement.text)
    if ends is None or int(ends[2]) < int(ends[1]):
        return ()
    text = f"slice {int(ends[2]) - int(ends[1]) + 1} start={ends[1]}"
    return (write(statement, text, title=f"write `{text}`"),)


def _other_layer(span: Span, word: str) -> tuple[Foreign, Restated] | None:
    """What a statement of ours is whose word, with a value, is that of another tool's layer."""
    row = find(word, "layer")
    statement = statement_around(span)
    if row is None or word in row.words or statement.text.split()[0] != word:
        return None
    said = restate(statement.text, row)
    return (row, said) if said and said.text else None


def layer_help(span: Span | None, word: str) -> str:
    """Returns what to write for `linear 10`, PyTorch's `Linear`; empty for another word."""
    found = _other_layer(span, word) if span else None
    return advice(found[0], found[1].text) if found else ""


def layer_fixes(span: Span, word: str) -> Fixes:
    """Returns the fix of `linear 10`, PyTorch's `Linear`, none for another word."""
    found = _other_layer(span, word)
    if found is None:
        return ()
    return (write(statement_around(span), found[1].text, title=f"write `{found[1].text}`"),)


def _own_line(whole: Span) -> str:
    """A layer whose activation has an option: `conv 8x3; relu max=4`, and `relu6` for 6.

    Empty where no activation of the line has the option.
    """
    statement, option = statement_around(whole), re.sub(r"\s", "", whole.text)
    activation = _ACTIVATIONS.get(option.partition("=")[0], "")
    words = statement.text.split()
    rest = [word for word in words if word != option]
    if not activation or activation not in rest[1:] or option not in words:
        return ""
    at = rest.index(activation)
    if option == "max=6":
        return " ".join([*rest[:at], "relu6", *rest[at + 1 :]])
    return f"{' '.join([*rest[:at], *rest[at + 1 :]])}; {activation} {option}"


def _layer_of(span: Span) -> Restated | None:
    """The layer in whose line a place is, restated; `None` for another statement."""
    statement = statement_around(span)
    word = statement.text.split(None, 1)[0]
    if word not in SIZES or _BLOCK.match(statement.source.text, statement.end):
        return None
    return restate(statement.text)


def certain(word: str, near: str) -> bool:
    """Returns whether a word is that of another tool for a known one, and can mean no other."""
    row = find(word, "word")
    return row is not None and near in row.words and row.tools[0] != GENERAL


def setting_help(span: Span | None, name: str, near: str) -> str:
    """Returns how a setting of another tool is swept or set; empty for one of no other tool."""
    row = find(name, "setting")
    if row is None or near or not row.pattern or span is None:
        return ""
    word, _, pattern = row.pattern.partition(" ")
    text = statement_around(span).text
    if swept := re.search(r"\bin\s+(.+)\Z", text):
        values = [value.strip() for value in swept[1].split(",")]
        filled = [row.replace(pattern=pattern).filled(value) for value in values]
        return advice(row, f"{word} in {', '.join(filled)}")
    value = text.partition("=")[2].strip()
    # A `fit`, or what else is not a number, is not a value of an optimizer.
    value = value if value[:1].isdigit() else ""
    return advice(row, f"{word}={row.replace(pattern=pattern).filled(value)}")
