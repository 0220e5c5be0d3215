"""Warnings about windows, what they see, and where the parameters of a network are."""

from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import listing, many
from cnnspec.diagnostics.layer_lints import Lint


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
