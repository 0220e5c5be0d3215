"""The predicted class of every test image of a trained network, for comparisons image by image."""

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.report.contents import Contents
from cnnspec.runs import predictions
from cnnspec.runs.predictions import Predictions
from cnnspec.runs.run import Run

MOST_MACS = 50_000_000_000
"""The most MACs of predictions that are computed again, about a minute in numpy."""


def predicted(run: Contents) -> tuple[Predictions | None, str]:
    """The predictions of a run, or why there are none.

    A run that does not keep them has its network run again where its data is on this machine.
    """
    if not run.scores:
        return None, "it has no results yet"
    try:
        found = predictions.read(Run(run.folder)) or _again(run)
    except CnnspecError as error:
        return None, error.diagnostics[0].message
    except (OSError, KeyError, ValueError) as error:
        return None, str(error)
    return found, ""


def _again(run: Contents) -> Predictions:
    """Computes the predictions from the weights; raises `ValueError` where that is too much."""
    from cnnspec.datasets.splits import divide
    from cnnspec.export.compare import scaled
    from cnnspec.runs.data import of_run
    from cnnspec.targets.interpreter.restore import restore

    totals = run.checked.totals
    images = [score.images for score in run.scores.values() if score.name != "train"]
    if totals and totals.macs * max(images, default=0) > MOST_MACS:
        raise ValueError("it does not keep its predictions, and its network is large")
    spec = run.checked.spec
    held_out = divide(spec, of_run(spec.data, Run(run.folder)), offline=True).held_out()
    if not held_out:
        raise ValueError("no images were held back from it")
    split, of = next(iter(held_out.items()))
    _, network = restore(Run(run.folder))
    return Predictions(split, of.known, network.predict(scaled(of.images)).argmax(axis=1))
