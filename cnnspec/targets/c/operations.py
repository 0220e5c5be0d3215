"""Operations that only this target has: several of a program's as one."""

from cnnspec.core.shapes import Image, Shape
from cnnspec.operations.base import Pair
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
