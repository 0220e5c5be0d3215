"""Diagnostics as people read them, and as JSON. Knows their parts, not their meaning."""

import os
from typing import Any

from cnnspec.core.edits import Fix
from cnnspec.core.source import Span
from cnnspec.core.terminal import Line, messages, show, width
from cnnspec.diagnostics.base import Diagnostic

MAX_SHOWN = 20
"""How many diagnostics are shown at once."""
_LONG = 100
"""A help with more characters, as a list of all words, is printed only once."""


def render(diagnostics: tuple[Diagnostic, ...], columns: int | None = None) -> list[Line]:
    """Returns the lines of at most `MAX_SHOWN` diagnostics, and how many more there are.

    Lines of a source are cut to `columns`, by default those of the terminal.
    """
    columns = columns or _columns()
    lines: list[Line] = []
    printed: set[str] = set()
    for diagnostic in diagnostics[:MAX_SHOWN]:
        lines += _one(diagnostic, columns)
        if diagnostic.help and diagnostic.help not in printed:
            lines.append(_help(diagnostic))
        if len(diagnostic.help) > _LONG:
            printed.add(diagnostic.help)
        lines.append([])
    if len(diagnostics) > MAX_SHOWN:
        lines.append([(f"and {len(diagnostics) - MAX_SHOWN} more", "strong")])
    elif lines:
        lines.pop()
    return lines


def tell(*found: Diagnostic) -> None:
    """Shows diagnostics that end nothing, beside the result."""
    if found:
        show([*render(found), []], messages())


def _one(found: Diagnostic, columns: int) -> list[Line]:
    lines: list[Line] = [
        [(f"{found.severity}[{found.code}]", found.severity), (f": {found.message}", "strong")]
    ]
    margin = _margin(found)
    if found.span:
        place = f"{found.span.source.shown}:{found.span.line}:{found.span.column}"
        lines.append([(" " * margin + "--> ", "place"), (place, "")])
        lines += _snippet(found.span, found.label, "^", found.severity, margin, columns)
    for label in found.related:
        lines += _snippet(label.span, label.text, "-", "place", margin, columns)
    return lines


def _margin(found: Diagnostic) -> int:
    spans = [found.span] if found.span else []
    spans += [label.span for label in found.related]
    return max((len(str(span.line)) for span in spans), default=1)


def _help(found: Diagnostic) -> Line:
    return [(" " * _margin(found) + " = ", "place"), (f"help: {found.help}", "help")]


def _snippet(
    span: Span, label: str, mark: str, style: str, margin: int, columns: int
) -> list[Line]:
    text = span.source.line(span.line).replace("\t", " ")
    start = span.column - 1
    end = min(start + max(span.end - span.start, 1), max(len(text), start + 1))
    shown, start, end = _windowed(text, start, end, columns - margin - 4)
    before = " " * width(shown[:start])
    under = mark * max(width(shown[start:end]), 1)
    return [
        [(" " * margin + " |", "place")],
        [(f"{span.line:>{margin}} | ", "place"), (shown, "")],
        [(" " * margin + " | ", "place"), (before, ""), (f"{under} {label}", style)],
    ]


def _windowed(text: str, start: int, end: int, most: int) -> tuple[str, int, int]:
    """Returns the part of a long line around `[start, end)`, and where that is in the part."""
    most = max(most, 20)
    if len(text) <= most:
        return text, start, end
    end = min(end, start + most // 2)
    left = max(0, min(start - most // 4, len(text) - most))
    shown = text[left : left + most - 1]
    if left:
        shown = "…" + shown[1:]
    if left + most - 1 < len(text):
        shown += "…"
    return shown, start - left, end - left


def _columns() -> int:
    try:
        return int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(2).columns
    except OSError:
        return 120


def as_json(found: Diagnostic) -> dict[str, Any]:
    """Returns a diagnostic as JSON: lines and columns from 1, the end exclusive."""
    data: dict[str, Any] = {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        "label": found.label,
        "help": found.help,
    }
    if found.span:
        data |= _place(found.span)
    data["related"] = [{"text": label.text, **_place(label.span)} for label in found.related]
    data["fixes"] = [_fix(fix) for fix in found.fixes]
    return data


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"text": edit.text, **_place(edit.span)} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _place(span: Span) -> dict[str, Any]:
    end_line, end_column = span.source.line_column(span.end)
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": end_column,
    }
