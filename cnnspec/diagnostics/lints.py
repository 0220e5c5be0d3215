"""Warnings: specs that are right and train, and still hardly mean what they say.

None changes an exit code, each has a fix, and `silence CODE` takes it out of a file.
`cnnspec.lint` finds them.
"""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic, Label, listing


class Lint(Diagnostic):
    """A warning that a spec can silence."""

    severity: ClassVar[str] = "warning"


class BiasBeforeNorm(Lint):
    """Batch norm takes the mean of each channel off, and with it the bias before it.

    Its own center is added afterwards and does what the bias was meant for (Ioffe and
    Szegedy, 2015, 3.2). The bias is neither wrong nor of any use: it costs parameters
    that no gradient moves.
    """

    code: ClassVar[str] = "CNN601"
    bad: ClassVar[str] = "conv 32x3; bn; relu; pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 32x3 no_bias; bn; relu; pool 2; dense 10 softmax"

    of: str
    biases: int
    norm: Label | None = None

    @property
    def message(self) -> str:
        return f"batch norm takes the bias of `{self.of}` off again"

    @property
    def help(self) -> str:
        return f"write `no_bias`; it saves {_many(self.biases, 'parameter')} and changes nothing"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.norm,) if self.norm else ()


class PoolDrops(Lint):
    """A window that no longer fits drops the rows and columns it would have covered.

    Without padding, pooling of P with stride S leaves `(N - P) mod S` rows at the lower
    edge and as many columns at the right edge that reach no output.
    """

    code: ClassVar[str] = "CNN602"
    bad: ClassVar[str] = "conv 8x4 relu; pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x4 relu; pool 2 same; dense 10 softmax"

    of: str
    image: str
    rows: int
    columns: int
    fits: tuple[int, ...] = ()
    """Sizes of a window near to this one that leave nothing out."""

    @property
    def message(self) -> str:
        lost = [_last(self.rows, "row"), _last(self.columns, "column")]
        dropped = " and ".join(part for part in lost if part)
        return f"`{self.of}` drops the {dropped} of its {self.image} image"

    @property
    def help(self) -> str:
        sizes = listing(self.fits, quote="")
        return f"write `same`{f', or choose a size of {sizes}' if sizes else ''}"


def _last(number: int, what: str) -> str:
    return "" if not number else f"last {what}" if number == 1 else f"last {number} {what}s"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


class NoActivation(Lint):
    """Two linear layers in a row compute nothing that one linear layer could not.

    Without a function that bends between them, the product of their kernels is one
    kernel. Layers that only move, drop, average or scale values on the way (also
    batch norm, once it is trained) do not change that. Three pairs are meant so and not
    reported: a depthwise and a 1x1 convolution, which are a separable one; two kernels
    of which each spans one direction only; and a bottleneck with fewer values than there
    are before and after it.
    """

    code: ClassVar[str] = "CNN603"
    bad: ClassVar[str] = "flatten; dense 64; dense 10 softmax"
    good: ClassVar[str] = "flatten; dense 64 relu; dense 10 softmax"

    of: str
    next: str
    fix: str
    then: Label | None = None

    @property
    def message(self) -> str:
        return f"`{self.of}` and `{self.next}` have no activation between them"

    @property
    def label(self) -> str:
        return "together the two are linear, as one layer would be"

    @property
    def help(self) -> str:
        return self.fix

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.then,) if self.then else ()


class SoftmaxTwice(Lint):
    """A softmax of probabilities makes them nearly equal.

    It takes numbers between 0 and 1, so that of ten classes none can get more than 0.24
    however sure the network is; it learns slowly and its loss never comes near zero.
    """

    code: ClassVar[str] = "CNN604"
    bad: ClassVar[str] = "dense 10 softmax; softmax"
    good: ClassVar[str] = "dense 10; softmax"

    first: Label | None = None

    @property
    def message(self) -> str:
        return "softmax is applied to the output of a softmax"

    @property
    def help(self) -> str:
        return "leave this one out"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.first,) if self.first else ()


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


class DropoutBeforeNorm(Lint):
    """Batch norm learns the variance of values with dropout and meets values without it.

    Dropout enlarges the variance while training only; the moving statistics keep that
    variance and are wrong afterwards (Li et al., "Understanding the disharmony between
    dropout and batch normalization by variance shift", 2018).
    """

    code: ClassVar[str] = "CNN607"
    bad: ClassVar[str] = "flatten; dense 64 relu; dropout 0.5; bn; dense 10 softmax"
    good: ClassVar[str] = "flatten; dense 64 relu; bn; dropout 0.5; dense 10 softmax"

    of: str
    norm: Label | None = None

    @property
    def message(self) -> str:
        return f"the batch norm after `{self.of}` learns a variance that it will not meet"

    @property
    def help(self) -> str:
        return "move it behind the batch norm"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.norm,) if self.norm else ()


class DropoutOnOutput(Lint):
    """Dropout on the outputs takes right answers away, and no layer is left to make up for it."""

    code: ClassVar[str] = "CNN608"
    bad: ClassVar[str] = "flatten; dense 10; dropout 0.5; softmax"
    good: ClassVar[str] = "flatten; dropout 0.5; dense 10; softmax"

    of: str
    last: str

    @property
    def message(self) -> str:
        return f"`{self.of}` disturbs the outputs themselves"

    @property
    def help(self) -> str:
        return f"move it before `{self.last}`" if self.last else "leave it out"


class SmallField(Lint):
    """A global pooling joins what many small windows saw, wherever they were.

    If no window covers the image, the network knows which parts there are and not how
    they lie to each other. The field grows by (K - 1) times all strides before it with
    each kernel of K (Araujo et al., "Computing receptive fields of convolutional neural
    networks", 2019).
    """

    code: ClassVar[str] = "CNN609"
    bad: ClassVar[str] = "conv 8x3 relu; pool 2; conv 16x3 relu; gap; dense 10 softmax"
    good: ClassVar[str] = (
        "repeat 3 { conv 8x3 same relu; pool 2 same }\n"
        "repeat 2 { conv 16x3 same relu }\ngap; dense 10 softmax"
    )

    of: str
    field: str
    image: str
    more: int
    """How many further 3x3 convolutions would cover the image."""

    @property
    def message(self) -> str:
        return f"no value that `{self.of}` joins sees more than {self.field} of {self.image} pixels"

    @property
    def help(self) -> str:
        if self.more > 4:
            return "convolve and pool more before it, or write `flatten` in its place"
        layers = _many(self.more, "more 3x3 convolution")
        return f"put {layers} before it, or write `flatten` in its place"


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


class DenseHoldsMost(Lint):
    """A dense layer on a large image holds nearly all parameters of the network.

    It has a weight for each unit and each value of the image, and learns every place of
    a pattern by itself. A global pooling before it leaves a weight for each channel
    (Lin et al., "Network in network", 2014). Only told above 100,000 parameters.
    """

    code: ClassVar[str] = "CNN612"
    bad: ClassVar[str] = "conv 32x3 relu; dense 64 relu; dense 10 softmax"
    good: ClassVar[str] = "conv 32x3 relu; pool 4 same; dense 32 relu; dense 10 softmax"

    of: str
    params: int
    total: int
    image: str
    left: int
    """Its parameters after a global pooling."""
    covers: bool
    """Whether a value before it sees the whole image."""

    @property
    def message(self) -> str:
        share = 100 * self.params // self.total
        return f"`{self.of}` holds {share} % of all parameters: {self.params:,} of {self.total:,}"

    @property
    def label(self) -> str:
        return f"it has a weight for each value of the {self.image} image"

    @property
    def help(self) -> str:
        also = "" if self.covers else ", with convolutions enough before it to see the whole image"
        return f"`gap` in place of flattening would leave {self.left:,} of them{also}"


class DoesNothing(Lint):
    """A layer that gives out what it gets can be left out."""

    code: ClassVar[str] = "CNN613"
    bad: ClassVar[str] = "conv 8x3 relu; relu; pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; pool 2; dense 10 softmax"

    of: str
    reason: str = ""

    @property
    def message(self) -> str:
        return f"`{self.of}` does nothing{self.reason and f': {self.reason}'}"

    @property
    def help(self) -> str:
        return "leave it out"


class SkipsPixels(Lint):
    """A window that moves further than it is large never looks at what lies between."""

    code: ClassVar[str] = "CNN614"
    bad: ClassVar[str] = "conv 8x2 relu stride=3; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu stride=3; dense 10 softmax"

    of: str
    kernel: str
    stride: str

    @property
    def message(self) -> str:
        return (
            f"`{self.of}` steps over pixels: its window is {self.kernel}, its stride {self.stride}"
        )

    @property
    def help(self) -> str:
        return "make the window as large as the stride, or the stride as small as the window"


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
        patience, epochs = _many(self.patience, "epoch"), _many(self.epochs, "epoch")
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
            first = f"its first drop is after {_many(self.every, 'epoch')}"
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


SILENCEABLE = tuple(
    sorted(
        cls.code
        for cls in list(globals().values())
        if isinstance(cls, type) and issubclass(cls, Lint) and hasattr(cls, "code")
    )
)
"""The codes that `silence` takes."""


class SilencesNothing(Diagnostic):
    """A `silence` for what is not there would hide the warning when it comes one day."""

    code: ClassVar[str] = "CNN615"
    severity: ClassVar[str] = "warning"
    bad: ClassVar[str] = "silence CNN601; dense 10 softmax"
    good: ClassVar[str] = "silence CNN601; conv 8x3; bn; relu; pool 2; dense 10 softmax"

    silenced: str

    @property
    def message(self) -> str:
        return f"there is no {self.silenced} here to silence"

    @property
    def help(self) -> str:
        return f"take {self.silenced} out of `silence`"
