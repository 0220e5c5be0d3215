"""A training with every setting is stopped anywhere and ends as if it had not been."""

import json

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError, Interrupted

pytestmark = pytest.mark.usefixtures("backend")

TEXT = """
pool 4; bn; dropout 0.2; dense 10 softmax
train {
  optimizer sgd(0.1, weight_decay=1e-3, clipnorm=1, ema=0.9); batch 500; epochs 5
  schedule plateau(val_accuracy, factor=0.5, patience=1, min_delta=0.5)
  augment shift=0.1 noise=0.1; class_weight balanced
  early_stop val_loss patience=4 restore
}
"""


def new_fit(text=TEXT):
    from cnnspec.targets.keras.build import build, compile_model
    from cnnspec.training.backends.keras import KerasTrainer
    from cnnspec.training.fit import Fit

    checked = check(Source("x", text))
    assert checked.ok
    model = build(checked, 1)
    compile_model(model, checked.spec.train)
    splits = divide(checked.spec, offline=True)
    return model, Fit(KerasTrainer(model, checked, splits), checked.spec, splits)


def without_seconds(history):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in history]


@pytest.fixture(scope="module")
def whole(backend):
    model, fit = new_fit()
    fit.run(lambda state: None, lambda: None)
    return model.get_weights(), without_seconds(fit.state.history)


def test_the_learning_rate_of_each_epoch_is_in_the_history(whole):
    rates = [epoch["learning_rate"] for epoch in whole[1]]
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.025, 0.0125])


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
    model, second = new_fit()
    second.state.load(arrays, json.loads(json.dumps(facts)))
    second.run(lambda state: None, lambda: None)
    assert without_seconds(second.state.history) == whole[1]
    for ours, theirs in zip(model.get_weights(), whole[0], strict=True):
        assert np.array_equal(ours, theirs)


def test_ema_is_what_is_measured_and_kept():
    from cnnspec.training.backends.keras import KerasPredictor
    from cnnspec.training.score import Scorer

    text = TEXT.replace("early_stop val_loss patience=4 restore", "").replace(
        "epochs 5", "epochs 2"
    )
    model, fit = new_fit(text)
    fit.run(lambda state: None, lambda: None)
    splits = divide(check(Source("x", text)).spec, offline=True)
    assert fit.state.history[-1]["val_loss"] == pytest.approx(
        Scorer(KerasPredictor(model)).score(splits.validation).loss, rel=1e-6
    )
    averages = [v for v in model.optimizer.variables if v.name.endswith("average")]
    for weight, average in zip(model.trainable_variables, averages, strict=True):
        assert np.array_equal(weight.numpy(), average.numpy())


def test_a_negative_output_with_poisson_is_not_blamed_on_the_learning_rate(backend):
    _, fit = new_fit("pool 4; dense 10; train { loss poisson; batch 500; epochs 1 }")
    with pytest.raises(CnnspecError) as caught:
        fit.run(lambda state: None, lambda: None)
    assert caught.value.diagnostics[0].code == "CNN907"
    assert caught.value.diagnostics[0].help == (
        "`poisson` takes the logarithm of an output, and outputs without an activation can be "
        "negative: end the network with `softmax`"
    )
