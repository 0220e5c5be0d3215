"""What training takes beside the same network by hand in Keras and in PyTorch.

Epochs, memory, the way from the command to the first step, and how much of what the
processors can do is used.
"""

import json
import math
import statistics
import sys
import tempfile
import time
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from cnnspec.analysis.check import check
from cnnspec.files.sources import read_source
from tests.benchmarks.measuring import (
    Measure,
    Row,
    Taken,
    beside,
    compare,
    ended,
    figure,
    process,
    program,
    python,
    say,
)
from tests.support.paths import ROOT, full_data

NETWORKS = {"budget": 6, "lenet5": 3, "grid_2": 2, "four_1": 2}
"""The networks, and how many epochs are trained: the first, which compiles, is left out."""
THIS = "tests.benchmarks.training"
FRAMEWORKS = {"keras": "Keras", "torch": "PyTorch"}
MANY = (60_000, 240_000)
"""Images of trainings whose memory is measured."""
SIDE = 2_048
"""Rows of the square matrices that say what the processors can do."""


def rows(repeats: int) -> list[Row]:
    """Everything about training; needs the published MNIST."""
    if full_data() is None:
        say("training is not measured: the published MNIST is not here")
        return []
    peak = figure(
        "a matrix product",
        (
            float(ended(*python("-m", "tests.benchmarks.training", "peak")).printed)
            for _ in range(3)
        ),
        "GFLOP/s",
    )
    found = [peak]
    installed = [framework for framework in FRAMEWORKS if find_spec(framework)]
    for framework in FRAMEWORKS.keys() - installed:
        say(f"{FRAMEWORKS[framework]} is not compared: it is not installed")
    compared = [compared_with(network, installed, repeats) for network in NETWORKS]
    for framework, several in zip(installed, zip(*compared, strict=True), strict=True):
        mean = math.prod(row["ratio"] for row in several) ** (1 / len(several))
        name = f"geometric mean beside {FRAMEWORKS[framework]}"
        say(f"{name:<48} {'':26} ratio {mean:.3f}")
        found += [*several, {"comparison": name, "ratio": mean}]
    found += [
        used(network, several[0]["ours_s"], peak)
        for network, several in zip(NETWORKS, compared, strict=True)
    ]
    found.append(
        compare(
            "from the command to the first step, and Keras",
            process(*python("-m", THIS, "start")),
            process(*python("-m", "tests.benchmarks.by_hand.in_keras", "start")),
            repeats,
        )
    )
    found.append(
        compare(
            "MNIST read and verified, and read by hand",
            process(*python("-c", "from cnnspec.datasets.arrays import load; load('mnist')")),
            process(*python("-c", "from tests.benchmarks.by_hand.images import mnist; mnist()")),
            repeats,
        )
    )
    return [*found, evaluated(repeats), *(large(images) for images in MANY)]


def compared_with(network: str, frameworks: list[str], repeats: int) -> list[Row]:
    """An epoch of a network beside an epoch by hand in each framework."""
    others = {
        f"an epoch of {network}, and by hand in {FRAMEWORKS[each]}": by_hand(each, network)
        for each in frameworks
    }
    return beside(others, by_cnnspec(network), repeats, warm=False)


def large(images: int) -> Row:
    """The memory of a small network's training on many images, beside the same in Keras."""
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        random = np.random.default_rng(1)
        pixels = random.integers(0, 256, (images, 28, 28), dtype=np.uint8)
        labels = random.integers(0, 10, images, dtype=np.uint8)
        file, spec = Path(folder) / "many.npz", Path(folder) / "many.cnn"
        np.savez(file, x_train=pixels, y_train=labels)
        spec.write_text(
            'data "many.npz"; pool 4; dense 10 softmax\n'
            "train { epochs 1; batch 512; validation 0.1 }\n"
        )
        command = (program("cnnspec"), "train", str(spec), "--out", folder, "--no-report")
        script = python("-m", "tests.benchmarks.by_hand.in_keras", "many", str(file))
        name = f"a training on {images:,} images, and by hand in Keras"
        return compare(name, process(*command), process(*script), repeats=1, warm=False)


def evaluated(repeats: int) -> Row:
    """What is trained measured again on all images, beside Keras with the same model file."""
    with tempfile.TemporaryDirectory() as folder:
        command = (program("cnnspec"), "train", "specs/lenet5.cnn", "--epochs", "1")
        ended(*command, "--no-report", "--out", folder, codes=(0, 1))
        run = Path(folder) / "lenet5-1"

        def evaluate() -> Taken:
            done = ended(program("cnnspec"), "evaluate", str(run), codes=(0, 1))
            return Taken(done.seconds, done.megabytes)

        script = ("-m", "tests.benchmarks.by_hand.in_keras", "evaluate", str(run / "model.keras"))
        name = "lenet5 measured on 70,000 images, and in Keras"
        return compare(name, evaluate, process(*python(*script)), repeats)


def by_hand(framework: str, network: str, how: str = "train") -> Measure:
    """The median epoch of a hand-written script, and the peak memory of the whole."""

    def run() -> Taken:
        script = f"tests.benchmarks.by_hand.in_{framework}"
        done = ended(*python("-m", script, how, network, str(NETWORKS[network])))
        found = json.loads(done.printed)
        return Taken(statistics.median(found["seconds"][1:]), done.megabytes, found["accuracy"])

    return run


def by_cnnspec(network: str, backend: str = "tensorflow") -> Measure:
    """The median epoch of `cnnspec train`, and the peak memory of the whole with its report.

    Each run has another seed, as those by hand have.
    """
    seeds = count(1)

    def run() -> Taken:
        with tempfile.TemporaryDirectory() as folder:
            command = (program("cnnspec"), "train", f"specs/{network}.cnn", "--out", folder)
            # Expectations do not hold after so few epochs, which is exit code 1.
            chosen = ("--epochs", str(NETWORKS[network]), "--seed", str(next(seeds)))
            chosen += ("--backend", backend)
            done = ended(*command, *chosen, codes=(0, 1))
            run = Path(folder) / f"{network}-1"
            history, metrics = (
                json.loads((run / f"{name}.json").read_text()) for name in ("history", "metrics")
            )
        seconds = statistics.median(epoch["seconds"] for epoch in history[1:])
        return Taken(seconds, done.megabytes, metrics["test"]["accuracy"])

    return run


def used(network: str, seconds: float, peak: Row) -> Row:
    """How many operations an epoch does in a second, of those that a matrix product does.

    A multiply-accumulate is two operations. Backwards there are two products for each of
    those forwards, but for the first layer, whose input needs no gradient.
    """
    checked = check(read_source(str(ROOT / "specs" / f"{network}.cnn")))
    assert checked.totals is not None
    macs, first = checked.totals.macs, next(r.macs for r in checked.layers if r.macs)
    held = checked.spec.train.validation
    share = held if isinstance(held, float) else 0
    trained = 60_000 * (1 - share) * (3 * macs - first)
    watched = (60_000 * share if share else 10_000) * macs
    speed = 2 * (trained + watched) / seconds / 1e9
    found = figure(f"{network} trains with", [speed], "GFLOP/s")
    return found | {"share": speed / peak["median"]}


def product() -> float:
    """Operations a second of a matrix product in float32, in thousand millions; the best of 20."""
    import tensorflow as tf

    left, right = (tf.random.normal((SIDE, SIDE)) for _ in range(2))
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        tf.linalg.matmul(left, right).numpy()
        taken.append(time.perf_counter() - began)
    return 2 * SIDE**3 / min(taken) / 1e9


def start() -> None:
    """`cnnspec train` up to the end of its first step."""
    from cnnspec.targets.keras.backend import start as start_backend

    start_backend("tensorflow")
    from cnnspec.commands import main
    from cnnspec.training.loops import TensorFlowLoop

    stepping = TensorFlowLoop.run

    def run(*arguments: object) -> None:
        stepping(*arguments)  # type: ignore[arg-type]
        raise SystemExit(0)

    TensorFlowLoop.run = run  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        main(["train", "specs/lenet5.cnn", "--out", folder])


if __name__ == "__main__":
    if sys.argv[1] == "peak":
        sys.stdout.write(str(product()))
    else:
        start()
