"""The compiled loop does what Keras's own steps do, one after another."""

import json
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets.arrays import load
from cnnspec.targets.keras.passes import PASSES
from cnnspec.training.batches import batches, order, scale
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("backend")

TEXTS = {
    "plain": "conv 6x5 same relu; pool 2; dense 20 relu; dense 10 softmax",
    "norm": "conv 6x3 no_bias; bn; relu; pool 4; dense 10 softmax l2=0.01",
    "branches": "conv 4x3 relu; pool 4; residual { conv 4x3 same relu }; dense 10 softmax",
}


def compiled(text, setting="", passes=()):
    from cnnspec.targets.keras.build import build, compile_model

    checked = check(Source("x", f"{text}; train {{ metrics accuracy f1; {setting} }}"))
    assert checked.ok
    model = build(checked, 1, passes)
    compile_model(model, checked.spec.train, quick=bool(passes))
    return model


def losses_by_keras(model, split, rows):
    """The loss of each step, by `train_on_batch`."""
    labels = np.eye(10, dtype=np.float32)[split.labels]
    return [
        model.train_on_batch(scale(split.images[each]), labels[each], return_dict=True)["loss"]
        for each in rows
    ]


def runner_of(model, split, parts=1, **feed):
    from cnnspec.training.loops import Feed
    from cnnspec.training.steps import steps

    return steps(model, Feed(split, **feed), parts=parts)


def constant(model, rows):
    """The learning rate of the model for each step."""
    return np.full(len(rows), float(model.optimizer.learning_rate), np.float32)


def losses_by_loop(model, split, rows, rates=None, **feed):
    runner = runner_of(model, split, **feed)
    rates = constant(model, rows) if rates is None else np.asarray(rates, np.float32)
    losses = []
    for each, rate in zip(rows, rates, strict=True):
        model.reset_metrics()
        assert runner.run(each[None], rate[None])
        losses.append(float(model.get_metrics_result()["loss"]))
    return losses


OPTIMIZERS = ("adam", "adamw", "sgd(0.01, momentum=0.9)", "rmsprop")
A_PUSH = {
    ("norm", "adam"),
    ("plain", "adamw"),
    ("branches", "sgd(0.01, momentum=0.9)"),
    ("norm", "rmsprop"),
}
"""Every network and every optimizer; each with each is in the slow set."""


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        pytest.param(*pair, marks=[] if pair in A_PUSH else pytest.mark.slow)
        for pair in product(TEXTS, OPTIMIZERS)
    ],
)
def test_fifty_steps_have_the_losses_of_keras(name, optimizer):
    text = TEXTS[name]
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    setting = f"optimizer {optimizer}"
    written, quick = compiled(text, setting), compiled(text, setting, PASSES)
    theirs = losses_by_keras(written, split, rows)
    ours = losses_by_loop(quick, split, rows)
    assert len(ours) == 50
    assert ours == pytest.approx(theirs, rel=1e-4)
    # The moving statistics of batch norm are among them.
    for mine, other in zip(quick.get_weights(), written.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-2, atol=1e-3)


def test_many_steps_at_once_give_the_weights_of_single_steps():
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    results = []
    for portions in ([rows], np.array_split(rows, 7)):
        model = compiled(TEXTS["plain"])
        runner = runner_of(model, split)
        assert all(runner.run(portion, constant(model, portion)) for portion in portions)
        results.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


def test_loop_stops_at_a_loss_that_is_not_finite():
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    model = compiled("dense 64 relu; dense 10", "optimizer sgd(1e30); loss mse")
    assert not runner_of(model, split).run(rows, constant(model, rows))
    assert int(model.optimizer.iterations) < 10


def test_each_step_has_its_own_learning_rate():
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    rates = [0.0, 0.1, 0.0, 0.02]
    model = compiled("pool 4; dense 10 softmax", "optimizer sgd(0.5)")
    kernel = model.trainable_variables[0]
    moved = []
    runner = runner_of(model, split)
    for each, rate in zip(rows[:4], rates, strict=True):
        before = kernel.numpy()
        runner.run(each[None], np.array([rate], np.float32))
        moved.append(np.abs(kernel.numpy() - before).max())
    assert moved[0] == moved[2] == 0
    assert min(moved[1], moved[3]) > 0
    # All at once they are the same steps.
    again = compiled("pool 4; dense 10 softmax", "optimizer sgd(0.5)")
    runner_of(again, split).run(rows[:4], np.array(rates, np.float32))
    assert np.array_equal(again.trainable_variables[0].numpy(), kernel.numpy())
    assert float(again.optimizer.learning_rate) == pytest.approx(0.02)


def test_class_weights_are_those_of_keras():
    import keras

    from cnnspec.training.batches import image_weights

    split = load("fashion_mnist_mini").train.take(np.arange(300))
    weights = tuple(1 + 0.5 * i for i in range(10))
    text = "pool 4; dense 10 softmax"
    theirs = compiled(text)
    losses = []
    theirs.fit(
        scale(split.images),
        np.eye(10, dtype=np.float32)[split.labels],
        batch_size=100,
        shuffle=False,
        epochs=1,
        class_weight=dict(enumerate(weights)),
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
            )
        ],
    )
    ours = compiled(text)
    runner = runner_of(ours, split, weights=image_weights(weights, split.labels, 10))
    running = []
    for each in np.arange(300).reshape(3, 1, 100).astype(np.int32):
        runner.run(each, constant(ours, each))
        running.append(float(ours.get_metrics_result()["loss"]))
    # Keras's are running means within the epoch, as ours are here.
    assert running == pytest.approx(losses, rel=1e-5)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("other", ["jax", "torch"])
def test_other_backends_take_the_same_steps(other, tmp_path):
    """Where another backend is installed, the losses of its first steps are the same."""
    pytest.importorskip(other)
    code = f"""
import json, sys
from cnnspec.targets.keras.backend import start
start({other!r})
from tests.training.test_steps import TEXTS, batches, compiled, load, losses_by_loop, order
split = load("fashion_mnist_mini").train
rows, _ = batches(order(len(split), 1, 1), 100)
model = compiled(TEXTS["norm"])
import numpy
with open(sys.argv[1], "rb") as file:
    model.set_weights([numpy.load(file) for _ in model.weights])
rates = numpy.linspace(1e-3, 1e-2, 20)
weights = numpy.linspace(0.5, 1.5, len(split), dtype=numpy.float32)
print(json.dumps(losses_by_loop(model, split, rows[:20], rates, weights=weights)))
"""
    model = compiled(TEXTS["norm"])
    with (tmp_path / "weights").open("wb") as file:
        for weight in model.get_weights():
            np.save(file, weight)
    command = [sys.executable, "-c", code, str(tmp_path / "weights")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    rates = np.linspace(1e-3, 1e-2, 20)
    weights = np.linspace(0.5, 1.5, len(split), dtype=np.float32)
    ours = losses_by_loop(model, split, rows[:20], rates, weights=weights)
    assert json.loads(done.stdout) == pytest.approx(ours, rel=1e-3)
