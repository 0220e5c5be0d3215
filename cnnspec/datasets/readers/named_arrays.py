"""Files and folders with several named arrays: finds the role of each.

Arrays are found by usual names; a spec can also name them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.raw import Found, Raw, Request, bad, fits, note, whole
from cnnspec.diagnostics.base import many
from cnnspec.ir.datasets import File
from cnnspec.ir.spec import ARRAYS
from cnnspec.language.suggest import nearest

_USUAL = {
    "images": ("{}_images", "x_{}", "{}_x", "{}_set_x", "{}_imgs", "{}_data", "images_{}"),
    "labels": (
        *("{}_labels", "y_{}", "{}_y", "{}_set_y", "{}_target", "{}_targets", "{}_label"),
        "labels_{}",
    ),
}
_PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
_WHOLE = {
    "train_images": ("images", "x", "data", "imgs", "features"),
    "train_labels": ("labels", "y", "target", "targets", "label"),
}
"""The names of a set that is not divided."""
USUAL = {
    role: tuple(form.format(word) for form in _USUAL[what] for word in _PARTS[part])
    + _WHOLE.get(role, ())
    for role in ARRAYS
    for part, what in [role.split("_")]
}
"""The usual names, in upper or lower case and with `/`, `-` or `.` for `_`: those of Keras's
`mnist.npz`, of the course notebooks, of MedMNIST, K49 and USPS, and of single sets.
"""


class Store(Protocol):
    """A file or folder of arrays."""

    title: str
    names: Sequence[str]

    def size(self, name: str) -> int:
        """The bytes that an array takes in memory, from its header."""

    def array(self, name: str) -> np.ndarray:
        """Reads one array; raises `ValueError` where it is damaged or not safe."""


class Roles(Record):
    """The names of the arrays of one split; there may be no labels."""

    images: str
    labels: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the existing arrays."""
        return (self.images, *filter(None, (self.labels,)))


def found(
    path: Path, store: Store, request: Request, files: tuple[File, ...] | None = None
) -> Found:
    """Reads the images and labels of a store. Raises `CnnspecError`."""
    roles = roles_of(path, store.names, request)
    names = [name for role in roles.values() for name in role.names]
    # Each may be small enough, but all together too large.
    fits(sum(map(store.size, set(names))), f"{many(len(set(names)), 'array')} of it would take")
    splits = {
        part: Raw(
            store.array(role.images),
            None if role.labels is None else store.array(role.labels),
            f"`{role.images}` of {path}",
            f"`{role.labels}` of {path}",
        )
        for part, role in roles.items()
    }
    left = [name for name in store.names if name not in names]
    notes = (note(f"{path.name} also holds {', '.join(left[:6])}, not used here"),) if left else ()
    return Found(
        store.title,
        (whole(path),) if files is None else files,
        splits["train"],
        splits.get("test"),
        validation=splits.get("validation"),
        notes=notes,
    )


def roles_of(path: Path, there: Sequence[str], request: Request) -> dict[str, Roles]:
    """The arrays of each split. Raises `CnnspecError` where images or labels are missing."""
    given = request.data.arrays
    if request.part != "train":
        return {"train": _alone(path, there, request.part, given)}
    for name in ("test", "validation"):
        # A separate file has its own names.
        if getattr(request.data, name) is not None:
            given = {role: array for role, array in given.items() if not role.startswith(name)}
    names = {role: _named(path, there, role, given) for role in ARRAYS}
    missing = [role for role in ("train_images", "train_labels") if not names[role]]
    if missing:
        cause = f"no array is called like {' or '.join(map(_words, missing))}"
        line = " ".join([f'data "{path.name}"', *(f"{role}=…" for role in missing)])
        raise bad(
            path, cause, f"name {'it' if len(missing) == 1 else 'them'}: `{line}`; {_holds(there)}"
        )
    parts = {
        part: (names[f"{part}_images"], names[f"{part}_labels"])
        for part in ("train", "validation", "test")
    }
    return {part: Roles(pixels, labels) for part, (pixels, labels) in parts.items() if pixels}


def _alone(path: Path, there: Sequence[str], part: str, given: dict[str, str]) -> Roles:
    """The arrays of a path with one split: by the names of the split, else of a whole set."""
    names = []
    for what in ("images", "labels"):
        mine = _named(path, there, f"{part}_{what}", given)
        names.append(mine or _named(path, there, f"train_{what}", {}))
    pixels, labels = names
    if pixels is None:
        remedy = f"name it: `{part}_images=…`; {_holds(there)}"
        raise bad(path, f"no array is called like {_words(f'{part}_images')}", remedy)
    return Roles(pixels, labels)


def images(path: Path, store: Store, name: str | None) -> Raw:
    """Reads the images to predict: the array of this name, else those of the test set."""
    if name is None:
        name = _named(path, store.names, "test_images", {})
        if name is None and len(store.names) == 1:
            name = store.names[0]
    if name is None:
        remedy = "name it: `--array`"
        raise bad(path, f"which array to take is not clear; {_holds(store.names)}", remedy)
    if name not in store.names:
        near = nearest(name, store.names)
        raise bad(path, f"it has no array {name}", f"did you mean {near}?" if near else "")
    return Raw(store.array(name), None, f"`{name}` of {path}")


def matching(there: Sequence[str], role: str) -> list[str]:
    """The arrays with names of a role, the usual ones first; a set's name may be a prefix."""
    return [name for usual in USUAL[role] for name in there if _plain(name) == usual] or [
        name
        for usual in USUAL[role]
        for name in there
        if "_" in usual and _plain(name).endswith(f"_{usual}")
    ]


def _plain(name: str) -> str:
    return name.lower().replace("/", "_").replace("-", "_").replace(".", "_")


def _named(path: Path, there: Sequence[str], role: str, given: dict[str, str]) -> str | None:
    """The array with a role, if there is one."""
    if role in given:
        if given[role] in there:
            return given[role]
        near = nearest(given[role], there)
        hint = f"did you mean {near}?" if near else f"it holds {', '.join(there[:12]) or 'none'}"
        raise bad(path, f"it has no array {given[role]}, which is to be {_words(role)}", hint)
    found = [name for name in matching(there, role) if name not in given.values()]
    # The last names are those of an undivided set, so others come first.
    best = [name for name in found if name.lower() not in _WHOLE.get(role, ())]
    if len(best) > 1:
        remedy = f"say which: `{role}={best[0]}`"
        raise bad(path, f"both {best[0]} and {best[1]} could be {_words(role)}", remedy)
    return next(iter(best or found), None)


def _words(role: str) -> str:
    part, what = role.split("_")
    return f"the {'training' if part == 'train' else part} {what}"


def _holds(there: Sequence[str]) -> str:
    return f"it holds {', '.join(there[:12]) or 'no array'}"
