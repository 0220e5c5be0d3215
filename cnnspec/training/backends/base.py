"""What a training asks of the backend that computes it: Keras, or machine code of our own.

Everything else of a training, from order and schedules to checkpoints and reports, is the
same for every backend and knows none of them.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.datasets.splits import Splits
from cnnspec.runs.run import Run
from cnnspec.training.novelty import Features

Arrays = dict[str, np.ndarray]
"""Arrays by their names."""


class Predictor(Protocol):
    """A network with its weights, whatever computes it."""

    @property
    def classes(self) -> int:
        """Outputs of the network."""

    @property
    def at_once(self) -> int:
        """Images that `forward` takes, at most."""

    def forward(self, images: np.ndarray, labels: np.ndarray | None) -> tuple[np.ndarray, float]:
        """The outputs for uint8 images, (n, classes) float32, and the sum of their losses.

        Each loss includes the penalties of the weights. Without labels the sum has no meaning.
        """

    def features(self) -> Features:
        """What computes the features by which a picture is doubted (`novelty.py`)."""


class Finished(Record):
    """What a training leaves: weights by the names of the spec.

    `features` makes what computes features, which takes a while.
    """

    weights: Arrays
    features: Callable[[], Features]


class Trainer(Predictor, Protocol):
    """A network in training: what it is just then is measured as that of any `Predictor`."""

    def begin_epoch(self, epoch: int) -> None:
        """Begins an epoch, from 1: draws follow from (seed, epoch), and metrics begin anew."""

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        """A step for each row of `rows`, (steps, batch) indices of images, at its learning rate.

        Returns whether the loss is still a finite number; if not, the rest means nothing.
        """

    def running(self) -> dict[str, float]:
        """Metrics of the epoch so far, each step's taken before its update."""

    def averaged(self) -> AbstractContextManager[None]:
        """The moving averages in place of the weights, where there are any, for a while."""

    def settle(self) -> None:
        """Makes the moving averages the weights, where there are any."""

    def weights(self) -> list[np.ndarray]:
        """All weights, always in the same order."""

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Takes weights as `weights` gives them."""

    def dump(self) -> Arrays:
        """All that the next step depends on, the metrics of the epoch included."""

    def load(self, arrays: Arrays) -> None:
        """Goes back to what was dumped; raises `ValueError` where it does not fit."""

    def take_over(self, run: Run) -> None:
        """Goes on from the end of a finished run of the same network. Raises `CnnspecError`."""

    def finish(self, run: Run) -> Finished:
        """Writes what only this backend keeps in a run. Raises `CnnspecError`."""


class Preparation(Protocol):
    """A spec that is ready to be trained, but for its data."""

    def step_bytes(self, batch: int) -> int:
        """The least memory that a step takes, in bytes."""

    def trainer(self, splits: Splits) -> Trainer:
        """A new network with weights drawn from the seed of its spec. Raises `CnnspecError`."""


class Backend(Protocol):
    """A backend that has been started, with what it was started with."""

    @property
    def name(self) -> str:
        """What `--backend` calls it."""

    @property
    def immaterial(self) -> frozenset[str]:
        """Facts of `described` that no result depends on."""

    def described(self) -> dict[str, Any]:
        """What `environment.json` says of it."""

    def require(self, checked: CheckedSpec) -> None:
        """Raises `CnnspecError` where it cannot train a spec."""

    def spread(self, checked: CheckedSpec, devices: int) -> "Backend":
        """The same on so many devices. Raises `CnnspecError` where it cannot do that."""

    def prepare(self, checked: CheckedSpec) -> Preparation:
        """What can be made of a spec before its data is there. Raises `CnnspecError`."""

    def restore(self, run: Run) -> tuple[CheckedSpec, Predictor]:
        """The spec of a finished run and its network. Raises `CnnspecError`."""

    def clear(self) -> None:
        """Drops what a training leaves behind in the process."""
