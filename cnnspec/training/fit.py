"""Trains a network, epoch after epoch. The order, the seeds and the end are ours."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from cnnspec.datasets.splits import Splits
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.diagnostics.machines import TrainingDiverged
from cnnspec.files.interrupts import StopFlag
from cnnspec.ir.losses import Poisson
from cnnspec.ir.spec import Node, Spec
from cnnspec.training.backends.base import Trainer
from cnnspec.training.batches import batches, order
from cnnspec.training.memory import out_of_memory
from cnnspec.training.progress import EpochLines
from cnnspec.training.schedule import LearningRates
from cnnspec.training.score import Score, Scorer
from cnnspec.training.state import State

_PACE = 0.25
"""Seconds between two looks at the clock and the keyboard."""


class Fit:
    """A training under way. What it goes on from is its `state`, new or from a checkpoint.

    Its `scorer` measures the network as it is just then.
    """

    def __init__(self, trainer: Trainer, spec: Spec, splits: Splits) -> None:
        train = spec.train
        self._spec = spec
        self._trainer = trainer
        self.scorer = Scorer(trainer)
        self._train = train
        self._splits = splits
        self._in_epoch = -(-len(splits.train) // train.batch)
        self.state = State(trainer, train, LearningRates(train, self._in_epoch))

    def run(self, keep: Callable[[State], None], pause: StopFlag, until: int | None = None) -> bool:
        """Runs the epochs that are left; `keep` gets the state after each and before a stop.

        With `until` it pauses after so many epochs of all; returns whether it came to its
        end. Raises `Interrupted` after a signal, and `CnnspecError` when the loss is no longer a
        number.
        """
        state, train = self.state, self._train
        pace = _Pace(self._trainer)
        lines = EpochLines(train.epochs, self._in_epoch)
        with lines.live:
            if state.epoch or state.step:
                lines.say(f"going on after epoch {state.epoch}, step {state.step} of the next")
            while state.epoch < train.epochs and not state.ended:
                if until is not None and state.epoch >= until:
                    return False
                lines.begin(state.epoch + 1, state.step)
                began = time.perf_counter() - state.spent
                if state.step == 0:
                    self._trainer.begin_epoch(state.epoch + 1)
                try:
                    self._steps(pace, lines, pause)
                    with self._averaged():
                        figures, aimed = self._figures(pause)
                        state.spent = time.perf_counter() - began
                        watched = {train.target.quantity: aimed} if train.target else {}
                        if not np.isfinite([*figures.values(), aimed]).all():
                            raise self._lost(figures | watched, self._now)
                        lines.end(figures, state.spent)
                        state.finish_epoch(figures, aimed)
                except Interrupted:
                    state.spent = time.perf_counter() - began
                    keep(state)
                    raise
                keep(state)
        state.settle()
        return True

    def require_numbers(self, scores: Mapping[str, Score]) -> None:
        """Raises `CnnspecError` where a score at the end is no number.

        No loss of training tells of what the last step did to the weights.
        """
        figures = {
            f"loss of the {split} images": found.figures["loss"] for split, found in scores.items()
        }
        if not np.isfinite([*figures.values()]).all():
            raise self._lost(figures, f"after epoch {self.state.epoch}, the last")

    def _steps(self, pace: "_Pace", lines: EpochLines, pause: StopFlag) -> None:
        """The steps of an epoch that are left."""
        state, train = self.state, self._train
        left = state.step
        rates = state.rates.of(state.epoch + 1)
        for part in batches(
            order(len(self._splits.train), train.seed, state.epoch + 1), train.batch
        ):
            part, left = part[left:], max(0, left - len(part))
            rated = rates[state.step : state.step + len(part)]
            for count, finite in self._portions(pace, part, rated):
                state.step += count
                lines.advance(count)
                if not finite:
                    raise self._lost(self._trainer.running(), self._now)
                pause()

    def _portions(
        self, pace: "_Pace", rows: np.ndarray, rates: np.ndarray
    ) -> Iterator[tuple[int, bool]]:
        """Steps in portions; raises `CnnspecError` where a batch does not fit in memory."""
        try:
            yield from pace.run(rows, rates)
        except Exception as error:
            problems = out_of_memory(error, self._train.batch)
            if problems is None:
                raise
            raise problems from None

    def _averaged(self) -> AbstractContextManager[None]:
        """The averaged weights, once for all that an epoch measures and keeps of them.

        They cost a measuring of batch norm, so not where nothing looks at them.
        """
        looked_at = self._splits.validation or self._train.target or self.state.stopper
        return self._trainer.averaged() if looked_at else nullcontext()

    def _figures(self, pause: StopFlag) -> tuple[dict[str, float], float]:
        """The figures of an epoch, and the one that is to reach the target.

        Those of training are running means while the weights move; those of validation and
        test are measured here.
        """
        score, splits = self.scorer.score, self._splits
        running = self._trainer.running()
        held = score(splits.validation, pause) if splits.validation else None
        measured = _measured("val_", held)
        figures = running | {f"val_{name}": measured[f"val_{name}"] for name in running if held}
        target = self._train.target
        if target is None:
            return figures, 0.0
        measured |= {f"train_{name}": value for name, value in running.items()}
        if target.quantity not in measured:
            same = splits.validation is splits.test
            measured |= _measured("", held if same else score(splits.test, pause))
        return figures, measured[target.quantity]

    @property
    def _now(self) -> str:
        return f"in epoch {self.state.epoch + 1}, after at most {self.state.step} steps"

    def _lost(self, figures: Mapping[str, Any], when: str) -> CnnspecError:
        """A figure, of training or validation, that is not a number any more."""
        name = next(name for name, value in figures.items() if not np.isfinite(float(value)))
        remedy = "lower the learning rate: `optimizer adam(1e-4)`"
        last = self._spec.nodes[-1]
        linear = isinstance(last, Node) and last.layer.function == "linear"
        if linear and isinstance(self._train.loss, Poisson):
            remedy = (
                "`poisson` takes the logarithm of an output, and outputs without an activation "
                "can be negative: end the network with `softmax`"
            )
        return CnnspecError(
            TrainingDiverged(
                None,
                f"the {name} is {float(figures[name])} {when}",
                remedy,
            )
        )


def _measured(prefix: str, found: Score | None) -> dict[str, float]:
    figures = found.figures if found else {}
    return {f"{prefix}{name}": value for name, value in figures.items()}


class _Pace:
    """Runs steps in portions of about `_PACE` seconds, so that a person is never kept waiting."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._portion = 1
        self._warm = False

    def run(self, rows: np.ndarray, rates: np.ndarray) -> Iterator[tuple[int, bool]]:
        """Yields how many steps were run and whether the loss is a finite number."""
        at = 0
        while at < len(rows):
            part = rows[at : at + self._portion]
            began = time.perf_counter()
            finite = self._trainer.run(part, rates[at : at + len(part)])
            seconds = time.perf_counter() - began
            # The first call compiles; what it takes says nothing of the next.
            if self._warm:
                self._portion = max(1, int(len(part) * _PACE / max(seconds, 1e-4)))
            self._warm = True
            at += len(part)
            yield len(part), finite
