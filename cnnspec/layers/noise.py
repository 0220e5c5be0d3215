"""Layers that disturb values during training and do nothing at inference."""

from typing import ClassVar

from cnnspec.core.shapes import Shape
from cnnspec.language.arg_types import Float
from cnnspec.language.constructs import positional
from cnnspec.layers.base import Inference, SameShape
from cnnspec.operations import values
from cnnspec.operations.base import Operation

_RATE = Float(high=1, below=True)


class Dropout(SameShape):
    """Sets a random share of the values to zero and enlarges the others to keep the mean."""

    word: ClassVar[str] = "dropout"

    rate: float = positional(_RATE, "the share of values set to zero")

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (values.Dropout(self.rate),)


class SpatialDropout(SameShape):
    """Dropout of whole channels."""

    word: ClassVar[str] = "sdropout"

    rate: float = positional(_RATE, "the share of channels set to zero")

    def infer(self, shape: Shape) -> Inference:
        return super().infer(self.image(shape))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (values.Dropout(self.rate, channels=True),)


class Noise(SameShape):
    """Adds normally distributed noise."""

    word: ClassVar[str] = "noise"

    stddev: float = positional(Float(high=1), "the standard deviation of the noise")

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (values.Noise(self.stddev),)
