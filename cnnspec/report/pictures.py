"""Reads the images of a run folder from `images.npz` and converts them for a page."""

import io

import numpy as np
from PIL import Image

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import read_bytes
from cnnspec.report.contents import SPLIT_NAMES
from cnnspec.runs.arrays import ARCHIVE_ERRORS, unpack_arrays
from cnnspec.runs.run import IMAGES, Run

_MOST = 2**20
"""The most bytes of the arrays; ours need far less, and a foreign file is not trusted."""


class Mistake(Record):
    """A wrongly classified image, and the outputs for the wrong class and for the right one."""

    image: np.ndarray
    true: int
    predicted: int
    output_true: float
    output_predicted: float
    row: int
    """The index of the image in its split, from 0."""


class Pictures(Record):
    """Samples by class, the worst mistakes, and how many images of each class a split has.

    `judged` names the split of the mistakes. `probable` says whether the outputs of the
    network are probabilities.
    """

    samples: dict[int, np.ndarray]
    mistakes: tuple[Mistake, ...]
    judged: str
    probable: bool
    counts: dict[str, tuple[int, ...]]


def read(run: Run, classes: int) -> Pictures | None:
    """The images of a run, `None` where it has none; raises `CnnspecError` for a damaged file."""
    path = run.folder / IMAGES
    if not path.exists():
        return None
    try:
        return _pictures(unpack_arrays(read_bytes(path), _MOST), classes)
    except ARCHIVE_ERRORS as error:
        problem = BadRun(None, f"{path} is damaged: {str(error)[:200]}")
    raise CnnspecError(problem)


def salvage(run: Run, classes: int) -> tuple[Pictures | None, str]:
    """The images of a run, and what is wrong with their file where it is damaged."""
    try:
        return read(run, classes), ""
    except CnnspecError as error:
        return None, error.diagnostics[0].message


def _pictures(arrays: dict[str, np.ndarray], classes: int) -> Pictures:
    samples = _checked(arrays["sample_images"])
    labels = _classes(arrays["sample_labels"], len(samples), classes)
    counts = {
        split: tuple(int(n) for n in arrays[f"count_{split}"])
        for split in SPLIT_NAMES
        if f"count_{split}" in arrays
    }
    if any(len(count) != classes for count in counts.values()):
        raise ValueError("a histogram has not a bar for each class")
    judged = str(arrays["judged"]) if "judged" in arrays else ""
    if judged not in (*SPLIT_NAMES, ""):
        raise ValueError("the mistakes are of no known split")
    return Pictures(
        samples={label: samples[labels == label] for label in np.unique(labels).tolist()},
        mistakes=_mistakes(arrays, classes) if judged else (),
        judged=judged,
        probable=bool(arrays.get("probabilities", True)),
        counts=counts,
    )


def _mistakes(arrays: dict[str, np.ndarray], classes: int) -> tuple[Mistake, ...]:
    images = _checked(arrays["mistake_images"])
    count = len(images)
    columns = [
        _classes(arrays["mistake_true"], count, classes).tolist(),
        _classes(arrays["mistake_predicted"], count, classes).tolist(),
        arrays["mistake_output_true"].astype(float).tolist(),
        arrays["mistake_output_predicted"].astype(float).tolist(),
        arrays["mistake_rows"].astype(int).tolist(),
    ]
    return tuple(Mistake(*values) for values in zip(images, *columns, strict=True))


def _checked(images: np.ndarray) -> np.ndarray:
    """Images as uint8 of shape (n, height, width, channels)."""
    if images.ndim != 4 or images.dtype != np.uint8 or 0 in images.shape[1:]:
        raise ValueError(f"images are {images.dtype} of shape {images.shape}")
    return images


def _classes(labels: np.ndarray, count: int, classes: int) -> np.ndarray:
    if labels.shape != (count,) or (count and not 0 <= labels.min() <= labels.max() < classes):
        raise ValueError("labels do not go with the images")
    return labels.astype(int)


def shown(image: np.ndarray) -> np.ndarray:
    """An image with 1, 3 or 4 channels (grey, colour, with alpha); of others only the first."""
    return image if image.shape[-1] in (1, 3, 4) else image[..., :1]


def strip(images: np.ndarray, gap: int = 2) -> np.ndarray:
    """Images side by side, with transparent columns between them: (height, width, 4)."""
    tiles = []
    for image in images:
        pixels = shown(image)
        colour = pixels[..., :3] if pixels.shape[-1] > 1 else pixels.repeat(3, axis=-1)
        alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        space = np.zeros((pixels.shape[0], gap, 4), np.uint8)
        tiles += [space, np.concatenate([colour, alpha], axis=-1)]
    return np.concatenate(tiles[1:], axis=1)


def stacked(strips: list[np.ndarray], gap: int) -> np.ndarray:
    """Strips one below the other, with transparent rows between them."""
    width = max(image.shape[1] for image in strips)
    rows = []
    for image in strips:
        space = np.zeros((gap, width, 4), np.uint8)
        rows += [space, np.pad(image, ((0, 0), (0, width - image.shape[1]), (0, 0)))]
    return np.concatenate(rows[1:])


def png(image: np.ndarray) -> bytes:
    """Returns a PNG file of an image (height, width, channels) uint8: 1, 3 or 4 channels."""
    pixels = shown(image)
    grey = pixels.shape[-1] == 1
    file = io.BytesIO()
    # The same pixels give the same bytes: Pillow writes no time and no name of a program.
    Image.fromarray(pixels[..., 0] if grey else pixels).save(file, "PNG", compress_level=9)
    return file.getvalue()
