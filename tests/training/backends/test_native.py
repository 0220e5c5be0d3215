"""Trainings in machine code: everything around the steps is that of every other backend."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.sources import read_source
from cnnspec.runs.run import Run
from cnnspec.targets.c import compiler
from cnnspec.training.backends.choose import NATIVE, start
from cnnspec.training.extend import extension
from cnnspec.training.score import Scorer
from cnnspec.training.session import Paused, resume, train
from tests.support.paths import ROOT
from tests.targets.c.support import needs_compiler
from tests.training.test_fit import new_fit

pytestmark = needs_compiler

TEXT = """
model small
data fashion_mnist_mini
conv 4x3 relu l2=1e-4; bn; pool 2; dropout 0.25; dense 10 softmax
expect accuracy >= 0.5
expect val_f1 >= 0.99
train {
  batch 100; epochs 2; validation 0.1; metrics accuracy f1; optimizer adam(0.01)
  loss categorical_crossentropy(label_smoothing=0.1)
}
"""


def checked(text):
    found = check(Source("small.cnn", text))
    assert found.ok
    return found


def trained(folder, text=TEXT, **more):
    return train(checked(text), folder, start(NATIVE, threads=2), **more)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"))


def test_run_folder_has_every_file_but_that_of_keras(outcome):
    files = {path.name for path in outcome.run.folder.iterdir()}
    assert files == {
        "spec.cnn",
        "source.cnn",
        "ir.json",
        "history.json",
        "metrics.json",
        "environment.json",
        "state.npz",
        "weights.npz",
        "images.npz",
        "predictions.npz",
        "inputs.json",
        "novelty.npz",
        ".lock",
    }
    for name in ("history", "metrics", "environment", "inputs"):
        assert outcome.run.salvage(f"{name}.json")[1] == ""


def test_environment_says_what_compiled_it(outcome):
    environment = outcome.run.read_json("environment.json")
    assert environment["backend"] == environment["first_weights"] == "native"
    assert environment["threads"] == 2
    assert "." in environment["compiler"].rpartition(" ")[2]  # the version
    assert "-ffp-contract=off" in environment["compiler_flags"].split()
    assert "keras" not in environment


def test_history_and_scores_are_those_of_any_training(outcome):
    history = outcome.run.read_json("history.json")
    assert set(history[0]) == {
        "epoch",
        "learning_rate",
        "seconds",
        *(f"{split}{name}" for split in ("", "val_") for name in ("loss", "accuracy", "f1")),
    }
    assert history[1]["loss"] < history[0]["loss"]
    assert outcome.scores["test"].accuracy > 0.5
    assert outcome.scores["validation"].figures == pytest.approx(
        {name: history[1][f"val_{name}"] for name in ("accuracy", "f1", "loss")}
    )
    assert [claim.holds for claim in outcome.claims] == [True, False]


def test_training_again_gives_the_same_bits_on_any_number_of_threads(outcome, tmp_path):
    again = train(checked(TEXT), tmp_path, start(NATIVE, threads=1))
    for name in ("weights.npz", "state.npz", "novelty.npz"):
        ours, theirs = ((o.run.folder / name).read_bytes() for o in (again, outcome))
        assert ours == theirs
    other = train(checked(TEXT.replace("epochs 2", "epochs 2; seed 2")), tmp_path, start(NATIVE))
    first, second = ((o.run.folder / "weights.npz").read_bytes() for o in (other, outcome))
    assert first != second


def test_class_weights_change_what_is_learned():
    """A class whose images count for next to nothing is not chosen."""

    def chosen(weights):
        trainer, fit = new_fit(
            NATIVE, f"pool 4; dense 10 softmax; train {{ epochs 3; batch 100{weights} }}"
        )
        fit.run(lambda state: None, lambda: None)
        splits = divide(checked("dense 10 softmax").spec, offline=True)
        return Scorer(trainer).score(splits.test).confusion[:, 0].sum()

    assert chosen("") > 50  # of 100
    assert chosen("; class_weight 0.0001, " + ", ".join("1" * 9)) == 0


def test_batch_norm_is_measured_anew_with_averaged_weights():
    text = (
        "bn; dense 30 relu; bn momentum=0.9; dense 10 softmax\n"
        "train { epochs 1; batch 100; optimizer sgd(0.5, momentum=0.9, ema=0.9) }"
    )
    trainer, _ = new_fit(NATIVE, text)
    images = divide(checked(text).spec, offline=True).train.images
    trainer.run(np.arange(3000, dtype=np.int32).reshape(30, 100), np.full(30, 0.5))
    before = trainer.network.state()
    with trainer.averaged():
        weights = trainer.network.weights
    after = trainer.network.state()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    # By hand: the means of the statistics of 40 batches, evenly from all images.
    some = images[np.linspace(0, len(images) - 1, 4096).astype(int)][:4000] / np.float32(255)
    batches = some.reshape(40, 100, -1).astype(float)
    assert np.allclose(weights["bn/moving_mean"], batches.mean(), atol=1e-5)
    averages = trainer.network.averages
    hidden = []
    for batch in batches:
        normed = (batch - batch.mean()) / np.sqrt(batch.var() + 1e-3)
        normed = normed * averages["bn/gamma"] + averages["bn/beta"]
        hidden.append(np.maximum(normed @ averages["dense/kernel"] + averages["dense/bias"], 0))
    assert np.allclose(weights["bn_2/moving_mean"], np.mean(hidden, (0, 1)), atol=1e-4)
    spread = np.mean([each.var(0) for each in hidden], 0)
    assert np.allclose(weights["bn_2/moving_variance"], spread, rtol=1e-3, atol=1e-5)


def test_diverged_training_is_reported(tmp_path):
    text = "dense 10; train { epochs 1; batch 100; optimizer sgd(1e20); loss mse }"
    with pytest.raises(CnnspecError) as error:
        trained(tmp_path, text)
    assert error.value.diagnostics[0].code == "CNN907"


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("precision mixed_float16", "CNN920", "needs a GPU, and the backend `native` uses none"),
    ],
)
def test_what_it_cannot_do_is_an_error_that_names_another_backend(setting, code, said, tmp_path):
    text = f"dense 10 softmax; train {{ {setting} }}"
    with pytest.raises(CnnspecError) as error:
        trained(tmp_path, text)
    (problem,) = error.value.diagnostics
    assert problem.code == code
    assert said in problem.message
    assert "--backend tensorflow" in problem.help
    assert text[problem.span.start : problem.span.end] in (setting, setting.split()[0])
    assert not list(tmp_path.iterdir())


def test_several_devices_are_declined():
    with pytest.raises(CnnspecError, match="several devices need tensorflow"):
        start(NATIVE).spread(checked("dense 10 softmax"), 2)


def test_paused_run_goes_on_to_the_same_end(outcome, tmp_path):
    with pytest.raises(Paused):
        trained(tmp_path, until=1)
    run = Run(tmp_path / "small-1")
    assert (run.folder / "checkpoints").is_dir()
    told = []
    # Another compiler or number of threads changes no bit, so nothing is said of it.
    resume(run, start(NATIVE, threads=1), told.append)
    assert told == []
    for name in ("weights.npz", "novelty.npz"):
        assert (run.folder / name).read_bytes() == (outcome.run.folder / name).read_bytes()


def test_more_epochs_of_a_finished_run_are_those_of_one_run(outcome, tmp_path):
    origin = tmp_path / "small-1"
    shutil.copytree(outcome.run.folder, origin)
    begin = extension(Run(origin), 3, pytest.fail)
    longer = train(begin.checked, tmp_path, start(NATIVE), begin=begin).run
    at_once = trained(tmp_path / "other", TEXT.replace("epochs 2", "epochs 3")).run
    for name in ("weights.npz", "state.npz"):
        assert (longer.folder / name).read_bytes() == (at_once.folder / name).read_bytes()


def test_more_epochs_need_the_state_of_the_optimizer(outcome, tmp_path):
    origin = tmp_path / "small-1"
    shutil.copytree(outcome.run.folder, origin)
    (origin / "state.npz").write_bytes(b"damaged")
    begin = extension(Run(origin), 3, pytest.fail)
    with pytest.raises(CnnspecError, match="state of the optimizer"):
        train(begin.checked, tmp_path, start(NATIVE), begin=begin)


def test_run_of_another_backend_does_not_go_on(outcome, tmp_path):
    with pytest.raises(Paused):
        trained(tmp_path, until=1)
    run = Run(tmp_path / "small-1")
    environment = run.read_json("environment.json")
    run.write_json("environment.json", {**environment, "backend": "tensorflow"})
    with pytest.raises(CnnspecError, match="backend was tensorflow and is native"):
        resume(run, start(NATIVE), pytest.fail)


WITHOUT = """
import sys
for name in ("keras", "tensorflow", "jax", "torch", "h5py"):
    sys.modules[name] = None
from cnnspec.commands import main
code = main(sys.argv[1:])
assert not any(sys.modules.get(name) for name in ("keras", "tensorflow", "jax", "torch"))
raise SystemExit(code)
"""


def without_frameworks(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_framework_is_needed(tmp_path):
    spec = tmp_path / "net.cnn"
    text = TEXT.replace("expect val_f1 >= 0.99\n", "")
    spec.write_text(text)
    out = ("--out", tmp_path / "runs")
    made = json.loads(without_frameworks("train", spec, "--backend", "native", *out, "--json"))
    run = made["run"]
    assert made["test"]["accuracy"] > 0.5
    # The backend is that of the run.
    again = json.loads(without_frameworks("evaluate", run, "--json"))
    assert again["test"] == made["test"]
    assert len(without_frameworks("predict", run).splitlines()) == 1001
    assert "bit-equal" in without_frameworks("reproduce", run)
    page = (tmp_path / "runs" / "small-1" / "report.html").read_text()
    assert "--backend native" in page


API = """
import sys
for name in ("keras", "tensorflow", "jax", "torch", "h5py"):
    sys.modules[name] = None
import cnnspec, numpy as np
trained = cnnspec.load("net.cnn").train("runs", backend="native", report=False)
images = np.random.default_rng(1).integers(0, 256, (5, 28, 28)).astype(np.uint8)
again = cnnspec.open_run(trained.run)
assert again.evaluate()["test"] == trained.scores["test"]
assert np.array_equal(again.predict(images), trained.predict(images))
np.testing.assert_allclose(again.predict(images), again.predict(images, interpret=True), atol=1e-5)
(answer,) = again.recognize(images[0])
assert answer.distance is not None
"""


def test_python_needs_no_framework_either(tmp_path):
    (tmp_path / "net.cnn").write_text(TEXT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", API], cwd=tmp_path, env=environment)
    assert done.returncode == 0


@pytest.mark.usefixtures("backend")
def test_a_run_of_keras_is_measured_by_machine_code(tmp_path):
    """Whatever trained it, the same weights give the same figures."""
    text = TEXT.replace("epochs 2", "epochs 1")
    outcome = train(checked(text), tmp_path, start("tensorflow"))
    _, ours = start(NATIVE).restore(outcome.run)
    splits = divide(checked(text).spec, offline=True)
    for name, score in Scorer(ours).scores(splits.named()).items():
        assert score.figures == pytest.approx(outcome.scores[name].figures, rel=1e-4)


def test_sweep_trains_its_points_by_machine_code(tmp_path):
    spec = tmp_path / "net.cnn"
    spec.write_text("""
model net
let f = 4
conv (f)x3 relu; pool 4; dense 10 softmax
train { epochs 1; batch 100 }
sweep { f in 2, 4 }
""")
    out = ("--out", tmp_path / "runs", "--no-report", "--json")
    swept = json.loads(without_frameworks("sweep", spec, "--backend", "native", *out))
    assert swept["ok"]
    runs = sorted((tmp_path / "runs" / "net-sweep-1").glob("*/environment.json"))
    assert len(runs) == 2
    assert {json.loads(run.read_text())["backend"] for run in runs} == {"native"}


@pytest.mark.usefixtures("backend")
def test_keras_takes_the_weights_of_a_run_without_a_model_file(outcome):
    from cnnspec.training.backends.choose import backend_for
    from cnnspec.training.evaluate import evaluate

    assert backend_for(outcome.run, None) == "native"
    scores, _, _ = evaluate(outcome.run, start("tensorflow"), offline=True)
    for name, score in scores.items():
        assert score.figures == pytest.approx(outcome.scores[name].figures, rel=1e-5)


@pytest.mark.usefixtures("backend")
def test_features_are_those_that_keras_computes(outcome):
    images = divide(checked(TEXT).spec, offline=True).test.images[:50]
    ours, theirs = (
        start(name).restore(outcome.run)[1].features()(images) for name in (NATIVE, "tensorflow")
    )
    assert ours.shape == (50, 4 + 4 + 10)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.full_data
def test_a_spec_that_ships_reaches_99_percent_in_three_epochs(published, tmp_path, monkeypatch):
    # Objects of tests are compiled without optimization, and this one works for long.
    monkeypatch.setattr(compiler, "FLAGS", (*compiler.FLAGS, "-O2"))
    spec = check(read_source(str(ROOT / "specs" / "fast.cnn")))
    outcome = train(spec, tmp_path, start(NATIVE), offline=True)
    assert outcome.state.epoch == 3
    assert [claim.holds for claim in outcome.claims] == [True]
    assert outcome.scores["test"].accuracy >= 0.99


QUANTIZED = TEXT.replace("epochs 2;", "epochs 4; quantize int8;")


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("quantized"), QUANTIZED)


def test_training_through_int8_is_measured_in_int8_without_a_claim(quantized, tmp_path):
    metrics = quantized.run.read_json("metrics.json")
    assert set(metrics["int8"]) == {"test", "validation"}
    assert metrics["int8"]["test"]["accuracy"] > 0.5
    assert "quantize int8" in (quantized.run.folder / "spec.cnn").read_text()
    out = tmp_path / "c"
    command = ["export", str(quantized.run.folder), "--to", "c", "--dtype", "int8"]
    assert main([*command, "--out", str(out)]) == 0
    figures = json.loads((out / "manifest.json").read_text())["figures"]
    assert figures["accuracy"] == metrics["int8"]["test"]["accuracy"]


def test_the_last_half_of_the_epochs_rounds(quantized, tmp_path):
    """The first half is that of a training without it, and the rest is not."""
    plain = trained(
        tmp_path, QUANTIZED.replace("quantize int8; ", "").replace("dropout 0.25; ", "")
    )
    other = trained(tmp_path, QUANTIZED.replace("dropout 0.25; ", ""))
    losses = [
        [epoch["loss"] for epoch in each.run.read_json("history.json")] for each in (plain, other)
    ]
    assert losses[0][:2] == losses[1][:2]
    assert losses[0][2] != losses[1][2]
    state = dict(np.load(quantized.run.folder / "state.npz"))
    assert state["scales"].shape[1] == 4
    assert (state["scales"][:, 1] > 0).all()


@pytest.mark.parametrize("until", [1, 3])
def test_paused_training_through_int8_goes_on_to_the_same_end(until, quantized, tmp_path):
    with pytest.raises(Paused):
        trained(tmp_path, QUANTIZED, until=until)
    run = Run(tmp_path / "small-1")
    resume(run, start(NATIVE, threads=1), pytest.fail)
    for name in ("weights.npz", "state.npz"):
        assert (run.folder / name).read_bytes() == (quantized.run.folder / name).read_bytes()


def test_a_stop_between_two_epochs_keeps_the_scales():
    trainer, fit = new_fit(NATIVE, "dense 10 softmax; train { epochs 1; batch 100; quantize int8 }")
    fit.run(lambda state: None, lambda: None)
    other, _ = new_fit(NATIVE, "dense 10 softmax; train { epochs 1; batch 100; quantize int8 }")
    assert other.network.scales is None
    other.load(trainer.dump())
    assert np.array_equal(other.network.scales, trainer.network.scales)


def test_more_epochs_that_would_have_been_rounded_otherwise_are_told(quantized):
    told = []
    extension(quantized.run, 8, told.append)
    (warning,) = told
    assert "the epochs that `quantize int8` rounds depend on the number of epochs" in str(warning)


def test_other_backends_name_this_one_before_they_train(tmp_path):
    pytest.importorskip("keras")
    text = "dense 10 softmax; train { quantize int8 }"
    with pytest.raises(CnnspecError) as error:
        train(checked(text), tmp_path, start("tensorflow"))
    (problem,) = error.value.diagnostics
    assert problem.code == "CNN701"
    assert "the backend `tensorflow` does not support `quantize`" in problem.message
    assert problem.help == "leave it out, or train with `--backend native`"
    assert not list(tmp_path.iterdir())
