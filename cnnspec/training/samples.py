"""What a report shows of the data: samples of each class, the worst mistakes, how many of each.

Kept in the run folder as `images.npz`, so that a report needs neither data nor framework; beside
it `predictions.npz` has the predicted class of every image that mistakes are shown of. Small
whatever the data: images are thinned to 64 pixels a side, and only as many are kept as fit.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnspec.datasets.arrays import Split
from cnnspec.datasets.splits import Splits
from cnnspec.runs import predictions
from cnnspec.runs.predictions import Predictions
from cnnspec.runs.run import IMAGES, Run

_SIDE = 64
"""Pixels of the longer side of a kept image, at most."""
_BYTES = 200_000
"""What the samples and what the mistakes may take, before compression."""
_SAMPLES = 10
_MISTAKES = 24


def keep(run: Run, splits: Splits, classes: int, outputs: Sequence[np.ndarray]) -> None:
    """Writes `images.npz` and `predictions.npz` into the run.

    Raises `CnnspecError` where it cannot.
    """
    file = io.BytesIO()
    np.savez_compressed(file, **evidence(splits, classes, outputs))
    run.write(IMAGES, file.getvalue())
    shown = judged(splits)
    if shown:
        chosen = np.concatenate(outputs).argmax(axis=1)
        predictions.keep(run, Predictions(shown, splits.named()[shown].known, chosen))


def judged(splits: Splits) -> str | None:
    """The split that mistakes are shown of: the test set, else that of validation, if labelled."""
    return next(iter(splits.held_out()), None)


def evidence(splits: Splits, classes: int, outputs: Sequence[np.ndarray]) -> dict[str, Any]:
    """The arrays by name: `sample_*`, `mistake_*` of the split `judged`, `count_<split>`.

    `outputs` are those of the network for the images of that split, in parts.
    """
    named = splits.named()
    found = _samples(splits.train, classes)
    for name, split in named.items():
        found[f"count_{name}"] = np.bincount(split.known, minlength=classes)
    shown = judged(splits)
    if shown:
        found["judged"] = np.array(shown)
        found |= _mistakes(named[shown], np.concatenate(outputs))
    return found


def _samples(split: Split, classes: int) -> dict[str, Any]:
    """The first images of each class, the same number of each; few of very many classes."""
    room = max(1, _BYTES // thumbnails(split.images[:1]).size)
    each = min(_SAMPLES, max(1, room // classes))
    labels = np.arange(min(classes, room))
    rows = np.concatenate([np.flatnonzero(split.known == label)[:each] for label in labels])
    return {"sample_images": thumbnails(split.images[rows]), "sample_labels": split.known[rows]}


def _mistakes(split: Split, outputs: np.ndarray) -> dict[str, Any]:
    """The images put in a wrong class with the highest output for it, the worst first."""
    chosen = outputs.argmax(axis=1)
    rows = np.flatnonzero(chosen != split.known)
    height = outputs[rows, chosen[rows]]
    room = max(1, _BYTES // thumbnails(split.images[:1]).size)
    worst = rows[np.argsort(-height, kind="stable")[: min(_MISTAKES, room)]]
    sums = outputs.sum(axis=1)
    probable = outputs.min() >= 0 and np.allclose(sums, 1, atol=1e-3)
    return {
        "mistake_images": thumbnails(split.images[worst]),
        "mistake_true": split.known[worst],
        "mistake_predicted": chosen[worst],
        "mistake_output_true": outputs[worst, split.known[worst]],
        "mistake_output_predicted": outputs[worst, chosen[worst]],
        "mistake_rows": worst,
        "probabilities": np.array(bool(probable)),
    }


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Images of at most 64 pixels a side: the mean of each block of pixels."""
    count, height, width, channels = images.shape
    step = -(-max(height, width) // _SIDE)
    if step == 1:
        return images
    rows, columns = max(1, height // step), max(1, width // step)
    cut = images[:, : rows * step, : columns * step]
    blocks = cut.reshape(count, rows, min(step, height), columns, min(step, width), channels)
    small: np.ndarray = blocks.mean(axis=(2, 4)).astype(np.uint8)
    return small
