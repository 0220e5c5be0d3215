"""A real training on the sample, and what is left of it."""

import json
import shutil

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets.arrays import load
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import Run

TEXT = """
model small
data fashion_mnist_mini
conv 4x3 relu; bn; pool 2; dropout 0.25; dense 10 softmax
expect accuracy >= 0.5
expect val_f1 >= 0.99
expect train_loss <= 5
train { batch 100; epochs 2; validation 0.1; metrics accuracy f1; optimizer adam(0.01) }
"""


def trained(folder, text=TEXT):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    return train(check(Source("small.cnn", text)), folder, start())


@pytest.fixture(scope="module")
def outcome(backend, tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"))


def test_run_folder_has_every_file(outcome):
    files = {path.name for path in outcome.run.folder.iterdir()}
    assert files == {
        "spec.cnn",
        "source.cnn",
        "ir.json",
        "history.json",
        "metrics.json",
        "environment.json",
        "model.keras",
        "weights.npz",
        "images.npz",
        "predictions.npz",
        "inputs.json",
        "novelty.npz",
        ".lock",
    }
    history = outcome.run.read_json("history.json")
    assert [epoch["epoch"] for epoch in history] == [1, 2]
    assert set(history[0]) == {
        "epoch",
        "learning_rate",
        "seconds",
        *(f"{split}{name}" for split in ("", "val_") for name in ("loss", "accuracy", "f1")),
    }
    environment = outcome.run.read_json("environment.json")
    assert environment["backend"] == "tensorflow"
    assert environment["data"]["origin"] == "comes with cnnspec"
    assert environment["data"]["train"] == 4500


def test_training_reaches_half_of_the_test_images(outcome):
    assert outcome.scores["test"].accuracy > 0.5
    assert outcome.scores["test"].confusion.sum() == 1000


def test_expectation_is_measured_on_its_split(outcome):
    accuracy, f1, loss = outcome.claims
    assert accuracy.value == outcome.scores["test"].accuracy
    assert f1.value == outcome.scores["validation"].f1
    assert loss.value == outcome.scores["train"].loss
    assert [held.holds for held in outcome.claims] == [True, False, True]
    kept = outcome.run.read_json("metrics.json")
    assert [claim["holds"] for claim in kept["expectations"]] == [True, False, True]


def test_restored_model_gives_the_same_predictions(outcome):
    from cnnspec.datasets.splits import divide
    from cnnspec.targets.keras.restore import restore
    from cnnspec.training.backends.keras import KerasPredictor
    from cnnspec.training.score import Scorer

    checked, model = restore(outcome.run)
    splits = divide(checked.spec, offline=True)
    scorer = Scorer(KerasPredictor(model))
    again = scorer.score(splits.test)
    assert np.array_equal(again.confusion, outcome.scores["test"].confusion)
    assert again.loss == outcome.scores["test"].loss
    assert scorer.predict(splits.test.images).shape == (1000, 10)


def test_same_seed_gives_the_same_weights_bit_for_bit(outcome, tmp_path):
    from cnnspec.targets.keras.restore import restore

    again = trained(tmp_path)
    other = trained(tmp_path, TEXT.replace("epochs 2", "epochs 2; seed 2"))
    first, second, third = (restore(o.run)[1].get_weights() for o in (outcome, again, other))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, third, strict=True))


def test_validation_on_the_test_set_and_none(tmp_path, backend):
    from cnnspec.datasets.splits import divide

    for setting, lengths in (("test", (5000, 1000)), ("none", (5000, 0)), ("1/8", (4375, 625))):
        text = f"dense 10 softmax; train {{ validation {setting} }}"
        splits = divide(check(Source("x", text)).spec, offline=True)
        held = len(splits.validation) if splits.validation else 0
        assert (len(splits.train), held) == lengths


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ("", ["test", "validation", "train"]),
        ("measure held_out", ["test", "validation"]),
        ("measure held_out; validation none", ["test"]),
        ("measure held_out; validation test", ["test", "validation"]),
    ],
)
def test_what_is_measured_at_the_end_can_be_chosen(settings, names, tmp_path, backend):
    found = trained(tmp_path, f"pool 7; dense 10 softmax; train {{ epochs 1; {settings} }}")
    metrics = found.run.read_json("metrics.json")
    assert list(found.scores) == [name for name in metrics if name in found.scores] == names
    assert found.scores["test"].confusion.sum() == 1000
    if settings.endswith("test"):
        assert metrics["validation"] == metrics["test"]


def test_measure_without_held_out_images_takes_the_training_images():
    from cnnspec.datasets.arrays import Split
    from cnnspec.datasets.splits import divide

    splits = divide(
        check(Source("x", "dense 10 softmax; train { validation none }")).spec, offline=True
    )
    unlabelled = splits.replace(test=Split(splits.test.images, None))
    assert list(unlabelled.measured("held_out")) == ["train"]


def test_early_stopping_ends_and_keeps_the_best_epoch(tmp_path, backend):
    text = """
    pool 4; dense 10 softmax
    train {
      optimizer sgd(20); batch 100; epochs 40; validation 0.1
      early_stop val_f1 patience=2 restore
    }
    """
    outcome = trained(tmp_path, text)
    history = outcome.state.history
    best = max(history, key=lambda epoch: epoch["val_f1"])
    assert len(history) < 40
    assert outcome.state.best_epoch == best["epoch"] == len(history) - 2
    assert outcome.scores["validation"].f1 == pytest.approx(best["val_f1"], abs=1e-5)


def test_a_loss_that_is_no_number_ends_training_at_once(tmp_path, backend):
    text = "dense 64 relu; dense 10; train { optimizer sgd(1e30); loss mse; epochs 3 }"
    with pytest.raises(CnnspecError, match=r"the loss is (nan|inf) in epoch 1, after") as caught:
        trained(tmp_path, text)
    assert caught.value.exit_code == 1
    assert not (tmp_path / "model-1" / "model.keras").exists()
    with pytest.raises(CnnspecError, match="did not finish"):
        _ = Run.open(str(tmp_path / "model-1")).model


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "another"])
def test_a_damaged_model_file_is_refused(outcome, tmp_path, damage):
    from cnnspec.targets.keras.restore import restore, save

    folder = tmp_path / "run"
    shutil.copytree(outcome.run.folder, folder)
    path = folder / "model.keras"
    data = path.read_bytes()
    if damage == "another":
        from cnnspec.targets.keras.build import build

        save(build(check(Source("x", "pool 4; dense 10")), 1), Run(folder))
    else:
        middle = len(data) // 2
        flipped = data[:middle] + bytes(b ^ 255 for b in data[middle : middle + 200])
        path.write_bytes({"empty": b"", "cut": data[:-200], "flipped": flipped}[damage])
    with pytest.raises(CnnspecError, match="cannot read the weights") as caught:
        restore(Run.open(str(folder)))
    assert caught.value.exit_code == 3


def test_a_foreign_model_file_runs_no_code(outcome, tmp_path):
    """A canary: the config of a `.keras` file is never looked at, only its weights."""
    import zipfile

    from cnnspec.targets.keras.restore import restore

    folder = tmp_path / "run"
    shutil.copytree(outcome.run.folder, folder)
    canary = tmp_path / "canary"
    config = {"module": "os", "class_name": "system", "config": f"touch {canary}"}
    path = folder / "model.keras"
    with zipfile.ZipFile(outcome.run.folder / "model.keras") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, json.dumps(config) if name == "config.json" else content)
    restore(Run.open(str(folder)))
    assert not canary.exists()


def test_images_stay_bytes_until_a_batch_is_made():
    assert load("fashion_mnist_mini").train.images.nbytes == 5000 * 28 * 28


def test_target_records_the_epoch_that_reached_it(tmp_path, backend):
    text = "pool 2; conv 4x3 relu; dense 10 softmax; train {{ epochs 3; optimizer adam(0.01); {} }}"
    for setting, epochs in (
        ("target accuracy 0.6", 3),
        ("target val_accuracy 0.6 stop", 1),
        ("target train_loss 0.0001", 3),
    ):
        outcome = trained(tmp_path, text.format(setting))
        found = outcome.run.read_json("metrics.json")["target"]
        assert len(outcome.state.history) == epochs
        if "loss" in setting:
            assert found["epoch"] is None
        else:
            assert found["epoch"] == 1
            assert found["value"] >= 0.6
            assert found["seconds"] == outcome.state.history[0]["seconds"]
    # That of the test set is measured apart from training: it changes nothing.
    plain = trained(tmp_path, text.format(""))
    aimed = trained(tmp_path, text.format("target accuracy 0.6"))
    assert plain.scores["test"].loss == aimed.scores["test"].loss
