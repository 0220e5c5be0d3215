"""An operator of LiteRT with its settings, as the tables of operators see it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnspec.importing.operators.builder import Builder
from cnnspec.importing.operators.site import GraphSite
from cnnspec.importing.operators.tensors import Place, Tensor, dims_of

FUSED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda x: np.maximum(x, 0),
    2: lambda x: np.clip(x, -1, 1),
    3: lambda x: np.clip(x, 0, 6),
    4: np.tanh,
}
"""The functions that operators end with, by their numbers in the format."""


class Site(GraphSite):
    """An operator of LiteRT with its settings."""

    def __init__(
        self,
        builder: Builder,
        place: Place,
        inputs: Sequence[Tensor | None],
        names: Sequence[str],
        options: Any,
        outputs: int,
    ) -> None:
        super().__init__(builder, place, inputs)
        self.names = names
        self.options = options
        self.outputs = outputs

    def ints(self, index: int) -> list[int]:
        """A constant of whole numbers."""
        return [int(each) for each in self.constant(index).ravel()]

    def get(self, name: str, default: Any = 0) -> Any:
        """A setting; the default where the operator has none."""
        return default if self.options is None else getattr(self.options, name)()

    def axis(self, axis: int) -> int:
        """An axis of the first input, counted from the first. Raises `CnnspecError`."""
        rank = len(dims_of(self.input()))
        if not -rank <= axis < rank:
            raise self.place.refused(f"names axis {axis}, where there are {rank}")
        return axis % rank

    def weights(self, kernel: np.ndarray, bias: int = 2) -> tuple[list[np.ndarray], str]:
        """The kernel and the bias where there is one, and the name that sharing shows by."""
        arrays = [kernel]
        # The converter gives a convolution without a bias one of zeros.
        if self.has(bias) and self.constant(bias).any():
            arrays.append(self.constant(bias).ravel())
        return arrays, " ".join(self.names)

    def ended(self, value: Tensor) -> Tensor:
        """A value with the function that the operator ends with."""
        number = self.get("FusedActivationFunction")
        if not number:
            return value
        if number not in FUSED:
            raise self.place.refused(f"ends with function {number}")
        return self.builder.formula(self.place, FUSED[number], value)


Read = Callable[[Site], Tensor | list[Tensor]]
"""Reads an operator: the tensor that it gives, or a list where it gives several."""
