"""Convolutions: plain, depthwise, separable and transposed.

Parameters and multiply-accumulates follow Dumoulin and Visin, "A guide to
convolution arithmetic for deep learning" (2016), and Howard et al., "MobileNets"
(2017), for the depthwise and separable ones.
"""

from typing import Any, ClassVar

from cnnspec.core.counts import Count, count
from cnnspec.core.shapes import Image, Shape, reach, sizes, unwindow, window
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.shapes import ChannelsDoNotDivide, WindowTooLarge
from cnnspec.diagnostics.values import Incompatible
from cnnspec.language.arg_types import Int
from cnnspec.language.choices import Choice
from cnnspec.language.constructs import flag, option, positional
from cnnspec.language.several import Pair
from cnnspec.layers.base import Inference, ShapeError
from cnnspec.layers.weighted import Weighted
from cnnspec.operations import windows
from cnnspec.operations.base import Operation, Sides


class Convolution(Weighted):
    """A kernel that slides over an image."""

    equal_strides: ClassVar[bool] = False
    """Whether rows and columns must take the same stride, as TensorFlow's kernels demand."""

    padding: str = flag(
        Choice("valid", "same"),
        "`valid` keeps the kernel inside the image, `same` pads it with zeros",
        default="valid",
    )
    stride: tuple[int, int] = option(Pair(), "how far the kernel moves", default=(1, 1))
    dilation: tuple[int, int] = option(
        Pair(), "the distance between the points of the kernel", default=(1, 1)
    )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # Written in the order in which it happens: padding, then activation.
        cls.specs = {"padding": cls.specs["padding"], **cls.specs}

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """Keras allows a stride or a dilation, not both; some layers allow only equal strides."""
        if self.stride != (1, 1) and self.dilation != (1, 1):
            reason = "a stride and a dilation at once"
            return "dilation", Incompatible(
                None, of=self.word, reason=reason, remedy="remove one of the two"
            )
        if self.equal_strides and self.stride[0] != self.stride[1]:
            reason = "different strides for rows and columns"
            instead = f"stride={self.stride[0]}"
            return "stride", Incompatible(
                None, of=self.word, reason=reason, remedy=f"write `{instead}`", instead=instead
            )
        return super().conflict()

    def sides(self) -> tuple[Count, Count]:
        """Height and width of the kernel as leaves of a formula."""
        kernel: tuple[int, int] = self.kernel  # type: ignore[attr-defined]
        return count(kernel[0], "Kh"), count(kernel[1], "Kw")

    def positions(self, image: Image) -> tuple[Count, Count]:
        """Rows and columns of the output; raises `ShapeError` where the kernel does not fit."""
        height, width, _ = sizes(image)
        kernel_height, kernel_width = self.sides()
        if self.padding == "valid":
            kernel = kernel_height.value, kernel_width.value
            rows, columns = map(reach, kernel, self.dilation)
            if rows > image.height or columns > image.width:
                raise ShapeError(
                    "kernel", WindowTooLarge(None, image, window=kernel, dilation=self.dilation)
                )
        (down, right), (apart_down, apart_right) = self.stride, self.dilation
        return (
            window(height, kernel_height, count(down, "S"), self.padding, count(apart_down, "D")),
            window(width, kernel_width, count(right, "S"), self.padding, count(apart_right, "D")),
        )

    def padded(self, shape: Shape) -> Sides:
        """The zeros on each side of an image that its padding means there."""
        kernel: tuple[int, int] = self.kernel  # type: ignore[attr-defined]
        return windows.paddings(self.padding, shape, kernel, self.stride, self.dilation)


def _area(rows: Count, columns: Count) -> Count:
    return count(rows.value, "H'") * count(columns.value, "W'")


class Conv(Convolution):
    """A convolution: every filter looks at all channels of a window."""

    word: ClassVar[str] = "conv"

    filters: int = positional(Int(), "how many channels come out")
    kernel: tuple[int, int] = positional(Pair(), "rows and columns of the window", joined=True)
    groups: int = option(
        Int(), "into how many separate convolutions the channels are divided", default=1
    )

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        for channels, which in ((image.channels, "input channels"), (self.filters, "filters")):
            if channels % self.groups:
                problem = ChannelsDoNotDivide(
                    None,
                    image,
                    groups=self.groups,
                    channels=channels,
                    which=which,
                    shared=(image.channels, self.filters),
                )
                raise ShapeError("groups", problem)
        rows, columns = self.positions(image)
        height, width = self.sides()
        filters = count(self.filters, "F")
        depth = count(image.channels, "Cin")
        if self.groups > 1:
            depth = depth / count(self.groups, "G")
        kernel = height * width * depth
        return Inference(
            (rows, columns, filters),
            params=(kernel + self.ones) * filters,
            macs=_area(rows, columns) * kernel * filters,
        )

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        depth = shape.dims[-1] // self.groups
        return self.with_bias(self.filters, kernel=(*self.kernel, depth, self.filters))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        convolution = windows.Convolution(
            self.filters,
            self.kernel,
            self.stride,
            self.dilation,
            self.padded(shape),
            self.groups,
            bias=self.bias_name,
        )
        return convolution, *self.ending()


class DepthwiseConv(Convolution):
    """A depthwise convolution: every channel has filters of its own."""

    word: ClassVar[str] = "dwconv"
    depthwise: ClassVar[bool] = True
    equal_strides: ClassVar[bool] = True

    kernel: tuple[int, int] = positional(Pair(), "rows and columns of the window")
    multiplier: int = option(Int(), "how many filters each channel has", default=1)

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        rows, columns = self.positions(image)
        height, width = self.sides()
        channels = count(image.channels, "Cin")
        if self.multiplier > 1:
            channels = channels * count(self.multiplier, "M")
        return Inference(
            (rows, columns, channels),
            params=(height * width + self.ones) * channels,
            macs=_area(rows, columns) * height * width * channels,
        )

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        channels = shape.dims[-1]
        kernel = *self.kernel, channels, self.multiplier
        return self.with_bias(channels * self.multiplier, kernel=kernel)

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return _depthwise(self, shape, "kernel", self.bias_name), *self.ending()


class SeparableConv(Convolution):
    """A separable convolution: a depthwise one, then a 1x1 one that mixes the channels."""

    word: ClassVar[str] = "sepconv"
    equal_strides: ClassVar[bool] = True

    filters: int = positional(Int(), "how many channels come out")
    kernel: tuple[int, int] = positional(Pair(), "rows and columns of the window", joined=True)
    multiplier: int = option(
        Int(), "how many filters each channel has in the depthwise part", default=1
    )

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        rows, columns = self.positions(image)
        height, width = self.sides()
        filters = count(self.filters, "F")
        channels = count(image.channels, "Cin")
        if self.multiplier > 1:
            channels = channels * count(self.multiplier, "M")
        depthwise = height * width * channels
        return Inference(
            (rows, columns, filters),
            params=depthwise + (channels + self.ones) * filters,
            macs=_area(rows, columns) * (depthwise + channels * filters),
        )

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        channels = shape.dims[-1]
        return self.with_bias(
            self.filters,
            depthwise_kernel=(*self.kernel, channels, self.multiplier),
            pointwise_kernel=(1, 1, channels * self.multiplier, self.filters),
        )

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        pointwise = windows.Convolution(
            self.filters, (1, 1), kernel="pointwise_kernel", bias=self.bias_name
        )
        return _depthwise(self, shape, "depthwise_kernel"), pointwise, *self.ending()


def _depthwise(
    layer: DepthwiseConv | SeparableConv, shape: Shape, kernel: str, bias: str = ""
) -> windows.Convolution:
    """The convolution of each channel separately: one group per channel."""
    channels = layer.image(shape).channels
    return windows.Convolution(
        channels * layer.multiplier,
        layer.kernel,
        layer.stride,
        layer.dilation,
        layer.padded(shape),
        groups=channels,
        kernel=kernel,
        bias=bias,
    )


class TransposedConv(Convolution):
    """A transposed convolution: each input value paints a kernel onto a larger image."""

    word: ClassVar[str] = "tconv"

    filters: int = positional(Int(), "how many channels come out")
    kernel: tuple[int, int] = positional(Pair(), "rows and columns of the window", joined=True)

    def infer(self, shape: Shape) -> Inference:
        image = self.image(shape)
        height, width, channels = sizes(image)
        kernel_height, kernel_width = self.sides()
        filters = count(self.filters, "F")
        stride = [count(step, "S") for step in self.stride]
        dilation = [count(step, "D") for step in self.dilation]
        kernel = kernel_height * kernel_width * channels
        return Inference(
            (
                unwindow(height, kernel_height, stride[0], self.padding, dilation[0]),
                unwindow(width, kernel_width, stride[1], self.padding, dilation[1]),
                filters,
            ),
            params=(kernel + self.ones) * filters,
            macs=height * width * kernel * filters,
        )

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        # The last two axes are exchanged, as if for the convolution that this one transposes.
        return self.with_bias(self.filters, kernel=(*self.kernel, self.filters, shape.dims[-1]))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        spans = tuple(map(reach, self.kernel, self.dilation))
        cut = []
        for span, step in zip(spans, self.stride, strict=True):
            # Rows that no kernel reaches exist as well: then the cut is negative.
            behind = min(span - step, 0)
            before = (span - step) // 2 if self.padding == "same" and span > step else 0
            cut.append((before, span - step - before if self.padding == "same" else behind))
        convolution = windows.TransposedConvolution(
            self.filters,
            self.kernel,
            self.stride,
            self.dilation,
            (cut[0], cut[1]),
            bias=self.bias_name,
        )
        return convolution, *self.ending()
