"""`report --latex`: the tables of a run, of several seeds and of a sweep, for a paper."""

import re

import pytest

from cnnspec.commands import main
from cnnspec.report.latex import run_latex, sweep_latex
from cnnspec.report.seeds import gather
from cnnspec.runs.run import METRICS
from cnnspec.sweeps.results import Results
from tests.support.run_folders import environment, make, metrics
from tests.support.sweep_folders import finished_sweep
from tests.support.tex import compiled, needs_tex

HOSTILE = ["a_b", "%", "&", "#", "$", "{", "}", "~ ^", "\\x", "größe"]


@pytest.fixture
def seeds(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    for number, accuracy in ((1, 0.8), (2, 0.9)):
        make(
            folder,
            name=f"seed-{number}",
            metrics=metrics(accuracy),
            environment=environment(labels=HOSTILE),
        )
    return folder


def test_the_tables_of_a_run(tmp_path, capsys):
    run = make(tmp_path)
    assert main(["report", str(run.folder), "--latex"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("% small-1: small\n")
    assert [line for line in said.splitlines() if line.startswith("% ")][1:] == [
        "% Metrics",
        "% Claims",
        "% Layers",
        "% Classes",
    ]
    assert r"test & 0.9000 & 0.8900 & 0.3000 \\" in said
    assert r"\texttt{budget params \textless{}= 10000} & 6,810 & 68.1 \% & held \\" in said
    # Few fonts of LaTeX have the marks of a page.
    assert not set("✓✗") & set(said)
    # Nothing is written.
    assert not (run.folder / "report.html").exists()


def test_a_run_without_results_says_so(tmp_path):
    said = run_latex(gather(make(tmp_path, without=(METRICS,)).folder))
    assert "% There are no results yet" in said
    assert "% Layers" in said
    assert "% Metrics" not in said


def test_the_tables_of_a_sweep_have_every_point(tmp_path, capsys):
    sweep = finished_sweep(tmp_path)
    assert main(["report", str(sweep.folder), "--latex", "--by", "val_accuracy"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("% grid-sweep-1: 12 points: 12 finished\n")
    for title in ("Points by validation accuracy", "Winners", "Best for their cost", "Effect of"):
        assert f"\n% {title}" in said
    points = said[: said.index("% Winners")]
    # A row begins with the depth of its point.
    assert len(re.findall(r"^[12] & ", points, re.M)) == 12


@needs_tex
def test_they_compile(tmp_path, seeds):
    sweep = finished_sweep(tmp_path)
    tables = run_latex(gather(seeds)), sweep_latex(Results.read(sweep))
    assert r"\textbackslash{}x" in tables[0]
    compiled(tmp_path, *tables)


@pytest.mark.parametrize("other", ["--json", "--handin", "--out=x"])
def test_nothing_else_is_written(other, tmp_path, capsys):
    run = make(tmp_path)
    assert main(["report", str(run.folder), "--latex", other]) == 2
    captured = capsys.readouterr()
    assert "`--latex` prints tables and writes nothing" in captured.out + captured.err


def test_by_is_for_sweeps(tmp_path, capsys):
    run = make(tmp_path)
    assert main(["report", str(run.folder), "--latex", "--by", "loss"]) == 2
    assert "`--by` is for sweeps" in capsys.readouterr().err


def test_a_sweep_prints_them_at_its_end_or_nothing(capsys):
    spec = "dense 10; sweep { batch in 1, 2 }"
    assert main(["sweep", "-e", spec, "--latex", "--dry-run"]) == 2
    assert "`--latex` prints the tables of what was trained" in capsys.readouterr().err
