"""Several seeds of one spec: a folder of runs, mean and spread, and going on with it."""

import json
import shutil

import pytest

from cnnspec.commands import main
from cnnspec.runs.run import Run
from cnnspec.runs.seeds import MeanStd, SeedRuns, spread

TEXT = (
    "model few; pool 4; dense 10 softmax; expect accuracy >= 0.2; expect loss <= 0.1;"
    "train { epochs 1; runs 3; seed 5; batch 100; target val_accuracy 0.05 }"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, backend):
    folder = tmp_path_factory.mktemp("series")
    assert main(["train", "-e", TEXT, "--out", str(folder)]) == 1
    return folder / "few-1"


def test_mean_and_sample_deviation_over_the_values_there_are():
    assert spread([1.0, None, 2.0, 3.0]) == MeanStd(2.0, 1.0, 3)
    assert spread([None, 4.0]) == MeanStd(4.0, None, 1)
    assert spread([None]) is None
    assert f"{MeanStd(2.0, 1.0, 3):.2f}" == "2.00 ± 1.00"
    assert f"{MeanStd(2.0, None, 1):.2f}" == "2.00"


def test_every_seed_is_a_run_and_their_figures_are_taken_together(folder):
    series = SeedRuns(folder)
    runs = series.runs()
    assert [run.folder.name for run in runs] == ["seed-5", "seed-6", "seed-7"]
    found = [run.read_json("metrics.json")["test"]["accuracy"] for run in runs]
    assert len(set(found)) > 1
    kept = json.loads((folder / "series.json").read_text())
    assert kept["seeds"] == [5, 6, 7]
    assert kept["test"]["accuracy"]["mean"] == pytest.approx(sum(found) / 3)
    assert kept["test"]["accuracy"] == series.metrics()["test"]["accuracy"].dump()
    # Claims are judged by the mean.
    assert [claim["holds"] for claim in kept["expectations"]] == [True, False]
    assert kept["expectations"][0]["value"] == kept["test"]["accuracy"]["mean"]


def test_the_report_judges_the_claims_as_the_training_did(folder):
    kept = json.loads((folder / "series.json").read_text())
    told = json.loads((folder / "report" / "report.json").read_text())["verdicts"]
    assert [verdict["holds"] for verdict in told] == [True, False, True]
    assert told[0]["value"] == f"{kept['test']['accuracy']['mean']:.4f}"
    assert (kept["target"]["epoch"], kept["target"]["reached"]) == (1, 3)
    assert "1 of 3 claims not held" in (folder / "report.html").read_text()


def test_a_run_of_a_series_is_the_run_of_its_seed_alone(folder, tmp_path, capsys):
    text = TEXT.replace("runs 3; seed 5", "seed 6")
    assert main(["train", "-e", text, "--out", str(tmp_path), "--no-report"]) == 1
    alone = Run(tmp_path / "few-1").read_json("metrics.json")
    within = Run(folder / "seed-6").read_json("metrics.json")
    for figures in (alone, within):
        del figures["seconds"], figures["target"]["seconds"]
    assert alone == within
    assert main(["reproduce", str(folder / "seed-7")]) == 0
    assert "bit-equal" in capsys.readouterr().out


def test_what_is_missing_of_a_series_is_trained_and_nothing_else(folder, tmp_path, capsys):
    again = tmp_path / "few-1"
    shutil.copytree(folder, again)
    shutil.rmtree(again / "seed-6")
    (again / "series.json").unlink()
    before = (again / "seed-5" / "metrics.json").stat().st_mtime_ns
    assert main(["train", "--resume", str(again), "--no-report"]) == 1
    said = capsys.readouterr()
    assert "seed 6" in said.err
    assert "seed 5" not in said.err
    assert (again / "seed-5" / "metrics.json").stat().st_mtime_ns == before
    summaries = [json.loads((where / "series.json").read_text()) for where in (again, folder)]
    for summary in summaries:
        del summary["target"]["seconds"]
    assert summaries[0] == summaries[1]
    assert main(["train", "--resume", str(again)]) == 0
    assert "nothing to do" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["evaluate", "predict", "reproduce"])
def test_a_command_for_one_run_names_those_of_a_series(folder, capsys, command):
    assert main([command, str(folder)]) == 3
    said = capsys.readouterr().err
    assert "holds several runs" in said
    assert f"name one of them: {folder}/seed-5" in said
