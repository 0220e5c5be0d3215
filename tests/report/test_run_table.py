"""Runs side by side: the table, its order, what it warns of, and the page."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cnnspec.commands import main
from cnnspec.report.phrases import NONE
from cnnspec.report.run_table import TABLE_METRICS, cautions, compare
from cnnspec.runs.run import METRICS
from tests.report.test_page import Page
from tests.support.paths import ROOT
from tests.support.run_folders import TEXT, environment, make, metrics


@pytest.fixture
def runs(tmp_path):
    """Three networks: one of them with two seeds, one unfinished."""
    folder = tmp_path / "runs"
    make(
        folder,
        TEXT.replace("10k", "20k").replace("4x3", "8x3"),
        "larger",
        metrics=metrics(0.95, seconds=99.5),
    )
    group = folder / "seeds"
    group.mkdir()
    make(group, name="seed-1", metrics=metrics(0.8))
    make(group, name="seed-2", metrics=metrics(0.9))
    make(folder, name="waiting", without=(METRICS,))
    return folder


def test_each_network_is_a_row(runs):
    larger, seeds, waiting = compare([runs])
    assert larger.cells() == (
        "larger", "13,610", "62,192", "0.9500", "0.8900", "0.3000", "0.3000", "3", "99.5",
    )  # fmt: skip
    assert seeds.cells()[3] == "0.8500 ± 0.0707"
    assert seeds.dump()["accuracy_sd"] == pytest.approx(0.0707, abs=1e-4)
    assert seeds.dump()["seeds"] == 2
    assert waiting.cells()[3:] == (NONE, NONE, NONE, NONE, "3", NONE)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", "larger seeds waiting"),
        ("name", "larger seeds waiting"),
        ("params", "seeds waiting larger"),
        ("accuracy", "larger seeds waiting"),
        ("seconds", "seeds larger waiting"),
    ],
)
def test_rows_are_sorted_best_first_and_unknown_last(runs, sort, order):
    assert [row.name for row in compare([runs], sort)] == order.split()


def test_a_folder_named_twice_is_one_row(runs):
    assert len(compare([runs, runs / "larger"])) == 3


def test_runs_with_the_same_name_get_different_labels(tmp_path):
    for parent in ("a", "b"):
        make(tmp_path / parent)
    assert [row.name for row in compare([tmp_path / "a", tmp_path / "b"])] == [
        "a/small-1",
        "b/small-1",
    ]


def test_figures_that_do_not_compare_give_a_warning(tmp_path, runs):
    assert cautions(compare([runs])) == ["No results yet, or not of every seed: waiting."]
    make(tmp_path, TEXT.replace("metrics", "loss mse; metrics"), "other")
    (caution,) = cautions(compare([runs / "larger", tmp_path / "other"]))
    assert "mse" in caution
    assert "do not compare" in caution
    make(tmp_path, name="more", environment=environment(test=99))
    (caution,) = cautions(compare([runs / "larger", tmp_path / "more"]))
    assert "different data" in caution


def test_the_table_is_printed_and_the_warning_apart(runs, capsys):
    assert main(["compare", str(runs), "--sort", "accuracy"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].split() == " ".join(["run", *(c.title for c in TABLE_METRICS.values())]).split()
    assert lines[2].startswith("seeds ")
    assert "0.8500 ± 0.0707" in lines[2]
    assert "standard deviation" in captured.out
    assert captured.err == "warning: No results yet, or not of every seed: waiting.\n"


def test_csv_json_and_markdown(runs, capsys):
    make(runs, name="=cmd() | <b>")
    assert main(["compare", str(runs), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == ["'=cmd() | <b>", "larger", "seeds", "waiting"]
    assert rows[1]["accuracy"] == "0.95"
    assert rows[3]["accuracy"] == ""
    assert main(["compare", str(runs), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["runs"][3]["accuracy"] is None
    assert data["cautions"]
    assert main(["compare", str(runs), "--markdown"]) == 0
    assert r"| =cmd\(\) \| &lt;b&gt; |" in capsys.readouterr().out


def test_latex_is_a_table_of_booktabs(runs, capsys):
    make(runs, name="=cmd() | <b> & 100%")
    assert main(["compare", str(runs), "--latex"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == rf"\begin{{tabular}}{{l{'r' * len(TABLE_METRICS)}}}"
    name = r"=cmd() \textbar{} \textless{}b\textgreater{} \& 100\%"
    assert lines[4].startswith(f"{name} & ")
    assert any(r"0.8500 \ensuremath{\pm} 0.0707" in line for line in lines)
    assert lines[-1] == r"\end{tabular}"


def test_a_page_with_the_curves_of_all(runs, tmp_path, capsys):
    for number in range(10):
        make(runs, name=f"more <{number}>")
    page = tmp_path / "out" / "all.html"
    page.parent.mkdir()
    assert main(["compare", str(runs), "--out", str(page)]) == 0
    text = page.read_text()
    parsed = Page(text)
    assert parsed.open == []
    assert parsed.all("script") == []
    assert "13 networks compared" in parsed.text
    assert "The first 12 networks" in parsed.text
    assert "more <3>" in parsed.text
    assert all(attrs.get("aria-label") for attrs in parsed.all("svg"))
    ids = [attrs["id"] for _, attrs in parsed.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    names = {path.name for path in (tmp_path / "out" / "all").iterdir()}
    assert {"validation_loss.png", "validation_loss.svg", "training_f1.svg"} <= names
    capsys.readouterr()
    assert main(["compare", str(runs), "--out", str(page)]) == 3
    assert "--force" in capsys.readouterr().err
    assert main(["compare", str(runs), "--out", str(page), "--force"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["larger"], 2, "a comparison needs two"),
        (["larger", "none"], 3, "there is no run folder"),
        (["larger", "seeds", "--out", "x.png"], 2, ".html"),
        (["larger", "seeds", "--csv", "--markdown"], 2, "two formats"),
        (["larger", "seeds", "--markdown", "--latex"], 2, "two formats"),
        (["larger", "seeds", "--sort", "beauty"], 2, "beauty"),
    ],
)
def test_compare_refuses_what_is_not_a_run(runs, monkeypatch, capsys, arguments, code, said):
    monkeypatch.chdir(runs)
    assert main(["compare", *arguments]) == code
    assert said in capsys.readouterr().err
    assert not Path("x.png").exists()


def test_a_damaged_run_is_named_beside_the_table_of_what_can_be_read(runs, capsys):
    (runs / "larger" / METRICS).write_text("{")
    assert main(["compare", str(runs)]) == 0
    out, err = capsys.readouterr()
    assert f"{Path('larger') / METRICS} is damaged" in err
    assert "No results yet, or not of every seed: larger and waiting." in err
    assert "larger" in out


def test_a_table_needs_no_numpy(runs):
    code = (
        "import sys; from cnnspec.commands import main; assert main(sys.argv[1:]) == 0;"
        "print('loaded:', *{'keras', 'numpy', 'matplotlib', 'jinja2'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, "compare", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "loaded:"
