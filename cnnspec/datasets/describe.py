"""Describes the data at a path for users about to write a spec. Results have no numpy types."""

from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets import user_data
from cnnspec.datasets.arrays import Split
from cnnspec.datasets.ceilings import ceilings, warnings
from cnnspec.datasets.duplicates import conflicting, first_equal, shared
from cnnspec.datasets.normalize import CLEAR, brightness, doubts, normal
from cnnspec.datasets.raw import Found, Raw
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.ir.spec import Data

SAMPLES = 12
"""How many images of each class a page shows."""


class Described(Record):
    """The data at a path: facts for JSON, warnings, and some images of each class."""

    facts: dict[str, Any]
    notes: tuple[Diagnostic, ...]
    samples: dict[str, Any]
    """By the name of a class, uint8 (n, height, width, channels)."""


def describe(path: Path, data: Data | None = None) -> Described:
    """Returns the kind, splits, classes and oddities of the data, and the lines for a spec.

    `data` is the statement with the options for reading. Broken files are listed and the rest is
    described. Raises `CnnspecError` where training on it is impossible.
    """
    data = Data(".") if data is None else data
    data = data.replace(source=user_data.written(path))
    found = user_data.read_all(path.expanduser(), data.replace(skip_broken=True), None)
    parts = {name: _part(raw) for name, raw in found.parts.items()}
    known = normal(found, data)
    splits = {"train": known.train, "validation": known.validation, "test": known.test}
    there = {name: split for name, split in splits.items() if split is not None}
    names = known.names or tuple(map(str, range(known.classes)))
    first = first_equal(known.train.images)
    for name, split in there.items():
        parts[name] |= _seen(split, first if split is known.train else first_equal(split.images))
    train, test, held = user_data.divided(known)
    shape = train.images.shape[1:]
    facts = {
        "path": str(path),
        "kind": found.title,
        "input": list(shape),
        "classes": known.classes,
        **{name: parts.get(name) for name in ("train", "validation", "test")},
        "held_back": 0 if known.test else len(test),
        "per_class": _per_class({**there, "train": train, "test": test}, names),
        "shared": {
            name: len(shared(known.train.images, split.images))
            for name, split in there.items()
            if split is not known.train
        },
        "conflicting": len(conflicting(first, known.train.known)),
        "orientation": _orientation(found, known.options),
        "broken": list(found.broken),
        "sha256": {file.name: file.sha256 for file in found.files},
        "lines": _lines(known.options, bool(found.broken), shape, known.classes),
    }
    others = {name: split for name, split in there.items() if split is not known.train}
    said = doubts(known.train, others, known.classes, names, first)
    said += warnings(ceilings(known.train, others, names))
    return Described(facts, (*known.notes, *held, *said), _samples(train, names))


def _lines(options: Data, broken: bool, shape: tuple[int, ...], classes: int) -> list[str]:
    options = options.replace(skip_broken=options.skip_broken or broken)
    return [
        str(options),
        f"input {'x'.join(map(str, shape))}",
        f"classes {classes}",
    ]


def _per_class(splits: dict[str, Split], names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """How many images of each class each split has; `None` where it has no labels."""
    counts = {
        name: None if split.labels is None else np.bincount(split.labels, minlength=len(names))
        for name, split in splits.items()
    }
    return {
        label: {
            part: None if numbers is None else int(numbers[place])
            for part, numbers in counts.items()
        }
        for place, label in enumerate(names)
    }


def _part(raw: Raw) -> dict[str, Any]:
    images, labels = raw.images, raw.labels
    return {
        "images": _array(images) | {"from": raw.where},
        "labels": _array(labels) | {"from": raw.labels_where} if labels is not None else None,
    }


def _array(array: Any) -> dict[str, Any]:
    numbers = array.dtype.kind in "biuf" and array.size
    return {
        "shape": list(array.shape),
        "dtype": "text" if array.dtype.kind in "US" else str(array.dtype),
        "least": _finite(array.min()) if numbers else None,
        "most": _finite(array.max()) if numbers else None,
    }


def _finite(value: Any) -> float | None:
    return value.item() if np.isfinite(value) else None


def _seen(split: Split, first: np.ndarray) -> dict[str, Any]:
    """What is visible only when all images are read."""
    border, middle = brightness(split.images)
    ground = "unclear"
    if abs(middle - border) >= CLEAR:
        ground = "light on dark" if middle > border else "dark on light"
    return {
        "count": len(split),
        "polarity": {"border": round(border, 1), "middle": round(middle, 1), "reads": ground},
        "duplicates": int((first != np.arange(len(first))).sum()),
    }


def _orientation(found: Found, options: Data) -> str:
    if found.hints.transposed:
        return "stored column by column, and set upright" if options.transpose else "as stored"
    if options.transpose:
        return "transposed, as `data` says"
    return "as stored; numbers alone do not tell whether it is upright"


def _samples(train: Split, names: tuple[str, ...]) -> dict[str, Any]:
    """The first images of each class."""
    return {
        name: train.images[np.flatnonzero(train.known == label)[:SAMPLES]]
        for label, name in enumerate(names)
    }
