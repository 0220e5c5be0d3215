"""What a training step must give, in double precision by the interpreter and differences.

The interpreter computes every operation; batch norm takes the statistics of the batch
here, as in training. Losses are Keras's formulas, written again in numpy.
"""

from collections.abc import Callable, Mapping

import numpy as np

from cnnspec.ir.losses import Loss
from cnnspec.operations.base import Input
from cnnspec.operations.values import BatchNormalization
from cnnspec.program.build import Program
from cnnspec.targets.interpreter.functions import apply
from cnnspec.targets.interpreter.run import COMPUTE

Arrays = dict[str, np.ndarray]


def outputs(program: Program, weights: Mapping[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """The outputs of a training step without dropout, float64."""
    found: list[np.ndarray] = []
    shapes = program.weights
    double = {key: np.asarray(w, np.float64).reshape(shapes[key]) for key, w in weights.items()}
    for step in program.steps:
        operation = step.operation
        if isinstance(operation, Input):
            found.append(images.astype(np.float64).reshape(len(images), *step.value.shape.dims))
            continue
        inputs = [found[source] for source in step.inputs]
        keys = {role: getattr(operation, role) for role in operation.roles}
        own = {role: double[key] for role, key in keys.items() if key}
        if isinstance(operation, BatchNormalization):
            axes = tuple(range(inputs[0].ndim - 1))
            own |= {"mean": inputs[0].mean(axes), "variance": inputs[0].var(axes)}
        made = COMPUTE[type(operation)](operation, own, *inputs)
        then = getattr(operation, "then", None)
        found.append(apply(then, made) if then else made)
    return found[program.output]


def loss_of(loss: Loss, p: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> float:
    """The loss of a batch as Keras has it: what each image costs, times what it counts."""
    classes = p.shape[1]
    wanted = np.eye(classes)[labels]
    smooth = getattr(loss, "label_smoothing", 0.0)
    binary = loss.word == "binary_crossentropy"
    wanted = wanted * (1 - smooth) + smooth * (0.5 if binary else 1 / classes)
    low, high = 1e-7, 1 - 1e-7
    share = np.clip(p / p.sum(1, keepdims=True), low, high)
    match loss.word:
        case "categorical_crossentropy":
            each = -(wanted * np.log(share)).sum(1)
        case "binary_crossentropy":
            q = np.clip(p, low, high)
            each = -(wanted * np.log(q) + (1 - wanted) * np.log(1 - q)).mean(1)
        case "focal":
            by = loss.alpha * (1 - share) ** loss.gamma  # type: ignore[attr-defined]
            each = -(by * wanted * np.log(share)).sum(1)
        case "poisson":
            each = (p - wanted * np.log(p + 1e-7)).mean(1)
        case "mse":
            each = np.square(p - wanted).mean(1)
    return float((each * counts).mean())


def slope_along(
    cost: Callable[[Mapping[str, np.ndarray]], float], weights: Arrays, way: Arrays
) -> float:
    """The derivative of a cost along a direction, by central differences."""
    by = 1e-6
    up, down = (
        cost({key: weights[key] + sign * by * way[key] for key in weights}) for sign in (1, -1)
    )
    return (up - down) / (2 * by)
