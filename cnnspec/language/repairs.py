"""Edits for a text that does not parse: what was most likely meant where it is unreadable.

A table of small functions. Each looks at the characters around the place and returns its
fix, or `None` where the place is not of its kind.
"""

import re
import unicodedata
from collections.abc import Callable

from cnnspec.core.edits import Fix, insert, write
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.dialects import find
from cnnspec.language.arg_types import number_text
from cnnspec.language.numbers import quotient, read_number

CALLED = re.compile(r"(?:^|[;{])\s*[^\W\d]\w*\([^()]*$")


def repair(place: Span, *, ended: bool) -> Fix | None:
    """Returns the fix for the unreadable text at a place.

    `ended` says that a statement has ended and only a separator may follow.
    """
    source, at = place.source, place.start
    line = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    if ended:
        return _separated(place)
    found = (try_(source, place, line) for try_ in _REPAIRS)
    return next((fix for fix in found if fix), None)


def _separated(place: Span) -> Fix | None:
    """`train { } dense 10`: the statement after a block needs a separator."""
    if not place.text[:1].isalpha():
        return None
    blanks = re.search(r"[ \t]*\Z", place.source.text[: place.start])
    assert blanks
    span = place.source.span(blanks.start(), place.start)
    return write(span, "; ", safe=True, title="write `;`")


def _brace_below(source: Source, place: Span, line: str) -> Fix | None:
    """A brace on the line after its word."""
    blanks = re.search(r"(?<=[^\s;{}])[ \t]*\r?\n\s*\Z", source.text[: place.start])
    if place.text != "{" or blanks is None:
        return None
    if "#" in source.line(source.line_column(blanks.start())[0]):
        return None
    span = source.span(blanks.start(), place.start)
    return write(span, " ", safe=True, title="put the brace on the line of its word")


def _call(source: Source, place: Span, line: str) -> Fix | None:
    """`conv(32, 3)`, as in Python."""
    if not CALLED.search(line):
        return None
    begin = place.start - len(line) + line.rindex("(")
    inside = re.compile(r"\(([^()\"'#\n]*)\)").match(source.text, begin)
    if inside is None:
        return None
    values = [value.strip().replace(" ", "") for value in inside[1].split(",")]
    numbers = next((i for i, v in enumerate(values) if not v.isdecimal()), len(values))
    size = ["x".join(values[:numbers])] if numbers else []
    text = " ".join([*size, *values[numbers:]])
    span = source.span(begin, inside.end())
    return write(span, f" {text}", title="write the arguments without parentheses")


def _no_digit(source: Source, place: Span, line: str) -> Fix | None:
    """`.5`."""
    after = source.text[place.end : place.end + 1]
    if place.text != "." or not after.isdigit() or (line and line[-1] not in " =,(\t"):
        return None
    return write(place, "0.", safe=True, title="write `0.`")


def _digits(source: Source, place: Span, line: str) -> Fix | None:
    """Digits of another script."""
    if not place.text or not place.text.isdecimal() or place.text.isascii():
        return None
    digits = "".join(str(unicodedata.digit(char)) for char in place.text)
    return write(place, digits, safe=True, title=f"write `{digits}`")


def _times(source: Source, place: Span, line: str) -> Fix | None:
    """A size with a `*` or the sign of multiplication."""
    digits = line[-1:].isdigit() and source.text[place.end : place.end + 1].isdigit()
    if place.text not in ("*", "\u00d7") or not digits:
        return None
    return write(place, "x", safe=place.text != "*", title="write an `x`")


def _expression(source: Source, place: Span, line: str) -> Fix | None:
    """Arithmetic without parentheses."""
    if place.text not in ("^", "/", "+", "-", "%", "*") or not line:
        return None
    before = re.search(r"[\w.*/%+^-]*\Z", line)
    after = re.compile(r"[\w.*/%+^-]+").match(source.text, place.start)
    if not (before and before.group() and after):
        return None
    span = source.span(place.start - len(before.group()), after.end())
    # The kernel of `f*2x3` is not in the expression.
    inside, tail = re.fullmatch(r"(.+?)((?:x\d+)*)", span.text).groups()  # type: ignore[union-attr]
    return write(span, f"({inside}){tail}", title="put the expression in parentheses")


def _size_first(source: Source, place: Span, line: str) -> Fix | None:
    """`32x3 conv`."""
    swapped = re.compile(r"(\d[\dx.]*)[ \t]+([^\W\d]\w*)").match(source.text, place.start)
    if swapped is None or (line.strip() and line.rstrip()[-1] not in ";{}"):
        return None
    span = source.span(swapped.start(), swapped.end())
    return write(span, f"{swapped[2]} {swapped[1]}", title="write the word first")


def _percent(source: Source, place: Span) -> Fix | None:
    """`50%`, where the parser stops at the `%` or, after `=`, behind it."""
    line, _ = _line_to(source, place.end if place.text == "%" else place.start)
    found = re.search(r"(?<![\w.])([0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})[ \t]*%[ \t]*\Z", line)
    if found is None:
        return None
    end = place.end if place.text == "%" else place.start
    begin = end - len(line) + found.start()
    digits = read_number(f"0{found[1]}" if found[1][0] == "." else found[1])
    share = number_text(float(quotient(digits.numerator, digits.denominator * 100)))
    span = source.span(begin, begin + len(found.group().rstrip()))
    return write(span, share, safe=True, title=f"write `{share}`, for {span.text}")


def _comment(source: Source, place: Span) -> Fix | None:
    """`// so`, `/* so */` and `-- so`: a comment of another language."""
    line, rest = _line_to(source, place.start)
    found = re.match(r"(?://|--|/\*|<!--)[ \t]*", rest)
    if found is None or line[-1:].strip() or not (rest[found.end() :].strip() or not line.strip()):
        return None
    span = source.span(place.start, place.start + len(found.group().rstrip()))
    return write(span, "#", safe=found.group()[:2] == "//", title="write a comment after `#`")


def _comma(source: Source, place: Span) -> Fix | None:
    """A comma at the end of a statement, as in a list of Python."""
    line, rest = _line_to(source, place.start)
    found = re.search(r"[ \t]*,[ \t]*\Z", line)
    if found is None or not re.match(r"[ \t]*(?:[;#}]|\Z)", rest):
        return None
    span = source.span(place.start - len(found.group()), place.start)
    return write(span, "", safe=True, title="remove the comma: a new line ends a statement")


_IN_PATHS = (".", "/", "\\", "~", ":")
_UNQUOTED = re.compile(
    r"(?:^|[;{])\s*(?:(?:data|use)\s+|data\s[^;{}\n]*[ \t]\w+=(?![\d.]))(?P<path>[^\s()=;\"]*)$"
)
"""A path without quotes: the source of `data`, or the value of one of its options."""


def _unquoted(source: Source, place: Span) -> Fix | None:
    """`data digits/train.csv`; a name with `-`, as in `data fashion-mnist`."""
    line, _ = _line_to(source, place.start)
    found = _UNQUOTED.search(line)
    if found is None or not (place.text in _IN_PATHS or found["path"].endswith("-")):
        return None
    rest = re.compile(r"[^\s;{}\"#()=]*").match(source.text, place.start - len(found["path"]))
    assert rest
    span = source.span(rest.start(), rest.end())
    row = find(span.text, "word") if found["path"].endswith("-") else None
    if row and row.words:
        return write(span, row.words[0], safe=True, title=f"write `{row.words[0]}`")
    title = f'write the path in quotes: `"{span.text}"`'
    return write(span, f'"{span.text}"', safe=True, title=title)


def _apostrophes(source: Source, place: Span) -> Fix | None:
    """`data 'train.csv'`."""
    text = re.compile(r"'([^'\"\n]*)'").match(source.text, place.start)
    if place.text != "'" or text is None:
        return None
    span = source.span(text.start(), text.end())
    return write(span, f'"{text[1]}"', safe=True, title=f'write a text in `"`: `"{text[1]}"`')


_BEGUN = re.compile(r"(?:^|[;{])\s*([^\W\d]\w*)[ \t]*\Z")


def _assigned(source: Source, place: Span) -> Fix | None:
    """`epochs: 5`, `epochs = 5` and `let f := 16`, as files of settings have them."""
    line, rest = _line_to(source, place.start)
    sign = re.match(r":=|[:=](?![=:])", rest)
    if sign is None:
        return None
    span = source.span(place.start, place.start + sign.end())
    if sign.group() == ":=":
        return write(span, "=", safe=True, title="write `=`")
    begun = _BEGUN.search(line)
    value = re.match(r"[:=][ \t]*([^\s;{}][^;{}#]*)", rest)
    if begun is None or value is None:
        return None
    blanks = len(line) - len(line.rstrip())
    span = source.span(place.start - blanks, place.start + value.start(1))
    written = f"{begun[1]} {value[1].strip()}"
    name = begun[1]
    if sign.group() == "=" and re.search(rf"\([^()\n]*\b{name}\b[^()\n]*\)", source.text):
        at = place.start - len(line) + begun.start(1)
        title = f"write `let {name} = {value[1].strip()}`"
        return insert(source, at, "let ", safe=True, title=title)
    return write(span, " ", safe=True, title=f"write `{written}`, without `{sign.group()}`")


def of_foreign_setting(source: Source, place: Span) -> bool:
    """Whether a setting of another tool is assigned a value: its unknown word says all of it."""
    begun = _BEGUN.search(_line_to(source, place.start)[0])
    if place.text not in ("=", ":") or begun is None:
        return False
    from cnnspec.diagnostics.dialects import find

    used = re.search(rf"\([^()\n]*\b{begun[1]}\b[^()\n]*\)", source.text)
    return find(begun[1], "setting") is not None and used is None


def _lets(source: Source, place: Span) -> Fix | None:
    """`let f = 16, g = 8`."""
    line, _ = _line_to(source, place.start)
    found = re.search(r"(?:^|[;{])\s*let\s[^;{}]*?(,)\s*[^\W\d]\w*\s*\Z", line)
    if place.text != "=" or found is None:
        return None
    at = place.start - len(line) + found.start(1)
    return write(source.span(at, at + 1), "; let", safe=True, title="write `; let` for the comma")


def _steps(source: Source, place: Span) -> Fix | None:
    """`1:3` and `1...3`, which are ranges elsewhere."""
    line, rest = _line_to(source, place.start)
    before = re.search(r"(?:\bin\s+|\()(\d+)[ \t]*(?:\.\.)?\Z", line)
    after = re.match(r"[ \t]*(?:\.\.\.?|:|\.)[ \t]*(\d+)", rest)
    if before is None or after is None:
        return None
    span = source.span(place.start - len(line) + before.start(1), place.start + after.end())
    text = f"{before[1]}..{after[1]}"
    if span.text == text:
        return None
    return write(span, text, safe=True, title=f"write `{text}`")


def _bound(source: Source, place: Span) -> Fix | None:
    """`1..depth` and `depth..3`: a name in a range."""
    line, rest = _line_to(source, place.start)
    if re.search(r"\.\.[ \t]*\Z", line) and place.text.isidentifier():
        title = f"write `..({place.text})`"
        return write(place, f"({place.text})", safe=True, title=title)
    name = re.search(r"([^\W\d]\w*)[ \t]*\Z", line)
    if rest.startswith("..") and name:
        span = source.span(place.start - len(line) + name.start(1), place.start)
        return write(span, f"({name[1]})", safe=True, title=f"write `({name[1]})..`")
    return None


def _python(source: Source, place: Span) -> Fix | None:
    """Words in single quotes and sizes as Python has them: `padding='same'`, `(3, 3)`."""
    line, rest = _line_to(source, place.start)
    quoted = re.match(r"'([^\W\d]\w*)'", rest)
    if quoted:
        span = source.span(place.start, place.start + quoted.end())
        return write(span, quoted[1], safe=True, title=f"write `{quoted[1]}`, without quotes")
    sides = re.compile(r"[(\[]\s*\d+\s*(?:,\s*\d+\s*)+,?\s*[)\]]")
    for found in sides.finditer(line + rest):
        at = place.start - len(line)
        if at + found.start() <= place.start < at + found.end() and (
            line[: found.start()][-1:] in ("=", " ")
        ):
            span = source.span(at + found.start(), at + found.end())
            numbers = re.findall(r"\d+", found.group())
            square = len(numbers) == 2 and numbers[0] == numbers[1]
            listed = re.search(r"\bin[ \t]+\Z", line[: found.start()])
            size = ", ".join(numbers) if listed else numbers[0] if square else "x".join(numbers)
            return write(span, size, safe=True, title=f"write `{size}`, for {span.text}")
    return None


def _line_to(source: Source, at: int) -> tuple[str, str]:
    """The line of a place up to it, and from it."""
    begin = source.text.rfind("\n", 0, at) + 1
    end = source.text.find("\n", at)
    return source.text[begin:at], source.text[at : end if end >= 0 else len(source.text)]


_Slip = Callable[[Source, Span], Fix | None]
SLIPS: tuple[_Slip, ...] = (
    _percent,
    _comment,
    _comma,
    _assigned,
    _lets,
    _steps,
    _bound,
    _unquoted,
    _python,
    _apostrophes,
)
"""What is written so elsewhere, with a title that is its help."""
_REPAIRS: tuple[Callable[[Source, Span, str], Fix | None], ...] = (
    _brace_below,
    _call,
    _no_digit,
    _digits,
    _times,
    _expression,
    _size_first,
)
