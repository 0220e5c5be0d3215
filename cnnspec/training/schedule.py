"""The learning rates of a training under way: the schedule's, and what a plateau makes of them."""

from typing import Any

import numpy as np

from cnnspec.ir.schedules import Plateau
from cnnspec.ir.training import Training


class LearningRates:
    """The learning rate of every step, `steps` of them in an epoch.

    Only a plateau remembers anything: as Keras's `ReduceLROnPlateau`, it multiplies the
    rate when a figure has not improved for some epochs.
    """

    def __init__(self, train: Training, steps: int) -> None:
        self._train = train
        self._steps = steps
        self._best: float | None = None
        self._share = 1.0
        self._waited = 0

    def of(self, epoch: int) -> np.ndarray:
        """The rates of the steps of an epoch, counted from 1: float32 of shape (steps,)."""
        base = self._train.optimizer.learning_rate * self._share
        rates = self._train.schedule.rates(epoch, self._steps, self._train.epochs, base)
        return np.asarray(rates, np.float32)

    def after(self, figures: dict[str, Any]) -> None:
        """Takes note of the figures of an epoch."""
        plateau = self._train.schedule
        if not isinstance(plateau, Plateau):
            return
        sign = -1 if plateau.monitor.endswith("loss") else 1
        value = sign * figures[plateau.monitor.removeprefix("train_")]
        if self._best is None or value > self._best + plateau.min_delta:
            self._best = value
            self._waited = 0
        else:
            self._waited += 1
            if self._waited >= plateau.patience:
                self._share = max(self._share * plateau.factor, plateau.floor)
                self._waited = 0

    def dump(self) -> dict[str, Any]:
        """What it has seen, as JSON."""
        return {"best": self._best, "share": self._share, "waited": self._waited}

    def load(self, facts: dict[str, Any]) -> None:
        """Goes back to what it had seen."""
        self._best = facts["best"]
        self._share = facts["share"]
        self._waited = facts["waited"]
