"""Diagnostics for other programs: SARIF 2.1.0, and the workflow commands of GitHub.

SARIF is the "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" of OASIS
(errata 01, 2023), whose paragraphs are named below.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from cnnspec.core.edits import Fix
from cnnspec.core.positions import units
from cnnspec.core.source import Source, Span
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.catalog import catalog, story, title

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(found: tuple[Diagnostic, ...], version: str) -> dict[str, Any]:
    """Returns the diagnostics as a SARIF log of one run of this version of the program.

    What stopped the program before it could check, such as a missing file, is a
    notification of the tool (3.20.21), not a result.
    """
    results = [one for one in found if one.exit_code == 1]
    stopped = [one for one in found if one.exit_code != 1]
    rules = catalog()
    order = {code: index for index, code in enumerate(rules)}
    driver = {"name": "cnnspec", "version": version}
    invocation: dict[str, Any] = {"executionSuccessful": not stopped}
    if stopped:
        notifications = [_notification(one, order) for one in stopped]
        invocation["toolExecutionNotifications"] = notifications
    run = {
        "tool": {"driver": {**driver, "rules": [_rule(cls) for cls in rules.values()]}},
        "invocations": [invocation],
        "columnKind": "utf16CodeUnits",
        "results": [_result(one, order) for one in results],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(cls: type[Diagnostic]) -> dict[str, Any]:
    summary, *_ = lines = story(cls)
    text = "\n".join(lines)
    markdown = text
    for name, example in (("Wrong", cls.bad), ("Right", cls.good)):
        if example:
            text += f"\n\n{name}:\n{safe_lines(example)}"
            markdown += f"\n\n{name}:\n\n```\n{safe_lines(example)}\n```"
    return {
        "id": cls.code,
        "name": cls.__name__,
        "shortDescription": {"text": f"{title(cls)}: {summary}"},
        "fullDescription": {"text": " ".join(line for line in lines if line)},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": cls.severity},
    }


def _result(found: Diagnostic, order: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": order[found.code],
        "level": found.severity,
        "message": _message(_text(found)),
        "locations": _locations(found),
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": number, **_location(label.span), "message": _message(label.text)}
            for number, label in enumerate(found.related, 1)
        ]
    if found.fixes:
        result["fixes"] = [_fix(fix) for fix in found.fixes]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    """A fix (3.55): all edits of one file, of which an empty region inserts (3.57.3)."""
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start):
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.span.source.name, []).append(replacement)
    return {
        "description": _message(fix.title),
        "artifactChanges": [
            {"artifactLocation": _artifact(name), "replacements": replacements}
            for name, replacements in changes.items()
        ],
        "properties": {"safe": fix.safe},
    }


def _notification(found: Diagnostic, order: dict[str, int]) -> dict[str, Any]:
    return {
        "descriptor": {"id": found.code, "index": order[found.code]},
        "level": found.severity,
        "message": _message(_text(found)),
    }


def _text(found: Diagnostic) -> str:
    """Returns all texts of a diagnostic, a line for each."""
    parts = (found.message, found.label, found.help and f"help: {found.help}")
    return safe_lines("\n".join(part for part in parts if part))


def safe_lines(text: str) -> str:
    """Returns a text without control characters but its line ends."""
    return "\n".join(safe(line) for line in text.split("\n"))


def _message(text: str) -> dict[str, str]:
    # Braces would be placeholders (3.11.5).
    return {"text": safe_lines(text).replace("{", "{{").replace("}", "}}")}


def _locations(found: Diagnostic) -> list[dict[str, Any]]:
    if found.span:
        return [_location(found.span)]
    # A file that is not text or not an IR document has no lines, but a name.
    name = getattr(found, "name", "")
    return [{"physicalLocation": {"artifactLocation": _artifact(name)}}] if name else []


def _location(span: Span) -> dict[str, Any]:
    artifact = _artifact(span.source.name)
    return {"physicalLocation": {"artifactLocation": artifact, "region": _region(span)}}


def _region(span: Span) -> dict[str, int]:
    start_line, start_column = _utf16(span.source, span.start)
    end_line, end_column = _utf16(span.source, span.end)
    return {
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _utf16(source: Source, offset: int) -> tuple[int, int]:
    """Returns line and column of an offset in units of UTF-16 (3.14.17), both from 1."""
    line, column = source.line_column(offset)
    before = source.text[offset - column + 1 : offset]
    return line, units(before) + 1


def _artifact(name: str) -> dict[str, str]:
    """Returns a file as a URI (3.4.3), relative to where the command ran if its path is."""
    path = Path(name)
    return {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}


def github(found: tuple[Diagnostic, ...]) -> str:
    """Returns the diagnostics as workflow commands, which GitHub shows beside changed lines."""
    return "".join(_command(one) + "\n" for one in found)


def _command(found: Diagnostic) -> str:
    properties: dict[str, Any] = {}
    if found.span:
        source = found.span.source
        line, column = found.span.line, found.span.column
        end_line, end_column = source.line_column(found.span.end)
        properties = {"file": source.name, "line": line, "col": column, "endLine": end_line}
        # GitHub takes an end column only within one line.
        if end_line == line:
            properties["endColumn"] = end_column
    elif name := getattr(found, "name", ""):
        properties = {"file": name}
    properties["title"] = found.code
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{found.severity} {listed}::{_data(_text(found))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(safe_lines(text)).replace(":", "%3A").replace(",", "%2C")
