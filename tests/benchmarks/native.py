"""An epoch in machine code beside one of `fit`, by turns in one process.

`python -m tests.benchmarks.native NETWORK REPEATS` measures one network: Keras's model is
written by hand, with its default threads and its data as float32 in memory; ours has the
images as bytes. Neither validates. An epoch of a large network is one of a part of its
images, and so many times as long.
"""

import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable

from tests.benchmarks.measuring import Row, ended, python, say
from tests.support.paths import ROOT, full_data

NETWORKS = {"budget": 1, "lenet5": 2, "grid_2": 5, "four_1": 20}
"""The networks, and of how many of their images one is taken."""
AIMS = {"budget": 0.05, "lenet5": 0.10, "grid_2": 0.18, "four_1": 0.38}


def rows(repeats: int) -> list[Row]:
    """A row for each network and one for all; needs the published MNIST."""
    if full_data() is None:
        say("machine code is not measured: the published MNIST is not here")
        return []
    found = []
    for name in NETWORKS:
        row: Row = json.loads(
            ended(*python("-m", "tests.benchmarks.native", name, str(repeats))).printed
        )
        say(
            f"{name:<10} {row['ours_s']:7.3f} s (CPU {row['ours_cpu_s']:.3f}) beside "
            f"{row['theirs_s']:7.3f} s (CPU {row['theirs_cpu_s']:.3f})  ratio {row['ratio']:.3f}, "
            f"asked for {AIMS[name]:.2f}; CPU {row['cpu_ratio']:.3f}; load {row['load']:.1f}"
        )
        found.append(row)
    mean = math.prod(row["ratio"] for row in found) ** (1 / len(found))
    say(f"geometric mean {mean:.3f}, asked for 0.11")
    return [*found, {"comparison": "geometric mean of machine code beside fit", "ratio": mean}]


def measure(name: str, repeats: int) -> Row:
    """Epochs of both sides by turns; the first of each, which compiles, is left out."""
    import numpy as np

    from cnnspec.analysis.check import check
    from cnnspec.files.sources import read_source
    from cnnspec.targets.c.initial import initial_weights
    from cnnspec.targets.c.native import NativeNetwork
    from tests.benchmarks.by_hand.images import mnist
    from tests.benchmarks.by_hand.in_keras import SETTINGS, keras

    spec = check(read_source(str(ROOT / "specs" / f"{name}.cnn")))
    train = spec.spec.train
    (pixels, classes), _ = mnist()
    held = train.validation if isinstance(train.validation, float) else 0
    part = NETWORKS[name]
    count = round(len(pixels) * (1 - held)) // part
    pixels, classes = pixels[:count, ..., None], classes[:count]
    labels = keras.utils.to_categorical(classes)
    make, optimizer, batch, _, _ = SETTINGS[name]
    model = make()
    model.compile(optimizer(), "categorical_crossentropy", metrics=["accuracy"])
    network = NativeNetwork(spec, initial_weights(spec), threads=os.cpu_count())
    images = np.round(pixels * 255).astype(np.uint8)
    rates = np.full(-(-count // batch), train.optimizer.learning_rate)
    random = np.random.default_rng(1)

    def ours() -> object:
        return network.train(images, classes.astype(np.int32), random.permutation(count), rates)

    def theirs() -> object:
        return model.fit(pixels, labels, batch_size=batch, epochs=1, verbose=0)

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
