"""`python -m tests.benchmarks [check] [points] [train] [grid] [--repeats N] [--out FILE]`.

Every comparison runs the two sides in alternation, each run in a process of its own,
and prints medians, their spread and the median of the pairwise ratios. Machines are
noisy: the ratios are what counts. A sweep is compared with nothing: its rows say what
100,000 points take. Training needs the published MNIST.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cnnspec.record import Record
from tests.places import ROOT, full_data

LENET = "specs/lenet5.cnn"
LARK = "import lark; lark.Lark(open('grammar/cnn.lark').read(), parser='lalr', lexer='contextual')"
LARK_PARSE = f"{LARK}.parse(open('{LENET}').read())"
EPOCHS = 4
"""Epochs of a measured training; the first, which compiles, is left out."""

SWEPT = """
let depth = 2; let filters = 8; let kernel = 3; let growth = 1; let width = 32; let rate = 1
repeat i in 0..(depth-1) { conv (filters * growth^i)x(kernel) same relu; pool 2 }
dropout (rate/10); dense (width) relu; dense 10 softmax
budget params <= 100k
"""
SWEEPS = {
    "each another network": """sweep {
        depth in 1..4; filters in 2, 4, 6, 8, 10, 12, 16, 20, 24, 32; kernel in 1..5
        growth in 1..4; width in 8, 16, 32, 64, 128; rate in 0..24 }""",
    "200 networks, settings": """sweep {
        depth in 1..4; filters in 2, 4, 6, 8, 10, 12, 16, 20, 24, 32; kernel in 1..5
        optimizer in adam(1e-4), adam(1e-3), adam(1e-2), sgd(0.1), sgd(0.1, momentum=0.9)
        loss in categorical_crossentropy, poisson, mse, binary_crossentropy
        batch in 32, 64, 128, 256, 512; seed in 1..5 }""",
}
"""Two sweeps of 100,000 points."""

Measure = Callable[[], tuple[float, float]]
"""Runs once and returns seconds and peak memory in MB."""


class Ended(Record):
    """A process that has ended: wall time in seconds, peak memory in MB, what it printed."""

    seconds: float
    megabytes: float
    printed: str


def ended(*arguments: str, codes: tuple[int, ...] = (0,)) -> Ended:
    """Runs a Python process with these arguments, which has to end with one of some codes."""
    with tempfile.TemporaryFile("w+") as printed:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=printed,
            stderr=subprocess.DEVNULL,
            env=_surroundings(),
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode in codes, arguments
        printed.seek(0)
        return Ended(seconds, usage.ru_maxrss / 1024, printed.read())


def process(*arguments: str) -> Measure:
    """A Python process with these arguments: wall time and peak memory."""

    def run() -> tuple[float, float]:
        done = ended(*arguments)
        return done.seconds, done.megabytes

    return run


def epoch_by_keras(network: str) -> Measure:
    """The median epoch of a hand-written Keras script, and the peak memory of the whole."""

    def run() -> tuple[float, float]:
        done = ended("-m", "tests.benchmarks.keras_by_hand", "train", network, str(EPOCHS))
        return statistics.median(json.loads(done.printed)[1:]), done.megabytes

    return run


def epoch_by_cnnspec(network: str) -> Measure:
    """The median epoch of `cnnspec train`, and the peak memory of the whole with its report."""

    def run() -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as folder:
            command = ["-m", "cnnspec", "train", f"specs/{network}.cnn", "--out", folder]
            # Expectations do not hold after so few epochs, which is exit code 1.
            done = ended(*command, "--epochs", str(EPOCHS), codes=(0, 1))
            history = json.loads((Path(folder) / f"{network}-1" / "history.json").read_text())
        return statistics.median(epoch["seconds"] for epoch in history[1:]), done.megabytes

    return run


def compare(
    name: str, ours: Measure, theirs: Measure, repeats: int, *, warm: bool = True
) -> dict[str, object]:
    """Runs two measures in alternation; if `warm`, after one run each that is not counted."""
    if warm:
        ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(repeats)]
    ratios = [mine[0] / other[0] for mine, other in pairs]
    row = {
        "comparison": name,
        "ours_s": statistics.median(mine[0] for mine, _ in pairs),
        "theirs_s": statistics.median(other[0] for _, other in pairs),
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "ours_mb": max(mine[1] for mine, _ in pairs),
        "theirs_mb": max(other[1] for _, other in pairs),
    }
    memory = f"{row['ours_mb']:.0f} / {row['theirs_mb']:.0f} MB" if row["ours_mb"] else ""
    sys.stdout.write(
        f"{name:<44} {row['ours_s']:8.3f} s {row['theirs_s']:8.3f} s   ratio {row['ratio']:.3f} "
        f"({row['ratio_low']:.3f} to {row['ratio_high']:.3f})  {memory}\n"
    )
    sys.stdout.flush()
    return row


def check_rows(repeats: int) -> list[dict[str, object]]:
    """The light commands from a cold start."""
    check = process("-m", "cnnspec", "check", LENET)
    helping = process("-m", "cnnspec", "--help")
    script = "tests/benchmarks/keras_by_hand.py"
    return [
        compare("check, and lark with the grammar alone", check, process("-c", LARK), repeats),
        compare("check, and lark that parses the file", check, process("-c", LARK_PARSE), repeats),
        compare("check, and by hand in Keras", check, process(script, "check"), min(repeats, 5)),
        compare("--help, and Python alone", helping, process("-c", "0"), repeats),
    ]


def point_rows(repeats: int) -> list[dict[str, object]]:
    """A check of a sweep with 100,000 points."""
    rows = []
    for name, sweep in SWEEPS.items():
        check = process("-m", "cnnspec", "check", "--max-runs", "100000", "-e", SWEPT + sweep)
        runs = [check() for _ in range(repeats)]
        row: dict[str, object] = {
            "measured": f"check of 100,000 points, {name}",
            "seconds": statistics.median(seconds for seconds, _ in runs),
            "seconds_low": min(seconds for seconds, _ in runs),
            "seconds_high": max(seconds for seconds, _ in runs),
            "mb": max(megabytes for _, megabytes in runs),
        }
        sys.stdout.write(
            f"{row['measured']:<52} {row['seconds']:6.1f} s "
            f"({row['seconds_low']:.1f} to {row['seconds_high']:.1f})  {row['mb']:.0f} MB\n"
        )
        sys.stdout.flush()
        rows.append(row)
    return rows


def train_rows(repeats: int) -> list[dict[str, object]]:
    """An epoch on MNIST."""
    if full_data() is None:
        sys.stdout.write("training is not measured: the published MNIST is not here\n")
        return []
    return [
        compare(
            f"an epoch of {name}, and by hand in Keras",
            epoch_by_cnnspec(name),
            epoch_by_keras(name),
            repeats,
        )
        for name in ("budget", "lenet5", "grid_2", "four_1")
    ]


def grid_rows(epochs: int) -> list[dict[str, object]]:
    """The 81 networks of specs/grid.cnn, by `cnnspec sweep` and by a loop in one process.

    Once each, for it takes minutes: what is measured is long beside what is noise.
    """
    if full_data() is None:
        sys.stdout.write("the sweep is not measured: the published MNIST is not here\n")
        return []

    def swept() -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as folder:
            command = ["sweep", "specs/grid.cnn", "--set", f"epochs={epochs}", "--out", folder]
            done = ended("-m", "cnnspec", *command)
        return done.seconds, done.megabytes

    by_hand = process("-m", "tests.benchmarks.keras_by_hand", "sweep", str(epochs))
    name = f"81 networks, {epochs} epochs each, and a loop in Keras"
    return [compare(name, swept, by_hand, repeats=1, warm=False)]


def _surroundings() -> dict[str, str]:
    """The environment of a measured process; bytecode may be kept, as it is when installed."""
    own = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CNNSPEC_DATA": str(full_data() or "")}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return own


def main() -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "groups", nargs="*", help="check, points, train, grid; the first three by themselves"
    )
    parser.add_argument("--epochs", type=int, default=1, help="of each network of the grid (1)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks.json"))
    args = parser.parse_args()
    groups = args.groups or ["check", "points", "train"]
    rows = []
    if "check" in groups:
        rows += check_rows(args.repeats)
    if "points" in groups:
        rows += point_rows(min(args.repeats, 3))
    if "train" in groups:
        rows += train_rows(min(args.repeats, 3))
    if "grid" in groups:
        rows += grid_rows(args.epochs)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processors": os.cpu_count(), "python": platform.python_version()}
    args.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    sys.stdout.write(f"written to {args.out}\n")


if __name__ == "__main__":
    main()
