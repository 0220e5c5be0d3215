"""Trainings in machine code: everything around the steps is that of every other backend."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.files.sources import read_source
from cnnspec.runs.run import Run
from cnnspec.training.backends.choose import NATIVE, start
from cnnspec.training.extend import extension
from cnnspec.training.fit import Fit
from cnnspec.training.score import Scorer
from cnnspec.training.session import Paused, resume, train
from tests.support.paths import ROOT
from tests.targets.c.support import needs_compiler
from tests.training.test_fit import without_seconds

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
SETTINGS = """
pool 4; bn; dropout 0.2; noise 0.05; dense 10 softmax
train {
  optimizer sgd(0.1, weight_decay=1e-3, clipnorm=1, ema=0.9); batch 500; epochs 5
  schedule plateau(val_accuracy, factor=0.5, patience=1, min_delta=0.5)
  class_weight balanced
  early_stop val_loss patience=4 restore
}
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(autouse=True)
def _compiled_once(objects, monkeypatch):
    """All tests of this file share a cache of compiled networks."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(objects))


def checked(text):
    found = check(Source("small.cnn", text))
    assert found.ok
    return found


def trained(folder, text=TEXT, **more):
    return train(checked(text), folder, start(NATIVE, threads=2), **more)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"))


def new_fit(text=SETTINGS):
    spec = checked(text)
    splits = divide(spec.spec, offline=True)
    trainer = start(NATIVE, threads=2).trainer(spec, splits)
    return trainer, Fit(trainer, spec.spec, splits)


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


@pytest.fixture(scope="module")
def whole():
    trainer, fit = new_fit()
    fit.run(lambda state: None, lambda: None)
    return trainer.weights(), without_seconds(fit.state.history)


# Nine steps and a validation an epoch: within the second, in its validation, in the fourth.
@pytest.mark.parametrize("after", [12, 19, 34])
def test_fit_stopped_anywhere_ends_with_the_same_weights(whole, after, monkeypatch):
    from cnnspec.training import fit

    monkeypatch.setattr(fit, "_PACE", 0)  # one step at a time
    kept = []
    calls = iter(range(10_000))

    def pause():
        if next(calls) == after:
            raise Interrupted(2)

    _, first = new_fit()
    with pytest.raises(Interrupted):
        first.run(lambda state: kept.append(state.dump()), pause)
    arrays, facts = kept[-1]
    trainer, second = new_fit()
    second.state.load(arrays, json.loads(json.dumps(facts)))
    second.run(lambda state: None, lambda: None)
    assert without_seconds(second.state.history) == whole[1]
    for ours, theirs in zip(trainer.weights(), whole[0], strict=True):
        assert np.array_equal(ours, theirs)


def test_plateau_lowers_the_rates(whole):
    rates = [epoch["learning_rate"] for epoch in whole[1]]
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.025, 0.0125])


def test_state_of_another_network_is_not_taken():
    _, fit = new_fit()
    arrays, facts = fit.state.dump()
    _, other = new_fit(SETTINGS.replace("pool 4", "pool 7"))
    with pytest.raises(ValueError, match="another network"):
        other.state.load(arrays, facts)


def test_ema_is_what_is_measured_and_kept():
    text = SETTINGS.replace("early_stop val_loss patience=4 restore", "").replace(
        "epochs 5", "epochs 2"
    )
    trainer, fit = new_fit(text)
    averages = []
    fit.run(lambda state: averages.append(trainer.network.averages), lambda: None)
    splits = divide(checked(text).spec, offline=True)
    measured = Scorer(trainer).score(splits.validation).loss
    assert fit.state.history[-1]["val_loss"] == measured
    for name, average in averages[-1].items():
        assert np.array_equal(trainer.network.weights[name], average)


def test_early_stop_keeps_the_best_epoch():
    """No epoch after the first is better by so much, so two more are trained."""
    trainer, fit = new_fit("""
pool 4; dense 10 softmax
train { batch 500; epochs 9; early_stop val_loss patience=2 min_delta=9 restore }
""")
    kept = []
    fit.run(lambda state: kept.append(trainer.weights()), lambda: None)
    assert len(kept) == 3
    assert fit.state.best_epoch == 1
    for ours, first, last in zip(trainer.weights(), kept[0], kept[2], strict=True):
        assert np.array_equal(ours, first)
        assert not np.array_equal(ours, last)


def test_class_weights_change_what_is_learned():
    """A class whose images count for next to nothing is not chosen."""

    def chosen(weights):
        trainer, fit = new_fit(
            f"pool 4; dense 10 softmax; train {{ epochs 3; batch 100{weights} }}"
        )
        fit.run(lambda state: None, lambda: None)
        splits = divide(checked("dense 10 softmax").spec, offline=True)
        return Scorer(trainer).score(splits.test).confusion[:, 0].sum()

    assert chosen("") > 50  # of 100
    assert chosen("; class_weight 0.0001, " + ", ".join("1" * 9)) == 0


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
sweep { f in 2, 4, 6 }
""")
    out = ("--out", tmp_path / "runs", "--no-report", "--json")
    swept = json.loads(without_frameworks("sweep", spec, "--backend", "native", *out))
    assert swept["ok"]
    runs = sorted((tmp_path / "runs" / "net-sweep-1").glob("*/environment.json"))
    assert len(runs) == 3
    assert {json.loads(run.read_text())["backend"] for run in runs} == {"native"}


@pytest.mark.usefixtures("backend")
def test_keras_takes_the_weights_of_a_run_without_a_model_file(outcome):
    from cnnspec.training.backends.choose import backend_for
    from cnnspec.training.evaluate import evaluate

    assert backend_for(outcome.run, None) == "native"
    scores, _ = evaluate(outcome.run, start("tensorflow"), offline=True)
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
def test_a_spec_that_ships_reaches_99_percent_in_three_epochs(published, tmp_path):
    spec = check(read_source(str(ROOT / "specs" / "fast.cnn")))
    outcome = train(spec, tmp_path, start(NATIVE), offline=True)
    assert outcome.state.epoch == 3
    assert [claim.holds for claim in outcome.claims] == [True]
    assert outcome.scores["test"].accuracy >= 0.99
