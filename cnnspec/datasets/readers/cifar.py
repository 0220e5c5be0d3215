"""Reads CIFAR-10 and CIFAR-100 in their binary form: a record for each image.

One byte of the label (two in CIFAR-100: coarse, then fine), then 1,024 bytes each of red,
green and blue, row by row (https://www.cs.toronto.edu/~kriz/cifar.html). The form "for
Python" is a pickle, which is refused.
"""

from pathlib import Path

import numpy as np

from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.datasets.raw import Found, Raw, Request, bad, plain_file, sized, whole
from cnnspec.language.suggest import nearest

_PIXELS = 3 * 32 * 32
_BLOCK = 1000
"""How many records are read at a time."""


class Form(Record):
    """One of the two sets: the files of its parts, the bytes of a label, and class names."""

    title: str
    train: str
    test: str
    labels: tuple[str, ...]
    names: tuple[str, ...]


FORMS = (
    Form("CIFAR-10", "data_batch_*.bin", "test_batch.bin", ("label",), ("batches.meta.txt",)),
    Form(
        "CIFAR-100",
        "train.bin",
        "test.bin",
        ("coarse", "fine"),
        ("coarse_label_names.txt", "fine_label_names.txt"),
    ),
)
_PICKLES = ("data_batch_1", "test_batch", "batches.meta")


def _form(folder: Path) -> Form | None:
    for form in FORMS:
        files = [*folder.glob(form.train), *folder.glob(form.test)]
        record = len(form.labels) + _PIXELS
        if files and (form is FORMS[0] or all(not f.stat().st_size % record for f in files)):
            return form
    return None


def _pickled(folder: Path) -> bool:
    meta = (folder / "meta").is_file() and (folder / "train").is_file()
    return meta or any((folder / name).is_file() for name in _PICKLES)


def present(folder: Path) -> bool:
    """Whether a folder has CIFAR, in this form or pickled."""
    return _form(folder) is not None or _pickled(folder)


def read(folder: Path, request: Request) -> Found:
    """The images and labels of a folder. Raises `CnnspecError`."""
    form = _form(folder)
    if form is None:
        reason = "it holds CIFAR as pickles of Python, which may run code when they are read"
        remedy = "take the binary version (cifar-10-binary.tar.gz, cifar-100-binary.tar.gz)"
        raise bad(folder, reason, remedy)
    column = form.labels[-1]
    asked = request.data.arrays.get("train_labels")
    if asked is not None:
        if asked not in form.labels:
            near = nearest(asked, form.labels)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(form.labels)}"
            raise bad(folder, f"it has no labels {asked}", hint)
        column = asked
    place = form.labels.index(column)
    train = sorted(folder.glob(form.train), key=lambda path: natural(path.name))
    test = sorted(folder.glob(form.test))
    if not train:
        raise bad(folder, f"it has no file {form.train}", "put it there")
    records = sum(path.stat().st_size for path in (*train, *test)) // (len(form.labels) + _PIXELS)
    sized((records, 32, 32, 3), 1, "it")
    raws = [
        _raw(paths, len(form.labels), place, f"{folder / pattern}") if paths else None
        for paths, pattern in ((train, form.train), (test, form.test))
    ]
    assert raws[0] is not None
    files = tuple(whole(path) for path in (*train, *test))
    names = _names(folder / form.names[place])
    return Found(f"{form.title}, binary version", files, raws[0], raws[1], names)


def _raw(paths: list[Path], labels: int, place: int, where: str) -> Raw:
    """The images of some files, (n, 32, 32, 3), and one label of each."""
    record = labels + _PIXELS
    for path in paths:
        plain_file(path)
        if not path.stat().st_size or path.stat().st_size % record:
            raise ValueError(f"{path.name} is not whole records of {record:,} bytes")
    counts = [path.stat().st_size // record for path in paths]
    images = np.empty((sum(counts), 32, 32, 3), np.uint8)
    found = np.empty(sum(counts), np.uint8)
    start = 0
    for path, count in zip(paths, counts, strict=True):
        with path.open("rb") as file:
            for _ in range(0, count, _BLOCK):
                data = file.read(_BLOCK * record)
                block = np.frombuffer(data, np.uint8).reshape(-1, record)
                end = start + len(block)
                found[start:end] = block[:, place]
                planes = block[:, labels:].reshape(-1, 3, 32, 32)
                images[start:end] = planes.transpose(0, 2, 3, 1)
                start = end
    return Raw(images, found, where, f"the labels of {where}")


def _names(path: Path) -> tuple[str, ...]:
    """The names of the classes, if their file exists."""
    if not path.is_file() or path.stat().st_size > 2**16:
        return ()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return tuple(line.strip() for line in lines if line.strip())
