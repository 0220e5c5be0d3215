"""`cnnspec search` from its command line: what it trains, keeps, and does after it was stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.sweeps.folder import Sweep
from cnnspec.sweeps.guided import samplers
from tests.support.paths import ROOT
from tests.support.sweep_processes import figures, outcomes, states, wait_for, written_at

TEXT = """
model tiny
data fashion_mnist_mini
let f = 2; let rate = 0.01
pool 4; conv (f)x2 relu; dense 10 softmax
budget params <= 800
train { optimizer adam((rate)); batch 500; epochs 3; validation 0.2; measure held_out }
sweep { f in 2..9; rate in 1e-4..1e-1 log; schedule in constant, cosine }
"""
"""One width of eight keeps the budget, 740 parameters: (4 + 1) * 2 + 6 * 6 * 2 * 10 + 10."""

POINTS = 12
"""The first ten are drawn, the others proposed by TPE."""


def searched(folder, *arguments):
    """Runs a search in this process; its trainings have processes of their own."""
    (folder / "tiny.cnn").write_text(TEXT)
    told = [*arguments, "--no-report"]
    if "--resume" not in told:
        told = [str(folder / "tiny.cnn"), "--out", str(folder), "--backend", "native", *told]
    return main(["search", *told])


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """A search that nothing has stopped, and copies of its folder as each write had left it."""
    parent = tmp_path_factory.mktemp("unbroken")
    copies = []
    replace = os.replace

    def watched(source, target):
        replace(source, target)
        if os.path.basename(target) in ("search.json", "sweep.json"):  # noqa: PTH119
            copies.append(parent / f"copy-{len(copies)}")
            shutil.copytree(os.path.dirname(target), copies[-1])  # noqa: PTH120

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", watched)
        assert searched(parent, "--points", str(POINTS), "--jobs", "1") == 0
    return parent / "tiny-search-1", copies


def journal(folder):
    return json.loads((folder / "search.json").read_text())


def test_points_out_of_budget_are_never_trained_and_the_sampler_is_told(unbroken):
    folder, _ = unbroken
    sweep = Sweep.open(folder)
    assert [point.values["f"] for point in sweep.plan.points] == ["2"] * POINTS
    assert set(states(folder).values()) == {"finished"}
    assert sum(sweep.plan.reasons.values()) >= 40  # seven of eight widths
    assert set(sweep.plan.reasons) == {"CNN301 budget params <= 800"}
    runs = {path.parent.name for path in folder.glob("*/ir.json")}
    assert runs == {point.name for point in sweep.plan.points}
    told = [p for p in journal(folder)["proposals"] if not p["name"]]
    # 3 widths: (4 + 1) * 3 + 6 * 6 * 3 * 10 + 10 = 1,105 parameters
    assert all(p["violation"] >= 305 / 800 for p in told)


def test_results_are_those_of_a_sweep_chosen_by_validation_images(unbroken):
    folder, _ = unbroken
    results = json.loads((folder / "results.json").read_text())
    best = max(
        (point for point in results["points"]),
        key=lambda point: point["metrics"]["val_accuracy"]["mean"],
    )
    assert results["by"] == "val_accuracy"
    assert results["winners"]["chosen"] == best["name"]
    found = json.loads((folder / "best" / "best.json").read_text())
    assert [pick["budget"] for pick in found["best"]] == ["budget params <= 800"]
    assert found["best"][0]["point"] == best["name"]
    assert found["best"][0]["cost"] == 740
    text = (folder / "best" / "params-800.cnn").read_text()
    assert check(Source("best", text)).ok
    assert f"rate={best['values']['rate']}" in text


@pytest.mark.parametrize("back", [4, 3])
def test_a_search_killed_at_a_write_ends_as_if_it_was_not(unbroken, tmp_path, back):
    """After the journal of the last point but one, or after the plan with it."""
    folder, copies = unbroken
    left = tmp_path / "tiny-search-1"
    shutil.copytree(copies[-back], left)
    assert len(Sweep.open(left).plan.points) == POINTS - back // 2
    before = written_at(left)
    assert searched(tmp_path, "--resume", str(left)) == 0
    assert outcomes(left) == outcomes(folder)
    assert journal(left) == journal(folder)
    assert {name: time for name, time in written_at(left).items() if name in before} == before


@pytest.mark.skipif(sys.platform != "linux", reason="signals of POSIX")
def test_killed_driver_goes_on_and_more_points_can_be_asked_for(unbroken, tmp_path):
    (tmp_path / "tiny.cnn").write_text(TEXT)
    told = ("--points", "3", "--jobs", "1", "--no-report", "--backend", "native")
    process = subprocess.Popen(
        [sys.executable, "-m", "cnnspec", "search", "tiny.cnn", *told],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    folder = tmp_path / "runs" / "tiny-search-1"
    wait_for(lambda: (folder / "sweep.json").exists() and written_at(folder), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = written_at(folder)
    assert len(before) < 3
    assert main(["search", "--resume", str(folder), "--no-report", "--points", "4"]) == 0
    whole = list(outcomes(unbroken[0]).items())
    assert list(outcomes(folder).items()) == whole[:4]
    assert {n: time for n, time in written_at(folder).items() if n in before} == before


def test_the_number_of_jobs_on_resume_changes_nothing(tmp_path):
    """Groups of two, by two processes; the same from the first group on by one."""
    how = ("--sampler", "cma-es", "--points", "4")
    assert searched(tmp_path, *how, "--jobs", "2") == 0
    folder = tmp_path / "tiny-search-1"
    whole = journal(folder)
    proposals = whole["proposals"]
    second = [place for place, each in enumerate(proposals) if each["name"]][1]
    left = tmp_path / "left"
    shutil.copytree(folder, left)
    for each in proposals[second + 1 :]:
        if each["name"]:
            shutil.rmtree(left / each["name"])
    (left / "search.json").write_text(
        json.dumps({**whole, "proposals": proposals[: second + 1], "drawn": 0})
    )
    assert searched(tmp_path, "--resume", str(left), "--jobs", "1") == 0
    assert journal(left) == whole
    assert outcomes(left) == outcomes(folder)


def test_stopped_points_are_rows_and_the_others_end_as_they_would(unbroken, tmp_path):
    how = ("--stop-early", "halving", "--points", "6", "--jobs", "1")
    assert searched(tmp_path, *how) == 0
    folder = tmp_path / "tiny-search-1"
    results = json.loads((folder / "results.json").read_text())
    ended = {point["name"]: point["state"] for point in results["points"]}
    whole = outcomes(unbroken[0])
    assert list(ended) == list(whole)[:6]
    assert set(ended.values()) == {"finished", "stopped early"}
    for name, state in ended.items():
        if state == "finished":
            assert outcomes(folder)[name] == whole[name]
    # Each compared with those before it, after one of three epochs: the best third goes on.
    firsts = {name: whole[name][1][0]["val_accuracy"] for name in ended}
    seen = []
    for name, state in ended.items():
        seen.append(name)
        best = sorted(seen, key=lambda n: -firsts[n])[: -(-len(seen) // 3)]
        assert (state == "finished") == (name in best)


def test_training_that_fails_is_a_row_and_the_search_goes_on(tmp_path, capsys):
    text = TEXT.replace("rate in 1e-4..1e-1 log", "rate in 1e30, 1e-2").replace("2..9", "2, 3")
    (tmp_path / "odd.cnn").write_text(text.replace("; schedule in constant, cosine", ""))
    told = ["search", str(tmp_path / "odd.cnn"), "--out", str(tmp_path), "--backend", "native"]
    assert main([*told, "--points", "9", "--jobs", "1", "--no-report"]) == 1
    said = capsys.readouterr()
    assert "failed: the loss is nan in epoch 1" in said.err
    assert "2 points were trained and not 9: no other within the budgets was found" in said.out
    found = sorted(states(tmp_path / "tiny-search-1").values())
    assert found == ["failed", "finished"]


def refused(capsys, *arguments):
    code = main(["search", *arguments])
    return code, capsys.readouterr().err


def test_budgets_that_no_point_keeps_are_an_error_before_any_work(tmp_path, capsys):
    text = TEXT.replace("<= 800", "<= 700").replace("1e-4..1e-1 log", "1e-3, 1e-2")
    (tmp_path / "tiny.cnn").write_text(text)
    told = (str(tmp_path / "tiny.cnn"), "--out", str(tmp_path / "runs"), "--sampler", "random")
    code, said = refused(capsys, *told, "--backend", "native")
    assert code == 2
    assert "none of 32 points of" in said
    assert "32 times CNN301 budget params <= 700" in said
    assert "the nearest is f=2" in said
    assert "params is 740, and the budget is <= 700" in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("sampler", "package"), [("tpe", "optuna"), ("cma-es", "cmaes")])
def test_missing_package_is_told_before_any_work(tmp_path, capsys, monkeypatch, sampler, package):
    found = samplers.find_spec
    monkeypatch.setattr(
        samplers, "find_spec", lambda name: None if name == package else found(name)
    )
    (tmp_path / "tiny.cnn").write_text(TEXT)
    told = (str(tmp_path / "tiny.cnn"), "--out", str(tmp_path / "runs"), "--sampler", sampler)
    code, said = refused(capsys, *told, "--backend", "native")
    assert code == 3
    assert f"error[CNN902]: the sampler {sampler} needs {package}, which is not installed" in said
    assert "pip install 'cnnspec[search]'" in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "arguments", "message", "remedy"),
    [
        (
            "validation test",
            (),
            "`validation test` takes the test images",
            "write `validation 0.1`",
        ),
        ("validation none", (), "`validation none` leaves none", "write `validation 0.1`"),
        (
            "validation 0.2",
            ("--sampler", "cma-es", "--against", "params"),
            "the sampler cma-es has one objective",
            "leave out `--against`",
        ),
        (
            "validation 0.2",
            ("--against", "flash int9"),
            "`flash int9` is not a value",
            "flash int8",
        ),
        ("validation 0.2", ("--objective", "accuracy"), "is not a value", "val_accuracy"),
    ],
)
def test_what_cannot_be_searched_is_refused(tmp_path, capsys, text, arguments, message, remedy):
    (tmp_path / "tiny.cnn").write_text(TEXT.replace("validation 0.2", text))
    code, said = refused(capsys, str(tmp_path / "tiny.cnn"), "--backend", "native", *arguments)
    assert code == 2
    assert message in said
    assert remedy in said


def test_a_search_goes_on_as_it_began_and_is_not_a_sweep(unbroken, capsys):
    folder = str(unbroken[0])
    assert main(["search", "--resume", folder, "--sampler", "random"]) == 2
    assert "a search continues as it began" in capsys.readouterr().err
    assert main(["search", "--resume", folder, "--points", "3"]) == 2
    assert f"has {POINTS} points already" in capsys.readouterr().err
    assert main(["sweep", "--resume", folder]) == 2
    assert f"`cnnspec search --resume {folder}`" in capsys.readouterr().err


def test_a_text_that_was_changed_is_told(unbroken, tmp_path, capsys):
    left = tmp_path / "changed"
    shutil.copytree(unbroken[0], left)
    (left / "source.cnn").write_text(TEXT.replace("constant, cosine", "cosine"))
    assert main(["search", "--resume", str(left)]) == 3
    assert "source.cnn is not the text that search.json has the points of" in (
        capsys.readouterr().err
    )


def test_the_spec_of_the_page_is_right_and_has_points(capsys):
    assert main(["search", str(ROOT / "specs" / "search.cnn"), "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["points"] == 1000
    assert 400 < found["left"] < 900
    assert found["largest"]["params"] <= 6000


def test_a_point_of_a_search_trains_to_the_same_by_itself(unbroken, tmp_path):
    """The spec within its budget, by `train`."""
    folder, _ = unbroken
    found = json.loads((folder / "best" / "best.json").read_text())["best"][0]
    spec = str(folder / found["file"])
    told = ["--threads", "1", "--backend", "native", "--out", str(tmp_path), "--no-report"]
    assert main(["train", spec, *told]) == 0
    from cnnspec.runs.run import Run

    assert figures(Run(tmp_path / "tiny-1")) == outcomes(folder)[found["point"]]
