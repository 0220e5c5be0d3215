"""The interpreter knows every operation; `test_random_networks.py` shows that it is right."""

import contextlib
import itertools

from cnnspec.layers.base import ShapeError
from cnnspec.layers.table import LAYERS, MERGES
from cnnspec.targets.interpreter.run import COMPUTE
from tests.layers.test_oracle import SHAPES, grid


def test_the_interpreter_computes_every_operation_of_every_layer():
    layers = [layer for cls in LAYERS.values() for layer in grid(cls, 30)]
    layers += [cls() for cls in MERGES.values()]
    used = set()
    for layer, shape in itertools.product(layers, SHAPES):
        with contextlib.suppress(ShapeError):
            layer.infer(shape)
            used |= set(map(type, layer.operations(shape)))
    assert used <= set(COMPUTE)
    assert len(used) > 15
