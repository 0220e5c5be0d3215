"""What a name of a run means: itself, the only one in a folder, the newest."""

import os
from pathlib import Path

import pytest

from cnnspec.commands import main
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.named import resolve
from cnnspec.runs.run import SOURCE
from tests.support.run_folders import make


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(run, second):
    """Says when a run began."""
    os.utime(run.folder / SOURCE, (second, second))
    return run


def test_a_run_is_itself(here):
    run = make(here / "runs")
    assert resolve("runs/small-1").resolve() == run.folder
    assert resolve("runs/nothing") == Path("runs/nothing")


def test_the_only_one_in_a_folder_or_of_a_model_is_meant(here):
    run = make(here / "runs")
    for name in ("runs", "runs/small", "runs/@last", "@last"):
        assert resolve(name).resolve() == run.folder


def test_several_are_listed_and_none_is_chosen(here):
    for _ in range(12):
        make(here / "runs")
    for name in ("runs", "runs/small"):
        with pytest.raises(CnnspecError) as caught:
            resolve(name)
        said = str(caught.value)
        assert caught.value.exit_code == 2
        assert f"{name} can be any of 12 runs" in said
        # By their numbers, not by their letters.
        assert said.index("small-2,") < said.index("small-8")
        assert "4 more" in said


def test_last_is_the_one_that_began_last_whatever_it_is_called(here):
    runs = [make(here / "runs") for _ in range(3)]
    for run, second in zip(runs, (300, 500, 400), strict=True):
        begun(run, second)
    # A report that is written later changes nothing.
    (runs[0].folder / "report.html").write_text("")
    assert resolve("@last").resolve() == runs[1].folder
    begun(runs[2], 500)
    with pytest.raises(CnnspecError, match="small-2 and") as caught:
        resolve("@last")
    assert caught.value.diagnostics[0].code == "CNN931"


def test_last_without_runs_is_an_error(here):
    with pytest.raises(CnnspecError, match="there are no runs in runs"):
        resolve("@last")


def test_a_command_says_which_run_it_takes(here, capsys):
    begun(make(here / "runs"), 1)
    begun(make(here / "runs", name="newer"), 2)
    assert main(["report", "@last"]) == 0
    captured = capsys.readouterr()
    assert f"@last is {resolve('runs/newer')}" in captured.err
    assert captured.out.strip() == str(resolve("runs/newer") / "report.html")
    assert main(["compare", "@last", "runs/small"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == [
        "newer",
        "small-1",
    ]
    for command in ("report", "evaluate", "predict", "reproduce"):
        assert main([command, "runs"]) == 2
        assert "runs can be any of 2 runs" in capsys.readouterr().err
    assert main(["train", "--resume", "runs"]) == 2
