"""Files that hold several arrays by name, .npz and .h5: which of them is what.

Arrays are found by the names people give them; a spec can name them itself.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from cnnspec.datasets.raw import Found, Raw, bad, note, whole
from cnnspec.language.suggest import nearest

USUAL = {
    "train_images": ("train_images", "x_train", "train_x", "train_set_x", "images", "x"),
    "train_labels": ("train_labels", "y_train", "train_y", "train_set_y", "labels", "y"),
    "test_images": ("test_images", "x_test", "test_x", "test_set_x"),
    "test_labels": ("test_labels", "y_test", "test_y", "test_set_y"),
}
"""The names looked for, in any case and with `/` for `_`: those of Keras's `mnist.npz`,
of the course notebooks, and of single sets of images."""


class Store(Protocol):
    """A file of arrays."""

    title: str
    names: Sequence[str]

    def array(self, name: str) -> np.ndarray:
        """One of its arrays; raises `ValueError` where it is damaged or not to be trusted."""


def found(path: Path, store: Store, given: dict[str, str]) -> Found:
    """The images and labels of a file. Raises `CnnspecError`."""
    names = {role: _named(path, store.names, role, given) for role in USUAL}
    arrays = {role: store.array(name) for role, name in names.items() if name}
    for role in ("train_images", "train_labels"):
        if not names[role]:
            raise bad(path, f"no array is called like {_words(role)}", _write(path, store, role))
    train = _raw(path, names, arrays, "train")
    test = _raw(path, names, arrays, "test") if names["test_images"] else None
    left = [name for name in store.names if name not in names.values()]
    if "test_labels" in arrays and test is None:
        left.append(str(names["test_labels"]))
    notes = (note(f"{path.name} also holds {', '.join(left[:6])}, not used here"),) if left else ()
    return Found(store.title, (whole(path),), train, test, notes=notes)


def _raw(path: Path, names: dict[str, str | None], arrays: dict[str, np.ndarray], part: str) -> Raw:
    images, labels = f"{part}_images", f"{part}_labels"
    return Raw(
        arrays[images],
        arrays.get(labels),
        f"`{names[images]}` of {path}",
        f"`{names[labels]}` of {path}",
    )


def images(path: Path, store: Store, name: str | None) -> Raw:
    """The images to predict: the array of this name, else those of the test set."""
    if name is None:
        name = _named(path, store.names, "test_images", {})
        if name is None and len(store.names) == 1:
            name = store.names[0]
    if name is None:
        raise bad(path, f"which array to take is not clear; {_there(store)}", "name it: `--array`")
    if name not in store.names:
        near = nearest(name, store.names)
        raise bad(path, f"it has no array {name}", f"did you mean {near}?" if near else "")
    return Raw(store.array(name), None, f"`{name}` of {path}")


def _named(path: Path, there: Sequence[str], role: str, given: dict[str, str]) -> str | None:
    """The array that plays a role, if there is one."""
    if role in given:
        if given[role] in there:
            return given[role]
        near = nearest(given[role], there)
        hint = f"did you mean {near}?" if near else f"it holds {', '.join(there[:12]) or 'none'}"
        raise bad(path, f"it has no array {given[role]}, which is to be {_words(role)}", hint)
    matching = [
        name
        for usual in USUAL[role]
        for name in there
        if name.lower().replace("/", "_") == usual and name not in given.values()
    ]
    # The last ones stand for a set that is not divided, so that others go first.
    best = [name for name in matching if name.lower() not in ("images", "x", "labels", "y")]
    if len(best) > 1:
        remedy = f"say which: `{role}={best[0]}`"
        raise bad(path, f"both {best[0]} and {best[1]} could be {_words(role)}", remedy)
    return next(iter(best or matching), None)


def _words(role: str) -> str:
    part, what = role.split("_")
    return f"the {'training' if part == 'train' else part} {what}"


def _there(store: Store) -> str:
    return f"it holds {', '.join(store.names[:12]) or 'no array'}"


def _write(path: Path, store: Store, role: str) -> str:
    return f'name it: `data "{path.name}" {role}=…`; {_there(store)}'
