"""Finds equal images by a hash of 64 bits and then compares them byte by byte, so it is exact.

Pure: arrays of bytes in, row numbers out.
"""

import numpy as np


def digests(images: np.ndarray) -> np.ndarray:
    """A hash of each image, (n,) int64; equal images have equal ones within one process."""
    return np.fromiter((hash(image.tobytes()) for image in images), np.int64, len(images))


def first_equal(images: np.ndarray) -> np.ndarray:
    """For each image the index of the first one that is equal to it, (n,) int64."""
    first = np.arange(len(images))
    hashes = digests(images)
    order = np.argsort(hashes, kind="stable")
    same = hashes[order[1:]] == hashes[order[:-1]]
    known: dict[bytes, int] = {}
    for place in np.flatnonzero(same):
        if not place or not same[place - 1]:
            known = {images[order[place]].tobytes(): int(order[place])}
        row = int(order[place + 1])
        first[row] = known.setdefault(images[row].tobytes(), row)
    return first


def shared(train: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the other images are also training images, as row indices."""
    if train.shape[1:] != others.shape[1:]:
        return np.empty(0, np.int64)
    here, there = digests(train), digests(others)
    rows = np.flatnonzero(np.isin(there, here))
    if not len(rows):
        return rows
    known = {train[row].tobytes() for row in np.flatnonzero(np.isin(here, there))}
    return np.array([row for row in rows if others[row].tobytes() in known], np.int64)


def conflicting(first: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The first of each group of equal images with different labels, as row indices."""
    return np.unique(first[labels != labels[first]])
