"""The weights of a run: those of Keras, read without it, and refused where they are not its own."""

import hashlib
import io
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import Run
from cnnspec.runs.weights import read_weights, save_weights
from tests.support.paths import ROOT

TEXT = """
model net
conv 4x3 name=größe; bn no_center; conv 4x3 stride=2 name=ngr__e
repeat 2 shared { conv 4x1 same relu name=again }
residual { dwconv 3 same }
prelu shared; dropout 0.1; sepconv 4x3 no_bias name=conv2d; gn 2; ln
dense 10 softmax
train { epochs 1; batch 500; optimizer adam(ema=0.9) }
"""
# As the network above is written: shapes by hand.
SHAPES = {
    "größe/kernel": (3, 3, 1, 4),
    "größe/bias": (4,),
    "bn/gamma": (4,),
    "bn/moving_mean": (4,),
    "bn/moving_variance": (4,),
    "ngr__e/kernel": (3, 3, 4, 4),
    "ngr__e/bias": (4,),
    "again/kernel": (1, 1, 4, 4),
    "again/bias": (4,),
    "dwconv/kernel": (3, 3, 4, 1),
    "dwconv/bias": (4,),
    "prelu/alpha": (1, 1, 4),
    "conv2d/depthwise_kernel": (3, 3, 4, 1),
    "conv2d/pointwise_kernel": (1, 1, 4, 4),
    "gn/gamma": (4,),
    "gn/beta": (4,),
    "ln/gamma": (4,),
    "ln/beta": (4,),
    "dense/kernel": (400, 10),
    "dense/bias": (10,),
}


def trained(folder, text=TEXT):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    return train(check(Source("net.cnn", text)), folder, start()).run


@pytest.fixture(scope="module")
def kept(backend, tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run(kept, tmp_path):
    """A copy to be damaged."""
    shutil.copytree(kept.folder, tmp_path / "run")
    return Run(tmp_path / "run")


def shapes(arrays):
    return {name: array.shape for name, array in arrays.items()}


def equal(left, right):
    return list(left) == list(right) and all(np.array_equal(left[n], right[n]) for n in left)


def test_a_run_keeps_every_weight_by_layer_and_name(kept):
    found = read_weights(kept)
    assert list(shapes(found).items()) == list(SHAPES.items())
    assert {array.dtype for array in found.values()} == {np.dtype("float32")}
    assert sum(array.size for array in found.values()) == kept.read_json("metrics.json")["params"]


def test_they_are_those_that_keras_loads_from_its_own_file(kept):
    import keras

    model = keras.models.load_model(kept.model, compile=False)
    found = read_weights(kept)
    theirs = {layer.name: layer for layer in model.layers}
    # `größe` is a name that not every framework takes; another layer has the nearest one.
    names = {"größe": "ngr__e_2", "ngr__e": "ngr__e"}
    for key, array in found.items():
        layer, _, weight = key.partition("/")
        (expected,) = (w for w in theirs[names.get(layer, layer)].weights if w.name == weight)
        assert np.array_equal(array, expected), key


def test_its_hash_is_in_the_file_that_is_written_last(kept):
    data = (kept.folder / "weights.npz").read_bytes()
    assert kept.read_json("metrics.json")["weights_sha256"] == hashlib.sha256(data).hexdigest()


def test_the_same_arrays_are_the_same_bytes_at_any_time(kept, run):
    before = (kept.folder / "weights.npz").read_bytes()
    with zipfile.ZipFile(io.BytesIO(before)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    save_weights(run, read_weights(kept))
    assert (run.folder / "weights.npz").read_bytes() == before


def test_a_run_made_before_gives_them_from_the_model_file(kept, run):
    (run.folder / "weights.npz").unlink()
    metrics = run.read_json("metrics.json")
    del metrics["weights_sha256"]
    run.write_json("metrics.json", metrics)
    assert equal(read_weights(run), read_weights(kept))


READ = """
import sys
sys.modules["keras"] = sys.modules["tensorflow"] = None
{without}
from pathlib import Path
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import Run
from cnnspec.runs.weights import read_weights
try:
    print(len(read_weights(Run(Path(sys.argv[1])))))
except CnnspecError as error:
    print(error)
"""


def read_without(run, *packages):
    """What a process says where Keras, TensorFlow and other packages are not installed."""
    without = "".join(f"sys.modules[{package!r}] = None\n" for package in packages)
    command = [sys.executable, "-c", READ.format(without=without), str(run)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stdout.strip()


def test_no_framework_is_needed(run):
    assert read_without(run, "h5py") == str(len(SHAPES))
    (run.folder / "weights.npz").unlink()
    assert read_without(run) == str(len(SHAPES))


def test_a_missing_package_is_named_with_what_installs_it(run):
    for package in ("numpy", "h5py"):
        if package == "h5py":
            (run.folder / "weights.npz").unlink()
        said = read_without(run, package)
        assert f"error[CNN902]: reading weights needs {package}, which is not installed" in said
        assert "help: pip install 'cnnspec[training]'" in said


def refused(run):
    with pytest.raises(CnnspecError) as caught:
        read_weights(run)
    (fault,) = caught.value.diagnostics
    assert fault.code == "CNN905"
    assert caught.value.exit_code == 3
    return fault


def change(data, how):
    middle = len(data) // 2
    return {
        "empty": b"",
        "cut": data[:-100],
        "flipped": data[:middle] + bytes(b ^ 255 for b in data[middle : middle + 50]),
        "another file": b"not an archive",
    }[how]


@pytest.mark.parametrize("how", ["empty", "cut", "flipped", "another file"])
def test_a_damaged_file_is_refused_and_the_help_works(kept, run, how):
    path = run.folder / "weights.npz"
    path.write_bytes(change(path.read_bytes(), how))
    fault = refused(run)
    assert fault.message == f"cannot use {path}: it is not what was written"
    assert fault.help == "remove it: model.keras beside it has the same weights"
    path.unlink()
    assert equal(read_weights(run), read_weights(kept))


def test_without_the_model_file_only_training_helps(run):
    (run.folder / "model.keras").unlink()
    (run.folder / "weights.npz").write_bytes(b"")
    assert refused(run).help == "train again"


def test_a_run_without_both_files_is_refused(run):
    (run.folder / "model.keras").unlink()
    (run.folder / "weights.npz").unlink()
    assert "has no model.keras" in refused(run).message


def test_a_file_without_its_hash_is_refused(run):
    metrics = run.read_json("metrics.json")
    del metrics["weights_sha256"]
    run.write_json("metrics.json", metrics)
    assert refused(run).message.endswith("metrics.json has no hash of it")


def test_a_run_that_has_not_finished_says_how_to_go_on(run):
    (run.folder / "metrics.json").unlink()
    fault = refused(run)
    assert fault.message == f"{run} has not finished"
    assert fault.help == f"`cnnspec train --resume {run}` goes on"


def rewrite(run, arrays):
    """Other arrays with a hash that fits, as who changes both would leave them."""
    metrics = run.read_json("metrics.json")
    run.write_json("metrics.json", {**metrics, "weights_sha256": save_weights(run, arrays)})


@pytest.mark.parametrize(
    ("name", "changed", "cause"),
    [
        ("bn/gamma", None, "`bn/gamma` is missing"),
        ("bn/beta", np.zeros(4, "float32"), "`bn/beta` is not of its spec"),
        ("bn/gamma", np.zeros(5, "float32"), "`bn/gamma` is float32 of 5, not float32 of 4"),
        ("bn/gamma", np.zeros(4), "`bn/gamma` is float64 of 4, not float32 of 4"),
    ],
)
def test_arrays_of_another_network_are_refused(run, name, changed, cause):
    arrays = {**read_weights(run), name: changed}
    rewrite(run, {n: array for n, array in arrays.items() if array is not None})
    fault = refused(run)
    assert fault.message == (
        f"{run.folder / 'weights.npz'} does not hold the weights of its spec: {cause}"
    )


def test_a_renamed_array_is_named(run):
    arrays = read_weights(run)
    arrays["conv/kernel"] = arrays.pop("größe/kernel")
    rewrite(run, arrays)
    message = refused(run).message
    assert "`größe/kernel` is missing; `conv/kernel` is not of its spec" in message


def test_the_model_file_of_another_network_is_refused(run, tmp_path, backend):
    (run.folder / "weights.npz").unlink()
    other = trained(tmp_path / "others", "pool 4; dense 10 softmax; train { epochs 1; batch 500 }")
    shutil.copy(other.model, run.folder / "model.keras")
    assert refused(run).message.startswith(f"cannot use {run.folder / 'model.keras'}: ")


def with_hash(run, data):
    (run.folder / "weights.npz").write_bytes(data)
    metrics = run.read_json("metrics.json")
    sha256 = hashlib.sha256(data).hexdigest()
    run.write_json("metrics.json", {**metrics, "weights_sha256": sha256})


def test_nothing_is_unpickled(run, tmp_path):
    """A canary: reading an array of objects would run what is in it."""

    class Canary:
        def __reduce__(self):
            return (open, (str(tmp_path / "canary"), "w"))

    file = io.BytesIO()
    arrays = {name: np.zeros(shape, "float32") for name, shape in SHAPES.items()}
    np.savez(file, **{**arrays, "bn/gamma": np.array([Canary()], object)})
    with_hash(run, file.getvalue())
    assert "allow_pickle=False" in refused(run).message
    assert not (tmp_path / "canary").exists()


def test_what_unpacks_to_much_more_is_not_unpacked(run):
    file = io.BytesIO()
    np.savez_compressed(file, **{"dense/kernel": np.zeros((10_000, 1000), "float32")})
    with_hash(run, file.getvalue())
    assert refused(run).message.endswith("are expected at most")


def test_every_seed_and_a_resumed_run_have_them(tmp_path, backend):
    from cnnspec.commands import main

    text = "pool 4; dense 10 softmax; train { epochs 1; batch 500; runs 2 }"
    assert main(["train", "-e", text, "--out", str(tmp_path), "--no-report"]) == 0
    kernels = [
        read_weights(Run(tmp_path / "model-1" / f"seed-{seed}"))["dense/kernel"] for seed in (1, 2)
    ]
    assert not np.array_equal(*kernels)
    # As one that was killed after its weights were written.
    one = tmp_path / "model-1" / "seed-1"
    (one / "metrics.json").unlink()
    (one / "weights.npz").write_bytes(b"")
    assert main(["train", "--resume", str(one), "--no-report"]) == 0
    assert np.array_equal(read_weights(Run(one))["dense/kernel"], kernels[0])
