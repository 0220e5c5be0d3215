"""Trains a compiled model on batches in our order, epoch after epoch."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from cnnspec.datasets.arrays import Split
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import LostTraining
from cnnspec.ir.training import EarlyStop, Training
from cnnspec.record import Record
from cnnspec.training.batches import Batches
from cnnspec.training.progress import EpochLines

Epoch = dict[str, Any]
"""The figures of one epoch by their names."""


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
    classes = model.output_shape[-1]
    batches = Batches(images, classes, train.batch, train.seed)
    lines = EpochLines(train.epochs, len(batches))
    record = _History(each_epoch)
    callbacks = [lines, _StopAtNaN(), record]
    stopper = _early_stopping(train.early_stop) if train.early_stop else None
    if stopper:
        callbacks.append(stopper)
    began = time.perf_counter()
    with lines.live:
        model.fit(
            batches,
            validation_data=Batches(validation, classes, train.batch) if validation else None,
            epochs=train.epochs,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
    seconds = time.perf_counter() - began
    restored = train.early_stop is not None and train.early_stop.restore
    best = int(stopper.best_epoch) + 1 if stopper and restored else None
    return Fitted(record.history, seconds, best)


def _early_stopping(stop: EarlyStop) -> keras.callbacks.EarlyStopping:
    return keras.callbacks.EarlyStopping(
        monitor=stop.monitor.removeprefix("train_"),
        mode="min" if stop.monitor.endswith("loss") else "max",
        patience=stop.patience,
        min_delta=stop.min_delta,
        restore_best_weights=stop.restore,
    )


class _History(keras.callbacks.Callback):  # type: ignore[misc]
    """Collects the figures of every epoch."""

    def __init__(self, each_epoch: Callable[[list[Epoch]], None]) -> None:
        super().__init__()
        self.history: list[Epoch] = []
        self._each_epoch = each_epoch
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Adds the epoch."""
        seconds = round(time.perf_counter() - self._began, 3)
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self.history.append({"epoch": epoch + 1, "seconds": seconds, **figures})
        self._each_epoch(self.history)


class _StopAtNaN(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a training that can only waste time."""

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes the epoch for the message."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks at the loss after every step."""
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise Problems(
                LostTraining(
                    None,
                    f"the loss is {loss} in epoch {self._epoch}, step {batch + 1}",
                    "lower the learning rate: `optimizer adam(1e-4)`",
                )
            )
