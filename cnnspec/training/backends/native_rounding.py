"""The scales that a network is trained with through int8 (`quantize`).

They are those of the network in int8 whose ranges go from the least to the largest value that
some training images give at the beginning of the epoch, and hold until its end. All of it is
arithmetic that gives the same bits on every machine, so a training can be reproduced.
"""

import numpy as np

from cnnspec.targets.c.kernels.rounding import SCALE
from cnnspec.targets.c.native import NativeNetwork
from cnnspec.targets.c.rounding import RoundedProgram
from cnnspec.targets.quantize.calibrate import SEEN, spread
from cnnspec.targets.quantize.ranges import Range
from cnnspec.targets.quantize.scales import scales_of


def find_scales(network: NativeNetwork, rounded: RoundedProgram, images: np.ndarray) -> np.ndarray:
    """Returns how each value is rounded, (values, 4) float32, of training images."""
    scales = scales_of(rounded.integer, value_ranges(rounded, network.seen(spread(images, SEEN))))
    found = np.zeros((len(rounded.values), SCALE))
    for number, value in enumerate(rounded.values):
        scale = scales[value]
        least, most = -128 - scale.zero_point, 127 - scale.zero_point
        found[number] = 1 / scale.factor, scale.factor, least, most
    return found.astype(np.float32)


def value_ranges(rounded: RoundedProgram, seen: np.ndarray) -> list[Range]:
    """Returns the range of each value of the program in int8, of those that are rounded.

    What only moves values has the range of what it moves, and so has the output, which
    nothing in training depends on.
    """
    known = {
        value: (float(a), float(b)) for value, (a, b) in zip(rounded.values, seen, strict=True)
    }
    ranges: list[Range] = []
    for value, step in enumerate(rounded.integer.steps):
        before = ranges[step.inputs[0]] if step.inputs else (0.0, 1.0)
        ranges.append(known.get(value, before))
    return ranges
