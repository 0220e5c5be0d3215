"""Weights that passes compute from others: arithmetic as data, done once arrays are there.

A pass knows only names and shapes. It writes the arithmetic on the numbers as a recipe. So it stays
a pure function of programs, and every target folds in the same way. The arithmetic works on any
arrays with operators; numpy is not needed.
"""

from typing import Any, ClassVar

from cnnspec.core.record import Record


class Recipe(Record):
    """How a weight is computed. Fields named in `roles` are keys of other weights, or empty."""

    roles: ClassVar[tuple[str, ...]] = ()

    @property
    def operands(self) -> tuple[str, ...]:
        """The keys of the weights that it is computed from."""
        return tuple(key for role in self.roles if (key := getattr(self, role)))

    def make(self, arrays: dict[str, Any]) -> Any:
        """Returns the weight; `arrays` has every operand by its key."""
        raise NotImplementedError


class NormScale(Recipe):
    """The factor of a channel in batch norm: `gamma / sqrt(variance + epsilon)`."""

    roles: ClassVar[tuple[str, ...]] = ("gamma", "variance")

    gamma: str
    variance: str
    epsilon: float

    def make(self, arrays: dict[str, Any]) -> Any:
        scale = (arrays[self.variance] + self.epsilon) ** -0.5
        return scale * arrays[self.gamma] if self.gamma else scale


class NormOffset(Recipe):
    """The offset of a channel in batch norm: `beta - mean * scale`."""

    roles: ClassVar[tuple[str, ...]] = ("beta", "mean", "scale")

    beta: str
    mean: str
    scale: str

    def make(self, arrays: dict[str, Any]) -> Any:
        moved = arrays[self.mean] * arrays[self.scale]
        return arrays[self.beta] - moved if self.beta else -moved


class ScaledKernel(Recipe):
    """A kernel whose outputs are multiplied by `scale`.

    `shape` is the kernel's, and `axis` that of its outputs.
    """

    roles: ClassVar[tuple[str, ...]] = ("kernel", "scale")

    kernel: str
    scale: str
    shape: tuple[int, ...]
    axis: int

    def make(self, arrays: dict[str, Any]) -> Any:
        along = [1] * len(self.shape)
        along[self.axis] = self.shape[self.axis]
        return arrays[self.kernel].reshape(self.shape) * arrays[self.scale].reshape(along)


class ScaledBias(Recipe):
    """A bias before batch norm, moved behind it: `bias * scale + offset`."""

    roles: ClassVar[tuple[str, ...]] = ("bias", "scale", "offset")

    bias: str
    scale: str
    offset: str

    def make(self, arrays: dict[str, Any]) -> Any:
        return arrays[self.bias] * arrays[self.scale] + arrays[self.offset]


def with_recipes(recipes: dict[str, Recipe], arrays: dict[str, Any]) -> dict[str, Any]:
    """Returns the arrays together with those that recipes compute from them."""
    made = dict(arrays)
    for key, recipe in recipes.items():
        made[key] = recipe.make(made)
    return made
