"""Operations that only this target has: several of a program's as one."""

from typing import ClassVar

from cnnspec.core.shapes import Image, Shape
from cnnspec.operations.base import Operation, Pair
from cnnspec.operations.windows import Convolution


class PooledConvolution(Convolution):
    """A convolution and the largest value of each window of its output.

    Windows follow each other without a gap; the last ones are smaller where the output
    ends before them. `then` is applied to the largest.
    """

    window: Pair = (1, 1)
    pooled: Pair = (1, 1)
    """Rows and columns of the output."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Image(*self.pooled, self.filters)

    def macs(self, shape: Shape) -> int:
        return Convolution.shape(self, (shape,)).size * (
            self.size[0] * self.size[1] * shape.dims[-1] // self.groups
        )

    def __str__(self) -> str:
        return f"{super().__str__()} and max pool {self.window[0]}x{self.window[1]}"


class Moved(Operation):
    """Training images moved, turned or enlarged, each in its own way (`augment`)."""

    keeps_shape: ClassVar[bool] = True
    training_only: ClassVar[bool] = True

    how: str
    """An option of `augment`, with `horizontal` or `vertical` for a flip."""
    by: float = 0.0
    fill: str = "background"

    def __str__(self) -> str:
        return f"{self.how} {self.by:g}" if self.by else f"{self.how} flip"


class Erased(Operation):
    """A rectangle of a share of the training images becomes background (`augment erase`)."""

    keeps_shape: ClassVar[bool] = True
    training_only: ClassVar[bool] = True

    rate: float

    def __str__(self) -> str:
        return f"erase {self.rate:g}"
