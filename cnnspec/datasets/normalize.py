"""What is found against what can be trained on: pixels as bytes, labels as numbers, counts.

Pure: arrays in, arrays or a reason out.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Split
from cnnspec.datasets.raw import Found, Raw, misfit, note
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import SuspiciousData

CHANNELS = (1, 3, 4)


class Normal(Record):
    """Images and labels in the one form that the rest of the package knows."""

    train: Split
    test: Split | None
    classes: int
    """How many classes the labels speak of."""
    notes: tuple[Diagnostic, ...]


def normal(found: Found) -> Normal:
    """Brings what was found to images (n, height, width, channels) as bytes and labels (n,).

    Raises `CnnspecError` where something is not what it must be.
    """
    parts = [found.train, *([found.test] if found.test else [])]
    notes = list(found.notes)
    pixels = to_bytes(parts, notes)
    if len({images.shape[1:] for images in pixels}) > 1:
        shapes = " and ".join(_size(images.shape[1:]) for images in pixels)
        raise misfit(f"training and test images differ in size: {shapes}", "bring them to one")
    labels = [to_labels(part) for part in parts]
    if labels[0] is None:
        raise misfit(f"{found.train.where} has no labels", "training needs one for each image")
    known = [(values, width) for values, width in filter(None, labels)]
    highest = max(int(values.max()) + 1 for values, _ in known)
    classes = max(highest, len(found.labels), *(width for _, width in known))
    dtype = np.min_scalar_type(classes - 1)
    splits = [
        Split(images, None if each is None else each[0].astype(dtype))
        for images, each in zip(pixels, labels, strict=True)
    ]
    return Normal(splits[0], splits[1] if len(splits) > 1 else None, classes, tuple(notes))


def to_bytes(parts: list[Raw], notes: list[Diagnostic]) -> list[np.ndarray]:
    """The images of all parts as uint8 (n, height, width, channels), by one rule for all.

    Whole numbers from 0 to 255 stay as they are. Fractions from 0 to 1 are multiplied by
    255, larger ones up to 255 taken as they are, and both rounded to whole numbers.
    """
    arrays = [_shaped(part, notes) for part in parts]
    tops = [_range(array, part) for array, part in zip(arrays, parts, strict=True)]
    floats = any(array.dtype.kind == "f" for array in arrays)
    top = max(tops)
    if top > 255:
        part = parts[tops.index(top)]
        raise misfit(f"{part.where} has values up to {top:g}", "pixels go from 0 to 255")
    if floats and min(tops) <= 1 < top:
        scales = " and ".join(
            f"{part.where} up to {t:g}" for part, t in zip(parts, tops, strict=True)
        )
        raise misfit(f"the images are of two scales: {scales}", "bring all to 0 to 255")
    factor = 255 if arrays[0].dtype.kind == "b" or (floats and top <= 1) else 1
    if floats:
        done = "times 255 and " if factor == 255 else ""
        notes.append(note(f"{parts[0].where} has values from 0 to {top:g}: {done}rounded to bytes"))
    elif top == 1 and factor == 1:
        doubt = f"the brightest pixel of {parts[0].where} is 1, and white is 255"
        notes.append(SuspiciousData(None, doubt, "multiply the images by 255"))
    return [_cast(array, factor) for array in arrays]


def _cast(array: np.ndarray, factor: int) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        return array.astype(np.uint8) * np.uint8(factor)
    cast = np.empty(array.shape, np.uint8)
    # A part at a time: all at once would hold the floats three times.
    for start in range(0, len(array), 1000):
        part = array[start : start + 1000].astype(np.float64)
        cast[start : start + 1000] = np.rint(part * factor)
    return cast


def _range(array: np.ndarray, part: Raw) -> float:
    """The largest value; none may be below zero or no number."""
    if array.dtype.kind not in "biuf":
        raise misfit(f"{part.where} holds {array.dtype}, not pixels", "store whole numbers, uint8")
    if array.dtype == np.uint8:
        return float(array.max())
    low, high = float(array.min()), float(array.max())
    if not np.isfinite(low + high):
        raise misfit(f"{part.where} has a value that is no finite number", "leave that image out")
    if low < 0:
        remedy = "store the pixels themselves, 0 to 255 or 0 to 1, not scaled to mean 0"
        raise misfit(f"{part.where} has values below zero, down to {low:g}", remedy)
    return high


def _shaped(part: Raw, notes: list[Diagnostic]) -> np.ndarray:
    """The images with their channels last."""
    array = part.images
    if array.ndim == 2 or array.ndim > 4 or array.ndim < 2:
        shape = _size(array.shape) or "a single value"
        remedy = "store them as (images, height, width) or (images, height, width, channels)"
        raise misfit(f"{part.where} is {shape}, which are no images", remedy)
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if not array.size:
        raise misfit(f"{part.where} holds no images", "")
    if array.shape[3] not in CHANNELS and array.shape[1] in CHANNELS:
        notes.append(note(f"{part.where} has its channels first; they are put last"))
        array = array.transpose(0, 2, 3, 1)
    if array.shape[3] not in CHANNELS:
        found = _size(array.shape[1:])
        remedy = "store them as (images, height, width, channels) with 1, 3 or 4 channels"
        raise misfit(f"the images of {part.where} are {found}, with channels in no place", remedy)
    return array


def to_labels(part: Raw) -> tuple[np.ndarray, int] | None:
    """The labels of a part as whole numbers from 0, and the classes a one-hot form speaks of.

    Zero classes where they are numbers; `None` where there are no labels at all.
    """
    labels = part.labels
    if labels is None:
        return None
    where = part.labels_where
    width = 0
    if labels.dtype.kind not in "biuf":
        raise misfit(f"{where} holds {labels.dtype}, not numbers", "number the classes from 0")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2:
        width = labels.shape[1]
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()):
            raise misfit(f"{where} is {_size(labels.shape)}, and not one-hot", "number the classes")
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        shape = _size(labels.shape) or "a single value"
        raise misfit(f"{where} is {shape}; labels are one number an image", "")
    if len(labels) != len(part.images):
        cause = f"{part.where} has {len(part.images):,} images, {where} {len(labels):,} labels"
        raise misfit(cause, "there must be a label for each image")
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise misfit(f"{where} has labels that are no whole numbers", "number the classes from 0")
    if labels.min() < 0:
        raise misfit(f"{where} has a label {int(labels.min())}", "number the classes from 0")
    if labels.max() >= 2**31:
        raise misfit(f"{where} has a label {int(labels.max())}", "number the classes from 0")
    return labels.astype(np.int64), width


def agree(found: Normal, shape: tuple[int, ...], classes: int) -> None:
    """Raises `CnnspecError` with the line to write where images and spec do not agree."""
    there = found.train.images.shape[1:]
    if there != shape:
        size = _size(there)
        cause = f"the images are {size}, and the spec says {_size(shape)}"
        raise misfit(cause, f"write `input {size}` in the spec")
    if found.classes != classes:
        lowest = int(found.train.known.min())
        remedy = f"write `classes {found.classes}` in the spec"
        if lowest == 1 and found.classes == classes + 1:
            remedy = "number the classes from 0: subtract 1 from every label"
        cause = f"the labels are of {found.classes} classes, and the spec says {classes}"
        raise misfit(f"{cause} (the largest label is {found.classes - 1})", remedy)


def doubts(train: Split, test: Split, classes: int, names: tuple[str, ...]) -> list[Diagnostic]:
    """What makes figures worth less than they look."""
    found: list[Diagnostic] = []
    counts = np.bincount(train.known, minlength=classes)
    missing = [names[label] for label in np.flatnonzero(counts == 0)]
    if missing:
        text = f"no training image is of class {', '.join(missing[:8])}"
        found.append(SuspiciousData(None, text, "the network cannot learn it"))
    same = shared(train.images, test.images)
    if same:
        cause = f"{same:,} of {len(test):,} test images are training images too"
        found.append(SuspiciousData(None, cause, "take them out of one of the two"))
    return found


def shared(train: np.ndarray, test: np.ndarray) -> int:
    """How many test images are, byte for byte, also training images.

    By a hash of 64 bits of each: in a set as large as MNIST two that differ meet by
    chance less than once in a thousand million such counts.
    """
    seen = {hash(image.tobytes()) for image in train}
    return sum(hash(image.tobytes()) in seen for image in test)


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
