"""Names with a `-`, as `le-net` and `early-stop`, and sums without parentheses, as `f-1`.

A `-` ends a word, so what follows it would be read as another argument. Only asked for a text
with an error.
"""

import re
from collections.abc import Set

from cnnspec.core.edits import Fix, write
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.dialects import find
from cnnspec.diagnostics.syntax import UnexpectedText

_MARK = re.compile(
    r"(?P<skip>\"[^\"\n]*\"?|#[^\n]*|//[^\n]*)"
    r"|(?P<bracket>[(\[)\]])"
    r"|(?P<end>[;{}\n])"
    r"|(?<![\w./\\:~'-])(?P<name>[^\W\d]\w*(?:-\w+)+)(?![\w./\\:~'-])"
)
_VALUE = re.compile(r"=\s*(?:[^\s,]+\s*,\s*)*\Z")
"""What is before the value of an option, where sums may be written."""
_KEPT = re.compile(r"\s*(?:model|use|data)\s+\Z|.*\bfrom\s+\Z", re.DOTALL)
"""What is before a name or a path, which may have a `-` if it is in quotes."""
_MADE = re.compile(r"\s*(?:(?:block|let|repeat)\s+)?\Z")
"""What is before a name that is made, or that begins a statement."""
_DEFINED = re.compile(r"\b(?:let|repeat)\s+([^\W\d]\w*(?:-\w+)+)\s*(?:=|\bin\b)")
_NUMBERS = re.compile(r"\b(?:let|repeat)\s+([^\W\d]\w*)(?![\w-])|\bblock\s+\w+\s*\(([^()\n]*)\)")


def unhyphenated(source: Source, text: str) -> tuple[list[Diagnostic], str]:
    """Returns an error for each name with a `-`, and the text with `_` in its place.

    So the rest of the text is read as it was meant.
    """
    if "-" not in text:
        return [], text
    numbers = _numbers(text)
    made = set(_DEFINED.findall(text))
    faults: list[Diagnostic] = []
    begin = depth = 0
    for found in _MARK.finditer(text):
        if found["bracket"]:
            depth = max(0, depth + (1 if found["bracket"] in "([" else -1))
        elif found["end"]:
            begin, depth = found.end(), 0
        elif found["name"]:
            before = text[begin : found.start()]
            if (depth or _VALUE.search(before)) and found["name"] not in made:
                continue
            span = source.span(found.start(), found.end())
            fix = _meant(span, before, numbers, made)
            sum_ = fix.edits[0].text[0] == "("
            faults.append(
                UnexpectedText(
                    fix.edits[0].span,
                    expected="a value" if sum_ else "a name of letters, digits and `_`",
                    found=f"`{found['name'][:40]}`",
                    remedy=fix.title,
                    fix=fix,
                )
            )
            name = found["name"].replace("-", "_")
            text = text[: found.start()] + name + text[found.end() :]
    return faults, text


def _numbers(text: str) -> set[str]:
    """The names of numbers that a text makes, wherever they can be used."""
    names: set[str] = set()
    for one, several in _NUMBERS.findall(text):
        names |= {one} if one else set(re.findall(r"[^\W\d]\w*", several))
    return names


def _meant(span: Span, before: str, numbers: Set[str], defined: Set[str]) -> Fix:
    """The fix of a name, with what is before it in its statement.

    `numbers` are the names of numbers, `defined` those with a `-` that the text defines.
    """
    name = span.text
    made = name in defined or _MADE.match(before) is not None
    if not made and numbers & set(re.split(r"-|(?<=\d)x(?=\d)", name)):
        # The kernel of `f-2x3` is not in the expression.
        inside, size = re.fullmatch(r"(.+?)((?:x\d+)*)", name).groups()  # type: ignore[union-attr]
        text = f"({inside}){size}"
        return write(span, text, title=f"put the expression in parentheses: `{text}`")
    if made:
        text = name.replace("-", "_")
        return write(span, text, safe=True, title=f"write `{text}`")
    if code := re.fullmatch(r"cnn-(\d{3})", name, re.IGNORECASE):
        return write(span, f"CNN{code[1]}", safe=True, title=f"write `CNN{code[1]}`")
    row = find(name, "word", "option")
    if row and len(row.words) == 1:
        return write(span, row.words[0], safe=True, title=f"write `{row.words[0]}`")
    if _KEPT.match(before):
        what = "name" if re.search(r"\b(?:model|from)\s+\Z", before) else "path"
        return write(span, f'"{name}"', safe=True, title=f'write the {what} in quotes: `"{name}"`')
    text = name.replace("-", "_")
    return write(span, text, title=f"write `{text}`")
