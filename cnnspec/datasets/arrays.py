"""The images and labels of a dataset as numpy arrays.

Images stay uint8, one byte a pixel; whoever needs floats scales a batch at a time.
"""

import struct

import numpy as np

from cnnspec.datasets.catalog import DATASETS, Dataset
from cnnspec.datasets.files import Place, contents
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import DatasetCorrupt
from cnnspec.record import Record


class Split(Record):
    """Some images, uint8 of shape (n, height, width, channels), and their labels, uint8 (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> "Split":
        """The images and labels at these rows."""
        return Split(self.images[rows], self.labels[rows])


class Images(Record):
    """A dataset in memory: what to train on, what to test on, and where it came from."""

    dataset: Dataset
    place: Place
    train: Split
    test: Split


def load(name: str, *, offline: bool = False) -> Images:
    """Reads a dataset; every byte is verified. Raises `Problems`."""
    dataset = DATASETS[name]
    place, data = contents(dataset, offline=offline)
    splits = [
        _split(dataset, data[2 * i], data[2 * i + 1], count)
        for i, count in enumerate(dataset.counts)
    ]
    return Images(dataset, place, *splits)


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
        fault = DatasetCorrupt(None, f"{dataset.title} is not what it should be: {error}")
        raise Problems(fault) from None
    return Split(pixels.reshape(count, height, width, channels), classes)


def idx(data: bytes) -> np.ndarray:
    """An array of bytes in the IDX format; raises `ValueError`.

    Two zero bytes, the type (8 is unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit number, then the values (LeCun's MNIST page).
    """
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError("it is no IDX file of bytes")
    header = 4 + 4 * data[3]
    if len(data) < header:
        raise ValueError("its header is cut short")
    dims = struct.unpack(f">{data[3]}I", data[4:header])
    values = np.frombuffer(data, np.uint8, offset=header)
    if values.size != int(np.prod(dims)):
        raise ValueError(f"it holds {values.size} values, not {' x '.join(map(str, dims))}")
    return values.reshape(dims)


def split_off(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Divides images into those to train on and those to validate on.

    Stratified: each class gives the same share, rounded so that the whole does too.
    Disjoint, and the same for the same seed.
    """
    order = np.random.Generator(np.random.PCG64([seed, _VALIDATION])).permutation(len(split))
    held = np.zeros(len(split), bool)
    given = 0
    seen = 0
    for label in np.unique(split.labels):
        rows = order[split.labels[order] == label]
        seen += len(rows)
        wanted = round(seen * share) - given
        held[rows[:wanted]] = True
        given += wanted
    return split.take(np.flatnonzero(~held)), split.take(np.flatnonzero(held))


_VALIDATION = 0x5A11D
"""Keeps this stream of random numbers apart from others of the same seed."""
