"""Shapes of one example, and the arithmetic of windows that slide over them.

Works on ints and `Count`s; does not import layers.
"""

from cnnspec.core.counts import Count
from cnnspec.core.record import Record


class Image(Record):
    """Height x width x channels, the order Keras calls channels last."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        """How many values it holds."""
        return self.height * self.width * self.channels

    @property
    def dims(self) -> tuple[int, ...]:
        """The sizes as a tuple."""
        return (self.height, self.width, self.channels)

    @property
    def article(self) -> str:
        """What a message calls such a value."""
        return "image"

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels}"


class Vector(Record):
    """A flat row of values."""

    units: int

    @property
    def size(self) -> int:
        """How many values it holds."""
        return self.units

    @property
    def dims(self) -> tuple[int, ...]:
        """The sizes as a tuple."""
        return (self.units,)

    @property
    def article(self) -> str:
        """What a message calls such a value."""
        return "vector"

    def __str__(self) -> str:
        return str(self.units)


Shape = Image | Vector


def gates_of(image: Image) -> tuple[Image, Image]:
    """The shapes that a merge broadcasts over an image: one pixel, and one channel."""
    return Image(1, 1, image.channels), Image(image.height, image.width, 1)


def shape_of(dims: tuple[int, ...]) -> Shape:
    """The shape with these sizes: one is a vector, three an image, two an image of one channel."""
    if len(dims) == 1:
        return Vector(dims[0])
    return Image(dims[0], dims[1], dims[2] if len(dims) == 3 else 1)


def reach(kernel: int, dilation: int) -> int:
    """How many positions a dilated kernel spans: `(K - 1)*D + 1`."""
    return (kernel - 1) * dilation + 1


def window(size: Count, kernel: Count, stride: Count, padding: str, dilation: Count) -> Count:
    """How many positions a sliding window takes along one side.

    `floor((N - K) / S) + 1` without padding and `ceil(N / S)` with `same`; with a
    dilation D the kernel spans `(K - 1)*D + 1`. These are the rules of
    TensorFlow's `tf.nn.convolution`, which Keras follows on every backend. With `ceil` it
    is `ceil((N - K) / S) + 1`, but not more than the `ceil(N / S)` windows that begin
    inside: PyTorch's `pooling_output_shape` and Caffe's `PoolingLayer`.
    Zero or less means the window does not fit.
    """
    if padding == "same":
        return size.ceildiv(stride)
    span = (kernel - 1) * dilation + 1 if dilation.value > 1 else kernel
    if padding == "ceil":
        reached, begun = (size - span).ceildiv(stride) + 1, size.ceildiv(stride)
        return begun if begun.value < reached.value else reached
    return (size - span) // stride + 1


def unwindow(size: Count, kernel: Count, stride: Count, padding: str, dilation: Count) -> Count:
    """Output positions of a transposed convolution along one side.

    `N*S` with `same`; `N*S + max(K - S, 0)` without, K being the span of the
    dilated kernel (Keras, `compute_conv_transpose_output_shape`).
    """
    if padding == "same":
        return size * stride
    span = (kernel - 1) * dilation + 1 if dilation.value > 1 else kernel
    more = span.value - stride.value
    return size * stride + (span - stride) if more > 0 else size * stride


def sizes(shape: Shape) -> tuple[Count, ...]:
    """The sizes of a shape as leaves of a formula."""
    if isinstance(shape, Image):
        sides = Count(shape.height, "H"), Count(shape.width, "W")
        return (*sides, Count(shape.channels, "Cin"))
    return (Count(shape.units, "N"),)
