"""What sweeps take: 100,000 points checked, and 81 networks trained beside a loop in Keras."""

import tempfile

from tests.benchmarks.measuring import (
    Row,
    Taken,
    compare,
    ended,
    figure,
    process,
    program,
    python,
    say,
)
from tests.places import full_data

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


def points(repeats: int) -> list[Row]:
    """A check of a sweep with 100,000 points."""
    rows = []
    for name, sweep in SWEEPS.items():
        command = (program("cnnspec"), "check", "--max-runs", "100000", "-e", SWEPT + sweep)
        runs = [ended(*command) for _ in range(repeats)]
        row = figure(f"100,000 points, {name}", (run.seconds for run in runs), "s")
        rows.append(row | {"mb": max(run.megabytes for run in runs)})
        say(f"{'':<48} {rows[-1]['mb']:8.0f} MB")
    return rows


def grid(epochs: int) -> list[Row]:
    """The 81 networks of specs/grid.cnn, by `cnnspec sweep` and by a loop in one process.

    Once each, for it takes minutes: what is measured is long beside what is noise.
    """
    if full_data() is None:
        say("the sweep is not measured: the published MNIST is not here")
        return []

    def swept() -> Taken:
        with tempfile.TemporaryDirectory() as folder:
            command = ["sweep", "specs/grid.cnn", "--set", f"epochs={epochs}", "--out", folder]
            done = ended(program("cnnspec"), *command)
        return Taken(done.seconds, done.megabytes)

    by_hand = process(*python("-m", "tests.benchmarks.by_hand.in_keras", "sweep", str(epochs)))
    name = f"81 networks, {epochs} epochs each, and a loop in Keras"
    return [compare(name, swept, by_hand, repeats=1, warm=False)]
