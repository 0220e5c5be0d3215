"""What a person sees while a network trains: a live bar on a terminal, else a line an epoch."""

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cnnspec.terminal import has_colour


class EpochLines(keras.callbacks.Callback):  # type: ignore[misc]
    """Prints a line for every epoch, and moves a bar within it where there is a terminal."""

    def __init__(self, epochs: int, steps: int) -> None:
        super().__init__()
        self._epochs = epochs
        self._began = 0.0
        self._bar: Progress | None = None
        if has_colour(sys.stderr):
            self._bar = Progress(
                TextColumn("epoch {task.fields[epoch]}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("train", total=steps, epoch="", figures="")

    @property
    def live(self) -> AbstractContextManager[Any]:
        """The bar, to be shown while training runs."""
        return self._bar or nullcontext()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock and the bar."""
        self._began = time.perf_counter()
        if self._bar:
            self._bar.reset(self._task, epoch=f"{epoch + 1}/{self._epochs}", figures="")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar."""
        if self._bar:
            shown = f"loss {logs['loss']:.4f}" if logs else ""
            self._bar.update(self._task, completed=batch + 1, figures=shown)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Prints the line of the epoch."""
        width = len(str(self._epochs))
        figures = "  ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        seconds = time.perf_counter() - self._began
        line = f"epoch {epoch + 1:>{width}}/{self._epochs}  {figures}  {seconds:.1f} s"
        if self._bar:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
