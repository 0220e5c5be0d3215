"""Finds equal images by a hash of 64 bits and then compares them byte by byte, so it is exact.

Pure: arrays of bytes in, row numbers out.
"""

from math import prod

import numpy as np


def digests(images: np.ndarray) -> np.ndarray:
    """Returns a hash of each image, (n,) uint64; equal images have equal ones.

    The bytes are taken as numbers of 64 bits and summed with odd factors, modulo 2**64.
    """
    size = prod(images.shape[1:])
    rows = np.ascontiguousarray(images).reshape(len(images), size).view(np.uint8)
    left = -rows.shape[1] % 8
    if left:
        rows = np.pad(rows, ((0, 0), (0, left)))
    numbers = rows.view(np.uint64)
    factors = np.random.default_rng(0).integers(1 << 63, size=numbers.shape[1], dtype=np.uint64)
    return numbers @ (2 * factors + 1)


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
