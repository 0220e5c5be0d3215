"""Operations that sum or select: convolutions, products, pooling, reductions.

Sizes follow Dumoulin and Visin, "A guide to convolution arithmetic for deep learning"
(2016), with the padding of each side written out.
"""

from math import ceil
from typing import ClassVar

from cnnspec.core.shapes import Image, Shape, Vector, reach
from cnnspec.operations.base import (
    NO_PADDING,
    Bounds,
    Function,
    Operation,
    Pair,
    Rows,
    Sides,
    Window,
    Windows,
    ending,
    pair,
)


def same_padding(size: int, span: int, stride: int) -> Pair:
    """Returns the zeros before and after a side for the output `ceil(size / stride)`.

    An odd one comes after, as with `padding="SAME"` in TensorFlow, which Keras follows.
    """
    total = max((-(-size // stride) - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


def ceil_padding(size: int, span: int, stride: int) -> Pair:
    """Returns the padding before and after a side with which no value is left out.

    There is no window that would begin after the side, as in PyTorch and Caffe.
    """
    positions = min(-(-(size - span) // stride) + 1, -(-size // stride))
    return 0, max((positions - 1) * stride + span - size, 0)


def paddings(word: str, shape: Shape, size: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Sides:
    """Returns the padding of each side of an image: `same`, `ceil`, or none for `valid`."""
    if word == "valid":
        return NO_PADDING
    image = image_of(shape)
    rule = ceil_padding if word == "ceil" else same_padding
    return (
        rule(image.height, reach(size[0], dilation[0]), stride[0]),
        rule(image.width, reach(size[1], dilation[1]), stride[1]),
    )


def image_of(shape: Shape) -> Image:
    """Returns the shape as an image; raises `ValueError` for a vector."""
    if not isinstance(shape, Image):
        raise ValueError(f"needs an image, not {shape}")
    return shape


def _positions(image: Image, spans: Pair, stride: Pair, padding: Sides) -> Pair:
    """How many rows and columns of windows there are; raises `ValueError` for none."""
    sides = zip((image.height, image.width), spans, stride, padding, strict=True)
    rows, columns = ((n + sum(around) - span) // step + 1 for n, span, step, around in sides)
    if rows < 1 or columns < 1:
        raise ValueError(f"a window of {pair(spans)} does not fit {image}")
    return rows, columns


def _weights(
    kernel: str, dims: tuple[int, ...], bias: str, outputs: int
) -> dict[str, tuple[int, ...]]:
    """The shape of a kernel and, where it has a key, of a bias for each output."""
    return {kernel: dims, bias: (outputs,)} if bias else {kernel: dims}


class SlidingKernel(Operation):
    """A kernel that moves over an image: what both kinds of convolution have in common."""

    kind: ClassVar[str] = "convolution"
    is_linear: ClassVar[bool] = True
    fuses: ClassVar[bool] = True
    roles: ClassVar[tuple[str, ...]] = ("kernel", "bias")

    filters: int
    size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)

    @property
    def spans(self) -> Pair:
        """Rows and columns from the first point of the kernel to the last."""
        return reach(self.size[0], self.dilation[0]), reach(self.size[1], self.dilation[1])


class Convolution(SlidingKernel):
    """A convolution; each group of input channels computes its share of the filters.

    The kernel is (rows, columns, channels / groups, filters), and the filters of a group
    follow each other. A depthwise one has as many groups as channels, so its kernel
    (rows, columns, channels, multiplier) holds the same values in the same order.
    """

    padding: Sides = NO_PADDING
    groups: int = 1
    kernel: str = "kernel"
    bias: str = ""
    then: Function | None = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        image = image_of(inputs[0])
        if image.channels % self.groups or self.filters % self.groups:
            raise ValueError(f"{self.groups} groups of {image.channels} and {self.filters}")
        rows, columns = _positions(image, self.spans, self.stride, self.padding)
        return Image(rows, columns, self.filters)

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        depth = image_of(shape).channels // self.groups
        return _weights(self.kernel, (*self.size, depth, self.filters), self.bias, self.filters)

    def macs(self, shape: Shape) -> int:
        out = self.shape((shape,))
        return out.size * self.size[0] * self.size[1] * image_of(shape).channels // self.groups

    def windows(self, shape: Shape) -> Windows | None:
        rows, columns = self.spans
        return Window(rows, self.stride[0]), Window(columns, self.stride[1])

    @property
    def rows(self) -> Rows | None:
        above = self.padding[0][0]
        return Rows(self.stride[0], -above, self.spans[0] - 1 - above)

    def __str__(self) -> str:
        groups = f" groups={self.groups}" if self.groups > 1 else ""
        stride = f" stride={pair(self.stride)}" if self.stride != (1, 1) else ""
        dilation = f" dilation={pair(self.dilation)}" if self.dilation != (1, 1) else ""
        return f"{self.name} {pair(self.size)}{stride}{dilation}{groups}{ending(self.then)}"


class PooledConvolution(Convolution):
    """A convolution and the largest value of each window of its output.

    Windows follow each other without a gap; the last ones are smaller where the output
    ends before them. `then` is applied to the largest.
    """

    window: Pair = (1, 1)
    pooled: Pair = (1, 1)
    """Rows and columns of the output."""

    @property
    def linear(self) -> bool:
        return False

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Image(*self.pooled, self.filters)

    @property
    def rows(self) -> Rows | None:
        above, (height, _) = self.padding[0][0], self.window
        last = (height - 1) * self.stride[0] + self.spans[0] - 1
        return Rows(height * self.stride[0], -above, last - above)

    def macs(self, shape: Shape) -> int:
        made = super().shape((shape,)).size
        return made * self.size[0] * self.size[1] * shape.dims[-1] // self.groups

    @property
    def name(self) -> str:
        return "convolution"

    def __str__(self) -> str:
        ends = ending(self.then)
        return f"{super().__str__().removesuffix(ends)} and max pool {pair(self.window)}{ends}"


class TransposedConvolution(SlidingKernel):
    """A transposed convolution: each input value paints a kernel, `stride` apart.

    The painted image has `(n - 1) * stride + span` rows; `cut` is how much is removed on each side;
    a negative cut adds rows of zeros. The kernel is (rows, columns, filters, channels).
    """

    cut: Sides = NO_PADDING
    kernel: str = "kernel"
    bias: str = ""
    then: Function | None = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        image = image_of(inputs[0])
        sides = zip((image.height, image.width), self.spans, self.stride, self.cut, strict=True)
        rows, columns = ((n - 1) * step + span - sum(cut) for n, span, step, cut in sides)
        return Image(rows, columns, self.filters)

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        channels = image_of(shape).channels
        return _weights(self.kernel, (*self.size, self.filters, channels), self.bias, self.filters)

    def macs(self, shape: Shape) -> int:
        return shape.size * self.size[0] * self.size[1] * self.filters

    def windows(self, shape: Shape) -> Windows | None:
        # An output is painted by the inputs whose kernels reach it.
        sides = zip(self.spans, self.stride, strict=True)
        rows, columns = (Window(ceil(span / step), 1 / step) for span, step in sides)
        return rows, columns

    def __str__(self) -> str:
        stride = f" stride={pair(self.stride)}" if self.stride != (1, 1) else ""
        return f"{self.name} {pair(self.size)}{stride}{ending(self.then)}"


class MatrixProduct(Operation):
    """A vector times a matrix (inputs, units), plus a bias."""

    kind: ClassVar[str] = "dense"
    is_linear: ClassVar[bool] = True
    fuses: ClassVar[bool] = True
    roles: ClassVar[tuple[str, ...]] = ("kernel", "bias")

    units: int
    kernel: str = "kernel"
    bias: str = ""
    then: Function | None = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if not isinstance(inputs[0], Vector):
            raise ValueError(f"needs a vector, not {inputs[0]}")
        return Vector(self.units)

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return _weights(self.kernel, (shape.size, self.units), self.bias, self.units)

    def macs(self, shape: Shape) -> int:
        return shape.size * self.units

    def windows(self, shape: Shape) -> Windows | None:
        return None

    def __str__(self) -> str:
        return f"{self.name}{ending(self.then)}"


class Pool(Operation):
    """The maximum or the average of each window, over the cells that are not padding."""

    kind: ClassVar[str] = "pooling"
    fuses: ClassVar[bool] = True

    function: str
    """`max` or `average`."""
    size: Pair
    stride: Pair
    padding: Sides = NO_PADDING
    then: Function | None = None

    @property
    def spans(self) -> Pair:
        """Rows and columns that a window covers."""
        return self.size

    @property
    def tiles(self) -> bool:
        """Whether it takes the maximum of windows that follow one another from the first place."""
        from_start = self.padding[0][0] == self.padding[1][0] == 0
        return self.function == "max" and self.size == self.stride and from_start

    @property
    def linear(self) -> bool:
        return self.function == "average"

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        image = image_of(inputs[0])
        rows, columns = _positions(image, self.size, self.stride, self.padding)
        return Image(rows, columns, image.channels)

    def windows(self, shape: Shape) -> Windows | None:
        return Window(self.size[0], self.stride[0]), Window(self.size[1], self.stride[1])

    @property
    def rows(self) -> Rows | None:
        above = self.padding[0][0]
        return Rows(self.stride[0], -above, self.size[0] - 1 - above)

    def identity(self, shape: Shape) -> bool:
        return self.size == self.stride == (1, 1) and self.then is None

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return inputs[0]

    def keeps_offset(self, shape: Shape) -> bool:
        return True

    def __str__(self) -> str:
        stride = f" stride={pair(self.stride)}" if self.stride != self.size else ""
        return f"{self.function} pool {pair(self.size)}{stride}{ending(self.then)}"


class Reduce(Operation):
    """The maximum or the average of each channel; the image becomes a vector."""

    kind: ClassVar[str] = "pooling"
    fuses: ClassVar[bool] = True

    function: str
    """`max` or `average`."""
    then: Function | None = None

    @property
    def linear(self) -> bool:
        return self.function == "average"

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Vector(image_of(inputs[0]).channels)

    def windows(self, shape: Shape) -> Windows | None:
        return None

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return inputs[0]

    def keeps_offset(self, shape: Shape) -> bool:
        return True

    def __str__(self) -> str:
        return f"{self.function} of each channel{ending(self.then)}"
