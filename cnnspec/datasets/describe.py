"""What a path holds, for people who are about to write a spec: facts in, no numpy type out."""

from pathlib import Path
from typing import Any

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import doubts, normal
from cnnspec.datasets.raw import Raw
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.ir.spec import Data


def describe(path: Path) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """The kind, arrays and counts of what is at a path, the lines for a spec, and what is odd.

    Raises `CnnspecError` where it cannot be trained on.
    """
    found = user_data.read(path.expanduser(), {}, None)
    known = normal(found)
    train, test, held = user_data.divided(known)
    names = found.labels or tuple(map(str, range(known.classes)))
    shape = train.images.shape[1:]
    facts = {
        "path": str(path),
        "kind": found.title,
        "input": list(shape),
        "classes": known.classes,
        "train": _part(found.train),
        "test": _part(found.test) if found.test else None,
        "per_class": {
            name: {
                "train": int((train.known == label).sum()),
                "test": None if test.labels is None else int((test.labels == label).sum()),
            }
            for label, name in enumerate(names)
        },
        "sha256": {file.name: file.sha256 for file in found.files},
        "lines": [
            f"data {Data.specs['source'].kind.write(user_data.written(path))}",
            f"input {'x'.join(map(str, shape))}",
            f"classes {known.classes}",
        ],
    }
    return facts, (*known.notes, *held, *doubts(train, test, known.classes, names))


def _part(raw: Raw) -> dict[str, Any]:
    images, labels = raw.images, raw.labels
    return {
        "images": _array(images) | {"from": raw.where},
        "labels": _array(labels) | {"from": raw.labels_where} if labels is not None else None,
    }


def _array(array: Any) -> dict[str, Any]:
    return {
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "least": array.min().item(),
        "most": array.max().item(),
    }
