"""How far an image is from all that a network was trained on.

The Mahalanobis distance of Lee et al., "A simple unified framework for detecting
out-of-distribution samples and adversarial attacks" (2018): the features of each class are
taken for a Gaussian about the mean of the class, all with one covariance, and an image is as
far as from the nearest class. Features of a layer of images are its means over all positions,
as in the paper. Features of the first and the last layers are one vector here; in the paper
the distances of all layers are weighed by a regression, which needs images of the other kind.
No framework: `features` asks a model.
"""

import math
from collections.abc import Callable

import numpy as np

from cnnspec.core.record import Record

RATE = 0.01
"""The share of the calibration images that is taken for something else."""
MOST_CHANNELS = 512
"""Values of a layer, at most, that are taken as features: their covariance is kept."""
_RIDGE = 1e-6
"""What is added to each variance, as a share of the largest: some features never vary."""

Features = Callable[[np.ndarray], np.ndarray]
"""From uint8 images (n, height, width, channels) to their features, float64 (n, d)."""


class Gaussians(Record):
    """A Gaussian for each class of features, with one covariance for all."""

    means: np.ndarray
    """(classes, d), in the coordinates of `whiten`."""
    whiten: np.ndarray
    """(d, d): features times this have a covariance of 1."""

    def distances(self, features: np.ndarray) -> np.ndarray:
        """The squared Mahalanobis distance of features (n, d) to the nearest class: (n,)."""
        white = features @ self.whiten
        nearest = np.full(len(white), np.inf)
        for mean in self.means:
            nearest = np.minimum(nearest, ((white - mean) ** 2).sum(axis=1))
        return nearest


def gaussians(features: np.ndarray, labels: np.ndarray) -> Gaussians:
    """The Gaussians of features (n, d) of training images with these labels (n,)."""
    classes, rows = np.unique(labels, return_inverse=True)
    counts = np.bincount(rows)
    sums = np.zeros((len(classes), features.shape[1]))
    np.add.at(sums, rows, features)
    means = sums / counts[:, None]
    within = features - means[rows]
    variances, axes = np.linalg.eigh(within.T @ within / len(within))
    whiten = axes / np.sqrt(variances.clip(0) + _RIDGE * max(variances.max(), 1e-12))
    return Gaussians(means @ whiten, whiten)


def limit(distances: np.ndarray, rate: float = RATE) -> tuple[float, float]:
    """The distance that a share `rate` of images like these goes beyond, and the true share.

    As in split conformal prediction (Vovk et al., 2005): a new image like n others is beyond
    the k-th largest of them with a probability of at most k / (n + 1). Of fewer than 99 images
    that is more than 1 % even for the largest.
    """
    allowed = max(1, math.floor(rate * (len(distances) + 1)))
    return float(np.sort(distances)[-allowed]), allowed / (len(distances) + 1)
