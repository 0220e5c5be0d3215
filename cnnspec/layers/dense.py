"""The fully connected layer."""

from typing import ClassVar

from cnnspec.core.counts import count
from cnnspec.core.shapes import Shape, Vector
from cnnspec.language.arg_types import Int
from cnnspec.language.constructs import positional
from cnnspec.layers.base import Inference
from cnnspec.layers.weighted import Weighted
from cnnspec.operations.base import Operation
from cnnspec.operations.windows import MatrixProduct


class Dense(Weighted):
    """Every output is a weighted sum of all inputs; an image is flattened first."""

    word: ClassVar[str] = "dense"
    takes_vector: ClassVar[bool] = True

    units: int = positional(Int(), "how many values come out")

    @property
    def fixed_output_shape(self) -> Shape:
        return Vector(self.units)

    def infer(self, shape: Shape) -> Inference:
        inputs, units = count(shape.size, "N"), count(self.units, "U")
        return Inference((units,), params=(inputs + self.ones) * units, macs=inputs * units)

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return self.with_bias(self.units, kernel=(shape.size, self.units))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (MatrixProduct(self.units, bias=self.bias_name), *self.ending())
