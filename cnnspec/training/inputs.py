"""What a run keeps of its images, so that a picture can be prepared and doubted later.

`inputs.json` has the framing of the training images and the distance from which a picture is
doubted; `novelty.npz` what that distance is measured with. Both are small.
"""

import io
from pathlib import Path

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Images, Split
from cnnspec.datasets.framing import Framing, measure
from cnnspec.datasets.raw import FOLDERS
from cnnspec.datasets.splits import Splits, images_of
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import DataNote
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import read_bytes
from cnnspec.ir.spec import Spec
from cnnspec.runs.answers import Doubt
from cnnspec.runs.arrays import ARCHIVE_ERRORS, unpack_arrays
from cnnspec.runs.data import of_run
from cnnspec.runs.run import INPUTS, NOVELTY, Run
from cnnspec.training.novelty import Features, Gaussians, gaussians, limit

_IMAGES = 5000
"""Images of each split, at most, that the distance is fitted to and calibrated on."""

_MOST = 2**30
"""Bytes that the arrays of `novelty.npz` may take: a matrix of 16,384 features."""


class Inputs(Record):
    """What is known of the images of a run."""

    framing: Framing | None
    gaussians: Gaussians | None = None
    doubt: Doubt | None = None


def keep(run: Run, splits: Splits, features: Features) -> None:
    """Measures the images of a run at the end of its training. Raises `CnnspecError`."""
    train = _some(splits.train)
    known = gaussians(features(train.images), train.known)
    name, split = ("validation", splits.validation) if splits.validation else ("test", splits.test)
    distances = known.distances(features(_some(split).images))
    beyond, rate = limit(distances)
    doubt = Doubt(beyond, rate, name, len(distances))
    file = io.BytesIO()
    np.savez_compressed(
        file, means=known.means.astype(np.float32), whiten=known.whiten.astype(np.float32)
    )
    run.write(NOVELTY, file.getvalue())
    framing = _framing(splits.images, splits.train)
    run.write_json(INPUTS, {"framing": framing.dump(), "doubt": doubt.dump()})


def load(
    run: Run, spec: Spec, data: Path | None = None, *, offline: bool = False
) -> tuple[Inputs, list[Diagnostic]]:
    """What a run knows of its images, and what it does not know. Raises `CnnspecError`.

    Runs of a class and of older versions kept nothing: their images are measured now, where they
    are found.
    """
    if (run.folder / INPUTS).is_file():
        return _kept(run), []
    notes: list[Diagnostic] = []
    uncalibrated = f"{run} kept nothing to doubt a picture with, as in a class or before"
    notes.append(DataNote(None, uncalibrated, "train again to have pictures doubted"))
    try:
        images = images_of(spec, of_run(spec.data, run, data), offline=offline)
    except CnnspecError as error:
        because = error.diagnostics[0].message
        said = f"pictures are taken as they are: the training images are not found ({because})"
        notes.append(DataNote(None, said, "name them with `--data PATH`"))
        return Inputs(None), notes
    return Inputs(_framing(images, images.train)), notes


def _kept(run: Run) -> Inputs:
    data = run.read_json(INPUTS)
    try:
        arrays = unpack_arrays(read_bytes(run.folder / NOVELTY), _MOST)
        known = Gaussians(arrays["means"].astype(float), arrays["whiten"].astype(float))
        if not all(np.isfinite(array).all() for array in (known.means, known.whiten)):
            raise ValueError("it holds what is not a number")
    except ARCHIVE_ERRORS as error:
        damaged = f"{run.folder / NOVELTY} is damaged: {error}"
        raise CnnspecError(BadRun(None, damaged, "train again, or add `--as-is`")) from None
    doubt = Doubt(*(data["doubt"][name] for name in Doubt.fields))
    return Inputs(Framing.load(data["framing"]), known, doubt)


def _framing(images: Images, train: Split) -> Framing:
    return measure(train.images).replace(stretched=images.dataset.title == FOLDERS)


def _some(split: Split) -> Split:
    """Images evenly over a split, not more than are needed."""
    return split.take(np.linspace(0, len(split) - 1, min(len(split), _IMAGES)).astype(int))
