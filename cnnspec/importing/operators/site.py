"""An operator with what it takes, whatever the format."""

from collections.abc import Callable, Sequence

import numpy as np

from cnnspec.importing.operators.builder import Builder
from cnnspec.importing.operators.tensors import Place, Tensor


class GraphSite:
    """An operator of a graph; inputs that are left out are `None`."""

    def __init__(self, builder: Builder, place: Place, inputs: Sequence[Tensor | None]) -> None:
        self.builder = builder
        self.place = place
        self.inputs = [*inputs]

    def has(self, index: int) -> bool:
        """Whether there is an input of this number."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def input(self, index: int = 0) -> Tensor:
        """An input. Raises `CnnspecError` where it is missing."""
        found = self.inputs[index] if self.has(index) else None
        if found is None:
            raise self.place.refused(f"has no input {index}")
        return found

    def constant(self, index: int) -> np.ndarray:
        """An input that must be a constant. Raises `CnnspecError`."""
        found = self.input(index)
        if not isinstance(found, np.ndarray):
            raise self.place.refused(f"computes its input {index}, which must be a constant")
        return found

    def moved(self, move: Callable[[np.ndarray], np.ndarray]) -> Tensor:
        """Its first input after a move of its numbers, which gives at most as many."""
        return self.builder.moved(self.place, self.input(), move)
