"""Operations that only this target has: what `augment` does to training images."""

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
