"""Pooling: the maximum or the mean of a window, or of a whole channel."""

from typing import ClassVar

from cnnspec.core.counts import count
from cnnspec.core.shapes import Shape, sizes, window
from cnnspec.diagnostics.shapes import WindowTooLarge
from cnnspec.language.arg_types import Pair
from cnnspec.language.choices import Choice
from cnnspec.language.constructs import flag, option, positional
from cnnspec.layers.base import Inference, Layer, ShapeError
from cnnspec.operations.base import Operation
from cnnspec.operations.windows import Pool, Reduce, paddings

_ONE = count(1)


class Pooling(Layer):
    """A window that gives one value for each channel."""

    takes: ClassVar[str]
    """What it takes of a window: `max` or `average`."""

    size: tuple[int, int] = positional(Pair(), "rows and columns of the window", default=(2, 2))
    padding: str = flag(
        Choice("valid", "same"),
        "`valid` drops rows and columns that fill no window, `same` keeps them",
        default="valid",
    )
    stride: tuple[int, int] | None = option(
        Pair(), "how far the window moves (default: its size)", default=None
    )

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        if self.padding == "valid" and (self.size[0] > image.height or self.size[1] > image.width):
            raise ShapeError("size", WindowTooLarge(None, image, what="pool", window=self.size))
        height, width, channels = sizes(image)
        sides = [count(side, "P") for side in self.size]
        strides = [count(step, "S") for step in self.stride or self.size]
        return Inference(
            (
                window(height, sides[0], strides[0], self.padding, _ONE),
                window(width, sides[1], strides[1], self.padding, _ONE),
                channels,
            )
        )

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
    """One value for each channel; the image becomes a vector."""

    takes: ClassVar[str]
    """What it takes of a channel: `max` or `average`."""

    def infer(self, shape: Shape) -> Inference:
        return Inference((count(self.image(shape).channels, "Cin"),))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (Reduce(self.takes),)


class GlobalAverage(GlobalPooling):
    """The mean of each channel."""

    word: ClassVar[str] = "gap"
    takes: ClassVar[str] = "average"


class GlobalMax(GlobalPooling):
    """The largest value of each channel."""

    word: ClassVar[str] = "gmp"
    takes: ClassVar[str] = "max"
