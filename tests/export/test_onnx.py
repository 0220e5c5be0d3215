"""`cnnspec export RUN --to onnx`: what is kept, what is said, and what is refused."""

import hashlib
import json

import numpy as np
import onnx
import onnxruntime
import pytest

from cnnspec.analysis.load import checked
from cnnspec.commands import main
from cnnspec.datasets.arrays import load
from cnnspec.export.job import COMPARED
from cnnspec.program.build import build_program
from cnnspec.runs.weights import read_weights
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.onnx.run import Session
from tests.export.support import finished


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs")


def exported(capsys, *arguments, code=0):
    assert main(["export", *map(str, arguments), "--to", "onnx"]) == code
    return capsys.readouterr()


def scores_of(run, count):
    """The scores of a run for test images, and those images as a network takes them."""
    images = load("fashion_mnist_mini").test.images[:count].reshape(count, 28, 28, 1)
    images = images.astype(np.float32) / 255
    program = build_program(checked(run.spec).graph)
    return Interpreter(program, read_weights(run), "float64").predict(images), images


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_file_gives_what_the_run_gives(run, tmp_path, capsys, layout):
    exported(capsys, run, "--out", tmp_path / "o", "--layout", layout)
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"clothes.onnx", "manifest.json"}
    session = onnxruntime.InferenceSession(str(tmp_path / "o" / "clothes.onnx"))
    scores, images = scores_of(run, 5)
    given = images if layout == "nhwc" else images.transpose(0, 3, 1, 2)
    (found,) = session.run(["scores"], {"image": given})
    np.testing.assert_allclose(found, scores, atol=1e-6)


def test_options_are_in_the_file_and_in_the_manifest(run, tmp_path, capsys):
    options = ("--opset", "13", "--batch", "4", "--layout", "nchw")
    out = exported(capsys, run, "--out", tmp_path / "o", *options).out
    assert "image: 4 x 1 x 28 x 28" in out
    model = onnx.load(tmp_path / "o" / "clothes.onnx")
    assert [each.version for each in model.opset_import] == [13]
    found = json.loads((tmp_path / "o" / "manifest.json").read_text())
    assert found["options"] == {"opset": 13, "batch": 4, "layout": "nchw"}
    assert set(found["made_with"]) == {"numpy", "onnx", "onnxruntime", "python"}
    data = (tmp_path / "o" / "clothes.onnx").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert found["files"] == {"clothes.onnx": {"bytes": len(data), "sha256": digest}}
    figures = found["figures"]
    assert (figures["compared_images"], figures["agreement"]) == (COMPARED, 1)
    assert figures["largest_difference"] < 1e-5
    assert figures["accuracy"] == figures["run_accuracy"]


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_same_run_gives_the_same_bytes(run, tmp_path, capsys, dtype):
    for name in "ab":
        exported(capsys, run, "--out", tmp_path / name, "--dtype", dtype)
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in "ab"]
    assert files[0] == files[1]


def test_int8_keeps_the_classes_and_its_kernels_have_a_byte(run, tmp_path, capsys):
    exported(capsys, run, "--out", tmp_path / "o", "--dtype", "int8")
    model = onnx.load(tmp_path / "o" / "clothes.onnx")
    kinds = {each.data_type for each in model.graph.initializer if len(each.dims) > 1}
    assert kinds == {onnx.TensorProto.INT8}
    figures = json.loads((tmp_path / "o" / "manifest.json").read_text())["figures"]
    assert 0 < figures["largest_difference"] < 0.2
    assert figures["agreement"] > 0.9


@pytest.mark.parametrize(("dtype", "said"), [("float32", "differs from it by"), ("int8", "class")])
def test_a_model_that_differs_from_its_run_leaves_nothing(
    run, tmp_path, capsys, monkeypatch, dtype, said
):
    # What a converter with an error would make: the file is damaged before it is run.
    start = Session.__init__

    def damaged(self, data, form):
        model = onnx.load_from_string(data)
        for each in model.graph.initializer:
            if len(each.dims) > 1:
                each.raw_data = b"\1" * len(each.raw_data)
        start(self, model.SerializeToString(), form)

    monkeypatch.setattr(Session, "__init__", damaged)
    err = exported(capsys, run, "--out", tmp_path / "o", "--dtype", dtype, code=3).err
    assert "error[CNN960]: the ONNX model made of" in err
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_model_that_does_not_run_leaves_nothing(run, tmp_path, capsys, monkeypatch):
    start = Session.__init__
    monkeypatch.setattr(Session, "__init__", lambda self, data, form: start(self, b"no", form))
    err = exported(capsys, run, "--out", tmp_path / "o", code=3).err
    assert "error[CNN960]: ONNX Runtime does not run the model made of" in err
    assert not (tmp_path / "o").exists()


def test_json_is_one_document(run, capsys):
    document = json.loads(exported(capsys, run, "--json").out)
    assert document["ok"]
    assert document["files"] == ["clothes.onnx"]
    assert document["folder"] == str(run.folder / "export" / "onnx")


def test_existing_export_is_kept_without_force(run, tmp_path, capsys):
    exported(capsys, run, "--out", tmp_path / "o")
    before = (tmp_path / "o" / "clothes.onnx").read_bytes()
    err = exported(capsys, run, "--out", tmp_path / "o", "--opset", "20", code=3).err
    assert "--force" in err
    assert (tmp_path / "o" / "clothes.onnx").read_bytes() == before
    exported(capsys, run, "--out", tmp_path / "o", "--opset", "20", "--force")
    assert (tmp_path / "o" / "clothes.onnx").read_bytes() != before


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_a_missing_package_is_reported_before_anything_is_read(
    run, tmp_path, capsys, monkeypatch, missing
):
    from cnnspec.diagnostics import packages

    found = packages.find_spec
    monkeypatch.setattr(
        packages, "find_spec", lambda name: None if name == missing else found(name)
    )
    (run.folder / "weights.npz").unlink()
    err = exported(capsys, run, "--out", tmp_path / "o", code=3).err
    assert f"error[CNN902]: an export to onnx needs {missing}, which is not installed" in err
    assert "pip install 'cnnspec[onnx]'" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "c", "--opset", "13"), "`--to c` has no option `--opset`"),
        (("--to", "onnx", "--opset", "12"), "`12` is not a whole number from 13 to 24"),
        (("--to", "onnx", "--batch", "0"), "`0` is not a whole number from 1 to"),
        (("--to", "onnx", "--layout", "hwc"), "`hwc` is not a value of `--layout`"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(run, capsys, arguments, said):
    assert main(["export", str(run), *arguments]) == 2
    assert said in capsys.readouterr().err
