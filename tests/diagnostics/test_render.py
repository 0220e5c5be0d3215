from itertools import pairwise

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.core.terminal import plain
from cnnspec.diagnostics.render import as_json, render


def printed(text: str, name: str = "x.cnn") -> list[str]:
    return plain(render(check(Source(name, text)).problems)).splitlines()


@pytest.mark.parametrize("columns", [0, 20, 40, 80, 200])
@pytest.mark.parametrize("before", [0, 5, 50, 500])
def test_a_long_line_is_cut_around_its_fault(monkeypatch, columns: int, before: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = " " * before + "conv 32x3 rleu name=" + "n" * 200 + "; dense 10"
    _, _, _, line, carets, _ = printed(text)
    assert len(line) <= max(columns, 24)
    at = carets.index("^^^^")
    assert carets.count("^") == 4
    assert line[at : at + 4] == "rleu"


@pytest.mark.parametrize("lead", ["", "\t", "\t\t", "日本 = 1; ", "ü\u0301 = 1; "])
def test_the_caret_stands_below_its_word(lead: str) -> None:
    from cnnspec.core.terminal import width

    text = f"let {lead}" if "=" in lead else lead
    lines = printed(f"{text}conv 32x3 rleu; dense 10")
    line, carets = next((a, b) for a, b in pairwise(lines) if "^^^^" in b)
    assert width(line[: line.index("rleu")]) == carets.index("^")


def test_line_numbers_share_a_margin() -> None:
    text = "conv 8x3 name=a\n" + "bn\n" * 98 + "conv 8x3 name=a\ndense 10"
    lines = printed(text)
    assert lines[1:] == [
        "   --> x.cnn:100:10",
        "    |",
        "100 | conv 8x3 name=a",
        "    |          ^^^^^^",
        "    |",
        "  1 | conv 8x3 name=a",
        "    |          ------ given first here",
        "    = help: keep one of the two",
    ]


def test_a_name_with_controls_is_shown_safely() -> None:
    assert printed("dens 10", "a\x1b[2J.cnn")[1] == " --> a\\x1b[2J.cnn:1:1"


def test_json_has_every_place() -> None:
    (problem,) = check(Source("x.cnn", "bn\n\nconv 8x3 relu tanh\ndense 10")).problems
    found = as_json(problem)
    assert found["code"] == "CNN013"
    assert found["severity"] == "error"
    assert [found[k] for k in ("line", "column", "end_line", "end_column")] == [3, 15, 3, 19]
    assert found["related"] == [
        {"text": "given first here", "file": "x.cnn"}
        | {"line": 3, "column": 10, "end_line": 3, "end_column": 14}
    ]
