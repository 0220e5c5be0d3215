"""Data of one's own from file to submission, as a person runs it."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
from PIL import Image

from cnnspec.commands import main
from cnnspec.datasets.arrays import load
from tests.support.paths import ROOT

CLOTHES = 'model clothes; data "clothes.h5"; conv 4x3 relu stride=2; dense 10 softmax'
SETTINGS = "train { epochs 1; batch 32; optimizer adam(1e-2); metrics accuracy f1 }"


def cnnspec(capsys, *arguments, code=0) -> tuple[str, str]:
    assert main([str(argument) for argument in arguments]) == code
    return capsys.readouterr()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The case of the notebooks: `test_labels` is what nobody has."""
    place = tmp_path_factory.mktemp("notebook")
    images = load("fashion_mnist_mini")
    with h5py.File(place / "clothes.h5", "w") as file:
        file["train_images"] = images.train.images[::5, ..., 0]
        file["train_labels"] = images.train.known[::5]
        file["test_images"] = images.test.images[:50, ..., 0]
    (place / "spec.cnn").write_text(f"{CLOTHES}\nexpect val_accuracy >= 0.2\n{SETTINGS}\n")
    return place


@pytest.fixture(scope="module")
def run(folder, backend):
    """Trained from another folder than that of the spec."""
    out = ["--out", str(folder / "runs"), "--no-report"]
    assert main(["train", str(folder / "spec.cnn"), *out]) == 0
    return folder / "runs" / "clothes-1"


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_run_remembers_its_data(run, folder):
    data = json.loads((run / "environment.json").read_text())["data"]
    assert data["path"] == str(folder / "clothes.h5")
    assert list(data["sha256"]) == ["clothes.h5"]
    assert (data["train"], data["validation"], data["test"]) == (900, 100, 50)
    metrics = json.loads((run / "metrics.json").read_text())
    assert "test" not in metrics
    assert metrics["expectations"][0]["holds"]


def test_evaluate_finds_the_data_again_and_leaves_the_test_set_out(run, capsys, tmp_path):
    out, _ = cnnspec(capsys, "evaluate", run)
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["validation", "train"]


def test_a_submission_has_one_header_and_a_row_an_image(run, capsys, tmp_path):
    out = tmp_path / "submission.csv"
    cnnspec(capsys, "predict", run, "--format", "kaggle", "--out", out)
    data = out.read_bytes()
    assert data.startswith(b"ID,Prediction\n0,")
    assert b"\r" not in data
    assert data.endswith(b"\n")
    table = rows(data.decode())[1:]
    assert [row[0] for row in table] == [str(i) for i in range(50)]
    assert all(0 <= int(row[1]) < 10 for row in table)
    _, said = cnnspec(capsys, "predict", run, "--format", "kaggle", "--out", out, code=3)
    assert "--force" in said
    cnnspec(capsys, "predict", run, "--format", "kaggle", "--out", out, "--force")
    assert out.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["submission.csv"]


def test_columns_and_the_first_number_are_chosen(run, capsys):
    asked = ("--format", "kaggle", "--columns", "ImageId,Label", "--first", "1")
    out, _ = cnnspec(capsys, "predict", run, *asked)
    assert rows(out)[0] == ["ImageId", "Label"]
    assert [row[0] for row in rows(out)[1:]] == [str(i) for i in range(1, 51)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "kaggle", "--columns", "ID"),
        ("--format", "kaggle", "--columns", "a,b,c"),
        ("--format", "kaggle", "--columns", "a,"),
        ("--columns", "a,b"),
        ("--json", "--first", "1"),
        ("--out", "labels.json"),
        ("--format", "kaggle", "--out", "labels.png"),
        ("--array", "x"),
    ],
)
def test_a_wrong_command_line(run, arguments, capsys):
    cnnspec(capsys, "predict", run, *arguments, code=2)


def test_formats_say_the_same(run, capsys):
    table = rows(cnnspec(capsys, "predict", run)[0])
    assert table[0] == ["index", "label", *(f"p{i}" for i in range(10))]
    submission = rows(cnnspec(capsys, "predict", run, "--format", "kaggle")[0])
    assert [row[1] for row in table[1:]] == [row[1] for row in submission[1:]]
    first = cnnspec(capsys, "predict", run, "--format", "json")[0]
    assert first == cnnspec(capsys, "predict", run, "--json")[0]
    assert list(map(str, json.loads(first)["labels"])) == [row[1] for row in table[1:]]


def test_arrays_of_a_file_are_predicted(run, folder, capsys):
    own = cnnspec(capsys, "predict", run)[0]
    assert cnnspec(capsys, "predict", run, folder / "clothes.h5")[0] == own
    named = cnnspec(capsys, "predict", run, folder / "clothes.h5", "--array", "train_images")[0]
    assert len(rows(named)) == 1001


def test_pictures_are_rows_with_their_names_and_formulas_are_none(run, folder, capsys, tmp_path):
    with h5py.File(folder / "clothes.h5") as file:
        pixels = file["test_images"][:4]
    for image, name in zip(pixels, ("2.png", "10.png", "=cmd().png", "-1.png"), strict=True):
        Image.fromarray(image).save(tmp_path / name)
    own = rows(cnnspec(capsys, "predict", run)[0])
    table = rows(cnnspec(capsys, "predict", run, tmp_path)[0])
    assert table[0][0] == "file"
    found = {row[0]: row[1:] for row in table[1:]}
    names = ("2.png", "10.png", "'=cmd().png", "'-1.png")
    assert [found[name] for name in names] == [row[1:] for row in own[1:5]]
    (one,) = rows(cnnspec(capsys, "predict", run, tmp_path / "2.png", "--format", "csv")[0])[1:]
    assert one[:2] == ["2.png", own[1][1]]
    document = json.loads(cnnspec(capsys, "predict", run, tmp_path, "--json")[0])
    assert "=cmd().png" in document["files"]


@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
def test_names_with_controls_reach_no_terminal(run, folder, capsys, tmp_path):
    with h5py.File(folder / "clothes.h5") as file:
        pixels = file["test_images"][0]
    Image.fromarray(pixels).save(tmp_path / "a\x1b[31m.png")
    for form in ("csv", "text"):
        out, said = cnnspec(capsys, "predict", run, tmp_path, "--names", "--format", form)
        assert "a" in out
        assert "\x1b" not in out + said


def test_classes_have_the_names_of_their_folders(capsys, tmp_path, backend):
    images = load("fashion_mnist_mini").train.images[..., 0]
    for number, image in enumerate(images[:40]):
        place = tmp_path / "pictures" / ("=cmd()", "coat")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
    text = f'data "{tmp_path}/pictures"; classes 2; dense 2 softmax; train {{ epochs 1 }}'
    _, said = cnnspec(capsys, "train", "-e", text, "--out", tmp_path / "runs", "--no-report")
    assert "7 of 40 images are held back" in said
    table = rows(cnnspec(capsys, "predict", tmp_path / "runs/model-1", "--names")[0])
    assert {row[1] for row in table[1:]} <= {"'=cmd()", "coat"}
    assert len(table) == 8


def test_moved_or_changed_data_is_named_anew(run, folder, capsys, tmp_path):
    copy = tmp_path / "clothes.h5"
    shutil.copy(folder / "clothes.h5", copy)
    with h5py.File(copy, "a") as file:
        file["test_labels"] = np.zeros(50, np.uint8)
    out, _ = cnnspec(capsys, "evaluate", run, "--data", copy)
    assert out.splitlines()[1].startswith("test ")
    moved = tmp_path / "run"
    shutil.copytree(run, moved)
    facts = json.loads((moved / "environment.json").read_text())
    facts["data"]["path"] = str(copy)
    (moved / "environment.json").write_text(json.dumps(facts))
    _, said = cnnspec(capsys, "evaluate", moved, code=3)
    assert "SHA-256 differs" in said
    copy.unlink()
    _, said = cnnspec(capsys, "predict", moved, code=3)
    assert "there is nothing at" in said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("input 32x32x3; dense 10 softmax", "write `input 28x28x1`"),
        ("classes 5; dense 5 softmax", "write `classes 10`"),
        ("dense 10 softmax; expect accuracy >= 0.1", "write `expect val_accuracy`"),
    ],
)
def test_what_does_not_fit_is_told_before_a_run_begins(
    folder, text, line, capsys, tmp_path, backend
):
    text = f'data "{folder}/clothes.h5"; {text}'
    _, said = cnnspec(capsys, "train", "-e", text, "--out", tmp_path / "runs", code=3)
    assert line in said
    assert not (tmp_path / "runs").exists()


def test_check_opens_no_data(capsys):
    out, _ = cnnspec(capsys, "check", "-e", 'data "nowhere.h5"; input 4x4; dense 10 softmax')
    assert "nowhere.h5, 4x4x1 -> 10 classes" in out


def test_a_run_is_reproduced_from_the_data_it_remembers(run, capsys):
    out, _ = cnnspec(capsys, "reproduce", run)
    assert "bit-equal" in out


def test_every_seed_of_a_series_has_the_same_data(folder, capsys, tmp_path, backend):
    with h5py.File(tmp_path / "a.h5", "w") as file, h5py.File(folder / "clothes.h5") as known:
        file["x_train"] = known["train_images"][:300]
        file["y_train"] = known["train_labels"][:300]
    (tmp_path / "a.cnn").write_text('data "a.h5"\ndense 10 softmax\ntrain { epochs 1; runs 2 }\n')
    out = ("--out", tmp_path / "runs", "--no-report")
    _, said = cnnspec(capsys, "train", tmp_path / "a.cnn", *out)
    assert said.count("are held back") == 1
    (series,) = (tmp_path / "runs").iterdir()
    (series / "series.json").unlink()
    shutil.rmtree(series / "seed-2")
    cnnspec(capsys, "train", "--resume", series, "--no-report")
    assert (series / "seed-2" / "metrics.json").is_file()


INTERPRET = """
import sys
import numpy as np
import cnnspec
from cnnspec.commands import main

run, out = sys.argv[1:]
assert main(["predict", run, "--interpret", "--json", "--out", out]) == 0
images = np.random.default_rng(1).integers(0, 256, (3, 28, 28), np.uint8)
outputs = cnnspec.open_run(run).predict(images, interpret=True)
assert (outputs.shape, outputs.dtype) == ((3, 10), np.float32)
assert np.allclose(outputs.sum(1), 1, atol=1e-6)
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"keras", "tensorflow", "jax", "torch"}))
"""


def test_interpreted_outputs_are_those_of_keras_and_load_no_framework(run, tmp_path, capsys):
    out = tmp_path / "out.json"
    command = [sys.executable, "-c", INTERPRET, str(run), str(out)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "[]"
    wanted = json.loads(cnnspec(capsys, "predict", run, "--json")[0])
    given = json.loads(out.read_text())
    assert given["labels"] == wanted["labels"]
    assert np.abs(np.array(given["outputs"]) - np.array(wanted["outputs"])).max() < 1e-5


def test_interpreting_takes_no_backend(run, capsys):
    _, said = cnnspec(capsys, "predict", run, "--interpret", "--backend", "jax", code=2)
    assert "--backend" in said
