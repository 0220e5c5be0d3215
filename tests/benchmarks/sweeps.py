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
from tests.support.paths import full_data

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


LOSSES = ("categorical_crossentropy", "poisson", "binary_crossentropy")


def grid(epochs: int) -> list[Row]:
    """The 81 networks of specs/grid.cnn, by `cnnspec sweep` and by a loop in one process.

    In three parts by turns, one for each loss, for a machine is not as quick in one half
    of an hour as in the other. Both sides measure what was held out from training.
    """
    if full_data() is None:
        say("the sweep is not measured: the published MNIST is not here")
        return []
    parts = [_grid_of(loss, epochs) for loss in LOSSES]
    ours, theirs = (sum(part[side] for part in parts) for side in ("ours_s", "theirs_s"))
    name = f"all 81, {epochs} epochs each"
    say(f"{name:<48} {ours:8.1f} s {theirs:8.1f} s   ratio {ours / theirs:.3f}")
    whole = {"comparison": name, "ours_s": ours, "theirs_s": theirs, "ratio": ours / theirs}
    return [*parts, whole]


def _grid_of(loss: str, epochs: int) -> Row:
    """The 27 networks with one of the losses."""

    def swept() -> Taken:
        chosen = [f"--set={it}" for it in (f"loss={loss}", f"epochs={epochs}", "measure=held_out")]
        with tempfile.TemporaryDirectory() as folder:
            done = ended(program("cnnspec"), "sweep", "specs/grid.cnn", *chosen, "--out", folder)
        return Taken(done.seconds, done.megabytes)

    loop = python("-m", "tests.benchmarks.by_hand.in_keras", "sweep", str(epochs), loss)
    name = f"27 networks, {loss}, and a loop in Keras"
    return compare(name, swept, process(*loop), repeats=1, warm=False)
