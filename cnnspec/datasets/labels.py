"""Converts labels, however they are stored, to whole numbers from 0 with names of classes.

Pure: arrays in, arrays or a reason out. No array has the size of a label's value.
"""

import numpy as np

from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.datasets.raw import Hints, Raw, misfit, note
from cnnspec.datasets.shaping import size
from cnnspec.diagnostics.base import Diagnostic

MOST_CLASSES = 1000
"""So many classes are accepted even if there are fewer images."""
_FROM_0 = "number the classes from 0"
_ONE = "store one class for each image, as in `labels.argmax(axis=1)` for the first one"


class Labelled(Record):
    """The labels of all parts, (n,) int64 or `None`, and the number of their classes."""

    labels: list[np.ndarray | None]
    classes: int
    names: tuple[str, ...]
    """The names of the classes; empty where nothing names them."""
    first: int = 0
    """What was subtracted from each label."""


def labelled(
    parts: list[Raw],
    counts: list[int],
    names: tuple[str, ...],
    given: int | None,
    classes: int | None,
    hints: Hints,
    notes: list[Diagnostic],
) -> Labelled:
    """Converts the labels of all parts by one rule; the first part is the one to train on.

    `names` are those of the format; `given` is `labels_from` and `classes` the number in the spec.
    Raises `CnnspecError`.
    """
    if parts[0].labels is None:
        raise misfit(f"{parts[0].where} has no labels", "training needs one for each image")
    parts, names = _named(parts, names)
    found = [to_labels(part, count) for part, count in zip(parts, counts, strict=True)]
    there = [
        (values, part)
        for each, part in zip(found, parts, strict=True)
        if each
        for values in each[:1]
    ]
    width = max(each[1] for each in found if each)
    if given is None and _are_signs([values for values, _ in there]):
        notes.append(note("the labels are -1 and 1: two classes with these names"))
        there = [((values + 1) // 2, part) for values, part in there]
        names = ("-1", "1")
    for values, part in there:
        _are_classes(values, part, counts[0])
    low = min(int(values.min()) for values, _ in there)
    high = max(int(values.max()) for values, _ in there)
    first = 0
    if given is not None:
        first = given
        if low < given:
            cause = f"{parts[0].labels_where} has a label {low}, below `labels_from={given}`"
            raise misfit(cause, f"write `labels_from={low}`")
    elif hints.ten_is_zero and low == 1 and high == 10:
        notes.append(note(f"{hints.ten_is_zero}: the label 10 is the digit 0"))
        there = [(values % 10, part) for values, part in there]
        high = 9
    elif not width and _from_1(there[0][0], low, high, names, classes):
        first = 1
        text = f"the labels go from 1 to {high}: 1 is subtracted, as `labels_from=1` says"
        notes.append(note(text))
    known = iter(values - first if first else values for values, _ in there)
    labels = [None if each is None else next(known) for each in found]
    number = max(high + 1 - first, len(names), width)
    if first and not names:
        names = tuple(map(str, range(first, first + number)))
    return Labelled(labels, number, names, first)


def _are_signs(labels: list[np.ndarray]) -> bool:
    """Whether the labels are -1 and 1, as in many files of libsvm."""
    return int(labels[0].min()) == -1 and all(np.isin(each, (-1, 1)).all() for each in labels)


def _from_1(
    values: np.ndarray, low: int, high: int, names: tuple[str, ...], classes: int | None
) -> bool:
    """Whether the labels 1 to `high` mean 0 to `high` - 1."""
    if low != 1 or classes == high + 1:
        return False
    return classes == high or len(names) == high or len(np.unique(values)) == high


def _are_classes(values: np.ndarray, part: Raw, images: int) -> None:
    low, high = int(values.min()), int(values.max())
    if low < 0:
        raise misfit(f"{part.labels_where} has a label {low}", _FROM_0)
    if high >= max(MOST_CLASSES, images):
        said = "more classes than images, so it is not a class"
        cause = f"{part.labels_where} has a label {high}: {said}"
        remedy = f"{_FROM_0}, or name the array or column of the class: `train_labels=…`"
        raise misfit(cause, remedy)


def _named(parts: list[Raw], names: tuple[str, ...]) -> tuple[list[Raw], tuple[str, ...]]:
    """Converts labels that are texts to numbers of classes; the texts name the classes."""
    train = parts[0].labels
    assert train is not None
    if train.dtype.kind == "O":
        raise misfit(f"{parts[0].labels_where} holds Python objects", _FROM_0)
    if train.dtype.kind not in "US":
        return parts, names
    texts = [None if part.labels is None else _texts(part) for part in parts]
    assert texts[0] is not None
    found = np.unique(texts[0])
    if all(text.isdecimal() for text in found):
        return [
            part.replace(labels=None if text is None else _whole(text, part))
            for part, text in zip(parts, texts, strict=True)
        ], names
    ordered = sorted(found.tolist(), key=natural)
    place = {name: number for number, name in enumerate(ordered)}
    done = []
    for part, text in zip(parts, texts, strict=True):
        if text is None:
            done.append(part)
            continue
        unknown = next((name for name in np.unique(text).tolist() if name not in place), None)
        if unknown is not None:
            cause = f"{part.labels_where} has a label {unknown!r}, which is not a class to train on"
            raise misfit(cause, f"the classes are {', '.join(ordered[:12])}")
        values = np.array([place[name] for name in text.tolist()], np.int64)
        done.append(part.replace(labels=values))
    return done, tuple(ordered)


def _whole(text: np.ndarray, part: Raw) -> np.ndarray:
    """Converts texts that are numbers."""
    try:
        return text.astype(np.int64)
    except (OverflowError, ValueError):
        raise misfit(
            f"{part.labels_where} has labels that are not whole numbers", _FROM_0
        ) from None


def _texts(part: Raw) -> np.ndarray:
    labels = part.labels
    assert labels is not None
    if labels.ndim != 1:
        raise misfit(
            f"{part.labels_where} is {size(labels.shape)}; there must be one text for each image",
            "",
        )
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    return np.char.strip(labels)


def to_labels(part: Raw, count: int) -> tuple[np.ndarray, int] | None:
    """Converts the labels of a part to whole numbers; also returns the classes of one-hot labels.

    The number of classes is 0 where labels are numbers; labels are `None` where there are none.
    """
    labels = part.labels
    if labels is None:
        return None
    where = part.labels_where
    width = 0
    if labels.dtype.kind not in "biuf":
        raise misfit(f"{where} holds {labels.dtype}, not numbers", _FROM_0)
    if labels.ndim == 2 and 1 in labels.shape:
        labels = labels.reshape(-1)
    if labels.ndim == 2:
        width = labels.shape[1]
        if not labels.size:
            raise misfit(f"{where} is {size(labels.shape)}, which is empty", _FROM_0)
        sums = labels.sum(axis=1)
        if not np.isin(labels, (0, 1)).all():
            raise misfit(f"{where} is {size(labels.shape)}, and not one-hot", "number the classes")
        if not (sums == 1).all():
            ones = f"up to {int(sums.max())} ones in a row"
            cause = f"{where} is {size(labels.shape)} with {ones}: several classes for an image"
            raise misfit(f"{cause} (multi-label), which is not supported", _ONE)
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        shape = size(labels.shape) or "a single value"
        raise misfit(f"{where} is {shape}; there must be one number for each image", "")
    if len(labels) != count:
        cause = f"{part.where} has {count:,} images, {where} {len(labels):,} labels"
        raise misfit(cause, "there must be a label for each image")
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise misfit(f"{where} has labels that are not whole numbers", _FROM_0)
    if float(labels.max()) >= 2**53 or float(labels.min()) < -(2**53):
        raise misfit(f"{where} has a label {labels.max():g}", _FROM_0)
    return labels.astype(np.int64), width
