"""Pooling: the maximum or the mean of a window, or of a whole channel."""

from typing import ClassVar

from cnnspec.core.counts import count
from cnnspec.core.shapes import Shape, sizes, window
from cnnspec.diagnostics.shapes import WindowTooLarge
from cnnspec.language.choices import Bool, Choice
from cnnspec.language.constructs import flag, option, positional
from cnnspec.language.several import Pair
from cnnspec.layers.base import Inference, Layer, ShapeError
from cnnspec.operations.base import Operation
from cnnspec.operations.moves import Reshape
from cnnspec.operations.windows import Pool, Reduce, paddings

_ONE = count(1)


class Pooling(Layer):
    """A window that gives one value for each channel.

    With `ceil` the last windows may reach over the end, as with `ceil_mode` in PyTorch and in every
    pooling of Caffe. This adds a row or column if its window begins inside the image. A window
    never takes values from outside, so an average there is over fewer values.
    """

    takes: ClassVar[str]
    """What it computes of a window: `max` or `average`."""

    size: tuple[int, int] = positional(Pair(), "rows and columns of the window", default=(2, 2))
    padding: str = flag(
        Choice("valid", "same", "ceil"),
        "`valid` drops rows and columns that fill no window, `same` keeps them with windows "
        "over every edge, `ceil` with windows over the last edge alone",
        default="valid",
    )
    stride: tuple[int, int] | None = option(
        Pair(), "how far the window moves (default: its size)", default=None
    )

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        height, width, channels = sizes(image)
        sides = [count(side, "P") for side in self.size]
        strides = [count(step, "S") for step in self.stride or self.size]
        rows = window(height, sides[0], strides[0], self.padding, _ONE)
        columns = window(width, sides[1], strides[1], self.padding, _ONE)
        if rows.value < 1 or columns.value < 1:
            ceil = self.padding == "ceil"
            problem = WindowTooLarge(None, image, what="pool", window=self.size, ceil=ceil)
            raise ShapeError("size", problem)
        return Inference((rows, columns, channels))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        stride = self.stride or self.size
        padding = paddings(self.padding, shape, self.size, stride)
        return (Pool(self.takes, self.size, stride, padding),)


class MaxPool(Pooling):
    """The largest value of each window."""

    word: ClassVar[str] = "pool"
    takes: ClassVar[str] = "max"


class AveragePool(Pooling):
    """The mean of each window."""

    word: ClassVar[str] = "avgpool"
    takes: ClassVar[str] = "average"


class GlobalPooling(Layer):
    """One value for each channel; the image becomes a vector, or with `keep` a single pixel.

    1x1 convolutions take a single pixel: `gap keep; conv 8x1 relu`.
    """

    takes: ClassVar[str]
    """What it computes of a channel: `max` or `average`."""

    keep: bool = flag(
        Bool("keep", means=True), "whether the output is an image of one pixel", default=False
    )

    def infer(self, shape: Shape) -> Inference:
        channels = count(self.image(shape).channels, "Cin")
        return Inference((_ONE, _ONE, channels) if self.keep else (channels,))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        reduced = Reduce(self.takes)
        return (reduced, Reshape((1, 1, shape.dims[-1]))) if self.keep else (reduced,)


class GlobalAverage(GlobalPooling):
    """The mean of each channel."""

    word: ClassVar[str] = "gap"
    takes: ClassVar[str] = "average"


class GlobalMax(GlobalPooling):
    """The largest value of each channel."""

    word: ClassVar[str] = "gmp"
    takes: ClassVar[str] = "max"
