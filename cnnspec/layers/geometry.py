"""Layers that move values about: flatten, reshape, pad, crop, resize, upsample."""

from typing import ClassVar

from cnnspec.core.counts import count
from cnnspec.core.shapes import Image, Shape, shape_of, sizes
from cnnspec.diagnostics.shapes import CannotReshape, NothingLeft
from cnnspec.language.arg_types import Dimensions, Pair
from cnnspec.language.choices import Choice
from cnnspec.language.constructs import flag, positional
from cnnspec.layers.base import Inference, Layer, ShapeError
from cnnspec.operations import moves
from cnnspec.operations.base import Operation, around


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


class Pad(Layer):
    """Zeros added on every side: `pad 2`, or `pad 1x2` for rows and columns."""

    word: ClassVar[str] = "pad"

    border: tuple[int, int] = positional(Pair(0), "rows and columns added on each side")

    def infer(self, shape: Shape) -> Inference:
        height, width, channels = sizes(self.image(shape))
        rows, columns = (count(side, "P") for side in self.border)
        return Inference((height + count(2) * rows, width + count(2) * columns, channels))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Pad(around(self.border)),)


class Crop(Layer):
    """Rows and columns cut off on every side."""

    word: ClassVar[str] = "crop"

    border: tuple[int, int] = positional(Pair(0), "rows and columns cut off on each side")

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        height, width, channels = sizes(image)
        rows, columns = (count(side, "P") for side in self.border)
        out = (height - count(2) * rows, width - count(2) * columns, channels)
        if out[0].value < 1 or out[1].value < 1:
            raise ShapeError("border", NothingLeft(None, image, crop=self.border))
        return Inference(out)

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (moves.Crop(around(self.border)),)


class Resize(Layer):
    """The image drawn larger or smaller."""

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
