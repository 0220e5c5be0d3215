"""`cnnspec export RUN --to torch`: a module of PyTorch with its weights."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cnnspec.commands import main
from tests.export.support import finished
from tests.export.test_keras import TEXT
from tests.export.test_onnx import scores_of


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs", TEXT)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: `make test-backends`")


def exported(capsys, *arguments, code=0):
    assert main(["export", *map(str, arguments), "--to", "torch"]) == code
    return capsys.readouterr()


def test_module_gives_what_the_run_gives_without_cnnspec(run, tmp_path, capsys, torch):
    exported(capsys, run, "--out", tmp_path / "t")
    names = {path.name for path in (tmp_path / "t").iterdir()}
    assert names == {"network.py", "weights.npz", "manifest.json"}
    scores, images = scores_of(run, 5)
    np.save(tmp_path / "t" / "images.npy", images.transpose(0, 3, 1, 2))
    program = (
        "import sys; sys.modules['cnnspec'] = None\n"
        "import network, numpy as np, torch\n"
        "found = network.load()(torch.from_numpy(np.load('images.npy')))\n"
        "np.save('scores.npy', found.detach().numpy())\n"
    )
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=tmp_path / "t", check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "t" / "scores.npy"), scores, atol=1e-6)
    found = json.loads((tmp_path / "t" / "manifest.json").read_text())
    assert set(found["made_with"]) == {"numpy", "python", "torch"}
    assert found["figures"]["agreement"] == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("F.relu", "torch.tanh", "differs from it by"), ("nn.Linear(", "nn.Linear(1 + ", "run")],
)
def test_a_module_that_differs_from_its_run_leaves_nothing(
    run, tmp_path, capsys, monkeypatch, torch, old, new, said
):
    from cnnspec.export import torch as exporter

    right = exporter.module_of

    def other(*given):
        module = right(*given)
        return module.replace(text=module.text.replace(old, new))

    monkeypatch.setattr(exporter, "module_of", other)
    err = exported(capsys, run, "--out", tmp_path / "t", code=3).err
    assert "error[CNN960]: the module network.py made of" in err
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_same_run_gives_the_same_bytes(run, tmp_path, capsys, torch):
    for name in "ab":
        exported(capsys, run, "--out", tmp_path / name)
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in "ab"]
    assert files[0] == files[1]


def test_without_pytorch_nothing_is_read(run, tmp_path, capsys, monkeypatch):
    from cnnspec.diagnostics import packages

    found = packages.find_spec
    monkeypatch.setattr(
        packages, "find_spec", lambda name: None if name == "torch" else found(name)
    )
    (run.folder / "weights.npz").unlink()
    err = exported(capsys, run, "--out", tmp_path / "t", code=3).err
    assert "error[CNN902]: an export to torch needs torch, which is not installed" in err
    assert "pip install 'cnnspec[torch]'" in err
