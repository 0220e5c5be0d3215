"""Converts the data found to what can be trained on: pixels to bytes, labels to numbers."""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Split
from cnnspec.datasets.ceilings import listed
from cnnspec.datasets.duplicates import conflicting, first_equal, shared
from cnnspec.datasets.labels import labelled
from cnnspec.datasets.pixels import Scale, cast, inverted, scale_of
from cnnspec.datasets.raw import Found, Raw, misfit, note
from cnnspec.datasets.shaping import settled, shaped, size
from cnnspec.diagnostics.base import Diagnostic, many
from cnnspec.diagnostics.data import SuspiciousData
from cnnspec.ir.spec import Data

PLAIN = Data(".")
"""A statement without options: the meaning of values is found from the values."""


class Normal(Record):
    """Images and labels in the one form that the rest of the package knows."""

    train: Split
    test: Split | None
    classes: int
    """The number of classes of the labels."""
    notes: tuple[Diagnostic, ...]
    validation: Split | None = None
    names: tuple[str, ...] = ()
    """The names of the classes; empty where nothing names them."""
    options: Data = PLAIN
    """What was done, as options of `data`."""


def normal(
    found: Found,
    data: Data = PLAIN,
    shape: tuple[int, ...] | None = None,
    classes: int | None = None,
) -> Normal:
    """Converts the data found to images (n, height, width, channels) uint8 and labels (n,).

    `data`, `shape` and `classes` are what the spec says. The arrays may be overwritten, so that
    none is in memory twice. Raises `CnnspecError` where the data does not fit.
    """
    parts = list(found.parts.values())
    notes = list(found.notes)
    arrays = [shaped(part, notes, shape, _count(part)) for part in parts]
    if len({images.shape[1:] for images in arrays}) > 1:
        shapes = " and ".join(size(images.shape[1:]) for images in arrays)
        raise misfit(f"training and test images differ in size: {shapes}", "make them one size")
    scale = scale_of(arrays, parts, data.scale, notes)
    turned = data.transpose
    if turned is None and found.hints.transposed:
        turned = True
        notes.append(note(f"{found.hints.transposed}: rows and columns are swapped"))
    labels = labelled(
        parts,
        [len(images) for images in arrays],
        found.labels,
        data.labels_from,
        classes,
        found.hints,
        notes,
    )
    dtype = np.min_scalar_type(max(labels.classes - 1, 0))
    splits = {}
    for name, each in zip(found.parts, labels.labels, strict=True):
        images = _bytes(arrays.pop(0), scale, turned=bool(turned), invert=data.invert)
        splits[name] = Split(images, None if each is None else each.astype(dtype))
    return Normal(
        splits["train"],
        splits.get("test"),
        labels.classes,
        tuple(notes),
        splits.get("validation"),
        labels.names,
        _options(data, scale, bool(turned), labels.first),
    )


def _count(part: Raw) -> int:
    """The number of images, if the labels show it."""
    if part.labels is None or not part.labels.ndim:
        return 0
    # MATLAB has only matrices, so labels are one row or one column.
    return part.labels.size if 1 in part.labels.shape else len(part.labels)


def _options(data: Data, scale: Scale, turned: bool, first: int) -> Data:
    """The statement with every option that was found."""
    usual = scale.black or scale.white in (1, 255)
    return data.replace(
        scale=data.scale if usual else scale.white,
        transpose=turned or data.transpose,
        labels_from=first or data.labels_from,
    )


def to_bytes(
    parts: list[Raw],
    notes: list[Diagnostic],
    shape: tuple[int, ...] | None = None,
    data: Data = PLAIN,
) -> list[np.ndarray]:
    """Converts the images of all parts to uint8 (n, height, width, channels), by one rule.

    `data` says what their values mean, as for a training. Without it, whole numbers from 0 to 255
    stay as they are. Fractions from 0 to 1 are multiplied by 255, larger ones up to 255 are not;
    both are rounded to whole numbers.
    """
    arrays = [shaped(part, notes, shape) for part in parts]
    scale = scale_of(arrays, parts, data.scale, notes)
    turned = bool(data.transpose)
    return [_bytes(array, scale, turned=turned, invert=data.invert) for array in arrays]


def _bytes(images: np.ndarray, scale: Scale, *, turned: bool, invert: bool) -> np.ndarray:
    images = cast(settled(images.swapaxes(1, 2) if turned else images), scale)
    if invert:
        images = inverted(images if images.flags.writeable else images.copy())
    return images


def agree(found: Normal, shape: tuple[int, ...], classes: int) -> None:
    """Raises `CnnspecError` with the line to write where images and spec do not agree."""
    there = found.train.images.shape[1:]
    if there != shape:
        cause = f"the images are {size(there)}, and the spec says {size(shape)}"
        raise misfit(cause, f"write `input {size(there)}` in the spec")
    if found.classes != classes:
        cause = f"the labels are of {found.classes} classes, and the spec says {classes}"
        remedy = f"write `classes {found.classes}` in the spec"
        raise misfit(f"{cause} (the largest label is {found.classes - 1})", remedy)


def doubts(
    train: Split,
    others: dict[str, Split],
    classes: int,
    names: tuple[str, ...],
    first: np.ndarray | None = None,
) -> list[Diagnostic]:
    """Warns of data that makes metrics less meaningful.

    `others` are the validation and the test set by name; `first` is the result of `first_equal` for
    the training images, if it is already known.
    """
    found: list[Diagnostic] = []
    counts = np.bincount(train.known, minlength=classes)
    missing = np.flatnonzero(counts == 0)
    if len(missing):
        text = f"no training image is of {listed(missing, names)}"
        remedy = "the network cannot learn it"
        if not counts[0] and counts[1]:
            remedy += "; if the labels begin at 1, write `labels_from=1` and one class less"
        found.append(SuspiciousData(None, text, remedy))
    if classes == 1:
        text = f"all training images are of one class, {names[0]}: there is nothing to tell apart"
        found.append(SuspiciousData(None, text, "give each class a label or folder of its own"))
    first = first_equal(train.images) if first is None else first
    found += _repeated(train, first, names)
    for name, split in others.items():
        found += _again(train, split, ("training", name))
        found += _opposite(train, split, name)
    if len(others) > 1:
        (one, split), (other, more) = others.items()
        found += _again(split, more, (one, other))
    return found


REPEATED = 0.01
"""The share of copies above which there is a warning: a few can be there by chance."""


def _repeated(train: Split, first: np.ndarray, names: tuple[str, ...]) -> list[Diagnostic]:
    """Warns of images that occur more than once, with one label or with several."""
    found: list[Diagnostic] = []
    again = int((first != np.arange(len(first))).sum())
    if again > max(REPEATED * len(first), 10):
        text = f"{again:,} of {len(first):,} training images are copies of others"
        remedy = "a split keeps equal images on one side; remove copies that are not intended"
        found.append(SuspiciousData(None, text, remedy))
    unsure = conflicting(first, train.known)
    if len(unsure):
        has = "has" if len(unsure) == 1 else "have"
        text = f"{many(len(unsure), 'training image')} {has} more than one label"
        shown = []
        for row in unsure[:3]:
            equal = np.flatnonzero((first == row) & (train.known != train.known[row]))[0]
            labels = [names[train.known[each]] for each in (row, equal)]
            shown.append(f"image {row:,} is of class {labels[0]}, and {equal:,} of {labels[1]}")
        remedy = f"keep one label for each; counted from 0, {'; '.join(shown)}"
        found.append(SuspiciousData(None, text, remedy))
    return found


def _again(one: Split, other: Split, names: tuple[str, str]) -> list[Diagnostic]:
    """Warns of images of one split that are also in another one."""
    same = len(shared(one.images, other.images))
    if not same:
        return []
    cause = f"{same:,} of {len(other):,} {names[1]} images are {names[0]} images too"
    return [SuspiciousData(None, cause, "take them out of one of the two")]


def brightness(images: np.ndarray) -> tuple[float, float]:
    """The mean of the border and of the middle of the images, each from 0 to 255.

    The border is one pixel wide, the middle the inner half of rows and columns.
    """
    count, height, width, _ = images.shape
    some = images[:: max(1, count // 2000), :, :, :3].mean(axis=(0, 3))
    edge = np.ones((height, width), bool)
    edge[1:-1, 1:-1] = False
    middle = some[height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None]
    return float(some[edge].mean()), float(middle.mean())


CLEAR = 20
"""If the middle differs from the border by so much, it is clear what is ground."""


def _opposite(train: Split, split: Split, name: str) -> list[Diagnostic]:
    """Warns of ink on paper in one split and light on black in another."""
    here, there = (
        middle - border for border, middle in map(brightness, (train.images, split.images))
    )
    if min(abs(here), abs(there)) < CLEAR or here * there > 0:
        return []
    words = ["dark on light" if value < 0 else "light on dark" for value in (here, there)]
    text = f"the training images are {words[0]} and the {name} images {words[1]}"
    return [
        SuspiciousData(
            None, text, "if both show the same things, invert one of them: `255 - images`"
        )
    ]
