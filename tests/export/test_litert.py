"""`cnnspec export RUN --to litert`: a `.tflite` file, float32 or int8."""

import json
import re

import numpy as np
import pytest

from cnnspec.commands import main
from tests.export.support import finished

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs")


def exported(capfd, *arguments, code=0):
    assert main(["export", *map(str, arguments), "--to", "litert"]) == code
    return capfd.readouterr()


def test_float_file_is_what_the_run_is_and_nothing_else_is_printed(run, tmp_path, capfd):
    said = exported(capfd, run, "--out", tmp_path / "l")
    assert said.out.splitlines()[0] == str(tmp_path / "l")
    assert not re.search("artifact|MLIR|quantiz|deprecated", said.out + said.err)
    files = {path.name: path.read_bytes() for path in (tmp_path / "l").iterdir()}
    assert set(files) == {"clothes.tflite", "manifest.json"}
    assert files["clothes.tflite"][4:8] == b"TFL3"
    found = json.loads(files["manifest.json"])
    assert set(found["made_with"]) == {"numpy", "python", "tensorflow"}
    assert found["figures"]["compared_images"] == 200
    assert found["figures"]["agreement"] == 1
    assert found["figures"]["largest_difference"] < 1e-5
    assert found["figures"]["input"] == "float32 1 x 28 x 28 x 1"


def test_int8_file_says_what_its_numbers_stand_for(run, tmp_path, capfd):
    for name in "ab":
        exported(capfd, run, "--out", tmp_path / name, "--dtype", "int8", "--strip")
    data = [(tmp_path / name / "clothes.tflite").read_bytes() for name in "ab"]
    assert data[0] == data[1]
    assert b"conv" not in data[0]
    found = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert found["options"] == {"strip": True}
    figures = found["figures"]
    assert figures["input_factor"] == pytest.approx(1 / 255)
    assert (figures["input_zero_point"], figures["output_zero_point"]) == (-128, -128)
    assert figures["output_factor"] == 1 / 256
    assert figures["agreement"] > 0.9
    assert 0 < figures["largest_difference"] < 0.2


def test_a_file_that_differs_from_its_run_leaves_nothing(run, tmp_path, capfd, monkeypatch):
    from cnnspec.targets.keras import source

    right = source.plain_model

    def unfrozen(*given, **more):
        model = right(*given, **more)
        model.layers[0].set_weights(
            [np.full_like(a, np.nan) for a in model.layers[0].get_weights()]
        )
        return model

    monkeypatch.setattr(source, "plain_model", unfrozen)
    err = exported(capfd, run, "--out", tmp_path / "l", code=3).err
    assert "error[CNN960]: the LiteRT file made of" in err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_what_litert_does_not_do_is_said_before_anything_is_read(tmp_path, capfd):
    text = "model x\ndata fashion_mnist_mini\nresize 9x9 bicubic; dense 10 softmax"
    run = finished(tmp_path / "runs", text)
    (run.folder / "weights.npz").unlink()
    err = exported(capfd, run, "--out", tmp_path / "l", code=1).err
    assert (
        "error[CNN701]: the target `litert` does not support `resize`: it has no `bicubic`" in err
    )


def test_without_tensorflow_nothing_is_read(run, tmp_path, capfd, monkeypatch):
    from cnnspec.diagnostics import packages

    found = packages.find_spec
    missing = "tensorflow"
    monkeypatch.setattr(
        packages, "find_spec", lambda name: None if name == missing else found(name)
    )
    (run.folder / "weights.npz").unlink()
    err = exported(capfd, run, "--out", tmp_path / "l", code=3).err
    assert "error[CNN902]: an export to litert needs tensorflow, which is not installed" in err
    assert "pip install 'cnnspec[litert]'" in err
