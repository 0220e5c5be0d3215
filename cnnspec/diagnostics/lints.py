"""Warnings about the layers of a network: what is right and hardly meant.

None changes an exit code, each has a fix, and `silence CODE` takes it out of a file.
`cnnspec.lint` finds them.
"""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic, Label, listing, many


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
        return f"write `no_bias`; it saves {many(self.biases, 'parameter')} and changes nothing"

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
        layers = many(self.more, "more 3x3 convolution")
        return f"put {layers} before it, or write `flatten` in its place"


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
