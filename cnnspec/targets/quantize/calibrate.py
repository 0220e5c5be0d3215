"""A trained network to int8: ranges seen on training images, chosen on validation images."""

from collections.abc import Mapping

import numpy as np

from cnnspec.core.record import Record
from cnnspec.program.build import Program
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.quantize.ranges import METHODS, observe
from cnnspec.targets.quantize.run import IntegerProgram, quantized

SEEN = 512
"""Training images whose values are looked at."""
TRIED = 512
"""Validation images on which the ways to choose ranges are compared."""


class Calibrated(Record):
    """A network in int8, and how its ranges were chosen."""

    integer: IntegerProgram
    method: str
    errors: dict[str, float]
    """For each way the mean squared error of the scores on validation images."""


def calibrate(
    program: Program,
    weights: Mapping[str, np.ndarray],
    training: np.ndarray,
    validation: np.ndarray,
) -> Calibrated:
    """Returns the network in int8 that is nearest to the trained one; images are uint8.

    Labels are not used: what is wanted is the trained network, its errors included.
    """
    interpreter = Interpreter(program, weights)
    seen = observe(interpreter, _floats(spread(training, SEEN)))
    images = spread(validation, TRIED)
    expected = interpreter.predict(_floats(images))
    found, errors = {}, {}
    for name, choose in METHODS.items():
        found[name] = quantized(program, weights, [choose(each) for each in seen])
        scale = found[name].output_scale
        scores = scale.factor * (found[name].predict(images).astype(np.float64) - scale.zero_point)
        errors[name] = float(np.square(scores - expected).mean())
    best = min(errors, key=lambda name: errors[name])
    return Calibrated(found[best], best, errors)


def spread(images: np.ndarray, count: int) -> np.ndarray:
    """Returns some of the images, evenly from all of them: data may be sorted by class."""
    if len(images) <= count:
        return images
    chosen: np.ndarray = images[np.linspace(0, len(images) - 1, count).astype(int)]
    return chosen


def _floats(images: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = images.astype(np.float32) / np.float32(255)
    return scaled
