"""A training with every setting is stopped anywhere and ends as if it had not been.

On both backends: what is stopped and goes on is the same code, and what it stops is not.
"""

import json

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.training.backends.choose import NATIVE, start
from cnnspec.training.fit import Fit
from cnnspec.training.score import Scorer
from tests.targets.c.support import needs_compiler

KERAS = "tensorflow"
TEXT = """
pool 4; bn; dropout 0.2; noise 0.05; dense 10 softmax
train {
  optimizer sgd(0.1, weight_decay=1e-3, clipnorm=1, ema=0.9); batch 500; epochs 5
  schedule plateau(val_accuracy, factor=0.5, patience=1, min_delta=0.5)
  augment shift=0.1 noise=0.1; class_weight balanced
  early_stop val_loss patience=4 restore
}
"""


@pytest.fixture(scope="module", params=[KERAS, pytest.param(NATIVE, marks=needs_compiler)])
def name(request):
    return request.param


def new_fit(name, text=TEXT):
    checked = check(Source("x", text))
    assert checked.ok
    splits = divide(checked.spec, offline=True)
    trainer = start(name).prepare(checked).trainer(splits)
    return trainer, Fit(trainer, checked.spec, splits)


def without_seconds(history):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in history]


def equal(ours, theirs):
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.fixture(scope="module")
def whole(name):
    trainer, fit = new_fit(name)
    fit.run(lambda state: None, lambda: None)
    return trainer.weights(), without_seconds(fit.state.history)


def test_the_learning_rate_of_each_epoch_is_in_the_history(whole):
    rates = [epoch["learning_rate"] for epoch in whole[1]]
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.025, 0.0125])


# Nine steps and a validation an epoch: within the second, in its validation, in the fourth.
@pytest.mark.parametrize("after", [12, 19, 34])
def test_fit_stopped_anywhere_ends_with_the_same_weights(name, whole, after, monkeypatch):
    from cnnspec.training import fit

    monkeypatch.setattr(fit, "_PACE", 0)  # one step at a time
    kept = []
    calls = iter(range(10_000))

    def pause():
        if next(calls) == after:
            raise Interrupted(2)

    _, first = new_fit(name)
    with pytest.raises(Interrupted):
        first.run(lambda state: kept.append(state.dump()), pause)
    arrays, facts = kept[-1]
    trainer, second = new_fit(name)
    second.state.load(arrays, json.loads(json.dumps(facts)))
    second.run(lambda state: None, lambda: None)
    assert without_seconds(second.state.history) == whole[1]
    assert equal(trainer.weights(), whole[0])


def test_state_of_another_network_is_not_taken(name):
    _, fit = new_fit(name)
    arrays, facts = fit.state.dump()
    _, other = new_fit(name, TEXT.replace("pool 4", "pool 7"))
    with pytest.raises(ValueError, match="another network"):
        other.state.load(arrays, facts)


def test_ema_is_what_is_measured_and_kept(name):
    text = TEXT.replace("early_stop val_loss patience=4 restore", "")
    trainer, fit = new_fit(name, text.replace("epochs 5", "epochs 2"))
    averages, others = [], []

    def keep(state):
        others.append(trainer.weights())
        with trainer.averaged():
            averages.append(trainer.weights())

    fit.run(keep, lambda: None)
    splits = divide(check(Source("x", text)).spec, offline=True)
    measured = Scorer(trainer).score(splits.validation).loss
    assert fit.state.history[-1]["val_loss"] == pytest.approx(measured, rel=1e-6)
    assert equal(trainer.weights(), averages[-1])
    assert not equal(trainer.weights(), others[-1])


def test_early_stop_keeps_the_best_epoch(name):
    """No epoch after the first is better by so much, so two more are trained."""
    text = """
pool 4; dense 10 softmax
train { batch 500; epochs 9; early_stop val_loss patience=2 min_delta=9 restore }
"""
    trainer, fit = new_fit(name, text)
    kept = []
    fit.run(lambda state: kept.append(trainer.weights()), lambda: None)
    assert len(kept) == 3
    assert fit.state.best_epoch == 1
    assert equal(trainer.weights(), kept[0])
    assert not equal(trainer.weights(), kept[2])


def test_a_negative_output_with_poisson_is_not_blamed_on_the_learning_rate(backend):
    _, fit = new_fit(KERAS, "pool 4; dense 10; train { loss poisson; batch 500; epochs 1 }")
    with pytest.raises(CnnspecError) as caught:
        fit.run(lambda state: None, lambda: None)
    assert caught.value.diagnostics[0].code == "CNN907"
    assert caught.value.diagnostics[0].help == (
        "`poisson` takes the logarithm of an output, and outputs without an activation can be "
        "negative: end the network with `softmax`"
    )


@needs_compiler
def test_a_last_step_that_ruins_the_weights_is_told(tmp_path, capfd):
    """Every loss of training is a number: the only step is taken after it."""
    text = (
        "data fashion_mnist_mini; pool 4; dense 10; "
        "train { optimizer sgd(1e30); loss mse; batch 65536; epochs 1; validation none }"
    )
    command = ["train", "-e", text, "--backend", "native", "--no-report", "--out", str(tmp_path)]
    assert main(command) == 1
    said = capfd.readouterr().err
    assert "error[CNN907]: the loss of the test images is inf after epoch 1, the last" in said
    assert "Traceback" not in said
