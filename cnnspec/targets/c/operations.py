"""Operations that only this target has: what `augment` and `quantize` add to training."""

from typing import ClassVar

from cnnspec.operations.base import Operation


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


class Rounded(Operation):
    """Values rounded and cut off as int8 holds them, once their scale is known (`quantize`).

    Before that it copies them. The gradient goes straight through (Bengio et al., 2013) where
    a value was not cut off.
    """

    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    training_only: ClassVar[bool] = True

    number: int
    """Its place among all of a program."""
