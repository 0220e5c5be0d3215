"""A program in int8: made of a trained one with the ranges of its values, and run in numpy."""

from collections.abc import Mapping, Sequence

import numpy as np

from cnnspec.core.record import Record
from cnnspec.program.build import Program, Scale
from cnnspec.program.recipes import with_recipes
from cnnspec.targets.quantize.arithmetic import COMPUTE
from cnnspec.targets.quantize.constants import Constants, constants_of
from cnnspec.targets.quantize.scales import scales_of


class IntegerProgram(Record):
    """A program whose values are int8: the scale of each, and the constants of each step."""

    program: Program
    scales: tuple[Scale, ...]
    constants: tuple[Constants | None, ...]
    """`None` for the image alone."""

    @property
    def output_scale(self) -> Scale:
        """How the integers of the output stand for numbers."""
        return self.scales[self.program.output]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Returns the output for uint8 images: (n, *output) int8."""
        parts = [self._values(images[at : at + 64]) for at in range(0, len(images), 64)]
        output = self.program.steps[self.program.output].value.shape
        return np.concatenate(parts) if parts else np.zeros((0, *output.dims), np.int8)

    def _values(self, images: np.ndarray) -> np.ndarray:
        found: dict[int, np.ndarray] = {}
        last = [max(readers, default=0) for readers in self.program.readers()]
        for index, step in enumerate(self.program.steps):
            given = self.constants[index]
            if given is None:
                shape = (len(images), *step.value.shape.dims)
                found[index] = (images.reshape(shape).astype(np.int16) - 128).astype(np.int8)
                continue
            inputs = [found[source] for source in step.inputs]
            found[index] = COMPUTE[type(step.operation)](step.operation, given, *inputs)
            for source in step.inputs:
                if last[source] == index and source != self.program.output:
                    found.pop(source, None)
        return found[self.program.output]


def quantized(
    program: Program,
    weights: Mapping[str, np.ndarray],
    ranges: Sequence[tuple[float, float]],
) -> IntegerProgram:
    """Returns a program in int8; `ranges` has the least and largest number of each value.

    `program` is one of `integer_passes`, and `weights` are those of a run by their keys.
    """
    scales = scales_of(program, ranges)
    double = {key: np.asarray(array, np.float64) for key, array in weights.items()}
    made = with_recipes(program.recipes, double)
    shaped = {key: made[key].reshape(shape) for key, shape in program.weights.items()}
    constants: list[Constants | None] = []
    for index, step in enumerate(program.steps):
        if not step.inputs:
            constants.append(None)
            continue
        keys = {role: getattr(step.operation, role) for role in step.operation.roles}
        own = {role: shaped[key] for role, key in keys.items() if key}
        inputs = tuple(scales[source] for source in step.inputs)
        dims = program.steps[step.inputs[0]].value.shape.dims
        constants.append(constants_of(step.operation, own, inputs, scales[index], dims))
    return IntegerProgram(program, tuple(scales), tuple(constants))
