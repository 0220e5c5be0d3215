"""Batches of images, in an order of our own, and what each image counts.

Keras's `fit(shuffle=True)` on arrays takes the same permutation in every epoch once
a seed is set; here each epoch has its own, drawn from (seed, epoch) alone, so that it
does not matter what was drawn before.
"""

import numpy as np

_STATISTICS = 4096
"""Training images by which the statistics of batch norm are measured for averaged weights."""


def scale(images: np.ndarray) -> np.ndarray:
    """Pixels as float32 between 0 and 1."""
    return images.astype(np.float32) / np.float32(255)


def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """A permutation of `count` images, int32."""
    drawn = np.random.Generator(np.random.PCG64([seed, epoch])).permutation(count)
    return drawn.astype(np.int32)


def batches(rows: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """The full batches of an epoch, (steps, batch), and what is left, (1, rest) or (0, 0)."""
    full = len(rows) // batch * batch
    rest = rows[full:]
    return rows[:full].reshape(-1, batch), rest.reshape(min(len(rest), 1), len(rest))


def statistics_batches(count: int, batch: int) -> np.ndarray:
    """Returns batches by which batch norm is measured: (batches, batch) rows of `count` images.

    They are spread evenly over all images, which may be sorted by class.
    """
    some = np.linspace(0, count - 1, min(count, _STATISTICS)).astype(np.int32)
    batch = min(batch, len(some))
    return some[: len(some) // batch * batch].reshape(-1, batch)


def image_weights(
    weights: tuple[float, ...] | str, labels: np.ndarray, classes: int
) -> np.ndarray | None:
    """What the loss of each image is multiplied by, float32; `None` where all count the same.

    `balanced` is n / (classes * images of the class), as scikit-learn's: each class
    counts the same in all, and the mean over all images is 1.
    """
    if weights == "none":
        return None
    if weights == "balanced":
        counts = np.bincount(labels, minlength=classes)
        by_class = len(labels) / (classes * np.maximum(counts, 1))
    else:
        by_class = np.asarray(weights)
    weighted: np.ndarray = by_class.astype(np.float32)[labels]
    return weighted
