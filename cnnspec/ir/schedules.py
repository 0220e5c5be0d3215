"""Schedules, as a table: the learning rate of every step, as pure functions of the step.

What a rate is depends on nothing but the settings, so that it can be drawn, checked and
taken up again exactly. Only a plateau also follows the metrics of the epochs;
`cnnspec.training.schedule` keeps what it has seen.
"""

import math
from typing import ClassVar

from cnnspec.ir.claims import MONITORED
from cnnspec.language.arg_types import Float, Int
from cnnspec.language.choices import Choice
from cnnspec.language.constructs import Construct, option, positional

_FLOOR = "the smallest rate, as a share of the learning rate"


class Schedule(Construct):
    """How the learning rate changes while training goes on."""

    def share(self, step: int, steps: int, epochs: int) -> float:
        """The share of the learning rate that a step takes.

        `step` counts from 0 through the whole training, of `epochs` times `steps` steps.
        """
        raise NotImplementedError

    def rates(self, epoch: int, steps: int, epochs: int, base: float) -> list[float]:
        """The learning rate of each of the `steps` steps of an epoch, counted from 1."""
        first = (epoch - 1) * steps
        return [base * self.share(first + step, steps, epochs) for step in range(steps)]


class Constant(Schedule):
    """The learning rate stays as it is."""

    word: ClassVar[str] = "constant"

    def share(self, step: int, steps: int, epochs: int) -> float:
        return 1.0


class Cosine(Schedule):
    """Falls along half a cosine to the floor, after a warm-up in which it rises evenly.

    With t steps done of T, W of them for the warm-up: (t + 1) / W while t < W, then
    floor + (1 - floor) * (1 + cos(pi * (t - W) / (T - W))) / 2 (Loshchilov and Hutter,
    2017; warm-up by Goyal et al., 2017). As Keras's `CosineDecay`, whose warm-up
    begins with a rate of 0.
    """

    word: ClassVar[str] = "cosine"
    without_values: ClassVar[str] = "it falls over all epochs of the training"

    warmup: float = option(
        Float(), "epochs in which the rate rises; may be a part of one", default=0
    )
    floor: float = option(Float(high=1, below=True), _FLOOR, default=0)

    def share(self, step: int, steps: int, epochs: int) -> float:
        warm = round(self.warmup * steps)
        if step < warm:
            return (step + 1) / warm
        done = (step - warm) / (epochs * steps - warm)
        return _between(1, self.floor, done)


class OneCycle(Schedule):
    """Rises to the learning rate and falls far below where it began, along half cosines.

    One cycle over the whole training (Smith and Topin, 2018), the rate set for every
    step as by PyTorch's `OneCycleLR`; the momentum stays as it is.
    """

    word: ClassVar[str] = "onecycle"
    without_values: ClassVar[str] = "its cycle is all epochs of the training"

    rise: float = option(
        Float(high=1, above=True, below=True), "the share of the training spent rising", default=0.3
    )
    start: float = option(
        Float(high=1, above=True), "the first rate, as a share of the learning rate", default=0.04
    )
    floor: float = option(
        Float(high=1, below=True), "the last rate, as a share of the learning rate", default=4e-6
    )

    def share(self, step: int, steps: int, epochs: int) -> float:
        last = epochs * steps - 1
        peak = self.rise * epochs * steps - 1
        if step < peak:
            return _between(self.start, 1, step / peak)
        peak = max(peak, 0)
        return _between(1, self.floor, (step - peak) / (last - peak) if last > peak else 0)


def _between(start: float, end: float, done: float) -> float:
    """From one value to another along half a cosine, `done` of the way from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


class Step(Schedule):
    """Multiplied by the factor after every so many epochs."""

    word: ClassVar[str] = "step"

    every: int = option(Int(), "epochs from one drop to the next", default=10)
    factor: float = option(Float(high=1, above=True, below=True), "what is left of it", default=0.1)

    def share(self, step: int, steps: int, epochs: int) -> float:
        return math.pow(self.factor, step // steps // self.every)


class Exponential(Schedule):
    """Falls in every step, by the rate in an epoch: rate ** (t / steps of an epoch).

    As Keras's `ExponentialDecay` over the steps of an epoch, not in stairs.
    """

    word: ClassVar[str] = "exponential"

    rate: float = option(
        Float(high=1, above=True, below=True), "what is left after an epoch", default=0.9
    )

    def share(self, step: int, steps: int, epochs: int) -> float:
        return math.pow(self.rate, step / steps)


class Plateau(Schedule):
    """Multiplied by the factor when a metric has not improved for some epochs.

    As Keras's `ReduceLROnPlateau`; an improvement is one by more than `min_delta`.
    """

    word: ClassVar[str] = "plateau"

    monitor: str = positional(
        Choice(*MONITORED),
        "the metric watched: the lower the better for a loss, else the higher",
        default="val_loss",
    )
    factor: float = option(Float(high=1, above=True, below=True), "what is left of it", default=0.1)
    patience: int = option(Int(), "epochs to wait for an improvement", default=5)
    min_delta: float = option(Float(), "what counts as an improvement", default=1e-4)
    floor: float = option(Float(high=1, below=True), _FLOOR, default=0)

    def share(self, step: int, steps: int, epochs: int) -> float:
        """All of it, until an epoch shows no improvement."""
        return 1.0


SCHEDULES: dict[str, type[Schedule]] = {
    cls.word: cls for cls in (Constant, Cosine, OneCycle, Step, Exponential, Plateau)
}
"""Every schedule by its word."""
