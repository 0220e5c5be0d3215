"""Warnings about the layers of a network: valid, but probably not what was meant.

None changes an exit code, each names what to do, and `silence CODE` turns it off in a file.
`cnnspec.analysis.lint` finds them.
"""

from collections.abc import Callable
from typing import ClassVar

from cnnspec.core.edits import Edit, Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, listing, many


class Lint(Diagnostic):
    """A warning that a spec can silence."""

    severity: ClassVar[str] = "warning"


class BiasBeforeNorm(Lint):
    """Batch norm subtracts the mean of each channel, and with it the bias before it.

    So it does through layers that keep a constant of a channel: pooling, `add`, `concat`. Its
    own offset is added afterwards and does what the bias was for (Ioffe and Szegedy,
    2015, section 3.2). The bias does no harm and has no effect: it costs parameters that
    no gradient changes.
    """

    code: ClassVar[str] = "CNN601"
    bad: ClassVar[str] = "conv 32x3; bn; relu; pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 32x3 no_bias; bn; relu; pool 2; dense 10 softmax"

    of: str
    biases: int
    norm: Label | None = None

    @property
    def message(self) -> str:
        return (
            f"the bias of `{self.of}` has no effect: the batch norm after it subtracts the "
            "channel mean"
        )

    @property
    def help(self) -> str:
        return f"write `no_bias`; it saves {many(self.biases, 'parameter')} and changes nothing"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.norm,) if self.norm else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_flag

        return (set_flag(span, "no_bias", "bias", safe=True),)


class PoolDrops(Lint):
    """Without padding, rows and columns that fill no window are ignored.

    A pooling or a convolution of P with stride S leaves `(N - P) mod S` rows at the lower
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
        return f"`{self.of}` ignores the {dropped} of its {self.image} image"

    @property
    def help(self) -> str:
        sizes = listing(self.fits, quote="")
        return f"write `same`{f', or choose a size of {sizes}' if sizes else ''}"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_flag, statement_around

        return (set_flag(statement_around(span), "same", "padding", "valid"),)


def _last(number: int, what: str) -> str:
    return "" if not number else f"last {what}" if number == 1 else f"last {number} {what}s"


class NoActivation(Lint):
    """Two linear layers in a row compute nothing that one linear layer could not.

    Without an activation between them, the product of their kernels is one kernel. Layers
    between them that only move, drop, average or scale values (also batch norm, once it is
    trained) do not change that. Three pairs make sense and are not reported: a depthwise
    and a 1x1 convolution, which are a separable one; two kernels of which each spans one
    direction only; and a bottleneck with fewer values than before and after it.
    """

    code: ClassVar[str] = "CNN603"
    bad: ClassVar[str] = "flatten; dense 64; dense 10 softmax"
    good: ClassVar[str] = "flatten; dense 64 relu; dense 10 softmax"

    of: str
    next: str
    then: Label | None = None
    norm: Span | None = None
    """Where the batch norm between them is, after which an activation belongs."""
    normed: bool = False
    """Whether there is a batch norm between them."""

    @property
    def message(self) -> str:
        return f"`{self.of}` and `{self.next}` have no activation between them"

    @property
    def label(self) -> str:
        return "the two are linear together, as one layer would be"

    @property
    def help(self) -> str:
        return "put `relu` after the batch norm" if self.normed else f"write `{self.of} relu`"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.then,) if self.then else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_after, set_flag

        if not self.normed:
            return (set_flag(span, "relu", "activation", "linear"),)
        if self.norm is None:
            return ()
        return (Fix((put_after(self.norm, "relu"),), title="put `relu` after the batch norm"),)


class SoftmaxTwice(Lint):
    """A softmax of probabilities makes them nearly equal.

    Its inputs are between 0 and 1, so that of ten classes none can get more than 0.24,
    however sure the network is. It learns slowly, and its loss stays far from zero.
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
        return "remove this one"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.first,) if self.first else ()

    def fixes_at(self, span: Span) -> Fixes:
        return without(span)


class DropoutBeforeNorm(Lint):
    """Batch norm learns the variance of values with dropout and is used on values without it.

    Dropout enlarges the variance only while training. The moving statistics keep that
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
        return f"the batch norm after `{self.of}` learns a variance that is wrong without dropout"

    @property
    def help(self) -> str:
        return "move the dropout after the batch norm"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.norm,) if self.norm else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_after

        norm = self.norm.span if self.norm else None
        return _moved(span, norm, put_after, "after the batch norm")


class DropoutOnOutput(Lint):
    """Dropout on the outputs removes right answers, and no layer after it can compensate."""

    code: ClassVar[str] = "CNN608"
    bad: ClassVar[str] = "flatten; dense 10; dropout 0.5; softmax"
    good: ClassVar[str] = "flatten; dropout 0.5; dense 10; softmax"

    of: str
    last: str
    before: Span | None = None
    """Where the last layer with weights is."""

    @property
    def message(self) -> str:
        return f"`{self.of}` changes the outputs themselves at random"

    @property
    def help(self) -> str:
        return f"move it before `{self.last}`" if self.last else "remove it"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_before

        if not self.last:
            return tuple(fix.replace(safe=False) for fix in without(span))
        return _moved(span, self.before, put_before, f"before `{self.last}`")


class SmallReceptiveField(Lint):
    """Global pooling joins values wherever they are, and each has seen a part of the image only.

    If no value depends on the whole image, the network knows which parts there are, but
    not where they are relative to each other. With each kernel of K, the receptive field
    grows by (K - 1) times the product of all strides before it (Araujo et al., "Computing
    receptive fields of convolutional neural networks", 2019).
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
        return (
            f"each value that `{self.of}` joins depends on at most {self.field} of the "
            f"{self.image} pixels"
        )

    @property
    def help(self) -> str:
        if self.more > 4:
            return "add convolutions and pooling before it, or write `flatten` in its place"
        layers = many(self.more, "more 3x3 convolution")
        return f"put {layers} with `same` before it, or write `flatten` in its place"

    def fixes_at(self, span: Span) -> Fixes:
        return (write(span, "flatten", title="write `flatten` in its place"),)


class DenseHoldsMost(Lint):
    """A dense layer on a large image has nearly all parameters of the network.

    It has a weight for each unit and each value of the image, and learns a pattern anew
    for every position. After a global pooling it has a weight for each unit and channel
    (Lin et al., "Network in network", 2014). Reported above 100,000 parameters only.
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
    """Whether a value before it depends on the whole image."""
    flatten: Span | None = None
    """Where the image is flattened, if a statement of its own does it."""

    @property
    def message(self) -> str:
        share = 100 * self.params // self.total
        return f"`{self.of}` has {share} % of all parameters: {self.params:,} of {self.total:,}"

    @property
    def label(self) -> str:
        return f"it has a weight for each value of the {self.image} image"

    @property
    def help(self) -> str:
        also = "" if self.covers else ", with enough convolutions before it to see the whole image"
        return f"`gap` in place of flattening would leave {self.left:,} of them{also}"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_before, statement_around

        title = "write `gap` in place of flattening"
        if self.flatten:
            return (write(self.flatten, "gap", title=title),)
        return (Fix((put_before(statement_around(span), "gap"),), title=title),)


class DoesNothing(Lint):
    """A layer whose output equals its input can be removed."""

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
        return "remove it"

    def fixes_at(self, span: Span) -> Fixes:
        return without(span)


class SkipsPixels(Lint):
    """A window with a stride larger than itself never reads the pixels between.

    A transposed convolution never paints them: they hold nothing but the bias.
    """

    code: ClassVar[str] = "CNN614"
    bad: ClassVar[str] = "conv 8x2 relu stride=4; dense 10 softmax"
    good: ClassVar[str] = "conv 8x4 relu stride=4; dense 10 softmax"

    of: str
    kernel: str
    stride: str
    paints: bool = False
    """Whether it writes with its window, and does not read."""

    @property
    def message(self) -> str:
        does = "leaves holes" if self.paints else "skips pixels"
        return f"`{self.of}` {does}: its window is {self.kernel}, its stride {self.stride}"

    @property
    def help(self) -> str:
        return f"write `stride={self.kernel}`, or make the window as large as the stride"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_option

        return set_option(span, "stride", self.kernel)


def without(span: Span | None) -> Fixes:
    """Returns the fix that takes the statement of a layer out."""
    from cnnspec.diagnostics.rewrites import leave_out

    return (leave_out(span, safe=True, statement=True),) if span else ()


def _moved(
    span: Span | None, place: Span | None, put: Callable[[Span, str], Edit], where: str
) -> Fixes:
    """Returns the fix that moves a statement to another one."""
    from cnnspec.diagnostics.rewrites import without_statement

    if span is None or place is None or span.source is not place.source:
        return ()
    return (Fix((without_statement(span), put(place, span.text)), title=f"move it {where}"),)
