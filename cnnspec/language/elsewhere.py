"""Edits for what is written so in other languages: `50%`, `// so`, `1:3`, `f(a=1 b)`.

Each function looks at the characters around the place that cannot be read. The title of its fix
is the help.
"""

import re
from collections.abc import Callable

from cnnspec.core.edits import Fix, insert, write
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.dialects import find
from cnnspec.language.arg_types import number_text
from cnnspec.language.numbers import quotient, read_number
from cnnspec.language.wrapped import bracketed, wrapped

_PERCENT = re.compile(
    r"(?<![\w.,])(?P<number>[0-9]{1,9}(?:[.,][0-9]{1,9})?|\.[0-9]{1,9})[ \t]*%[ \t]*\Z"
    r"|(?<![\w.])(?P<last>[0-9]{1,9}(?:\.[0-9]{1,9})?)[ \t]*%[ \t]*\Z"
)


def _percent(source: Source, place: Span) -> Fix | None:
    """`50%`, where the parser stops at the `%` or, after `=`, behind it."""
    line, _ = _line_to(source, place.end if place.text == "%" else place.start)
    found = _PERCENT.search(line)
    if found is None or of_whole(line[: found.start()]):
        return None
    end = place.end if place.text == "%" else place.start
    begin = end - len(line) + found.start()
    number = (found["number"] or found["last"]).replace(",", ".")
    digits = read_number(f"0{number}" if number[0] == "." else number)
    share = number_text(float(quotient(digits.numerator, digits.denominator * 100)))
    span = source.span(begin, begin + len(found.group().rstrip()))
    return write(span, share, safe=True, title=f"write `{share}`, for {span.text}")


_COUNTS = "epochs batch seed classes budget repeat fit"
"""Words whose numbers are whole, beside the layers that begin with a size."""
_SHARES = ("rate", "stddev", "slope", "alpha")


def of_whole(line: str) -> bool:
    """Whether the number behind a line is whole, so that a share in per cent means nothing."""
    from cnnspec.diagnostics.restating import SIZES

    begun = re.search(r"(?:^|[;{])\s*([^\W\d]\w*)\s(?![^;{}]*\w=)[^;{}]*\Z", line)
    if begun is None:
        return False
    return begun[1] in _COUNTS.split() or SIZES.get(begun[1], _SHARES)[0] not in _SHARES


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
    """`data digits/train.csv`, `use my-blocks.cnn`."""
    line, _ = _line_to(source, place.start)
    found = _UNQUOTED.search(line)
    if found is None or not (place.text in _IN_PATHS or found["path"].endswith("-")):
        return None
    rest = re.compile(r"[^\s;{}\"#()=]*").match(source.text, place.start - len(found["path"]))
    assert rest
    span = source.span(rest.start(), rest.end())
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


def _arguments(source: Source, place: Span) -> Fix | None:
    """`sgd(momentum=0.9 nesterov)` and `adam(lr 0.01)`: arguments without a comma between."""
    line, rest = _line_to(source, place.start)
    inside = re.search(r"[^\W\d]\w*\(([^()]*(?:\([^()]*\)[^()]*)*)\Z", line)
    if inside is None or not rest or not (place.text.isalnum() or place.text[:1] == "_"):
        return None
    before = line.rstrip()
    if re.match(r"(?:step|by)\b", rest) or before[-1:] in "(,=*/+-^%" or before == line:
        return None
    span = source.span(place.start - len(line) + len(before), place.start)
    if place.text[0].isdigit() and (name := re.search(r"[(,]\s*([^\W\d]\w*)\Z", before)):
        value = re.match(r"[\w.]+", rest)
        assert value
        title = f"write `{name[1]}={value[0]}`"
        return write(span, "=", safe=True, title=title)
    return write(span, ", ", safe=True, title="separate arguments by commas: write `, `")


_STEPPED = re.compile(
    r"let[ \t]+([^\W\d]\w*)[ \t]*=[ \t]*fit\([ \t]*(\d{1,6})[ \t]*\.\.[ \t]*(\d{1,6})"
    r"(?:[ \t]*,?[ \t]*(?:step|by)[ \t]*=?|[ \t]*,|[ \t]*:|[ \t]*\.\.)[ \t]*(\d{1,6})[ \t]*\)"
)


def stepped_fit(source: Source, place: Span) -> Fix | None:
    """`let w = fit(8..64 step 8)`: the steps are counted, and `w` is worked out of them."""
    begin = source.text.rfind("\n", 0, place.start) + 1
    for found in _STEPPED.finditer(source.text, begin):
        if not found.start() <= place.start < found.end():
            continue
        name, (low, high, step) = found[1], map(int, found.groups()[1:])
        if not step or high < low:
            return None
        if low % step == 0:
            count, value = f"{low // step}..{high // step}", f"{step}*{name}_steps"
        else:
            count, value = f"0..{(high - low) // step}", f"{low}+{step}*{name}_steps"
        text = f"let {name}_steps = fit({count}); let {name} = {value}"
        span = source.span(found.start(), found.end())
        title = f"write `{text}`: `fit` tries every whole number"
        return write(span, text, safe=True, title=title)
    return None


def _name(source: Source, place: Span) -> Fix | None:
    """`name=block1.conv` and `from block1.conv`: such names are written in quotes."""
    line, rest = _line_to(source, place.start)
    begun = re.search(r"(?:\bname=|\bfrom[ \t]+)([^\W\d][\w.-]*)\Z", line)
    if begun is None or place.text not in (".", "-"):
        return None
    after = re.match(r"[\w.-]+", rest)
    assert after
    span = source.span(place.start - len(begun[1]), place.start + after.end())
    return write(
        span, f'"{span.text}"', safe=True, title=f'write the name in quotes: "{span.text}"'
    )


def _listed(source: Source, place: Span) -> Fix | None:
    """`adam, learning_rate=0.01`: a comma before an option."""
    line, _ = _line_to(source, place.start)
    found = re.search(r"([ \t]*,[ \t]*)[^\W\d]\w*[ \t]*\Z", line)
    if place.text != "=" or found is None or "(" in line[found.start() :]:
        return None
    at = place.start - len(line) + found.start()
    span = source.span(at, at + len(found[1]))
    return write(span, " ", safe=True, title="remove the comma: arguments have spaces between")


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
    if re.search(r"(?:^|[;{])\s*let\b[^;{}]*\Z", line):
        # A `let` is one number.
        return None
    sides = re.compile(r"[(\[]\s*\d+\s*(?:,\s*\d+\s*)+,?\s*[)\]]")
    for found in sides.finditer(line + rest):
        at = place.start - len(line)
        if at + found.start() <= place.start < at + found.end() and (
            line[: found.start()][-1:] in ("=", " ", "x")
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
    _listed,
    stepped_fit,
    _arguments,
    _name,
    _steps,
    _bound,
    _unquoted,
    _python,
    _apostrophes,
    bracketed,
    wrapped,
)
"""What is written so elsewhere, with a title that is its help."""
