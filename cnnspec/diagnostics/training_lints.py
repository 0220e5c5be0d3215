"""Warnings about how a network is trained: unusual settings, or settings without effect."""

import re
from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.layer_lints import Lint


class LossMismatch(Lint):
    """Each loss reads the outputs in its own way.

    `categorical_crossentropy` and `focal` take one probability for each class, and they sum
    to 1: a softmax. `binary_crossentropy` takes independent ones: a sigmoid. On TensorFlow,
    Keras applies a sigmoid to the values before the softmax there, which is another function
    than the one that is written. `poisson` takes positive numbers: the gradient is no use
    where `relu` gives a zero.
    """

    code: ClassVar[str] = "CNN605"
    bad: ClassVar[str] = "dense 10 softmax; train { loss binary_crossentropy }"
    good: ClassVar[str] = "dense 10 sigmoid; train { loss binary_crossentropy }"

    activation: str
    loss: str
    wanted: str
    other: str = ""
    """A loss that fits the activation."""

    @property
    def message(self) -> str:
        return f"`{self.activation}` at the end does not fit the loss `{self.loss}`"

    @property
    def label(self) -> str:
        return f"`{self.loss}` expects the output of a {self.wanted}"

    @property
    def help(self) -> str:
        other = f", or train with `loss {self.other}`" if self.other else ""
        return f"write `{self.wanted}` instead{other}"

    def fixes_at(self, span: Span) -> Fixes:
        text = re.sub(rf"\b{self.activation}\b", self.wanted, span.text, count=1)
        return (write(span, text, title=f"write `{self.wanted}`"),)


class NoProbabilities(Lint):
    """Without an activation at the end, the outputs are any numbers, not probabilities.

    The losses here take the logarithm of an output, and a negative number has none. Keras
    clips such outputs, and nothing is learned from them; `poisson` becomes NaN.
    """

    code: ClassVar[str] = "CNN606"
    bad: ClassVar[str] = "dense 10"
    good: ClassVar[str] = "dense 10 softmax"

    loss: str
    wanted: str
    layer: str = ""
    """The last layer, if it takes an activation itself."""

    @property
    def message(self) -> str:
        return f"the outputs can be any numbers, and `{self.loss}` expects those of a {self.wanted}"

    @property
    def help(self) -> str:
        if self.layer:
            return f"write `{self.layer} {self.wanted}`"
        return f"put `{self.wanted}` at the end"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_after, set_flag

        if self.layer:
            return (set_flag(span, self.wanted, "activation", "linear"),)
        return (Fix((put_after(span, self.wanted),), title=f"put `{self.wanted}` after it"),)


class ValidatesOnTest(Lint):
    """A choice that looks at the test set makes its score too good.

    `early_stop` on a validation metric takes the epoch at which the test set looks best,
    and the metrics reported are better than on new images. Where no setting chooses by it,
    the test set is still watched while training, and whoever changes the spec by what they
    see chooses by it.
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
            return f"`{self.chooses}` chooses a model by the test set that then measures it"
        return "the metrics watched while training are those of the test set"

    @property
    def help(self) -> str:
        return f"watch `{self.instead}`" if self.instead else "write `validation 0.1`"

    def fixes_at(self, span: Span) -> Fixes:
        if not self.instead:
            return (write(span, "validation 0.1", title="write `validation 0.1`"),)
        text = re.sub(rf"\b{self.instead.removeprefix('val_')}\b", self.instead, span.text)
        return (write(span, text, title=f"watch `{self.instead}`"),)


class UnusualRate(Lint):
    """A learning rate far outside the usual range of its optimizer is probably a mistake.

    Optimizers that divide a step by the size of the gradient (Adam and its relatives) need
    rates a hundred times smaller than plain gradient descent; Lion needs still smaller ones.
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
        return f"{self.low} to {self.high} is usual, and the default is {self.default}"

    def fixes_at(self, span: Span) -> Fixes:
        text = span.text
        found = re.search(r"\blearning_rate\s*=\s*([^\s,()]+)", text)
        found = found or re.search(r"\(\s*([^\s,()=]+)\s*[,)]", text)
        if found is None:
            return ()
        place = span.source.span(span.start + found.start(1), span.start + found.end(1))
        return (write(place, self.default, title=f"write `{self.default}`"),)


class PatienceTooLong(Lint):
    """Patience as long as the training never runs out.

    Training ends after `patience` epochs without an improvement, and the first epoch always
    counts as one. A plateau needs one epoch more, in which the lower rate is used. With
    `restore`, `early_stop` has a use in any case: it keeps the best weights.
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
        return (
            f"`{self.what}` has no effect: it waits for {many(self.patience, 'epoch')}, and the "
            f"training has {self.epochs:,}"
        )

    @property
    def help(self) -> str:
        restore = "; with `restore` it keeps the best weights in any case" if self.restores else ""
        return f"make the patience smaller, or train longer{restore}"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import append, set_option

        if self.restores:
            return (append(span, "restore"),)
        # At 2 epochs no patience is short enough for a plateau.
        return set_option(span, "patience", str(self.epochs // 2)) if self.epochs > 2 else ()


class ChangesClass(Lint):
    """An augmentation must not change the class of an image.

    A mirrored 2 is not a digit that anyone writes. A 6 upside down is a 9.
    """

    code: ClassVar[str] = "CNN617"
    bad: ClassVar[str] = "data mnist; dense 10 softmax; train { augment shift=0.1 flip=horizontal }"
    good: ClassVar[str] = "data mnist; dense 10 softmax; train { augment shift=0.1 rotate=10 }"

    option: str
    becomes: str

    @property
    def message(self) -> str:
        return f"`{self.option}` changes which digit an image shows: {self.becomes}"

    @property
    def help(self) -> str:
        return "remove it; a small `shift`, `rotate` or `zoom` does not change a digit"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out, option_in

        place = option_in(span, self.option.partition("=")[0])
        return (leave_out(place),) if place else ()


class IdleSchedule(Lint):
    """A schedule never changes the rate, or leaves next to nothing of it too soon.

    `step` changes the rate after `every` epochs, if another epoch follows. Below a
    ten-thousandth of the rate that was chosen for it, a network hardly learns.
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
            return "make `every` smaller, or remove the schedule"
        return "make its steps fewer or smaller, or train for fewer epochs"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out, set_option

        without = leave_out(span, statement=True)
        if not self.every or self.epochs < 2:
            return (without,)
        return (*set_option(span, "every", str(self.epochs // 2)), without)


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
        return f"write `ema={self._faster}`, or train longer"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_option

        return set_option(span, "ema", self._faster)

    @property
    def _faster(self) -> str:
        """The momentum whose time constant is a tenth of the training."""
        return f"{max(0.5, 1 - 10 / self.steps):.4g}"
