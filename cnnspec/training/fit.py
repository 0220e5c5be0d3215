"""Trains a compiled model, epoch after epoch. The order, the seeds and the end are ours."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from cnnspec.datasets.arrays import Split
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import LostTraining
from cnnspec.ir.training import EarlyStop, Training
from cnnspec.record import Record
from cnnspec.training.batches import batches, order
from cnnspec.training.build import Seeds
from cnnspec.training.progress import EpochLines
from cnnspec.training.score import score
from cnnspec.training.steps import Steps, steps

Epoch = dict[str, Any]
"""The figures of one epoch by their names."""

_PACE = 0.25
"""Seconds between two looks at the clock and the keyboard."""


class Fitted(Record):
    """What training did: the figures of every epoch, the time, the epoch whose weights are kept."""

    history: list[Epoch]
    seconds: float
    best_epoch: int | None


def fit(
    model: keras.Model,
    train: Training,
    images: Split,
    validation: Split | None,
    each_epoch: Callable[[list[Epoch]], None],
) -> Fitted:
    """Runs all epochs; `each_epoch` gets the history so far after each.

    Raises `Problems` when the loss is no longer a number.
    """
    runner = steps(model, images)
    pace = _Pace(runner)
    lines = EpochLines(train.epochs, -(-len(images) // train.batch))
    stopper = Stopper(train.early_stop) if train.early_stop else None
    history: list[Epoch] = []
    began = time.perf_counter()
    with lines.live:
        for epoch in range(1, train.epochs + 1):
            lines.begin(epoch)
            reseed(model, train.seed, epoch)
            model.reset_metrics()
            done = 0
            for part in batches(order(len(images), train.seed, epoch), train.batch):
                for count, finite in pace.run(part):
                    done += count
                    lines.advance(count)
                    if not finite:
                        raise _lost(model, epoch, done)
            figures = {name: float(value) for name, value in model.get_metrics_result().items()}
            if validation:
                reached = score(model, validation)
                figures |= {f"val_{name}": getattr(reached, name) for name in _shown(figures)}
            seconds = lines.end(epoch, figures)
            history.append({"epoch": epoch, "seconds": round(seconds, 3), **figures})
            each_epoch(history)
            if stopper and stopper.after(epoch, figures, model):
                break
        if stopper:
            stopper.restore(model)
    kept = stopper.best_epoch if stopper and stopper.weights else None
    return Fitted(history, time.perf_counter() - began, kept)


def _shown(figures: dict[str, float]) -> list[str]:
    return [name for name in ("accuracy", "f1", "loss") if name in figures]


def _lost(model: keras.Model, epoch: int, done: int) -> Problems:
    loss = float(model.get_metrics_result()["loss"])
    return Problems(
        LostTraining(
            None,
            f"the loss is {loss} in epoch {epoch}, after at most {done} steps",
            "lower the learning rate: `optimizer adam(1e-4)`",
        )
    )


def reseed(model: keras.Model, seed: int, epoch: int) -> None:
    """Sets what dropout and noise draw next from (seed, epoch), whatever they drew before."""
    seeds = Seeds(seed, _EPOCH, epoch)
    for layer in model.layers:
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(np.array([seeds.next(), 0], np.uint32))


_EPOCH = 0xE90C4
"""Keeps the seeds of epochs apart from those of layers."""


class _Pace:
    """Runs steps in portions of about `_PACE` seconds, so that a person is never kept waiting."""

    def __init__(self, runner: Steps) -> None:
        self._runner = runner
        self._portion = 1
        self._warm = False

    def run(self, rows: np.ndarray) -> Iterator[tuple[int, bool]]:
        """Yields how many steps were run and whether the loss is a finite number."""
        at = 0
        while at < len(rows):
            part = rows[at : at + self._portion]
            began = time.perf_counter()
            finite = self._runner.run(part)
            seconds = time.perf_counter() - began
            # The first call compiles; what it takes says nothing of the next.
            if self._warm:
                self._portion = max(1, int(len(part) * _PACE / max(seconds, 1e-4)))
            self._warm = True
            at += len(part)
            yield len(part), finite


class Stopper:
    """Early stopping: watches a figure, keeps the weights of the best epoch if asked to."""

    def __init__(self, stop: EarlyStop) -> None:
        self._name = stop.monitor.removeprefix("train_")
        self._sign = -1 if stop.monitor.endswith("loss") else 1
        self._stop = stop
        self._best = -np.inf
        self.best_epoch = 0
        self.weights: list[np.ndarray] = []

    def after(self, epoch: int, figures: dict[str, float], model: keras.Model) -> bool:
        """Takes note of an epoch; whether training ends with it."""
        value = self._sign * figures[self._name]
        if value > self._best + self._stop.min_delta:
            self._best = value
            self.best_epoch = epoch
            if self._stop.restore:
                self.weights = model.get_weights()
        return epoch - self.best_epoch >= self._stop.patience

    def restore(self, model: keras.Model) -> None:
        """Goes back to the weights of the best epoch, if they were kept."""
        if self.weights:
            model.set_weights(self.weights)
