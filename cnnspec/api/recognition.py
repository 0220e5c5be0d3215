"""Recognizes pictures with a run: the part of `Trained` that prepares and doubts them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
