"""Drawn networks against the interpreter: outputs at inference, and the gradients of a batch."""

from random import Random

import numpy as np
import pytest

from cnnspec.core.shapes import Vector
from cnnspec.program.build import build_program
from cnnspec.targets.c.native import NativeNetwork
from cnnspec.targets.interpreter.run import Interpreter
from tests.program.networks import drawn, weights
from tests.support.seeds import seeds
from tests.targets.c.support import needs_compiler

pytestmark = needs_compiler


@pytest.mark.parametrize("seed", seeds(12))
def test_outputs_are_those_of_the_interpreter(seed: int) -> None:
    spec = drawn(seed)
    program = build_program(spec.graph)
    if not isinstance(program.steps[program.output].value.shape, Vector):
        pytest.skip("it does not end in classes")
    if sum(step.value.shape.size for step in program.steps) > 300_000:
        pytest.skip("too large to be quick")
    given = weights(program, seed)
    shape = program.steps[0].value.shape.dims
    images = np.random.default_rng(seed).random((19, *shape), np.float32)
    right = Interpreter(program, given, "float64").predict(images)
    single = Interpreter(program, given).predict(images)
    if not np.isfinite(single).all() or np.abs(single).max() > 1e6:
        pytest.skip("numbers too large to be compared")
    ours = NativeNetwork(spec, given, threads=Random(seed).randint(1, 3)).predict(images)
    scale = max(1.0, float(np.abs(right).max()))
    rounding = float(np.abs(single - right).max())
    assert np.abs(ours - right).max() <= 2e-5 * scale + 3 * rounding
