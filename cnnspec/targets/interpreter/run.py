"""Runs a program in numpy: the reference that every other target is measured against.

Clear rather than fast, and without a framework: each operation is one function of `kernels`, which
`COMPUTE` finds by the class of the operation.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Input, Operation
from cnnspec.program.build import Program
from cnnspec.program.recipes import with_recipes
from cnnspec.targets.interpreter import functions, kernels

Arrays = dict[str, np.ndarray]

COMPUTE: dict[type[Operation], Callable[..., np.ndarray]] = {
    windows.Convolution: kernels.convolution,
    windows.PooledConvolution: kernels.pooled_convolution,
    windows.TransposedConvolution: kernels.transposed_convolution,
    windows.MatrixProduct: kernels.matrix_product,
    windows.Pool: kernels.pool,
    windows.Reduce: kernels.reduce,
    values.Map: kernels.function_of_values,
    values.LearnedSlope: kernels.learned_slope,
    values.Softmax: kernels.softmax,
    values.BatchNormalization: kernels.batch_normalization,
    values.Affine: kernels.affine,
    values.GroupNormalization: kernels.group_normalization,
    values.Join: kernels.join,
    values.Concatenate: kernels.concatenate,
    values.Dropout: kernels.nothing,
    values.Noise: kernels.nothing,
    moves.Pad: kernels.pad,
    moves.Crop: kernels.crop,
    moves.Resize: kernels.resize,
    moves.Reshape: kernels.reshape,
    moves.Slice: kernels.slice_channels,
    moves.Shuffle: kernels.shuffle_channels,
}
"""What computes each operation: a function of it, its weights by role, and its inputs."""

_VALUES = 4_000_000
"""The most values of the largest step in one forward pass; more images take several passes."""


class Interpreter:
    """A program with its weights, ready for any number of images."""

    def __init__(
        self, program: Program, weights: Mapping[str, np.ndarray], dtype: str = "float32"
    ) -> None:
        """Takes the weights that a run keeps, by their keys (`conv/kernel`).

        All arithmetic is in `dtype`: float32, or float64 to separate rounding from errors.
        Raises `KeyError` for a weight that is missing and `ValueError` for one of another size.
        """
        self.program = program
        self.dtype = np.dtype(dtype)
        # Weights are folded in double precision: this is done once, not for every image.
        double = {key: np.asarray(array, np.float64) for key, array in weights.items()}
        made = with_recipes(program.recipes, double)
        self._weights = {
            key: self._fitting(key, made[key], shape) for key, shape in program.weights.items()
        }
        self._last = [max(readers, default=0) for readers in program.readers()]
        largest = max(step.value.shape.size for step in program.steps)
        self._at_once = max(1, _VALUES // largest)

    def _fitting(self, key: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        if array.size != int(np.prod(shape)):
            raise ValueError(f"weight {key} has the shape {array.shape} and not {shape}")
        return array.reshape(shape).astype(self.dtype)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Returns the output for prepared images: (n, *input) to (n, *output)."""
        parts = [
            self.values(images[start : start + self._at_once])[self.program.output]
            for start in range(0, len(images), self._at_once)
        ]
        output = self.program.steps[self.program.output].value.shape
        return np.concatenate(parts) if parts else np.zeros((0, *output.dims), self.dtype)

    def values(self, images: np.ndarray, *, keep: bool = False) -> dict[int, np.ndarray]:
        """Returns values by their steps: the output, or with `keep` those of every step."""
        steps = self.program.steps
        found: dict[int, np.ndarray] = {}
        for index, step in enumerate(steps):
            if isinstance(step.operation, Input):
                shape = (len(images), *step.value.shape.dims)
                found[index] = images.reshape(shape).astype(self.dtype)
                continue
            inputs = [found[source] for source in step.inputs]
            # A number that is too large becomes infinite without a warning, as in every target.
            with np.errstate(all="ignore"):
                found[index] = self._step(step.operation, inputs)
            for source in step.inputs:
                done = self._last[source] == index and source != self.program.output
                if done and not keep:
                    found.pop(source, None)
        return found

    def _step(self, operation: Operation, inputs: list[np.ndarray]) -> np.ndarray:
        keys = {role: getattr(operation, role) for role in operation.roles}
        weights = {role: self._weights[key] for role, key in keys.items() if key}
        made = COMPUTE[type(operation)](operation, weights, *inputs)
        then: Any = getattr(operation, "then", None)
        return functions.apply(then, made) if then else made
