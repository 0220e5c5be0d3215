"""Holds what was made of a run against the run: the same images, scores and classes of both."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import ExportFailed
from cnnspec.export.job import COMPARED, Job
from cnnspec.program.inference import inference_program
from cnnspec.runs.run import AGREEMENT
from cnnspec.targets.interpreter.run import Interpreter

TOLERANCE = 1e-4
"""How far a float32 output may be from that of the run."""
SAME = 0.75
"""The share of images that must keep their class where scores are rounded to integers.

Far below what rounding does, and far above what a wrong network gives.
"""
SCORED = 10_000
"""Test images that accuracy is measured on, at most."""

Predict = Callable[[np.ndarray], np.ndarray]
"""Scores (n, classes) of images, uint8."""


def scaled(images: np.ndarray) -> np.ndarray:
    """Pixels as a network takes them: float32 from 0 to 1."""
    found: np.ndarray = images.astype(np.float32) / np.float32(255)
    return found


def reference(job: Job) -> Interpreter:
    """What computes the scores of the run."""
    return Interpreter(inference_program(job.checked.graph), job.weights)


def compared(
    job: Job,
    predict: Predict,
    what: str,
    *,
    expected: np.ndarray | None = None,
    tolerance: float | None = TOLERANCE,
    remedy: str = "report it with the run folder",
) -> dict[str, Any]:
    """Returns the figures of a comparison with the run, on 200 images and on the whole test set.

    `expected` are the scores of the first 200 images where they are not those of the run in
    float32. Raises `CnnspecError` where a score is further off than the tolerance; without one,
    where less than three quarters of the 200 images are in the class that the run gives them.
    """
    run = reference(job)
    if expected is None:
        expected = run.predict(scaled(job.images[:COMPARED]))
    found = predict(job.images[:COMPARED])
    if found.shape != expected.shape:
        shapes = f"scores of {found.shape[1:]}, not of {expected.shape[1:]}"
        raise _refused(f"{what} made of {job.run} gives {shapes}", remedy)
    distance = np.abs(found.astype(np.float64) - expected)
    worst = float(distance.max()) if distance.size else 0.0
    if tolerance is None:
        same = float((found.argmax(1) == expected.argmax(1)).mean()) if len(found) else 1.0
        if same < SAME or not np.isfinite(worst):
            cause = f"{what} made of {job.run} gives {same:.0%} of the images their class"
            raise _refused(cause, remedy)
    # A difference that is not a number is none that can be accepted.
    elif not worst <= tolerance:
        image = int(distance.max(1).argmax())
        far = f"{worst:.2g} at test image {image}, more than {tolerance:g}"
        raise _refused(f"{what} made of {job.run} differs from it by {far}", remedy)
    return {
        "compared_images": len(found),
        "largest_difference": worst,
        **_classes(job, predict, run),
    }


def _refused(cause: str, remedy: str) -> CnnspecError:
    return CnnspecError(ExportFailed(None, f"{cause}; nothing was kept", remedy))


def _classes(job: Job, predict: Predict, run: Interpreter) -> dict[str, Any]:
    images = job.images[:SCORED]
    classes, run_classes = predict(images).argmax(1), run.predict(scaled(images)).argmax(1)
    return {
        "scored_images": len(classes),
        AGREEMENT: float((classes == run_classes).mean()),
        "accuracy": _accuracy(job.labels, classes),
        "run_accuracy": _accuracy(job.labels, run_classes),
    }


def _accuracy(labels: np.ndarray | None, classes: np.ndarray) -> float | None:
    """The share of images in their class; `None` where labels are missing."""
    if labels is None or not len(labels):
        return None
    return float((classes == labels[: len(classes)]).mean())
