"""A batch in parts takes the step that it takes as a whole, faster and with the same figures."""

import json
import os
from itertools import product

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets.arrays import load
from cnnspec.targets.keras.passes import PASSES
from cnnspec.training import microbatches
from cnnspec.training.batches import batches, image_weights, order
from tests.support import programs
from tests.training.test_steps import compiled, losses_by_keras, losses_by_loop

pytestmark = pytest.mark.usefixtures("backend")

TEXTS = {
    "plain": "conv 6x5 same relu; pool 2; dense 20 relu; dense 10 softmax",
    "penalties": "conv 6x3 relu l2=0.01; pool 4; ln; dense 10 softmax l1=1e-4",
    "branches": "conv 4x3 relu; pool 4; residual { conv 4x3 same relu }; dense 10 softmax",
    "logits": "pool 4; dense 10; softmax",
}


A_PUSH = {("plain", 3), ("penalties", 2), ("branches", 2), ("logits", 2)}
"""Every network, in two parts or in three; each in both is in the slow set."""


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param(*pair, marks=[] if pair in A_PUSH else pytest.mark.slow)
        for pair in product(TEXTS, (2, 3))
    ],
)
def test_fifty_steps_in_parts_have_the_losses_of_keras(name, count):
    text = TEXTS[name]
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 100)
    written, parted = compiled(text), compiled(text)
    theirs = losses_by_keras(written, split, rows)
    assert losses_by_loop(parted, split, rows, parts=count) == pytest.approx(theirs, rel=1e-4)
    for mine, other in zip(parted.get_weights(), written.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-2, atol=1e-3)
    figures = [model.get_metrics_result() for model in (parted, written)]
    for name in ("accuracy", "f1"):
        assert float(figures[0][name]) == pytest.approx(float(figures[1][name]), abs=0.02)


@pytest.mark.parametrize("images", [2, 7])
def test_class_weights_and_uneven_parts_give_the_same_losses(images):
    """Of few images a part may have none; then the batch stays whole."""
    split = load("fashion_mnist_mini").train
    weights = image_weights(tuple(1 + 0.5 * i for i in range(10)), split.labels, 10)
    rows = np.arange(3 * images, dtype=np.int32).reshape(3, images)
    whole, parted = compiled(TEXTS["plain"]), compiled(TEXTS["plain"])
    one = losses_by_loop(whole, split, rows, weights=weights)
    assert losses_by_loop(parted, split, rows, parts=3, weights=weights) == pytest.approx(
        one, rel=1e-5
    )


DRAWING = {
    "dropout": "conv 6x3 relu; pool 4; dropout 0.3; dense 20 relu; dropout 0.5; dense 10 softmax",
    "channels and noise": "noise 0.3; conv 6x3 relu; sdropout 0.3; pool 4; dense 10 softmax",
    "nothing": "pool 4; dropout 0; dense 10 softmax",
    "again and again": "pool 4; repeat 3 shared { dropout 0.3; conv 1x1 }; dense 10 softmax",
}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        pytest.param(text, passes, id=f"{name}, {'quick' if passes else 'as written'}", marks=marks)
        for name, text in DRAWING.items()
        for passes in ((), PASSES)
        # Each network as it is trained, and one as it is written.
        for marks in [() if passes or name == "channels and noise" else pytest.mark.slow]
    ],
)
def test_random_layers_draw_for_the_whole_batch_in_parts(text, passes):
    split = load("fashion_mnist_mini").train
    rows, _ = batches(order(len(split), 1, 1), 101)
    whole, parted = (compiled(text, passes=passes) for _ in range(2))
    calls = [layer.call for layer in parted.layers]
    one = losses_by_loop(whole, split, rows[:10])
    assert losses_by_loop(parted, split, rows[:10], parts=2) == pytest.approx(one, rel=1e-4)
    for mine, other in zip(parted.variables, whole.variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-3, atol=1e-4)
    # What was put in place of a layer's own call is there no more.
    assert calls == [layer.call for layer in parted.layers]
    if "0.3" in text and passes:
        # What is drawn does show in the losses.
        again = losses_by_loop(compiled(text.replace("0.3", "0")), split, rows[:10], parts=2)
        assert again != pytest.approx(one, rel=1e-2)


@pytest.mark.parametrize(
    ("text", "processors", "found"),
    [
        ("dense 10 softmax; train { batch 64 }", 2, 2),
        ("dense 10 softmax; train { batch 63 }", 2, 1),
        ("dense 10 softmax; train { batch 128 }", 4, 4),
        ("dense 10 softmax; train { batch 1024 }", 8, 1),
        ("dense 10 softmax", 1, 1),
        ("conv 8x3; bn; relu; gap; dense 10 softmax; train { batch 128 }", 2, 1),
    ],
)
def test_number_of_parts_follows_batch_and_processors(text, processors, found, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert microbatches.parts_of(check(Source("x", text))) == found


SPEC = """
conv 8x3 relu; pool 2; dropout 0.25; dense 10 softmax
train { epochs 2; batch 100; validation 0.53; seed 3 }
"""


def program(*arguments, folder, code=None):
    """The command as a process of its own, on a machine of two processors."""
    code = code or "import os; os.cpu_count = lambda: 2; from cnnspec.commands import main; main()"
    status, printed, errors = programs.run(*arguments, folder=folder, code=f"import sys; {code}")
    assert status == 0, errors
    return printed


def read(run, name):
    return json.loads((run / f"{name}.json").read_text())


def test_training_in_parts_is_reproduced_resumed_and_evaluated_bit_for_bit(tmp_path):
    (tmp_path / "net.cnn").write_text(SPEC)
    program("train", "net.cnn", "--out", "a", "--no-report", folder=tmp_path)
    whole = tmp_path / "a" / "model-1"
    assert read(whole, "environment")["parts"] == 2
    assert json.loads(program("reproduce", str(whole), "--json", folder=tmp_path))["ok"]
    # Stopped after its first epoch, and gone on with on a machine of four.
    stopping = """os.cpu_count = lambda: 2
from cnnspec.training import session
from cnnspec.training.fit import Fit
run = Fit.run
Fit.run = lambda self, keep, pause, until: run(self, keep, pause, 1)
from cnnspec.commands import main
try: main()
except session.Paused: raise SystemExit(0)
"""
    program(
        "train",
        "net.cnn",
        "--out",
        "b",
        "--no-report",
        folder=tmp_path,
        code=f"import os\n{stopping}",
    )
    stopped = tmp_path / "b" / "model-1"
    assert len(read(stopped, "history")) == 1
    four = "import os; os.cpu_count = lambda: 4; from cnnspec.commands import main; main()"
    program("train", "--resume", str(stopped), "--no-report", folder=tmp_path, code=four)
    for name in ("metrics", "history"):
        ours, theirs = (read(run, name) for run in (stopped, whole))
        for figures in (*ours, *theirs) if name == "history" else (ours, theirs):
            figures.pop("seconds")
        assert ours == theirs
    measured = json.loads(program("evaluate", str(whole), "--json", folder=tmp_path))
    for split in ("test", "validation", "train"):
        assert measured[split] == read(whole, "metrics")[split]


def test_threads_option_leaves_batches_whole(tmp_path):
    (tmp_path / "net.cnn").write_text(SPEC)
    command = ("train", "net.cnn", "--out", "a", "--no-report", "--threads", "2")
    program(*command, folder=tmp_path)
    environment = read(tmp_path / "a" / "model-1", "environment")
    assert (environment["parts"], environment["threads"]) == (1, 2)
