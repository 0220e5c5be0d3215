"""`cnnspec import`: a model of Keras to a spec on standard output, and a run with its weights."""

import gzip
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as kl

from cnnspec.commands import main
from cnnspec.runs.run import Run
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("backend")

SAMPLE = ROOT / "cnnspec/datasets/fashion_mnist_mini"
TEXT = """\
# model.keras, written by Keras {version}.
model small
input 28x28x1
classes 10

conv 4x3 relu
pool 4
flatten
dense 10 softmax

budget params == 1_490
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    layers = [kl.Conv2D(4, 3, activation="relu"), kl.MaxPooling2D(4), kl.Flatten()]
    end = kl.Dense(10, activation="softmax")
    made = keras.Sequential([keras.Input((28, 28, 1)), *layers, end], name="small")
    made.save("model.keras")
    return made


def test_the_text_is_the_output_and_the_weights_are_a_run(
    model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "model.keras"]) == 0
    out, err = capsys.readouterr()
    assert out == TEXT.format(version=keras.__version__)
    assert "compared with Keras on 200 random images" in err
    assert "the weights are in runs/small-1" in err
    kept = Run(Path("runs/small-1"))
    assert kept.finished
    about = json.loads((kept.folder / "environment.json").read_text())["imported"]
    assert about["tool"] == f"Keras {keras.__version__}"
    Path("again.cnn").write_text(out)
    assert main(["check", "again.cnn"]) == 0


def test_the_run_predicts_as_the_model_does(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "model.keras", "--data", "fashion_mnist_mini"]) == 0
    capsys.readouterr()
    assert main(["predict", "runs/small-1", "--interpret", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert main(["evaluate", "runs/small-1", "--backend", "tensorflow"]) == 0
    with gzip.open(SAMPLE / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
    images = pixels[:20].astype("float32") / 255
    expected = keras.ops.convert_to_numpy(model(images))
    assert found["labels"][:20] == expected.argmax(1).tolist()
    np.testing.assert_allclose(found["outputs"][:20], expected, atol=1e-5)


def test_a_file_that_exists_is_kept(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.cnn").write_text("mine")
    assert main(["import", "model.keras", "--out", "net.cnn"]) == 3
    assert Path("net.cnn").read_text() == "mine"
    assert not Path("runs").exists()
    assert main(["import", "model.keras", "--out", "net.cnn", "--force", "--text"]) == 0
    assert Path("net.cnn").read_text().startswith("# model.keras")
    assert not Path("runs").exists()


def test_one_json_document(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "model.keras", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["params"], found["compared_images"]) == (1490, 200)
    assert found["run"] == str(Path("runs/small-1"))
    assert main(["import", "missing.keras", "--json"]) == 3
    assert not json.loads(capsys.readouterr().out)["ok"]


def test_a_size_that_is_none_is_named(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "model.keras", "--input", "28"]) == 2
    assert "`28` is not a size such as 224x224x3" in capsys.readouterr().err
