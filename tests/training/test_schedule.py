"""The rates of a training: the schedule's, and what a plateau makes of the figures."""

import json

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.training.schedule import LearningRates


def rates_of(settings, steps=2):
    checked = check(Source("x", f"dense 10 softmax; train {{ {settings} }}"))
    assert checked.ok
    return LearningRates(checked.spec.train, steps)


def followed(rates, name, values):
    """The rate of each epoch, and of the one after the last, with these figures."""
    shown = [float(rates.of(1)[0])]
    for epoch, value in enumerate(values, 2):
        rates.after({name: value})
        shown.append(float(rates.of(epoch)[0]))
    return shown


def test_rates_are_those_of_the_schedule():
    rates = rates_of("optimizer sgd(0.5); schedule exponential(rate=0.25)")
    assert rates.of(2).dtype == np.float32
    assert rates.of(2) == pytest.approx([0.125, 0.0625])
    assert rates_of("optimizer adam(1e-3)").of(7).tolist() == [np.float32(1e-3)] * 2


LOSSES = [1.0, 0.9, 0.95, 0.9, 0.8, 0.85, 0.85, 0.85, 0.85, 0.85]


@pytest.mark.parametrize(
    ("options", "name", "values", "expected"),
    [
        # 0.95 and 0.9 are no improvement on 0.9, nor are those after 0.8.
        ("patience=2", "val_loss", LOSSES, [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 1e-3]),
        ("patience=1, factor=0.5, floor=0.3", "val_loss", [1, 1, 1, 1], [1, 1, 0.5, 0.3, 0.3]),
        ("train_f1, patience=1", "f1", [0.5, 0.6, 0.6], [1, 1, 1, 0.1]),
        ("min_delta=0.2, patience=1", "val_loss", [1, 0.9, 0.7], [1, 1, 0.1, 0.1]),
    ],
)
def test_a_plateau_is_that_of_keras(backend, options, name, values, expected):
    import keras

    ours = followed(
        rates_of(f"epochs 50; optimizer sgd(1); schedule plateau({options})"), name, values
    )
    assert ours == pytest.approx(expected)
    given = dict(pair.split("=") for pair in options.replace(" ", "").split(",") if "=" in pair)
    callback = keras.callbacks.ReduceLROnPlateau(
        monitor=name,
        mode="min" if name.endswith("loss") else "max",
        factor=float(given.get("factor", 0.1)),
        patience=int(given["patience"]),
        min_delta=float(given.get("min_delta", 1e-4)),
        min_lr=float(given.get("floor", 0)),
    )
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    callback.set_model(model)
    callback.on_train_begin()
    theirs = [1.0]
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {name: value})
        theirs.append(float(model.optimizer.learning_rate))
    assert ours == pytest.approx(theirs)


def test_a_plateau_goes_on_from_what_was_written_down():
    settings = "epochs 50; optimizer sgd(1); schedule plateau(patience=2)"
    whole = followed(rates_of(settings), "val_loss", LOSSES)
    for cut in range(len(LOSSES)):
        first = rates_of(settings)
        followed(first, "val_loss", LOSSES[:cut])
        second = rates_of(settings)
        second.load(json.loads(json.dumps(first.dump())))
        assert followed(second, "val_loss", LOSSES[cut:]) == whole[cut:]
