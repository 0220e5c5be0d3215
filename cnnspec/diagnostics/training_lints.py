"""Warnings about how a network is trained: settings out of the habit, or of no effect."""

from typing import ClassVar

from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.lints import Lint


class LossMisfit(Lint):
    """Each loss reads the outputs in its own way.

    `categorical_crossentropy` and `focal` take one probability for each class that sum to
    1: a softmax. `binary_crossentropy` takes independent ones: a sigmoid. On TensorFlow,
    Keras puts what went into a softmax through a sigmoid there, which is another function
    than the one that is written. `poisson` takes positive numbers; the logarithm of a zero
    from `relu` teaches nothing.
    """

    code: ClassVar[str] = "CNN605"
    bad: ClassVar[str] = "dense 10 softmax; train { loss binary_crossentropy }"
    good: ClassVar[str] = "dense 10 sigmoid; train { loss binary_crossentropy }"

    activation: str
    loss: str
    wanted: str
    other: str = ""
    """A loss that the activation fits."""

    @property
    def message(self) -> str:
        return f"`{self.activation}` at the end does not fit the loss `{self.loss}`"

    @property
    def label(self) -> str:
        return f"`{self.loss}` reads its input as the output of a {self.wanted}"

    @property
    def help(self) -> str:
        other = f", or train with `loss {self.other}`" if self.other else ""
        return f"write `{self.wanted}` instead{other}"


class NoProbabilities(Lint):
    """Without an activation at the end, the outputs are any numbers, no probabilities.

    The losses here take the logarithm of an output, and a negative number has none.
    Keras cuts such outputs off, where nothing is learned; `poisson` becomes NaN.
    """

    code: ClassVar[str] = "CNN606"
    bad: ClassVar[str] = "dense 10"
    good: ClassVar[str] = "dense 10 softmax"

    loss: str
    wanted: str
    fix: str

    @property
    def message(self) -> str:
        return f"the outputs can be any numbers, and `{self.loss}` reads those of a {self.wanted}"

    @property
    def help(self) -> str:
        return self.fix


class ValidatesOnTest(Lint):
    """What is chosen by looking at the test set is no longer measured by it.

    `early_stop` on a validation figure takes the epoch at which the test set looks best,
    and the figures reported are better than on new images. Where nothing is chosen by it,
    the test set was at least watched while training, and whoever changes the spec by what
    they saw chooses by it.
    """

    code: ClassVar[str] = "CNN610"
    bad: ClassVar[str] = "dense 10 softmax; train { validation test; early_stop val_loss }"
    good: ClassVar[str] = "dense 10 softmax; train { validation 0.1; early_stop val_loss }"

    chooses: str = ""
    """The setting that lets the test set choose."""
    instead: str = ""
    """What to watch instead, where the setting itself names the test set."""

    @property
    def message(self) -> str:
        if self.chooses:
            return f"the test set chooses the model that it measures: `{self.chooses}`"
        return "the figures watched while training are those of the test set"

    @property
    def help(self) -> str:
        return f"watch `{self.instead}`" if self.instead else "write `validation 0.1`"


class UnusualRate(Lint):
    """A learning rate far beyond the habits of its optimizer is mostly a slip.

    Optimizers that divide a step by the size of the gradient (Adam and its kin) need
    rates a hundred times smaller than plain gradient descent; Lion takes smaller ones yet.
    """

    code: ClassVar[str] = "CNN611"
    bad: ClassVar[str] = "dense 10 softmax; train { optimizer adam(0.1) }"
    good: ClassVar[str] = "dense 10 softmax; train { optimizer adam(1e-3) }"

    optimizer: str
    rate: str
    low: str
    high: str
    default: str
    above: bool

    @property
    def message(self) -> str:
        side = "large" if self.above else "small"
        return f"a learning rate of {self.rate} is very {side} for `{self.optimizer}`"

    @property
    def help(self) -> str:
        return f"it is used with {self.low} to {self.high}, and with {self.default} by itself"


class PatienceTooLong(Lint):
    """Patience as long as the training never runs out.

    Training ends when there was no improvement for `patience` epochs, and the first epoch
    is one always. A plateau needs an epoch more, in which the lower rate is used. With
    `restore`, `early_stop` is of use all the same: it keeps the best weights.
    """

    code: ClassVar[str] = "CNN616"
    bad: ClassVar[str] = "dense 10 softmax; train { epochs 5; early_stop val_f1 patience=8 }"
    good: ClassVar[str] = "dense 10 softmax; train { epochs 20; early_stop val_f1 patience=8 }"

    what: str
    patience: int
    epochs: int
    restores: bool = False
    """Whether `restore` would give it a use."""

    @property
    def message(self) -> str:
        patience, epochs = many(self.patience, "epoch"), many(self.epochs, "epoch")
        return f"`{self.what}` waits for {patience}, which never pass within {epochs}"

    @property
    def help(self) -> str:
        restore = "; with `restore` it keeps the best weights in any case" if self.restores else ""
        return f"make the patience smaller, or train longer{restore}"


class ChangesClass(Lint):
    """An augmentation must leave an image what it is.

    A mirrored digit is no digit, or another one: a mirrored 2 is nothing that anyone
    writes. A 6 upside down is a 9.
    """

    code: ClassVar[str] = "CNN617"
    bad: ClassVar[str] = "data mnist; dense 10 softmax; train { augment shift=0.1 flip=horizontal }"
    good: ClassVar[str] = "data mnist; dense 10 softmax; train { augment shift=0.1 rotate=10 }"

    option: str
    becomes: str

    @property
    def message(self) -> str:
        return f"`{self.option}` changes what a digit is: {self.becomes}"

    @property
    def help(self) -> str:
        return "a small `shift`, `rotate` or `zoom` leaves a digit what it is"


class IdleSchedule(Lint):
    """A schedule that never changes the rate, or leaves next to nothing of it too soon.

    `step` changes it after `every` epochs, if there is one after them. Below a
    ten-thousandth of the rate that was chosen for the network it hardly learns.
    """

    code: ClassVar[str] = "CNN618"
    bad: ClassVar[str] = "dense 10 softmax; train { epochs 10; schedule step(every=10) }"
    good: ClassVar[str] = "dense 10 softmax; train { epochs 10; schedule step(every=5) }"

    schedule: str
    every: int = 0
    """Epochs to its first drop, where that never comes."""
    epochs: int = 0

    @property
    def message(self) -> str:
        if self.every:
            first = f"its first drop is after {many(self.every, 'epoch')}"
            return f"`{self.schedule}` never changes the rate: {first}, and there are {self.epochs}"
        return (
            f"`{self.schedule}` leaves less than 1/10,000 of the rate for half of the "
            f"{self.epochs} epochs"
        )

    @property
    def help(self) -> str:
        if self.every:
            return "make `every` smaller, or leave the schedule out"
        return "make its steps fewer or smaller, or train for fewer epochs"


class SlowAverage(Lint):
    """An average of the weights that is slower than the training is mostly its beginning.

    After T steps, momentum ** T of the average is still the weights of the first step.
    """

    code: ClassVar[str] = "CNN619"
    bad: ClassVar[str] = "dense 10 softmax; train { optimizer adam(ema=0.9999) }"
    good: ClassVar[str] = "dense 10 softmax; train { optimizer adam(ema=0.98) }"

    momentum: str
    steps: int
    share: int
    """How many per cent of it are the first weights."""

    @property
    def message(self) -> str:
        return (
            f"after all {self.steps:,} steps, {self.share} % of an average with `ema="
            f"{self.momentum}` are the weights of the first step"
        )

    @property
    def help(self) -> str:
        # A tenth of the training as the time constant.
        return f"write `ema={max(0.5, 1 - 10 / self.steps):.4g}`, or train longer"
