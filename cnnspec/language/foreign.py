"""Lines of another language: Python of Keras and PyTorch, darknet's cfg, Caffe's prototxt.

Each is one error that says what is written here. Only looked for in a text that does not parse.
"""

import re
from collections.abc import Iterator

from cnnspec.core.edits import write
from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.restating import Piece, Restated
from cnnspec.diagnostics.statements import ForeignLine
from cnnspec.language.foreign_formats import caffe_layer, darknet_section
from cnnspec.language.foreign_python import (
    Constants,
    assignment,
    constants,
    python_statement,
)
from cnnspec.language.syntax import UNREAD

_MOST = 40
"""How many lines one statement of another language may have."""
_MOST_CHARACTERS = 4_000
_STRINGS = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_MARK = re.compile(rf"{_STRINGS.pattern}|#[^\n]*|[;\n]")
_SCAFFOLD = re.compile(
    r"""\s*(?:
        (?:import\s+[\w.] | from\s+[\w.]+\s+import\b | class\s+\w+.*:$ | def\s+\w+\( | return\b
        | super\( | @\w+ | if\s.*:$ | for\s.*\sin\s.*:$ | with\s.*:$ | print\().*
        | (?:[\w.]+\s*=\s*)?(?:\w+\.)*(?:Sequential|Model|ModuleList)\(.*
        | (?:\w+\s*=\s*)?(?:\w+\.)+(?:build|summary|parameters|to|cuda|eval|train|backward|step
            |zero_grad|load_data|save|evaluate|predict)\(.*
        | [\[(] | \)[\])}]*,? | \][\])},]*
    )\s*""",
    re.VERBOSE,
)
"""What surrounds the layers in a program."""
_CALL = re.compile(r"\s*(?:[\w., ]+=\s*)?(?:return\s+)?((?:[^\W\d]\w*\.)*[^\W\d]\w*)\s*\(")
_ATTRIBUTE = re.compile(r"\s*((?:nn|layers|keras|tf|torch|F|L|hk)(?:\.\w+)+),?")
_OPEN = re.compile(r"\s*(?:[\w.]+\s*=\s*)?(?:\w+\.)*(?:Sequential|ModuleList)\(\s*[\[(]?\s*$")
_SCRIPT = re.compile(r"^\s*(?:import\s+\w|from\s+[\w.]+\s+import\b)", re.MULTILINE)
_ASSIGNED = re.compile(r"([\w.,()\[\] ]*[\w)\]])\s*[-+*/]?=(?!=)")
_TRAIN = re.compile(r"\btrain\s*\{[^{}]*\Z")
_LOADED = re.compile(r"[\w\s(),]+=\s*(?:\w+\.)*(\w+)\.load_data\(.*\)")
_NAME = re.compile(r"name\s*:\s*(\"[^\"]+\")")
_SECTION = re.compile(r"\s*\[([a-z_]+)\]\s*$")
_LAYER = re.compile(r"^\s*layers?\s*\{", re.MULTILINE)


class Found(Record):
    """A piece of another language, how many parts of the text it is, and what messages call it."""

    segments: int
    what: str
    piece: Piece

    @property
    def settings(self) -> str:
        """What it says in `train { … }`, empty where it says nothing else or more."""
        said = self.piece.said
        whole = said and re.fullmatch(r"train \{ (.*) \}", said.text)
        return whole[1] if whole else ""


def foreign_lines(source: Source) -> tuple[list[Diagnostic], str]:
    """Returns the errors of the lines in another language, and the text to parse without them.

    In the place of each layer there is a word that stands for what could not be read; all
    characters keep their places.
    """
    text = source.text
    found: list[tuple[Span, Found]] = []
    segments = _segments(text)
    known = _constants(text, segments)
    number = 0
    while number < len(segments):
        piece = _found(text, segments, number, known)
        if piece is not None:
            begin, end = segments[number][0], segments[number + piece.segments - 1][1]
            found.append((source.span(begin, end), piece))
        number += piece.segments if piece else 1
    kept = [*text]
    for span, piece in found:
        for at in range(span.start, span.end):
            kept[at] = kept[at] if kept[at] == "\n" else " "
        if piece.piece.layer:
            kept[span.start] = UNREAD
    return [_error(span, piece) for span, piece in _joined(found)], "".join(kept)


def _constants(text: str, segments: list[tuple[int, int]]) -> Constants | None:
    """What names stand for in a program; `None` where the text is not one that imports."""
    if not _SCRIPT.search(text):
        return None
    lines = [text[begin:end] for begin, end in segments]
    return constants(line for line in lines if _ASSIGNED.match(line))


def _segments(text: str) -> list[tuple[int, int]]:
    """Where each part of the text between `;` and line ends begins and ends, without comments."""
    found, begin = [], 0
    for mark in _MARK.finditer(f"{text}\n"):
        if mark.group()[0] in "\"'":
            continue
        part = text[begin : mark.start()]
        at = begin + len(part) - len(part.lstrip())
        found.append((at, at + len(part.strip())))
        begin = mark.end()
    return found


def _joined(found: list[tuple[Span, Found]]) -> Iterator[tuple[Span, Found]]:
    """Puts all that `train` is told in the place of the first that tells it anything."""
    train = [(span, each) for span, each in found if each.settings]
    settings = "; ".join(each.settings for _, each in train)
    for span, each in found:
        if len(train) > 1 and each.settings:
            text = f"train {{ {settings} }}" if span is train[0][0] else ""
            each = each.replace(piece=Piece(Restated(text), layer=False))
        yield span, each


def _error(span: Span, found: Found) -> ForeignLine:
    said = found.piece.said
    text = said.text if said else ""
    if found.settings and _TRAIN.search(span.source.text, 0, span.start):
        text = found.settings
    fix = None
    if said and (text or not said.notes):
        title = f"write `{text}`" if text else "remove the line"
        # Where an object keeps its layers, another function says in which order they are applied.
        apart = re.match(r"self\.|return\b.*\(", span.text)
        fix = write(span, text, safe=said.exact and not apart, title=title)
    notes = said.notes if said else ()
    return ForeignLine(span, what=found.what, instead=text, notes=notes, fix=fix)


def _found(
    text: str, segments: list[tuple[int, int]], number: int, known: Constants | None
) -> Found | None:
    """What of another language begins in a segment, if anything does."""
    begin, end = segments[number]
    line = text[begin:end]
    if section := _SECTION.fullmatch(line):
        body = _section_body(text, segments[number + 1 : number + _MOST])
        piece = darknet_section(section[1], body)
        return Found(1 + len(body), f"`[{section[1]}]` is darknet", piece)
    if _LAYER.match(line):
        count, whole = _balanced(text, segments, number)
        if not re.search(r"\btype\s*:", whole):
            return None
        return Found(count, "`layer { … }` is Caffe", caffe_layer(whole))
    if loaded := _LOADED.fullmatch(line):
        text = f"data {loaded[1]}" if loaded[1] in ("mnist", "fashion_mnist") else ""
        notes = () if text else ('give the path of its files: `data "images"`',)
        said = Restated(text, notes)
        return Found(1, f"`{loaded[1]}.load_data(…)` is Python", Piece(said, layer=False))
    if (field := _NAME.fullmatch(line)) and _LAYER.search(text):
        return Found(1, "`name: …` is Caffe", Piece(Restated(f"model {field[1]}"), layer=False))
    if alone := _ATTRIBUTE.fullmatch(line):
        python = python_statement(f"{alone[1]}()", {})
        return Found(1, f"`{alone[1]}` is Python", python) if python else None
    if (call := _CALL.match(line)) and not _OPEN.fullmatch(line):
        count, whole = _balanced(text, segments, number)
        if python := python_statement(whole, known or {}):
            return Found(count, f"`{call[1]}(…)` is Python", python)
    if _SCAFFOLD.fullmatch(line):
        shown = line.split("(")[0].split() or [line]
        return Found(1, f"`{' '.join(shown)[:40]}` is Python", Piece(Restated(""), layer=False))
    return _of_program(text, segments, number, known)


def _of_program(
    text: str, segments: list[tuple[int, int]], number: int, known: Constants | None
) -> Found | None:
    """A docstring, or an assignment that no spec can have."""
    begin, end = segments[number]
    line = text[begin:end]
    if known is not None and line[:3] in ('"""', "'''"):
        for index, (_, last) in enumerate(segments[number : number + _MOST]):
            if line[:3] in text[begin + 3 : last]:
                gone = Piece(Restated(""), layer=False)
                return Found(index + 1, f"`{line[:3]}` is Python", gone)
    assigned = _ASSIGNED.match(line)
    if assigned is None or (known is None and not _CALL.match(line)):
        return None
    count, whole = _balanced(text, segments, number)
    piece = assignment(whole)
    if piece is None:
        return None
    return Found(count, f"`{assigned[1].strip()} = …` is Python", piece)


def _section_body(text: str, segments: list[tuple[int, int]]) -> list[str]:
    """The `name=value` lines of a section."""
    body = []
    for begin, end in segments:
        line = text[begin:end]
        if line and not re.fullmatch(r"\w+\s*=\s*\S.*", line):
            break
        body.append(line)
    while body and not body[-1]:
        body.pop()
    return body


def _balanced(text: str, segments: list[tuple[int, int]], number: int) -> tuple[int, str]:
    """How many segments it takes until all brackets are closed, and their text.

    Empty where they are not closed within the limits.
    """
    depth, taken = 0, []
    for begin, end in segments[number : number + _MOST]:
        taken.append(text[begin:end])
        bare = _STRINGS.sub("", taken[-1])
        depth += sum((each in "([{") - (each in ")]}") for each in bare)
        if depth <= 0 or end - segments[number][0] > _MOST_CHARACTERS:
            break
    whole = "\n".join(taken)
    return (len(taken), whole) if depth == 0 and len(whole) <= _MOST_CHARACTERS else (1, "")
