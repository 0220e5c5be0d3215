"""The compiled loop does what Keras's own steps do, one after another."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cnnspec.check import check
from cnnspec.datasets.arrays import load
from cnnspec.source import Source
from cnnspec.training.batches import batches, order, scale
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("backend")

TEXTS = {
    "plain": "conv 6x5 same relu; pool 2; dense 20 relu; dense 10 softmax",
    "norm": "conv 6x3 no_bias; bn; relu; pool 4; dense 10 softmax l2=0.01",
    "branches": "conv 4x3 relu; pool 4; residual { conv 4x3 same relu }; dense 10 softmax",
}


def compiled(text, setting=""):
    from cnnspec.training.build import build, compile_model

    checked = check(Source("x", f"{text}; train {{ metrics accuracy f1; {setting} }}"))
    assert checked.ok
    model = build(checked, 1)
    compile_model(model, checked.spec.train)
    return model


def losses_by_keras(model, split, rows):
    """The loss of each step, by `train_on_batch`."""
    labels = np.eye(10, dtype=np.float32)[split.labels]
    return [
        model.train_on_batch(scale(split.images[each]), labels[each], return_dict=True)["loss"]
        for each in rows
    ]


def losses_by_loop(model, split, rows):
    from cnnspec.training.steps import steps

    runner = steps(model, split)
    losses = []
    for each in rows:
        model.reset_metrics()
        assert runner.run(each[None])
        losses.append(float(model.get_metrics_result()["loss"]))
    return losses


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("optimizer", ["adam", "sgd(0.01, momentum=0.9)", "rmsprop"])
def test_fifty_steps_have_the_losses_of_keras(text, optimizer):
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    setting = f"optimizer {optimizer}"
    theirs = losses_by_keras(compiled(text, setting), split, rows)
    ours = losses_by_loop(compiled(text, setting), split, rows)
    assert len(ours) == 50
    assert ours == pytest.approx(theirs, rel=1e-4)


def test_many_steps_at_once_are_the_steps_one_by_one():
    from cnnspec.training.steps import steps

    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    results = []
    for portions in ([rows], np.array_split(rows, 7)):
        model = compiled(TEXTS["plain"])
        runner = steps(model, split)
        assert all(runner.run(portion) for portion in portions)
        results.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))


def test_a_loop_stops_at_a_loss_that_is_no_number():
    from cnnspec.training.steps import steps

    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    model = compiled("dense 64 relu; dense 10", "optimizer sgd(1e30); loss mse")
    assert not steps(model, split).run(rows)
    assert int(model.optimizer.iterations) < 10


@pytest.mark.parametrize("other", ["jax", "torch"])
def test_other_backends_take_the_same_steps(other, tmp_path):
    """Where another backend is installed, the losses of its first steps are the same."""
    pytest.importorskip(other)
    code = f"""
import json, sys
from cnnspec.training.backend import start
start({other!r})
from tests.test_steps import TEXTS, batches, compiled, load, losses_by_loop, order
split = load("fashion_mnist_mini").train
rows, _ = batches(order(len(split), 1, 1), 100)
model = compiled(TEXTS["norm"])
with open(sys.argv[1], "rb") as file:
    import numpy
    model.set_weights([numpy.load(file) for _ in model.weights])
print(json.dumps(losses_by_loop(model, split, rows[:20])))
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
    ours = losses_by_loop(model, split, rows[:20])
    assert json.loads(done.stdout) == pytest.approx(ours, rel=1e-3)
