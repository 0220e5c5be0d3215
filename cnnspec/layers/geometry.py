"""Layers that move values: flatten, reshape, pad, crop, resize, slice, shuffle."""

from typing import ClassVar

from cnnspec.core.counts import Count, count
from cnnspec.core.shapes import Image, Shape, shape_of, sizes
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.shapes import (
    CannotReshape,
    ChannelsDoNotDivide,
    NothingLeft,
    TooFewChannels,
)
from cnnspec.diagnostics.values import MissingValue
from cnnspec.language.arg_types import Int
from cnnspec.language.choices import Choice
from cnnspec.language.constructs import flag, option, positional
from cnnspec.language.several import Dimensions, Pair
from cnnspec.layers.base import Inference, Layer, ShapeError
from cnnspec.operations import moves
from cnnspec.operations.base import Operation, Sides


class Flatten(Layer):
    """An image becomes a vector, row by row."""

    word: ClassVar[str] = "flatten"

    def infer(self, shape: Shape) -> Inference:
        if not isinstance(shape, Image):
            return Inference(sizes(shape))
        height, width, channels = sizes(shape)
        return Inference((height * width * channels,))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Reshape((shape.size,)),)


class Reshape(Layer):
    """The same values in another shape: `7x7x16`, or `784` for a vector."""

    word: ClassVar[str] = "reshape"

    shape: tuple[int, ...] = positional(Dimensions(), "the sizes of the output")

    def infer(self, shape: Shape) -> Inference:
        target = shape_of(self.shape)
        if target.size != shape.size:
            raise ShapeError("shape", CannotReshape(None, shape, target=target))
        return Inference(tuple(count(size) for size in target.dims))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Reshape(shape_of(self.shape).dims),)


class Border(Layer):
    """Rows and columns at the edges: the same on every side, or as an option for each side says.

    PyTorch's `ZeroPad2d` takes the sides as (left, right, top, bottom); here they have names.
    """

    border: tuple[int, int] | None = positional(
        Pair(0), "rows and columns on each side (default: none)", default=None
    )
    top: int | None = option(Int(0), "rows above (default: those of `border`)", default=None)
    bottom: int | None = option(Int(0), "rows below (default: those of `border`)", default=None)
    left: int | None = option(
        Int(0), "columns on the left (default: those of `border`)", default=None
    )
    right: int | None = option(
        Int(0), "columns on the right (default: those of `border`)", default=None
    )

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """A border must be given for some side."""
        if all(getattr(self, name) is None for name in type(self).specs):
            usage = f"{self.word} 1` or `{self.word} top=1 left=1"
            return "border", MissingValue(None, of=self.word, value="border", usage=usage)
        return None

    @property
    def sides(self) -> Sides:
        """Rows above and below, columns on the left and on the right."""
        rows, columns = self.border or (0, 0)
        top, bottom = (rows if side is None else side for side in (self.top, self.bottom))
        left, right = (columns if side is None else side for side in (self.left, self.right))
        return (top, bottom), (left, right)

    def amounts(self) -> tuple[Count, Count]:
        """Rows of top and bottom together, and columns of left and right, as parts of a formula."""
        (top, bottom), (left, right) = self.sides
        return _both(top, "Pt", bottom, "Pb"), _both(left, "Pl", right, "Pr")


def _both(before: int, first: str, behind: int, second: str) -> Count:
    if before == behind:
        return count(2) * count(before, "P")
    return count(before, first) + count(behind, second)


class Pad(Border):
    """Zeros added around: `pad 2`, `pad 1x2` for rows and columns, `pad bottom=1 right=1`."""

    word: ClassVar[str] = "pad"

    def infer(self, shape: Shape) -> Inference:
        height, width, channels = sizes(self.image(shape))
        rows, columns = self.amounts()
        return Inference((height + rows, width + columns, channels))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Pad(self.sides),)


class Crop(Border):
    """Rows and columns cut off around: `crop 2`, `crop 1x2`, `crop top=1 left=1`."""

    word: ClassVar[str] = "crop"

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        height, width, channels = sizes(image)
        rows, columns = self.amounts()
        out = (height - rows, width - columns, channels)
        if out[0].value < 1 or out[1].value < 1:
            problem = NothingLeft(None, image, sides=self.sides)
            raise ShapeError(self._largest(out[0].value < 1), problem)
        return Inference(out)

    def _largest(self, rows: bool) -> str:
        """The field that cuts off most, of rows or of columns."""
        names = ("top", "bottom") if rows else ("left", "right")
        given = [name for name in names if getattr(self, name) is not None]
        return max(given, key=lambda name: getattr(self, name), default="border")

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Crop(self.sides),)


class Resize(Layer):
    """The image scaled to another size."""

    word: ClassVar[str] = "resize"

    size: tuple[int, int] = positional(Pair(), "rows and columns of the output")
    interpolation: str = flag(
        Choice("bilinear", "nearest", "bicubic"), "how values between are found", default="bilinear"
    )

    def infer(self, shape: Shape) -> Inference:
        channels = count(self.image(shape).channels, "Cin")
        return Inference((count(self.size[0]), count(self.size[1]), channels))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Resize(self.size, self.interpolation),)


class Upsample(Layer):
    """Each pixel repeated: `upsample 2`, or `upsample 2x1` for rows and columns."""

    word: ClassVar[str] = "upsample"

    factor: tuple[int, int] = positional(
        Pair(), "how many rows and columns each pixel becomes", default=(2, 2)
    )

    def infer(self, shape: Shape) -> Inference:
        height, width, channels = sizes(self.image(shape))
        rows, columns = map(count, self.factor)
        return Inference((height * rows, width * columns, channels))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        image = self.image(shape)
        size = image.height * self.factor[0], image.width * self.factor[1]
        return (moves.Resize(size, "nearest"),)


class Slice(Layer):
    """Some of the channels: `slice 8` is the first 8, `slice 8 start=8` the 8 after them.

    The halves of a channel split (Ma et al., "ShuffleNet V2", 2018) and the parts of a
    partial residual (Wang et al., "CSPNet", 2020) are slices in branches. PyTorch's `narrow`
    has the same two numbers.
    """

    word: ClassVar[str] = "slice"

    channels: int = positional(Int(), "how many channels are taken")
    start: int = option(Int(0), "how many channels before them are left out", default=0)

    def infer(self, shape: Shape) -> Inference:
        there = shape.dims[-1]
        if self.start + self.channels > there:
            problem = TooFewChannels(None, shape, taken=self.channels, start=self.start)
            raise ShapeError("channels" if self.start < there else "start", problem)
        return Inference((*sizes(shape)[:-1], count(self.channels, "C")))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Slice(self.start, self.channels),)


class Shuffle(Layer):
    """The channels of each group dealt out in turn, so that the next groups see all of them.

    Channel shuffle (Zhang et al., "ShuffleNet", 2018); `ChannelShuffle` in PyTorch.
    """

    word: ClassVar[str] = "shuffle"

    groups: int = positional(Int(), "into how many groups the channels are divided")

    def infer(self, shape: Shape) -> Inference:
        channels = shape.dims[-1]
        if channels % self.groups:
            problem = ChannelsDoNotDivide(
                None, shape, groups=self.groups, channels=channels, which="channels"
            )
            raise ShapeError("groups", problem)
        return Inference(sizes(shape))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Shuffle(self.groups),)
