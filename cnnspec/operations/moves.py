"""Operations that move values: pad, crop, resize, reshape, slice, shuffle."""

from typing import ClassVar

from cnnspec.core.shapes import Image, Shape, shape_of
from cnnspec.operations.base import (
    ANY,
    NO_PADDING,
    Bounds,
    Operation,
    Pair,
    Sides,
    Window,
    Windows,
    pair,
)
from cnnspec.operations.windows import image_of


class Pad(Operation):
    """Zeros around an image."""

    is_linear: ClassVar[bool] = True

    amounts: Sides

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        image = image_of(inputs[0])
        rows, columns = map(sum, self.amounts)
        return Image(image.height + rows, image.width + columns, image.channels)

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        low, high = inputs[0]
        return min(0.0, low), max(0.0, high)

    def identity(self, shape: Shape) -> bool:
        return self.amounts == NO_PADDING


class Crop(Operation):
    """Rows and columns at the edges left out."""

    is_linear: ClassVar[bool] = True

    amounts: Sides

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        image = image_of(inputs[0])
        rows, columns = map(sum, self.amounts)
        return Image(image.height - rows, image.width - columns, image.channels)

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return inputs[0]

    def keeps_offset(self, shape: Shape) -> bool:
        return True

    def identity(self, shape: Shape) -> bool:
        return self.amounts == NO_PADDING


REACH = {"nearest": 1, "bilinear": 2, "bicubic": 4}
"""How many input positions along a side make one value."""


class Resize(Operation):
    """An image scaled to another size: `nearest`, `bilinear` or `bicubic`.

    Output position i looks at (i + 1/2) * input size / output size - 1/2, as in TensorFlow and in
    PyTorch with `align_corners=False`. A smaller image is not averaged.
    """

    is_linear: ClassVar[bool] = True

    size: Pair
    interpolation: str

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Image(*self.size, image_of(inputs[0]).channels)

    def windows(self, shape: Shape) -> Windows | None:
        image, seen = image_of(shape), REACH[self.interpolation]
        return (
            Window(seen, image.height / self.size[0]),
            Window(seen, image.width / self.size[1]),
        )

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        # A cubic curve overshoots the values that it joins.
        return ANY if self.interpolation == "bicubic" else inputs[0]

    def keeps_offset(self, shape: Shape) -> bool:
        return True

    def identity(self, shape: Shape) -> bool:
        return shape.dims[:-1] == self.size

    def __str__(self) -> str:
        return f"resize {pair(self.size)} {self.interpolation}"


class Reshape(Operation):
    """The same values, row by row, in another shape."""

    in_place: ClassVar[bool] = True
    view: ClassVar[bool] = True
    is_linear: ClassVar[bool] = True

    dims: tuple[int, ...]

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        target = shape_of(self.dims)
        if target.size != inputs[0].size:
            raise ValueError(f"{inputs[0]} has other values than {target}")
        return target

    def windows(self, shape: Shape) -> Windows | None:
        # Positions of the output do not correspond to positions of the input.
        return None if shape.dims != self.dims else super().windows(shape)

    def keeps_offset(self, shape: Shape) -> bool:
        # The values of a vector are channels; each keeps the offset of the channel it came from.
        return len(self.dims) == 1 or self.identity(shape)

    def identity(self, shape: Shape) -> bool:
        return shape.dims == self.dims

    def __str__(self) -> str:
        return f"reshape {shape_of(self.dims)}"


class Slice(Operation):
    """Some of the channels: `channels` of them from `start` on."""

    is_linear: ClassVar[bool] = True

    start: int
    channels: int

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        *positions, there = inputs[0].dims
        if self.start + self.channels > there:
            raise ValueError(f"{inputs[0]} has not {self.start + self.channels} channels")
        return shape_of((*positions, self.channels))

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return inputs[0]

    def keeps_offset(self, shape: Shape) -> bool:
        return True

    def identity(self, shape: Shape) -> bool:
        return self.channels == shape.dims[-1]

    def __str__(self) -> str:
        return f"slice {self.start}..{self.start + self.channels - 1}"


class Shuffle(Operation):
    """The channels in another order: the first of each group, then the second of each, ..."""

    is_linear: ClassVar[bool] = True

    groups: int

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if inputs[0].dims[-1] % self.groups:
            raise ValueError(f"{self.groups} groups of {inputs[0].dims[-1]}")
        return inputs[0]

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return inputs[0]

    def keeps_offset(self, shape: Shape) -> bool:
        return True

    def identity(self, shape: Shape) -> bool:
        return self.groups in (1, shape.dims[-1])

    def __str__(self) -> str:
        return f"shuffle {self.groups} groups"
