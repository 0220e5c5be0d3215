import os
import subprocess
import sys

import pytest

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.targets.keras import backend


def test_a_missing_framework_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(backend.BACKENDS, "jax", "no_such_package")
    with pytest.raises(CnnspecError, match="needs jax, which is not installed") as caught:
        backend.start("jax")
    assert caught.value.exit_code == 3
    assert caught.value.diagnostics[0].help == "pip install 'cnnspec[jax]'"


def test_keras_json_does_not_choose_what_a_spec_means(tmp_path):
    (tmp_path / "keras.json").write_text('{"floatx": "float16", "backend": "numpy", "epsilon": 1}')
    code = (
        "import sys; from cnnspec.targets.keras.backend import start; print(start());"
        "import keras; print(keras.backend.backend(), keras.config.floatx(),"
        "keras.config.epsilon(), keras.config.image_data_format())"
    )
    surroundings = {**os.environ, "KERAS_HOME": str(tmp_path)}
    surroundings.pop("KERAS_BACKEND", None)
    surroundings.pop("TF_CPP_MIN_LOG_LEVEL", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["tensorflow", "tensorflow", "float32", "1e-07", "channels_last"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("named", "cause", "remedy"),
    [
        ("openvino", "KERAS_BACKEND is openvino, on which cnnspec does not run", "unset it"),
        ("jax", "training needs jax, which is not installed", "unset KERAS_BACKEND"),
    ],
)
def test_a_backend_of_the_environment_that_cannot_be_is_refused(monkeypatch, named, cause, remedy):
    monkeypatch.setattr(backend, "_running", lambda: None)
    monkeypatch.setitem(backend.BACKENDS, "jax", "no_such_package")
    monkeypatch.setenv("KERAS_BACKEND", named)
    with pytest.raises(CnnspecError, match=cause) as caught:
        backend.choose()
    assert remedy in caught.value.diagnostics[0].help


def test_the_environment_chooses_where_nothing_else_does(monkeypatch):
    monkeypatch.setattr(backend, "_running", lambda: None)
    monkeypatch.setitem(backend.BACKENDS, "torch", "numpy")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert backend.choose() == "torch"
    assert backend.choose("tensorflow") == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "")
    assert backend.choose() == "tensorflow"


def test_a_backend_that_runs_already_is_kept_and_not_changed_in_silence(monkeypatch):
    assert backend.start() == "tensorflow"
    # Any package that is installed stands for a second framework.
    monkeypatch.setitem(backend.BACKENDS, "jax", "numpy")
    with pytest.raises(CnnspecError, match="Keras runs on tensorflow in this process already"):
        backend.start("jax")
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
