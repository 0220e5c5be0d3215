"""A program that is not trained in machine code gives what the interpreter gives."""

import numpy as np
import pytest

from cnnspec.program.build import build_program
from cnnspec.targets.c.function import NativeFunction
from cnnspec.targets.c.initial import initial_weights
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.training.backends.native_features import feature_program
from tests.targets.c.support import checked, needs_compiler
from tests.targets.c.test_bits import BOTH, images

pytestmark = needs_compiler


@BOTH
@pytest.mark.parametrize("threads", [1, 3])
def test_function_gives_what_the_interpreter_gives(text: str, threads: int) -> None:
    graph = checked(text).graph
    weights = initial_weights(checked(text))
    random = np.random.default_rng(3)
    weights = {k: (w + random.uniform(0.01, 0.1, w.shape)).astype("f4") for k, w in weights.items()}
    given = images(70)
    for program in (build_program(graph), feature_program(graph)):
        compute = NativeFunction(program, weights, threads=threads)
        expected = Interpreter(program, weights, "float64").predict(given / 255)
        np.testing.assert_allclose(compute(given), expected, rtol=2e-4, atol=2e-5)
        scaled = (given / np.float32(255)).astype(np.float32)
        assert np.array_equal(compute(scaled), compute(given))


def test_other_images_are_not_taken() -> None:
    spec = checked('model x\ndata "x"\ninput 4x4x1\nclasses 3\ndense 3 softmax')
    compute = NativeFunction(build_program(spec.graph), initial_weights(spec))
    with pytest.raises(ValueError, match=r"not \(4, 4, 1\)"):
        compute(np.zeros((2, 4, 5, 1), np.uint8))
