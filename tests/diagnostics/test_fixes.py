"""Every fix, applied, removes its finding; every help in words does when it is followed."""

import re
from pathlib import Path

import pytest

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import check
from cnnspec.core.edits import Fix, apply_edits
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.rewrites import statement_around
from cnnspec.language.parse import parse
from tests.diagnostics.test_golden_errors import CLASSES, FILES, problems_of

FIXABLE = [cls for cls in CLASSES if cls.fixes_at is not Diagnostic.fixes_at]


def problems(text: str) -> tuple[Diagnostic, ...]:
    return with_advice(check(Source("tests/errors/fixed.cnn", text)))


def number(found: tuple[Diagnostic, ...], one: Diagnostic) -> int:
    return sum((p.code, p.message) == (one.code, one.message) for p in found)


def applied(fix: Fix) -> str:
    source = fix.edits[0].span.source
    return apply_edits(source, fix.edits)


@pytest.mark.parametrize("cls", [cls for cls in FIXABLE if cls.bad], ids=lambda cls: cls.__name__)
def test_the_first_fix_of_the_bad_example_removes_its_code(cls: type[Diagnostic]) -> None:
    (found,) = problems(cls.bad)
    text = applied(found.fixes[0])
    assert parse(Source("fixed", text)).problems == ()
    assert cls.code not in [p.code for p in problems(text)]
    assert not [p for p in problems(text) if p.severity == "error"]


def test_what_has_a_fix() -> None:
    without = {cls.code for cls in CLASSES if cls.bad} - {cls.code for cls in FIXABLE}
    # A size, a value, a layout or a device that nobody but the author knows; a place that is not
    # allowed.
    assert without == {
        "CNN009", "CNN010", "CNN109", "CNN124", "CNN131", "CNN202", "CNN207", "CNN209", "CNN212",
        "CNN213", "CNN303", "CNN304", "CNN307",
    }  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_fix_removes_its_finding(path: Path) -> None:
    before = problems_of(path)
    for one in before:
        for fix in one.fixes:
            assert fix.title
            after = problems(applied(fix))
            assert number(after, one) < number(before, one), fix.title


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_safe_fix_brings_no_other_syntax_error(path: Path) -> None:
    for one in problems_of(path):
        for fix in one.fixes:
            if fix.safe:
                source = fix.edits[0].span.source
                after = parse(Source("fixed", applied(fix))).problems
                assert len(after) <= len(parse(source).problems)


SAID = re.compile(r"(?:write|did you mean|use|add|end with|watch|train with) (?:a )?`([^`]+)`")
"""Code that a help tells to write."""
FILLED = {
    "FILTERS": "8", "KERNEL": "3", "UNITS": "10", "RATE": "0.5", "F": "16", "…": "relu",
    "value": "16",
}  # fmt: skip
"""Values for what a help leaves to the reader."""


def told() -> list[tuple[str, str, int, str]]:
    """Every piece of code that a help tells to write: the text, and which one it is of."""
    texts = {path.stem: path for path in FILES}
    found = []
    for name, path in texts.items():
        for index, one in enumerate(problems_of(path)):
            found += [(name, one.help, index, said) for said in SAID.findall(one.help)]
    return found


@pytest.mark.parametrize(("name", "help", "index", "said"), told())
def test_what_a_help_says_helps_when_it_is_written(
    name: str, help: str, index: int, said: str
) -> None:
    (path,) = [path for path in FILES if path.stem == name]
    before = problems_of(path)
    one = before[index]
    texts = [applied(fix) for fix in one.fixes]
    spaced = " ".join(said.split())
    if any(spaced in " ".join(text.split()) for text in texts):
        # The fix writes what the help says, and the test above sees that it helps.
        return
    assert one.span
    source = one.span.source
    filled = re.sub(r"[A-Z]{5,}|\bRATE\b|\bF\b|…|\bvalue\b", lambda m: FILLED[m.group()], said)
    tried = [
        # In the place of what is marked, of its statement, and as one more argument of it.
        source.text[: one.span.start] + filled + source.text[one.span.end :],
        _instead(source, one, filled),
        _added(source, one, filled),
    ]
    assert any(number(problems(text), one) < number(before, one) for text in tried), tried


def _instead(source: Source, one: Diagnostic, text: str) -> str:
    assert one.span
    whole = statement_around(one.span)
    end = one.span.end
    if text.endswith("}"):
        rest = re.compile(r"[^{};\n]*\{[^{}]*\}").match(source.text, whole.start)
        end = rest.end() if rest else whole.end
    return source.text[: whole.start] + text + source.text[max(end, whole.end) :]


def _added(source: Source, one: Diagnostic, text: str) -> str:
    assert one.span
    end = statement_around(one.span).end
    return f"{source.text[:end]} {text}{source.text[end:]}"


def test_helps_are_followed_often_enough_to_count() -> None:
    assert len(told()) > 60
