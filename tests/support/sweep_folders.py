"""Sweep folders made up without a training, as one would have left them."""

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.ir.source import SpecSource
from cnnspec.runs.run import HISTORY, METRICS, Run
from cnnspec.runs.seeds import SeedRuns
from cnnspec.sweeps.folder import Sweep
from cnnspec.sweeps.plan import plan
from tests.support.run_folders import history, make, metrics

GRID = """
model grid
data fashion_mnist_mini
let depth = 2; let filters = 32
repeat i in 0..(depth-1) { conv (filters * 2^i)x3 relu; pool 2 same }
dense 10 softmax
train { epochs 3; validation 0.1 }
sweep {
  depth in 1, 2
  filters in 4, 8, 16
  loss in categorical_crossentropy, poisson
}
"""


def planned(parent, text=GRID, **how):
    """The folder of a sweep that has trained nothing."""
    source = Source("grid.cnn", text)
    result = check(source)
    return Sweep.create(parent, plan(result, {}, **how), source)


def scores(accuracy, loss, val_accuracy=None, seconds=2.5):
    """What a training measures of the three splits; macro F1 is a little less than accuracy."""
    found = metrics(accuracy, seconds=seconds, expectations=[])
    of = {"test": accuracy, "validation": val_accuracy or accuracy, "train": accuracy}
    for split, value in of.items():
        found[split] |= {"accuracy": value, "f1": value - 0.01, "loss": loss}
    return found


def fill(sweep, figures):
    """Leaves a finished run for each point that `figures` has what was measured of.

    `figures` gets a point and a seed, and returns `None` for a training that was not begun.
    """
    for trial in sweep.trials():
        found = figures(trial.point, trial.seed)
        if found is None:
            continue
        if trial.point.several:
            spec = trial.point.spec
            source = SpecSource("grid.cnn", spec)
            SeedRuns.create(sweep.folder, spec, source, trial.point.name)
        text = str(trial.point.spec)
        name = trial.run.folder.name
        make(trial.run.folder.parent, text, name, without=("images.npz",), metrics=found)
    return sweep


def graded(point, seed=1):
    """Figures that follow from the values: wider and deeper is better, up to a point."""
    depth, filters = int(point.values["depth"]), int(point.values["filters"])
    function = point.values["loss"]
    accuracy = 0.80 + 0.02 * depth + 0.005 * filters - (0.01 if function == "poisson" else 0)
    return scores(round(accuracy, 4), (0.1 if function == "poisson" else 1) * (1.1 - accuracy))


def finished_sweep(parent, text=GRID, **how):
    """A sweep whose twelve points have all finished."""
    return fill(planned(parent, text, **how), graded)


def unfinished(sweep, name, epochs=1):
    """Makes a point one that is under way."""
    run = Run(sweep.folder / name)
    (run.folder / METRICS).unlink()
    run.write_json(HISTORY, history(epochs))
