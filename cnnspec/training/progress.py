"""What a person sees while a network trains: a live bar on a terminal, else a line an epoch.

A notebook gets its lines on standard output, for it shows standard error in red.
"""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from cnnspec.core.terminal import has_colour, in_notebook, messages

if TYPE_CHECKING:
    from rich.progress import Progress


class EpochLines:
    """Prints a line for every epoch, and moves a bar within it where there is a terminal."""

    def __init__(self, epochs: int, steps: int) -> None:
        self._epochs = epochs
        self._epoch = 0
        self._bar: Progress | None = None
        if not in_notebook() and has_colour(sys.stderr):
            # It takes longer to import than a small network takes for an epoch.
            from rich import progress
            from rich.console import Console

            self._bar = progress.Progress(
                progress.TextColumn("epoch {task.fields[epoch]}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("train", total=steps, epoch="")

    @property
    def live(self) -> AbstractContextManager[Any]:
        """The bar, to be shown while training runs."""
        return self._bar or nullcontext()

    def begin(self, epoch: int, done: int = 0) -> None:
        """Starts the bar of an epoch, counted from 1, of which some steps are done."""
        self._epoch = epoch
        if self._bar:
            self._bar.reset(self._task, epoch=f"{epoch}/{self._epochs}", completed=done)

    def advance(self, steps: int) -> None:
        """Moves the bar."""
        if self._bar:
            self._bar.advance(self._task, steps)

    def end(self, figures: dict[str, float], seconds: float) -> None:
        """Prints the line of an epoch."""
        width = len(str(self._epochs))
        names = [name for name in figures if not name.startswith("val_")]
        shown = "  ".join(f"{name} {figures[name]:.4f}" for name in names)
        held = [f"{figures[f'val_{name}']:.4f}" for name in names if f"val_{name}" in figures]
        # The validation figures come in the order of the others, to fit a terminal's width.
        shown += f"  val {' '.join(held)}" if held else ""
        self.say(f"epoch {self._epoch:>{width}}/{self._epochs}  {shown}  {seconds:.1f} s")

    def say(self, line: str) -> None:
        """Prints a line, above the bar where there is one."""
        if self._bar:
            self._bar.console.print(line, highlight=False, markup=False)
        elif stream := messages():
            stream.write(line + "\n")
            stream.flush()
