"""What training goes on from: everything a checkpoint must hold so that a resumed run is exact.

Order and dropout of an epoch follow from (seed, epoch); what is left is in what the trainer
dumps and in the few figures here. Knows no framework and nothing of files.
"""

from typing import Any

import numpy as np

from cnnspec.ir.training import EarlyStop, Target, Training
from cnnspec.runs.run import Run
from cnnspec.training.backends.base import Arrays, Trainer
from cnnspec.training.schedule import LearningRates

Epoch = dict[str, Any]
"""The figures of one epoch by their names."""


_BEST = "best"
"""Begins the names of the arrays of the best epoch."""


class State:
    """How far a training is: its trainer, its figures and what watches them."""

    def __init__(self, trainer: Trainer, train: Training, rates: LearningRates) -> None:
        self._trainer = trainer
        self.rates = rates
        self.epoch = 0
        """Epochs that are finished."""
        self.step = 0
        """Steps done in the epoch under way."""
        self.spent = 0.0
        """Seconds spent on the epoch under way."""
        self.ended = False
        """Whether early stopping or a target has ended the training."""
        self.history: list[Epoch] = []
        self.stopper = EarlyStopping(train.early_stop) if train.early_stop else None
        self.aim = TargetTracker(train.target) if train.target else None

    @property
    def seconds(self) -> float:
        """Seconds of training and validation so far."""
        return float(sum(epoch["seconds"] for epoch in self.history)) + self.spent

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights are kept instead of the last one's."""
        return self.stopper.best_epoch if self.stopper and self.stopper.weights else None

    def finish_epoch(self, figures: Epoch, aimed: float = 0.0) -> None:
        """Takes note of the figures of an epoch, and of that of its target; goes on to the next.

        The trainer has the averaged weights meanwhile: they are what early stopping keeps.
        """
        self.epoch += 1
        self.step = 0
        timed = {"epoch": self.epoch, "seconds": round(self.spent, 3)}
        last_rate = float(self.rates.of(self.epoch)[-1])
        self.history.append({**timed, **figures, "learning_rate": last_rate})
        self.spent = 0.0
        self.rates.after(figures)
        if self.stopper:
            self.ended = self.stopper.after(self.epoch, figures, self._trainer)
        if self.aim and self.aim.after(self.epoch, aimed, self.seconds):
            self.ended = True

    def settle(self) -> None:
        """Gives the model the weights that are kept: the best, the averaged or the last ones."""
        if self.stopper and self.stopper.weights:
            self.stopper.restore(self._trainer)
        else:
            self._trainer.settle()

    def take_over(self, run: Run, history: list[Epoch], target: dict[str, Any] | None) -> None:
        """Goes on from a training that has finished: its run, and what it has measured.

        `target` is what its metrics say of a target; plateau and early stopping see the
        epochs once more. Raises `CnnspecError`.
        """
        self._trainer.take_over(run)
        self.history = list(history)
        self.epoch = len(history)
        for epoch, figures in enumerate(history, 1):
            self.rates.after(figures)
            if self.stopper:
                self.ended = self.stopper.after(epoch, figures, self._trainer)
        if self.aim and target and target.get("epoch") is not None:
            self.aim.reached = {name: target[name] for name in ("epoch", "seconds", "value")}

    def dump(self) -> tuple[Arrays, dict[str, Any]]:
        """The state as arrays and as figures that JSON can hold."""
        arrays = self._trainer.dump()
        facts: dict[str, Any] = {
            "epoch": self.epoch,
            "step": self.step,
            "spent": self.spent,
            "ended": self.ended,
            "history": self.history,
            "rates": self.rates.dump(),
        }
        if self.stopper:
            arrays |= {f"{_BEST}_{i}": value for i, value in enumerate(self.stopper.weights)}
            facts["stopper"] = self.stopper.dump()
        if self.aim:
            facts["aim"] = self.aim.reached
        return arrays, facts

    def load(self, arrays: Arrays, facts: dict[str, Any]) -> None:
        """Goes back to a state that was dumped; raises `ValueError` where it does not fit."""
        best = _numbered(arrays, _BEST)
        if best and [b.shape for b in best] != [w.shape for w in self._trainer.weights()]:
            raise ValueError("it holds the best weights of another network")
        names = {f"{_BEST}_{i}" for i in range(len(best))}
        self._trainer.load({name: a for name, a in arrays.items() if name not in names})
        self.epoch = facts["epoch"]
        self.step = facts["step"]
        self.spent = facts["spent"]
        self.ended = facts["ended"]
        self.history = facts["history"]
        self.rates.load(facts["rates"])
        if self.stopper:
            self.stopper.load(best, facts["stopper"])
        if self.aim:
            self.aim.reached = facts["aim"]


def _numbered(arrays: Arrays, name: str) -> list[np.ndarray]:
    """The arrays `<name>_0`, `<name>_1` and so on."""
    count = sum(key.rpartition("_")[0] == name for key in arrays)
    return [arrays[f"{name}_{i}"] for i in range(count)]


class EarlyStopping:
    """Early stopping: watches a figure, keeps the weights of the best epoch if asked to."""

    def __init__(self, stop: EarlyStop) -> None:
        self._name = stop.monitor.removeprefix("train_")
        self._sign = -1 if stop.monitor.endswith("loss") else 1
        self._stop = stop
        self._best: float | None = None
        self.best_epoch = 0
        self.weights: list[np.ndarray] = []

    def after(self, epoch: int, figures: Epoch, trainer: Trainer) -> bool:
        """Takes note of an epoch; whether training ends with it."""
        value = self._sign * figures[self._name]
        if self._best is None or value > self._best + self._stop.min_delta:
            self._best = value
            self.best_epoch = epoch
            if self._stop.restore:
                self.weights = trainer.weights()
        return epoch - self.best_epoch >= self._stop.patience

    def restore(self, trainer: Trainer) -> None:
        """Goes back to the weights of the best epoch, if they were kept."""
        if self.weights:
            trainer.set_weights(self.weights)

    def dump(self) -> dict[str, Any]:
        """What it has seen, without the weights."""
        return {"best": self._best, "best_epoch": self.best_epoch}

    def load(self, weights: list[np.ndarray], facts: dict[str, Any]) -> None:
        """Goes back to what it had seen."""
        self.weights = weights
        self._best = facts["best"]
        self.best_epoch = facts["best_epoch"]


class TargetTracker:
    """A target: takes note of when it is first reached."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sign = -1 if target.quantity.endswith("loss") else 1
        self.reached: dict[str, Any] | None = None
        """The epoch, the seconds of training until its end, and the figure, once it is."""

    def after(self, epoch: int, value: float, seconds: float) -> bool:
        """Takes note of an epoch; whether training ends with it."""
        if self.reached is None and self._sign * value >= self._sign * self._target.value:
            self.reached = {"epoch": epoch, "seconds": round(seconds, 3), "value": value}
        return self._target.stop and self.reached is not None

    def dump(self) -> dict[str, Any]:
        """The target and when it was reached, `None` for never."""
        never = {"epoch": None, "seconds": None, "value": None}
        claim = {"quantity": self._target.quantity, "limit": self._target.value}
        return {**claim, **(self.reached or never)}
