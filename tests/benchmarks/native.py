"""What training in machine code takes beside Keras, PyTorch and our own on TensorFlow.

`python -m tests.benchmarks.native NETWORK REPEATS` measures epochs of one network by turns in
one process: Keras's model is written by hand, or is the source that `export --to keras` prints,
with its default threads and its data as float32 in memory; ours has the images as bytes. Neither
validates. An epoch of a large network is one of a part of its images, and so many times as long.
"""

import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.files.sources import read_source
from tests.benchmarks.measuring import Row, beside, compare, ended, figure, process, python, say
from tests.benchmarks.training import by_cnnspec, by_hand
from tests.support.paths import ROOT, full_data

THIS = "tests.benchmarks.native"
FIRST_STEP = "tests.benchmarks.first_step"
PARTS = {"budget": 1, "lenet5": 2, "grid_2": 5, "four_1": 20}
"""The networks written by hand in Keras, and of how many of their images one is taken."""
KINDS = {"mobile_se": 20, "preact_resnet": 20, "dense_net": 20, "lenet5 augmented": 3}
"""Depthwise convolutions and gates; residuals; batch norm and concat; moved images."""
AIMS = {"budget": 0.05, "lenet5": 0.10, "grid_2": 0.18, "four_1": 0.38} | dict.fromkeys(KINDS, 0.25)
AUGMENTED = "augment rotate=10 shift=0.1 zoom=0.1"


def rows(repeats: int) -> list[Row]:
    """Everything about machine code; needs the published MNIST."""
    if full_data() is None:
        say("machine code is not measured: the published MNIST is not here")
        return []
    found = epochs(PARTS, repeats)
    mean = math.prod(row["ratio"] for row in found) ** (1 / len(found))
    say(f"geometric mean {mean:.3f}, asked for 0.11")
    found.append({"comparison": "geometric mean of machine code beside fit", "ratio": mean})
    found += epochs(KINDS, repeats)
    found += starts(repeats)
    found += [one for network in PARTS for one in whole(network, repeats)]
    return [*found, *to_99_percent(repeats)]


def epochs(networks: dict[str, int], repeats: int) -> list[Row]:
    """A row for each network: an epoch of ours beside one of `fit`."""
    found = []
    for name in networks:
        row: Row = json.loads(ended(*python("-m", THIS, name, str(repeats))).printed)
        say(
            f"{name:<16} {row['ours_s']:7.3f} s (CPU {row['ours_cpu_s']:.3f}) beside "
            f"{row['theirs_s']:7.3f} s (CPU {row['theirs_cpu_s']:.3f})  ratio {row['ratio']:.3f}, "
            f"asked for {AIMS[name]:.2f}; CPU {row['cpu_ratio']:.3f}; load {row['load']:.1f}"
        )
        found.append(row)
    return found


def starts(repeats: int) -> list[Row]:
    """From the command to the first step, the object cached and compiled anew, beside Keras."""
    script = process(*python("-m", "tests.benchmarks.by_hand.in_keras", "start"))
    cached, anew = (process(*python("-m", FIRST_STEP, *how)) for how in ([], ["anew"]))
    return [
        compare("to the first step, object cached, and Keras", cached, script, repeats),
        compare("to the first step, compiled anew, and Keras", anew, script, repeats),
    ]


def whole(network: str, repeats: int) -> list[Row]:
    """An epoch of `cnnspec train` with its validation, and the memory of all of it.

    Beside TensorFlow with the same command, Keras by hand and PyTorch, eager and compiled.
    """
    name = f"{network}, native, and"
    others = {
        f"{name} cnnspec on TensorFlow": by_cnnspec(network),
        f"{name} Keras": by_hand("keras", network),
    }
    if find_spec("torch"):
        others |= {
            f"{name} PyTorch": by_hand("torch", network),
            f"{name} PyTorch compiled": by_hand("torch", network, "compile"),
        }
    return beside(others, by_cnnspec(network, "native"), repeats, warm=False)


def to_99_percent(repeats: int) -> list[Row]:
    """From the command to its end: a spec that ships and reaches 99 % of the test images."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        command = python("-m", "cnnspec", "train", "specs/fast.cnn", "--backend", "native")
        for name, more in (("with its report", ()), ("without a report", ("--no-report",))):
            runs = [ended(*command, *more, "--out", folder).seconds for _ in range(repeats + 1)]
            found.append(figure(f"99 % of MNIST, from command to end, {name}", runs[1:], "s"))
    return found


def case(name: str) -> tuple[CheckedSpec, Any]:
    """A network's spec and its compiled Keras model."""
    from tests.benchmarks.by_hand.in_keras import SETTINGS, keras

    spec, _, augmented = name.partition(" ")
    source = read_source(str(ROOT / "specs" / f"{spec}.cnn"))
    if augmented:
        source = Source(name, source.text.replace("epochs 20;", f"epochs 20; {AUGMENTED};"))
        assert AUGMENTED in source.text
    checked = check(source)
    if spec in SETTINGS:
        make, optimizer, *_ = SETTINGS[spec]
        model, rule = make(), optimizer()
    else:
        made: dict[str, Any] = {}
        exec(_keras_source(spec), made)
        rate = checked.spec.train.optimizer.learning_rate
        model, rule = made["build"](), keras.optimizers.Adam(rate)
    if augmented:
        moved = [
            keras.layers.RandomRotation(10 / 360, fill_mode="constant"),
            keras.layers.RandomTranslation(0.1, 0.1, fill_mode="constant"),
            keras.layers.RandomZoom(0.1, fill_mode="constant"),
        ]
        model = keras.Sequential([keras.Input((28, 28, 1)), *moved, model])
    model.compile(rule, "categorical_crossentropy", metrics=["accuracy"])
    return checked, model


def _keras_source(spec: str) -> str:
    """The module of a spec that a person would take over."""
    return ended(*python("-m", "cnnspec", "export", f"specs/{spec}.cnn", "--to", "keras")).printed


def measure(name: str, repeats: int) -> Row:
    """Epochs of both sides by turns; the first of each, which compiles, is left out."""
    from cnnspec.targets.c.initial import initial_weights
    from cnnspec.targets.c.native import NativeNetwork
    from tests.benchmarks.by_hand.images import mnist
    from tests.benchmarks.by_hand.in_keras import keras

    spec, model = case(name)
    train = spec.spec.train
    (pixels, classes), _ = mnist()
    held = train.validation if isinstance(train.validation, float) else 0
    part = (PARTS | KINDS)[name]
    count = round(len(pixels) * (1 - held)) // part
    pixels, classes = pixels[:count, ..., None], classes[:count]
    labels = keras.utils.to_categorical(classes)
    network = NativeNetwork(spec, initial_weights(spec), threads=os.cpu_count())
    images = np.round(pixels * 255).astype(np.uint8)
    rates = np.full(-(-count // train.batch), train.optimizer.learning_rate)
    random = np.random.default_rng(1)

    def ours() -> object:
        return network.train(images, classes.astype(np.int32), random.permutation(count), rates)

    def theirs() -> object:
        return model.fit(pixels, labels, batch_size=train.batch, epochs=1, verbose=0)

    taken: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
    ours()
    theirs()
    for _ in range(repeats):
        taken["theirs"].append(_taken(theirs))
        taken["ours"].append(_taken(ours))
    wall = {side: part * statistics.median(t[0] for t in taken[side]) for side in taken}
    cpu = {side: part * statistics.median(t[1] for t in taken[side]) for side in taken}
    return {
        "comparison": f"{name} in machine code beside fit",
        "ours_s": wall["ours"],
        "theirs_s": wall["theirs"],
        "ours_cpu_s": cpu["ours"],
        "theirs_cpu_s": cpu["theirs"],
        "ratio": wall["ours"] / wall["theirs"],
        "cpu_ratio": cpu["ours"] / cpu["theirs"],
        "load": os.getloadavg()[0],
    }


def _taken(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processors."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
