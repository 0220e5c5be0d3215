import os
from pathlib import Path

import pytest

import cnnspec.commands.inputs
import cnnspec.diagnostics.catalog  # noqa: F401 - the diagnostics of both count
from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.core.terminal import plain
from cnnspec.diagnostics import claims, environment, layer_lints, names, shapes, syntax
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import MAX_SHOWN, as_json, render
from cnnspec.files.sources import decode

FOLDER = Path(__file__).parents[1] / "errors"
FILES = sorted(FOLDER.glob("*.cnn"))

# What no text of a spec can do wrong: `--set` and IR documents have tests of their own.
NO_TEXT = {"CNN112"}


def problems_of(path: Path) -> tuple[Diagnostic, ...]:
    try:
        return with_advice(check(decode(path.read_bytes(), f"tests/errors/{path.name}")))
    except CnnspecError as problems:
        return problems.diagnostics


def concrete(cls: type[Diagnostic] = Diagnostic) -> list[type[Diagnostic]]:
    found = [cls] if isinstance(vars(cls).get("code"), str) else []
    return found + [deep for child in cls.__subclasses__() for deep in concrete(child)]


def codes(problems: tuple[Diagnostic, ...]) -> list[str]:
    return [problem.code for problem in problems]


CLASSES = [cls for cls in concrete() if cls.__module__.startswith("cnnspec.")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_prints_exactly(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    problems = problems_of(path)
    printed = plain(render(problems))
    golden = path.with_suffix(".err")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(printed, encoding="utf-8", newline="")
    assert printed == golden.read_bytes().decode()
    assert path.name.partition("-")[0] in codes(problems)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_says_nothing_twice_and_stays_inside_the_file(path: Path) -> None:
    problems = problems_of(path)
    places = [(p.span.start, p.span.end) if p.span else None for p in problems]
    assert len(set(places)) == len(places)
    for problem in problems:
        assert as_json(problem)["message"] == problem.message
        assert all("``" not in said for said in (problem.message, problem.label, problem.help))
        if problem.span:
            assert 0 <= problem.span.start <= problem.span.end <= len(problem.span.source.text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_never_prints_a_control_character(path: Path) -> None:
    printed = plain(render(problems_of(path)))
    assert all(char.isprintable() or char == "\n" for char in printed)


def test_no_golden_text_is_left_without_its_spec() -> None:
    assert {p.stem for p in FOLDER.glob("*.err")} == {p.stem for p in FILES}


@pytest.mark.parametrize(
    "cls",
    [cls for cls in CLASSES if cls.code[3] in "012356" and cls.code not in NO_TEXT],
    ids=lambda cls: cls.__name__,
)
def test_every_fault_of_a_text_has_a_golden_file(cls: type[Diagnostic]) -> None:
    assert list(FOLDER.glob(f"{cls.code}-*.cnn"))


def test_a_code_has_one_meaning() -> None:
    assert len({cls.code for cls in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_fault_tells_its_story(cls: type[Diagnostic]) -> None:
    assert cls.__doc__
    assert cls.__doc__.strip().endswith(".")
    assert cls.exit_code in (1, 2, 3)


@pytest.mark.parametrize(
    "cls", [cls for cls in CLASSES if cls.bad or cls.good], ids=lambda cls: cls.__name__
)
def test_the_bad_example_shows_the_fault_and_only_it(cls: type[Diagnostic]) -> None:
    assert codes(check(Source("bad", cls.bad)).problems) == [cls.code]


@pytest.mark.parametrize(
    "cls", [cls for cls in CLASSES if cls.bad or cls.good], ids=lambda cls: cls.__name__
)
def test_the_good_example_is_fine(cls: type[Diagnostic]) -> None:
    assert check(Source("good", cls.good)).problems == ()


def test_every_fault_of_a_text_has_examples() -> None:
    without = {cls.code for cls in CLASSES if cls.code[3] in "012356" and not cls.bad}
    # Not UTF-8, beyond a limit, named by `--set`: no example is short enough to read.
    assert without == {"CNN006", "CNN007", "CNN112"}


def test_ten_independent_faults_are_exactly_ten() -> None:
    problems = problems_of(FOLDER / "CNN101-ten-faults.cnn")
    assert len(problems) == 10


def test_more_faults_than_fit_are_counted() -> None:
    problems = problems_of(FOLDER / "CNN101-more-than-shown.cnn")
    printed = plain(render(problems))
    assert len(problems) == MAX_SHOWN + 5
    assert printed.count("error[") == MAX_SHOWN
    assert printed.endswith("\nand 5 more\n")


def test_modules_of_diagnostics_are_all_looked_at() -> None:
    looked_at = {cls.__module__ for cls in CLASSES}
    assert {
        m.__name__ for m in (claims, environment, layer_lints, names, shapes, syntax)
    } <= looked_at
