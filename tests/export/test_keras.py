"""`cnnspec export RUN --to keras`: a module of plain Keras with its weights, and a Keras file."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cnnspec.commands import main
from tests.export.support import finished
from tests.export.test_onnx import scores_of

pytestmark = pytest.mark.usefixtures("backend")

FILES = {"network.py", "weights.npz", "clothes.keras", "manifest.json"}

# Every word that Keras has no layer for, and a name that it does not take.
TEXT = """
model clothes
data fashion_mnist_mini
conv 6x3 relu stride=2 name="größe"; slice 4; shuffle 2; pool 2 ceil; avgpool 4 ceil
residual { conv 4x3 same; bn }
dense 10 softmax
"""


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs", TEXT)


def exported(capsys, *arguments, code=0):
    assert main(["export", *map(str, arguments), "--to", "keras"]) == code
    return capsys.readouterr()


def test_module_and_file_give_what_the_run_gives_without_cnnspec(run, tmp_path, capsys):
    exported(capsys, run, "--out", tmp_path / "k")
    assert {path.name for path in (tmp_path / "k").iterdir()} == FILES
    scores, images = scores_of(run, 5)
    np.save(tmp_path / "k" / "images.npy", images)
    program = (
        "import sys; sys.modules['cnnspec'] = None\n"
        "import keras, numpy as np, network\n"
        "images = np.load('images.npy')\n"
        "found = [network.load(), keras.models.load_model('clothes.keras')]\n"
        "np.save('scores.npy', [model.predict(images, verbose=0) for model in found])\n"
    )
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=tmp_path / "k", check=True, capture_output=True)
    for found in np.load(tmp_path / "k" / "scores.npy"):
        np.testing.assert_allclose(found, scores, atol=1e-6)


def test_same_run_gives_the_same_bytes_and_the_manifest_its_figures(run, tmp_path, capsys):
    for name in "ab":
        exported(capsys, run, "--out", tmp_path / name)
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in "ab"]
    assert files[0] == files[1]
    found = json.loads(files[0]["manifest.json"])
    assert set(found["made_with"]) == {"keras", "numpy", "python", "tensorflow"}
    assert set(found["files"]) == FILES - {"manifest.json"}
    assert found["figures"]["compared_images"] == 200
    assert found["figures"]["agreement"] == 1
    assert found["figures"]["largest_difference"] < 1e-5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('activation="relu"', 'activation="tanh"', "the module network.py made of"),
        ("strides=2", "strides=3", "does not run"),
        ("def load", "def lode", "does not run"),
    ],
)
def test_a_module_that_differs_from_its_run_leaves_nothing(
    run, tmp_path, capsys, monkeypatch, old, new, said
):
    from cnnspec.targets.keras import source

    right = source.module_text
    monkeypatch.setattr(source, "module_text", lambda *given: right(*given).replace(old, new))
    err = exported(capsys, run, "--out", tmp_path / "k", code=3).err
    assert "error[CNN960]" in err
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_file_that_differs_from_its_run_leaves_nothing(run, tmp_path, capsys, monkeypatch):
    from cnnspec.export import keras

    saved = keras._saved

    def other(model, folder):
        for layer in model.layers:
            layer.set_weights([np.ones_like(array) for array in layer.get_weights()])
        return saved(model, folder)

    monkeypatch.setattr(keras, "_saved", other)
    err = exported(capsys, run, "--out", tmp_path / "k", code=3).err
    assert "error[CNN960]: the Keras file made of" in err
    assert not (tmp_path / "k").exists()


def test_without_a_framework_nothing_is_read(run, tmp_path):
    (run.folder / "weights.npz").unlink()
    program = (
        "import sys; from importlib import util; right = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'tensorflow' else right(name)\n"
        "from cnnspec.commands import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "export", str(run), "--to", "keras"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    if "jax" not in done.stderr:
        assert "error[CNN902]: an export to keras needs tensorflow" in done.stderr
