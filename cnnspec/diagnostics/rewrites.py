"""Fixes in words of the text: leave a statement out, add an argument, close a bracket.

Works on characters, because the diagnostics that need it may be about a text that does not
parse. Only asked for the fixes of a diagnostic, so it is off the path of a check.
"""

import re

from cnnspec.core.edits import Edit, Fix, Fixes, write
from cnnspec.core.source import Source, Span

_MARK = re.compile(r'"[^"\n]*"?|#[^\n]*|[;\n{}]')
"""What can end a statement; strings and comments are taken whole, to be passed over."""


def statement_end(source: Source, start: int) -> int:
    """Returns where the statement that is under way at `start` ends, before its block."""
    for mark in _MARK.finditer(source.text, start):
        if mark.group()[0] != '"':
            return _back(source.text, start, mark.start())
    return _back(source.text, start, len(source.text))


def statement_around(span: Span) -> Span:
    """Returns the statement that a span is a part of, without its block."""
    start = 0
    for mark in _MARK.finditer(span.source.text, 0, span.start):
        if mark.group()[0] != '"':
            start = mark.end()
    start += len(span.source.text[start : span.start]) - len(
        span.source.text[start : span.start].lstrip()
    )
    return span.source.span(start, statement_end(span.source, span.end))


def block_of(source: Source, word: str) -> Span | None:
    """Returns what is between the braces of the first block of a word; `None` without one."""
    text, depth, inside = source.text, 0, 0
    for mark in _MARK.finditer(text):
        if mark.group() == "{":
            depth += 1
            if depth == 1 and re.search(rf"(?:^|[;}}\n])\s*{word}\s*\Z", text[: mark.start()]):
                inside = mark.end()
        elif mark.group() == "}":
            depth -= 1
            if depth == 0 and inside:
                return source.span(inside, mark.start())
    return None


def _back(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def without_statement(span: Span) -> Edit:
    """Returns the edit that removes a statement, its separator with it.

    A statement alone on its line takes the line with it; a comment behind it stays.
    """
    text, start, end = span.source.text, span.start, span.end
    before = _back(text, 0, start)
    after = end + len(text[end:]) - len(text[end:].lstrip(" \t\r\f"))
    line_start = text.rfind("\n", 0, start) + 1
    if text[after : after + 1] == ";":
        end = after + 1
        end += len(text[end:]) - len(text[end:].lstrip(" \t"))
    elif text[before - 1 : before] == ";" and before - 1 >= line_start:
        start = _back(text, 0, before - 1)
    elif not text[line_start:start].strip() and text[after : after + 1] in ("\n", ""):
        start, end = line_start, min(after + 1, len(text))
    else:
        end = after
    return Edit(span.source.span(start, end), "")


def without_argument(span: Span) -> Edit:
    """Returns the edit that removes an argument, with a comma or an `x` that joins it.

    Parentheses that would be empty go as well, and so does a statement of which only the
    word would be left.
    """
    text, start, end = span.source.text, span.start, span.end
    before = _back(text, 0, start)
    after = end + len(text[end:]) - len(text[end:].lstrip(" \t"))
    first, last = text[before - 1 : before], text[after : after + 1]
    if first == "," or (first == "x" and before == start):
        start = before - 1 if first == "x" else _back(text, 0, before - 1)
    elif last == ",":
        end = after + 1
        end += len(text[end:]) - len(text[end:].lstrip(" \t"))
    elif first == "(" and last == ")":
        start, end = before - 1, after + 1
    else:
        whole = statement_around(span)
        if whole.end == end and re.fullmatch(r"\w+\s*", text[whole.start : start]):
            return without_statement(whole)
        start = before
    return Edit(span.source.span(start, end), "")


def leave_out(span: Span, *, safe: bool = False, statement: bool = False) -> Fix:
    """Returns the fix that removes an argument or a whole statement."""
    edit = without_statement(span) if statement else without_argument(span)
    return Fix((edit,), safe, f"remove `{_short(span.text)}`")


def leave_out_if_whole(span: Span, *, safe: bool = False) -> Fixes:
    """Returns the fix that removes a span, if it is a whole argument or a whole statement."""
    text = span.source.text
    before, after = text[: span.start].rstrip(), text[span.end :].lstrip(" \t")
    # The value of an option, the name of a block, the word before a block.
    if before.endswith("=") or after[:1] in ("{", "("):
        return ()
    whole = statement_around(span)
    if whole.start == span.start and whole.end != span.end:
        return ()
    return (leave_out(span, safe=safe, statement=whole.start == span.start),)


def append(span: Span, text: str, *, safe: bool = False) -> Fix:
    """Returns the fix that adds an argument at the end of a statement."""
    place = span.source.span(span.end, span.end)
    return Fix((Edit(place, f" {text}"),), safe, f"add `{text}`")


def set_flag(
    span: Span, word: str, option: str = "", other: str = "", *, safe: bool = False
) -> Fix:
    """Returns the fix that adds a flag to a statement.

    Where the statement has the option, or another word for it, that gives way.
    """
    words = [rf"\b{option}\s*=\s*[^\s,();{{}}]+"] if option else []
    words += [rf"\b{other}\b"] if other else []
    found = re.search("|".join(words), span.text) if words else None
    if found is None:
        return append(span, word, safe=safe)
    place = span.source.span(span.start + found.start(), span.start + found.end())
    return Fix((Edit(place, word),), safe, f"write `{word}`")


def put_after(span: Span, text: str) -> Edit:
    """Returns the edit that puts another statement behind one."""
    return Edit(span.source.span(span.end, span.end), f"; {text}")


def put_before(span: Span, text: str) -> Edit:
    """Returns the edit that puts another statement before one."""
    return Edit(span.source.span(span.start, span.start), f"{text}; ")


def set_option(span: Span, name: str, value: str, *, safe: bool = False) -> Fixes:
    """Returns the fix that gives an option within a span another value, if it is there."""
    found = re.search(rf"\b{name}\s*=\s*([^\s,();{{}}]+)", span.text)
    if found is None:
        return ()
    place = span.source.span(span.start + found.start(1), span.start + found.end(1))
    return (Fix((Edit(place, value),), safe, f"write `{name}={value}`"),)


def option_in(span: Span, name: str) -> Span | None:
    """Returns where an option with its value is within a span."""
    found = re.search(rf"\b{name}\s*=\s*[^\s,();{{}}]+", span.text)
    return found and span.source.span(span.start + found.start(), span.start + found.end())


def close_parenthesis(span: Span) -> Fix:
    """Returns the fix that closes a parenthesis at the end of its statement.

    It is safe where no blank follows, so that no argument can stand behind it.
    """
    end = statement_end(span.source, span.end)
    safe = not any(char.isspace() for char in span.source.text[span.end : end])
    return Fix((Edit(span.source.span(end, end), ")"),), safe, "add a `)`")


def close_brace(span: Span) -> Fix:
    """Returns the fix that closes a block where its indentation ends.

    It is safe where the lines after the brace are indented further than its own, up to one
    that is not; else the block could end anywhere.
    """
    source, text = span.source, span.source.text
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = _indent(source.line(span.line))
    end = statement_end(source, span.end)
    if end > span.end:
        # What is inside begins on the line of the brace.
        rest = text[end:].strip()
        return Fix((Edit(source.span(end, end), " }"),), not rest, "add a `}`")
    last, deeper, returned = span.line, 0, False
    lines = text.count("\n") + 1
    for number in range(span.line + 1, lines + 1):
        line = source.line(number)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if len(_indent(line)) <= len(indent):
            returned = True
            break
        last, deeper = number, deeper + 1
    if returned and not deeper:
        last = lines
    at = _line_end(text, last, source)
    broken = text[at - 1 : at] == "\n"
    written = f"{indent}}}{newline}" if broken else f"{newline}{indent}}}"
    return Fix((Edit(source.span(at, at), written),), deeper > 0 or not returned, "add a `}`")


def _line_end(text: str, number: int, source: Source) -> int:
    """Returns where a line ends, its line feed included."""
    at = 0
    for _ in range(number):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def into_train(span: Span) -> Fix:
    """Returns the fix that moves a setting into the block of training, or puts one around it."""
    statement = statement_around(span)
    inside = block_of(span.source, "train")
    if inside is None:
        block = f"train {{ {statement.text} }}"
        return write(statement, block, safe=True, title="put it in `train`")
    before = span.source.text[inside.start : inside.end].rstrip()
    at = span.source.span(inside.start + len(before), inside.start + len(before))
    # On a line of its own where the settings before it are.
    lines = before.rsplit("\n", 1)
    indent = lines[1][: len(lines[1]) - len(lines[1].lstrip())] if len(lines) > 1 else ""
    newline = "\r\n" if lines[0].endswith("\r") else "\n"
    joint = f"{newline}{indent}" if len(lines) > 1 else "; " if before.strip() else " "
    moved = (without_statement(statement), Edit(at, f"{joint}{statement.text}"))
    return Fix(moved, safe=True, title="move it into `train`")


def out_of_train(span: Span) -> Fix:
    """Returns the fix that moves a statement from the block of training to before it."""
    source, statement = span.source, statement_around(span)
    begun = [*re.finditer(r"(?:^|[;}\n])[ \t]*(?=train\s*\{)", source.text[: span.start])]
    at = source.span(begun[-1].end(), begun[-1].end()) if begun else source.span(0, 0)
    moved = (Edit(at, f"{statement.text}; "), without_statement(statement))
    return Fix(moved, safe=True, title="move it before `train`")


def joined_size(span: Span, word: str) -> Fixes:
    """Returns the fix that removes the blanks of `32 x 3` around its `x`, or before its `x3`."""
    text, start, end = span.source.text, span.start, span.end
    before = re.search(r"[\d)]([ \t]*)\Z", text[:start])
    after = re.compile(r"[ \t]*(?=\d|\()" if word == "x" else "").match(text, end)
    if before is None or after is None:
        return ()
    place = span.source.span(before.start(1), after.end())
    return (write(place, word, safe=True, title="remove the spaces"),)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
