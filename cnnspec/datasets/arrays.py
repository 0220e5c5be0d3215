"""The images and labels of a dataset as numpy arrays.

Images stay uint8, one byte per channel of a pixel; code that needs floats scales one batch at a
time.
"""

import struct
from collections import Counter
from math import prod

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.duplicates import first_equal
from cnnspec.datasets.files import Place, contents
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import DatasetCorrupt
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.datasets import DATASETS, Dataset


class Split(Record):
    """Some images, uint8 of shape (n, height, width, channels), and their labels, unsigned (n,).

    The labels of a test set may be kept secret: then they are `None`, and its images can be
    predicted but not scored.
    """

    images: np.ndarray
    labels: np.ndarray | None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def known(self) -> np.ndarray:
        """The labels, of a split that has them, like every split to train on."""
        assert self.labels is not None
        return self.labels

    def take(self, rows: np.ndarray) -> "Split":
        """The images and labels at these rows."""
        return Split(self.images[rows], None if self.labels is None else self.labels[rows])


class Images(Record):
    """A dataset in memory: the images to train and to test on, and where it came from."""

    dataset: Dataset
    place: Place
    train: Split
    test: Split
    notes: tuple[Diagnostic, ...] = ()
    """What a user should know about it: doubts, and how it was changed."""
    validation: Split | None = None
    """The validation set of the data itself, if it has one."""


def load(name: str, *, offline: bool = False) -> Images:
    """Reads a catalogued dataset and verifies every byte. Raises `CnnspecError`."""
    dataset = DATASETS[name]
    place, data = contents(dataset, offline=offline)
    train, test = (
        _split(dataset, data[2 * i], data[2 * i + 1], count)
        for i, count in enumerate(dataset.counts)
    )
    return Images(dataset, place, train, test)


def _split(dataset: Dataset, images: bytes, labels: bytes, count: int) -> Split:
    height, width, channels = dataset.shape
    try:
        pixels = idx(images)
        classes = idx(labels)
        if pixels.shape != (count, height, width) or classes.shape != (count,):
            raise ValueError(f"its sizes are {pixels.shape} and {classes.shape}")
        if classes.max() >= dataset.classes:
            raise ValueError(f"it has a label {classes.max()}")
    except ValueError as error:
        problem = DatasetCorrupt(None, f"{dataset.title} is not what it should be: {error}")
        raise CnnspecError(problem) from None
    return Split(pixels.reshape(count, height, width, channels), classes)


def idx(data: bytes) -> np.ndarray:
    """An array of bytes in the IDX format; raises `ValueError`.

    Two zero bytes, the type (8 is unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit number, then the values (LeCun's MNIST page).
    """
    dims = idx_shape(data)
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * len(dims))
    if values.size != prod(dims):
        raise ValueError(f"it holds {values.size} values, not {' x '.join(map(str, dims))}")
    return values.reshape(dims)


def idx_shape(data: bytes) -> tuple[int, ...]:
    """The dimensions that the header of an IDX file says; raises `ValueError`."""
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError("it is not an IDX file of bytes")
    header = 4 + 4 * data[3]
    if len(data) < header:
        raise ValueError("its header is cut short")
    return struct.unpack(f">{data[3]}I", data[4:header])


def split_off(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Divides images into those to train on and those to validate on.

    The division is stratified: each class gives the same share, rounded so that the total is right
    as well. It is disjoint by content: equal images stay on one side. The same seed gives the same
    division. The last image of a class stays with those to train on.
    """
    order = np.random.Generator(np.random.PCG64([seed, _VALIDATION])).permutation(len(split))
    first = first_equal(split.images)
    sizes = np.bincount(first, minlength=len(first))
    held = np.zeros(len(split), bool)
    decided: dict[int, bool] = {}
    given = 0
    seen = 0
    # Not by np.unique, which loads all of numpy.ma.
    for label in sorted(set(split.known.tolist())):
        rows = order[split.known[order] == label]
        seen += len(rows)
        wanted = min(round(seen * share) - given, len(rows) - 1)
        if (sizes[first[rows]] == 1).all():
            held[rows[:wanted]] = True
        else:
            held[rows] = _together(first[rows].tolist(), wanted, decided)
        given += int(held[rows].sum())
    return split.take(np.flatnonzero(~held)), split.take(np.flatnonzero(held))


def _together(groups: list[int], wanted: int, decided: dict[int, bool]) -> list[bool]:
    """Chooses the images of a class to hold back, without dividing a group of equal ones.

    `decided` has the groups of earlier classes; those of this class are added.
    """
    sizes = Counter(groups)
    held = sum(size for group, size in sizes.items() if decided.get(group))
    for group, size in sizes.items():
        if group not in decided:
            decided[group] = held + size <= wanted
            held += size * decided[group]
    return [decided[group] for group in groups]


_VALIDATION = 0x5A11D
"""Makes this stream of random numbers different from others of the same seed."""
