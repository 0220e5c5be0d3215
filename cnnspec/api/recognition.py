"""The part of `Trained` that prepares images and doubts pictures."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import UnlikeTraining
from cnnspec.diagnostics.render import tell
from cnnspec.ir.spec import Spec
from cnnspec.runs.data import class_names
from cnnspec.runs.run import Run

if TYPE_CHECKING:
    import numpy as np

    from cnnspec.training.recognize import Recognizer


def recognizer(
    run: Run, spec: Spec, outputs: Callable[[Any], Any], features: Callable[[Any], Any] | None
) -> "Recognizer":
    """Returns a recognizer; prints notes on what the run does not record. Raises `CnnspecError`."""
    from cnnspec.training import inputs
    from cnnspec.training.recognize import Recognizer

    known, notes = inputs.load(run, spec)
    tell(*notes)
    return Recognizer(known, spec.shape.dims, class_names(run, spec.classes), outputs, features)


def outputs_of(path: Path, recognize: "Recognizer") -> "np.ndarray":
    """Returns the outputs (n, classes) for a picture or a folder; prints which are doubted."""
    import numpy as np

    from cnnspec.datasets.given import found

    paths = found(path)
    answers = recognize(paths, [each.name for each in paths])
    doubted = [answer.name for answer in answers if answer.doubted]
    if doubted:
        cause = f"{len(doubted):,} of {len(answers):,} pictures are unlike the training images"
        remedy = "look at what the network saw: `trained.recognize(path)[0].seen`"
        tell(UnlikeTraining(None, f"{cause}: {', '.join(doubted[:5])}", remedy))
    return np.stack([answer.outputs for answer in answers])


def pixels_of(images: "np.ndarray | str | os.PathLike[str]", spec: Spec) -> "np.ndarray":
    """Returns the images of an array or a path as bytes in the shape that a spec takes.

    Prints what was changed of them. Raises `CnnspecError`.
    """
    import numpy as np

    from cnnspec.datasets import user_data
    from cnnspec.datasets.raw import Raw

    notes: list[Diagnostic] = []
    pixels: np.ndarray
    if isinstance(images, str | os.PathLike):
        found = user_data.images(Path(images), None, spec.shape.dims, spec.data)
        pixels, notes = found.images, list(found.notes)
    else:
        raw = Raw(np.asarray(images), None, "the array")
        pixels = user_data.fitting(raw, spec.shape.dims, notes)
    tell(*notes)
    return pixels
