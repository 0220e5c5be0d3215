"""Trainings spread over several devices: the parts of a processor, each in a process of its own."""

import json
import os

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import Run
from tests.support import programs
from tests.support.paths import ROOT

cores = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core makes one device")

# A network, its settings, and how far losses of single steps may be apart.
NETWORKS = {
    "random": (
        "noise 0.1; conv 4x3 relu l2=0.01; gn 2; sdropout 0.3; pool 4;"
        "residual { conv 4x3 same relu }; dropout 0.3; dense 10 softmax",
        "optimizer adamw(clipnorm=0.1, ema=0.9); loss focal(label_smoothing=0.1)",
        1e-5,
    ),
    # TensorFlow adds up the variance of one device in another order, with errors of 1e-4.
    "norm": ("conv 6x3 no_bias; bn; relu; pool 4; dense 10 no_bias; bn; softmax", "", 1e-4),
}

STEPS = """
import json, sys
import numpy as np
from cnnspec.targets.keras.backend import start
start("tensorflow")
devices, networks = int(sys.argv[1]), json.loads(sys.argv[2])
from cnnspec.training.distributed import devices as found
from cnnspec.training.loops import Feed
from cnnspec.training.steps import steps
from tests.training.test_steps import Source, batches, check, compiled, load, order

found.os.cpu_count = lambda: devices
strategy = found.spread(check(Source("x", "dense 10")), "tensorflow", devices)

split = load("fashion_mnist_mini").train
rows = list(batches(order(len(split), 1, 1), 100)[0][:22])
rows += [rows[0][:50], np.array([7], np.int32), rows[0]]  # smaller ones, and on
weights = np.linspace(0.5, 1.5, len(split), dtype=np.float32)

def trained(strategy, text, setting):
    model = compiled(text, setting)
    runner = steps(model, Feed(split, weights=weights), strategy)
    losses = []
    for number, each in enumerate(rows):
        model.reset_metrics()
        assert runner.run(each[None], np.array([1e-3 / (1 + number)], np.float32))
        losses.append(float(model.get_metrics_result()["loss"]))
    assert not any("call" in vars(layer) for layer in model.layers)
    return losses, float(model.get_metrics_result()["f1"]), int(model.optimizer.iterations)

print(json.dumps({
    name: [trained(s, text, setting) for s in (None, strategy)]
    for name, (text, setting, _) in networks.items()
}))
"""


def python(code, *arguments):
    """What a program prints as JSON on its last line."""
    status, printed, errors = programs.run(*map(str, arguments), folder=ROOT, code=code)
    assert status == 0, errors
    return json.loads(printed.splitlines()[-1])


def test_steps_on_several_devices_have_the_losses_of_one():
    """Also of batches that do not divide, of random layers and of batch norm."""
    found = python(STEPS, 3, json.dumps(NETWORKS))
    for name, (_, _, apart) in NETWORKS.items():
        (one, one_f1, one_count), (several, f1, count) = found[name]
        assert len(one) == 25
        assert one[0] != one[-1]
        assert several == pytest.approx(one, rel=apart), name
        assert f1 == pytest.approx(one_f1, abs=0.02), name
        assert count == one_count == 25


TEXT = """
model small
data fashion_mnist_mini
conv 4x3 no_bias; bn; relu; pool 4; dropout 0.25; dense 10 softmax
train { batch 70; epochs 3; validation 0.5; augment shift=0.1 flip=horizontal; adam }
""".replace("adam", "optimizer adam(1e-3, global_clipnorm=1, ema=0.9)")

RESUMED = """
import json, sys
from pathlib import Path
from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.training.backends.choose import start
backend = start("tensorflow")
from cnnspec.training import session

text, parent, name, *plan = sys.argv[1:]
checked = check(Source("small.cnn", text))
said = []
for until, devices in (map(int, each.split(":")) for each in plan):
    spread = backend.spread(checked, devices)
    backend.clear()
    try:
        if said:
            session.resume(run, spread, said.append, until=until or None)
        else:
            run = Path(parent) / name
            session.train(checked, run.parent, spread, name=name, until=until or None)
    except session.Paused:
        from cnnspec.runs.run import Run
        run = Run(run)
        said.append("paused")
print(json.dumps([getattr(each, "message", each) for each in said]))
"""


def kept(folder):
    """Weights, and the figures of every epoch."""
    from cnnspec.targets.keras.restore import restore

    run = Run(folder)
    history = [
        {k: v for k, v in e.items() if k != "seconds"} for e in run.read_json("history.json")
    ]
    return restore(run)[1].get_weights(), history


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("devices")


@pytest.fixture(scope="module")
def reference(folder, backend):
    """A training on two devices, never stopped."""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one core makes one device")
    python(RESUMED, TEXT, folder, "whole", "0:2")
    return kept(folder / "whole")


def test_a_training_on_two_devices_is_that_of_one(folder, reference):
    """With augmentation, dropout, batch norm, clipping, averages and a last batch of 3 of 60."""
    python(RESUMED, TEXT, folder, "one", "0:1")
    _, history = kept(folder / "one")
    for ours, theirs in zip(reference[1], history, strict=True):
        assert ours == pytest.approx(theirs, abs=2e-3)
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
    assert Run(folder / "one").read_json("environment.json")["devices"] == 1
    assert Run(folder / "whole").read_json("environment.json")["devices"] == 2


def test_resume_is_bit_equal_and_warns_of_another_number_of_devices(folder, reference):
    assert python(RESUMED, TEXT, folder, "resumed", "1:2", "0:2") == ["paused"]
    weights, history = kept(folder / "resumed")
    assert history == reference[1]
    assert all(np.array_equal(a, b) for a, b in zip(weights, reference[0], strict=True))
    said = python(RESUMED, TEXT, folder, "other", "1:2", "0:1")
    assert said == ["paused", "the end may differ in its last bits: devices was 2 and is 1"]
    for ours, theirs in zip(kept(folder / "other")[1], history, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-4)


@cores
def test_the_command_reproduces_what_it_trained_on_as_many_devices(folder):
    spec = "pool 4; dense 10 softmax; train { epochs 1; batch 500 }"
    command = ["train", "-e", spec, "--devices", "2", "--no-report"]
    status, _, errors = programs.run(*command, folder=folder)
    assert status == 0, errors
    assert errors.count("\n") == 1
    assert errors.startswith("epoch 1/1")
    status, printed, _ = programs.run("reproduce", "runs/model-1", "--json", folder=folder)
    assert status == 0, printed
    assert json.loads(printed)["surroundings"] == []


def refusal(text, backend, count):
    from cnnspec.training.distributed.devices import spread

    with pytest.raises(CnnspecError) as caught:
        spread(check(Source("x", text)), backend, count)
    (fault,) = caught.value.diagnostics
    assert fault.exit_code == 3
    return fault.code, fault.message, fault.help, fault.span and fault.span.text


def test_devices_that_cannot_be_used_are_refused_with_a_reason(monkeypatch, backend):
    dense = "dense 10 softmax"
    assert refusal(dense, "jax", 2) == (
        "CNN924",
        "several devices need tensorflow, and the backend is jax",
        "train with `--backend tensorflow`",
        None,
    )
    assert refusal(f"{dense}; train {{ batch 2 }}", "tensorflow", 3) == (
        "CNN924",
        "3 devices cannot share batches of 2 images",
        "write a larger `batch`, or train on 2 devices",
        "batch 2",
    )
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert refusal(dense, "tensorflow", 5)[1:3] == (
        "5 devices are asked for, and this machine has 4 cores",
        "`--devices 4`",
    )
    import tensorflow as tf

    tf.constant(0)
    assert refusal(dense, "tensorflow", 2)[:2] == (
        "CNN919",
        "tensorflow computes in this process already, and cannot part the processor",
    )


def test_one_device_needs_no_strategy(backend):
    from cnnspec.training.distributed.devices import spread

    assert spread(check(Source("x", "dense 10 softmax")), "jax", 1) is None


@pytest.mark.parametrize("number", ["0", "two", "-1"])
def test_devices_option_that_is_not_a_number_is_wrong_usage(number, capsys):
    assert main(["train", "-e", "dense 10 softmax", f"--devices={number}"]) == 2
    assert "is not a whole number from 1 on" in capsys.readouterr().err
