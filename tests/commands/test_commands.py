"""The command line as a person meets it: what it prints, where, and its exit codes."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnspec.commands import COMMANDS, main
from tests.support.paths import ROOT, SPECS

LENET = str(ROOT / "specs" / "lenet5.cnn")
TINY = "model tiny; pool 4; dense 10 softmax; expect accuracy >= 0.3; train { epochs 1 }"


def cnnspec(*arguments, stdin=None, **surroundings):
    """Runs the real program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cnnspec", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **surroundings},
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    assert f"cnnspec {name}" in capsys.readouterr().out


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out and summary in out for name, summary in COMMANDS.items())
    assert main([]) == 2


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("cnnspec 0.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "did you mean `check`?"),
        (["--versoin"], "unknown option `--versoin`"),
        (["check", "--explian"], "did you mean `--explain`?"),
        (["check", "--exp"], "unknown option `--exp`"),
        (["train", LENET, "extra"], "unexpected `extra`"),
        (["train", "--backend", "theano", LENET], "theano"),
        (["train", "--batch", "64", LENET], "write `--set batch=…`"),
        (["train", "--batch-size=64", LENET], "write `--set batch=64`"),
        (["train", "--lr", "0.1", LENET], "write `--set 'optimizer=adam(0.01)'`"),
        (["train", "--learning-rate=0.1", LENET], "write `--set 'optimizer=adam(0.1)'`"),
        (["check", "--set", "x=", LENET], "`--set x=` gives `x` no value"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_hint(arguments, said, capsys):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--explian"], "unknown option `--explian`"),
        (["train", "--backend", "theano", LENET], "theano"),
        (["train", "--seed", "x", LENET], "`x` is not a whole number from 0 on"),
        (["train", "--epochs=0", LENET], "`0` is not a whole number from 1 on"),
        (
            ["sweep", "--max-runs", "1000000000000", LENET],
            "`1000000000000` is too large; the limit is 999,999,999",
        ),
        (
            ["check", "--max-runs", "9" * 5000, LENET],
            f"`{'9' * 20}…` is too large; the limit is 999,999,999",
        ),
        (["check", "--max-runs=-1", LENET], "`-1` is not a whole number from 1 on"),
    ],
)
def test_wrong_usage_is_a_document_where_one_is_asked_for(arguments, said, capsys):
    assert main([*arguments, "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    (problem,) = document["problems"]
    assert (document["command"], document["ok"], problem["code"]) == (arguments[0], False, "CNN901")
    assert said in problem["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "no spec is named"),
        (["check", "nowhere.cnn"], "there is no file nowhere.cnn"),
        (["check", "specs"], "specs is a folder"),
        (["check", LENET, "-e", "dense 10"], "not both"),
        (["check", LENET, "--csv"], "`--csv` goes with `--rules`"),
        (["check", LENET, "--set", "epochs"], "not a name and a value"),
        (["check", LENET, "--set", "epochs=2 3"], "`2 3`, which is not one value"),
        (["explain", "CNN20"], "there is no code CNN20"),
    ],
)
def test_what_cannot_be_read_ends_with_2(arguments, said, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_check_prints_a_table(capsys):
    assert main(["check", LENET]) == 0
    out = capsys.readouterr().out
    for line in (
        "conv_2   conv 16x5 relu      10x10x16   2,416  240,000",
        "total                                  61,706  416,520",
        "budget params == 61706: 61,706 held",
    ):
        assert line in out


@pytest.mark.parametrize("form", ["file", "stdin", "text", "ir"])
def test_every_way_to_give_a_spec_is_the_same(form, capsys, tmp_path, monkeypatch):
    text = Path(LENET).read_text()
    assert main(["ir", LENET]) == 0
    document = tmp_path / "lenet5.json"
    document.write_text(capsys.readouterr().out)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    arguments = {"file": [LENET], "stdin": ["-"], "text": ["-e", text], "ir": [str(document)]}
    assert main(["check", "--json", *arguments[form]]) == 0
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert found["totals"]["params"] == 61_706
    assert found["totals"]["macs"] == 416_520
    assert [layer["output"] for layer in found["layers"]][:2] == [[28, 28, 6], [14, 14, 6]]


def test_check_reports_all_files_and_ends_with_1(capsys, tmp_path):
    (tmp_path / "bad.cnn").write_text("conv 32x30 relu\ndense 9 softmax")
    assert main(["check", LENET, str(tmp_path / "bad.cnn")]) == 1
    captured = capsys.readouterr()
    assert "416,520" in captured.out
    assert "error[CNN201]" in captured.err
    assert "error[CNN206]" in captured.err


def test_json_is_one_document_also_on_failure(capsys):
    for arguments, code in (
        (["check", "--json", "-e", "dens 10"], 1),
        (["check", "--json", "nowhere.cnn"], 2),
        (["ir", "--json", "-e", "dens 10"], 1),
        (["evaluate", "--json", "nowhere"], 3),
    ):
        assert main(arguments) == code
        data = json.loads(capsys.readouterr().out)
        assert data["ok"] is False
        problems = data.get("problems") or data["files"][0]["problems"]
        assert problems[0]["code"].startswith("CNN")


def test_memory_is_a_table_with_the_peak_marked(capsys):
    assert main(["check", LENET, "--memory"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("memory"))
    assert "5,152 bytes at 4 bytes a value (float32)" in lines[begin]
    header, *rows = lines[begin + 2 :]
    assert header.split()[:3] == ["layer", "operation", "output"]
    (peak,) = [row for row in rows if row.endswith("<- peak")]
    # With the pooling in it: 14x14x6 numbers that grow into the image, four bytes each.
    assert peak.split()[:7] == ["conv", "convolution", "5", "and", "max", "pool", "2,"]
    assert "5,152" in peak
    # A reshape lies where its input was: the same buffer, offset and size.
    places = {row.split()[0]: row.split()[-4:-1] for row in rows if row != peak}
    assert places["flatten"] == places["conv_2"]


def test_memory_is_in_the_document_where_it_is_asked_for(capsys):
    assert main(["check", LENET, "--json", "--memory", "--dtype", "int8"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    memory = file["memory"]
    assert (memory["dtype"], memory["peak"]) == ("int8", 14 * 14 * 6 + 4 * 28)
    assert 4 * memory["peak"] == file["totals"]["ram"]
    assert memory["steps"][memory["busiest"]]["layers"] == ["conv", "pool"]
    assert main(["check", LENET, "--json"]) == 0
    assert "memory" not in json.loads(capsys.readouterr().out)["files"][0]
    assert main(["check", "-e", "dens 10", "--json", "--memory"]) == 1
    assert json.loads(capsys.readouterr().out)["files"][0]["memory"] is None


@pytest.mark.parametrize(
    "options", [("--dtype", "int8"), ("--memory", "--format", "sarif"), ("--memory", "--diff")]
)
def test_memory_does_not_go_with_everything(options, capsys):
    assert main(["check", LENET, *options]) == 2
    said = capsys.readouterr()
    assert "`--memory`" in said.out + said.err


def test_explain_writes_out_what_a_student_hands_in(capsys):
    assert main(["check", "--explain", str(ROOT / "specs" / "budget.cnn")]) == 0
    out = capsys.readouterr().out
    assert "(Kh*Kw*Cin + 1) * F = (3*3*1 + 1) * 10 = 100" in out
    assert "(3*3*10 + 1) * 4 = 364" in out
    assert "ceil(H / S) = ceil(26 / 2) = 13" in out
    assert "100 + 364 + 5,075 + 360 = 5,899" in out


def test_an_unknown_setting_is_shown_as_it_was_typed(capsys):
    assert main(["check", "--set", "epoch=3", LENET]) == 1
    assert capsys.readouterr().err.endswith(
        "error[CNN112]: there is no `let` and no training setting named `epoch`\n"
        " --> <command line>:1:7\n"
        "  |\n"
        "1 | --set epoch=3\n"
        "  |       ^^^^^\n"
        "  = help: did you mean `epochs`?\n"
    )


def test_every_code_can_be_explained(capsys):
    assert main(["explain"]) == 0
    codes = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert len(codes) > 30
    for code in codes:
        assert main(["explain", code]) == 0
        assert capsys.readouterr().out.startswith(f"{code}: ")


def test_a_name_that_is_set_twice_is_refused(capsys):
    text = "let f = 4; conv (f)x3 relu; gap; dense 10 softmax"
    assert main(["check", "-e", text, "--set", "f=8", "--set", "f=16"]) == 2
    assert "`f` is set twice" in capsys.readouterr().err


def test_set_changes_lets_and_training_settings(capsys):
    grid = str(ROOT / "specs" / "grid_2.cnn")
    assert main(["ir", grid, "--set", "filters=8", "--set", "epochs=3"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [layer.get("filters") for layer in data["layers"]][:3] == [8, None, 16]
    assert data["train"]["epochs"] == 3
    assert main(["ir", grid, "--set", "filter=8"]) == 1
    assert "did you mean `filters`?" in capsys.readouterr().err


def test_the_printed_spec_is_the_same_spec(capsys):
    for path in SPECS:
        assert main(["ir", "--text", str(path)]) == 0
        text = capsys.readouterr().out
        assert main(["ir", str(path)]) == 0
        first = capsys.readouterr().out
        assert main(["ir", "-e", text]) == 0
        assert capsys.readouterr().out == first


def test_the_expanded_spec_is_the_same_spec(capsys):
    for path in SPECS:
        assert main(["expand", str(path)]) == 0
        text = capsys.readouterr().out
        assert not {"let", "block", "repeat", "residual"} & set(text.split())
        documents = []
        for arguments in ([str(path)], ["-e", text]):
            assert main(["ir", *arguments]) == 0
            documents.append(capsys.readouterr().out)
        assert documents[0] == documents[1]
    assert main(["expand", "--json", LENET, "--set", "epochs=3"]) == 0
    assert "\n  epochs 3\n" in json.loads(capsys.readouterr().out)["text"]


def test_data_lists_what_is_there(capsys, monkeypatch, tmp_path):
    assert main(["data", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["datasets"]}
    assert rows["fashion_mnist_mini"]["state"] == "verified"
    assert rows["mnist"]["state"] == "not here"
    shutil.copytree(ROOT / "cnnspec/datasets/fashion_mnist_mini", tmp_path / "mnist")
    monkeypatch.setenv("CNNSPEC_DATA", str(tmp_path))
    assert main(["data", "mnist"]) == 3
    out = capsys.readouterr().out
    assert "damaged" in out
    assert "published" in out


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder made by the real program."""
    folder = tmp_path_factory.mktemp("runs")
    done = cnnspec("train", "-e", TINY, "--out", str(folder), "--epochs", "2", "--seed", "5")
    assert done.returncode == 0, done.stderr
    return folder / "tiny-1", done


def test_train_prints_a_summary_and_a_line_an_epoch(run):
    folder, done = run
    assert "expect accuracy >= 0.3: 0." in done.stdout
    assert "held" in done.stdout
    assert str(folder) in done.stdout
    lines = done.stderr.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "seed 5" in (folder / "spec.cnn").read_text()
    assert "\x1b" not in done.stdout + done.stderr


def test_evaluate_finds_the_same_figures(run):
    folder, _ = run
    done = cnnspec("evaluate", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    kept = json.loads((folder / "metrics.json").read_text())
    assert again["test"] == kept["test"]


def test_predict_writes_labels_and_probabilities(run, capsys, tmp_path, backend):
    folder, _ = run
    out = tmp_path / "predictions.csv"
    assert main(["predict", str(folder), "--out", str(out)]) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert len(rows) == 1000
    assert list(rows[0]) == ["index", "label", *(f"p{i}" for i in range(10))]
    for row in rows[:50]:
        values = [float(row[f"p{i}"]) for i in range(10)]
        assert sum(values) == pytest.approx(1, abs=1e-4)
        assert values.index(max(values)) == int(row["label"])
    before = out.read_text()
    assert main(["predict", str(folder), "--out", str(out)]) == 3
    assert "--force" in capsys.readouterr().err
    images = ROOT / "cnnspec/datasets/fashion_mnist_mini/t10k-images-idx3-ubyte.gz"
    assert main(["predict", str(folder), str(images)]) == 0
    assert capsys.readouterr().out == before
    assert main(["predict", str(folder), "--out", str(tmp_path / "again.csv"), str(images)]) == 0
    assert (tmp_path / "again.csv").read_text() == before


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b junk", b"no images at all"])
def test_predict_refuses_a_file_without_images(run, content, capsys, tmp_path, backend):
    (tmp_path / "images").write_bytes(content)
    assert main(["predict", str(run[0]), str(tmp_path / "images")]) == 3
    assert str(tmp_path / "images") in capsys.readouterr().err


def test_an_expectation_that_does_not_hold_ends_with_1(capsys, tmp_path, backend):
    text = TINY.replace("0.3", "0.999")
    assert main(["train", "-e", text, "--out", str(tmp_path)]) == 1
    assert "not held" in capsys.readouterr().out
    assert main(["evaluate", str(tmp_path / "tiny-1")]) == 1


def test_a_wrong_spec_is_not_trained(capsys, tmp_path):
    assert main(["train", "-e", "dense 9 softmax", "--out", str(tmp_path / "runs")]) == 1
    assert "CNN206" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_missing_dataset_names_the_ways_to_get_it(capsys, tmp_path, backend):
    code = main(
        ["train", "-e", "data mnist; dense 10 softmax", "--offline", "--out", str(tmp_path)]
    )
    assert code == 3
    err = capsys.readouterr().err
    assert "CNNSPEC_DATA" in err
    assert "fashion_mnist_mini" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", ["--help", "check --help", f"check {LENET}"])
def test_a_full_disk_for_output_is_one_line_and_3(arguments):
    command = f"{sys.executable} -m cnnspec {arguments} > /dev/full"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("error: cannot write the output")
    assert len(done.stderr.splitlines()) == 1


def test_a_closed_pipe_is_silent():
    command = f"{sys.executable} -m cnnspec check {' '.join([LENET] * 20)} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


@pytest.mark.parametrize(
    "surroundings",
    [
        {"COLUMNS": "20"},
        {"TERM": "dumb"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": ""},
    ],
)
def test_check_prints_the_same_in_odd_environments(surroundings):
    done = cnnspec("check", "-e", 'model "größe"; dense 9 softmax', **surroundings)
    assert done.returncode == 1
    assert "error[CNN206]" in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_path_with_spaces_works(tmp_path, capsys):
    folder = tmp_path / "my specs"
    folder.mkdir()
    (folder / "a net.cnn").write_text("dense 10 softmax")
    assert main(["check", str(folder / "a net.cnn")]) == 0


def test_warnings_are_shown_and_count_only_if_they_are_to(capsys):
    arguments = ["check", "-e", "dense 10; train { validation test }"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "7,850 parameters" in captured.out
    assert captured.err.count("warning[") == 2
    assert main([*arguments, "--strict"]) == 1
    assert main(["check", "--strict", LENET]) == 0
    capsys.readouterr()
    for strict, ok in (([], True), (["--strict"], False)):
        assert main([*arguments, "--json", *strict]) == 1 - ok
        data = json.loads(capsys.readouterr().out)
        assert data["ok"] is ok
        assert [p["severity"] for p in data["files"][0]["problems"]] == ["warning"] * 2


@pytest.mark.parametrize("arguments", [["check"], ["check", "--json"], ["ir"], ["fmt"], ["draw"]])
def test_closed_output_is_not_an_error(arguments, tmp_path):
    spec = tmp_path / "x.cnn"
    spec.write_text("dense 10 softmax\n")
    command = [sys.executable, "-m", "cnnspec", *arguments, str(spec)]
    done = subprocess.run(
        command, preexec_fn=lambda: os.close(1), stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["check", "{folder}/asignment.cnn"], "{folder}/assignment.cnn"),
        (["check", "{folder}/assignment"], "{folder}/assignment.cnn"),
        (["check", "{folder}/asignment"], "{folder}/assignment.cnn"),
        (["check", "{folder}/assignment.txt"], "{folder}/assignment.cnn"),
        (["train", "x.cnn", "--backend", "pytorch"], "torch"),
        (["train", "x.cnn", "--backend", "tensorflo"], "tensorflow"),
        (["compare", "a", "b", "--sort", "acc"], "accuracy"),
        (["predict", "run", "--format", "kagle"], "kaggle"),
    ],
)
def test_a_wrong_name_is_answered_with_the_one_that_was_meant(tmp_path, capsys, arguments, meant):
    (tmp_path / "assignment.cnn").write_text("dense 10 softmax")
    assert main([argument.format(folder=tmp_path) for argument in arguments]) == 2
    assert f"did you mean `{meant.format(folder=tmp_path)}`?" in capsys.readouterr().err


def test_a_wrong_name_that_is_near_nothing_is_answered_with_what_there_is(tmp_path, capsys):
    assert main(["compare", "a", "b", "--sort", "beauty"]) == 2
    assert "it can be name, params, macs," in capsys.readouterr().err
    assert main(["check", str(tmp_path / "lenet.cnn")]) == 2
    assert "did you mean" not in capsys.readouterr().err
    (tmp_path / "one.cnn").write_text("dense 10 softmax")
    assert main(["check", str(tmp_path / "nowhere.cnn")]) == 2
    assert f"it can be `{tmp_path / 'one.cnn'}`" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["check"], ["export", "--to", "keras"]])
def test_a_spec_that_is_missing_can_be_begun_as_the_error_says(tmp_path, capsys, arguments):
    spec = str(tmp_path / "nowhere.cnn")
    assert main([*arguments, spec]) == 2
    command = re.search(r"`cnnspec (.+?)` writes one", capsys.readouterr().err)
    assert command
    assert main(command[1].split()) == 0
    assert main([*arguments, spec]) == 0


def test_what_is_missing_is_said_before_what_it_is_for(tmp_path, capsys):
    (tmp_path / "lenet.cnn").write_text("dense 10 softmax")
    spec = str(tmp_path / "lenet5.cnn")
    assert main(["export", spec, "--to", "c"]) == 2
    said = capsys.readouterr().err
    assert f"there is no file {spec}" in said
    assert f"did you mean `{tmp_path / 'lenet.cnn'}`?" in said
