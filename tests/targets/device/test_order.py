"""Branches in another order than that of the text: the same outputs, in the arena of `check`."""

import numpy as np
import pytest

from cnnspec.program.build import build_program
from cnnspec.program.inference import integer_program
from cnnspec.program.passes import for_inference, for_integers
from cnnspec.targets.device.network import write_integers
from cnnspec.targets.interpreter.run import Interpreter
from tests.program.networks import checked
from tests.support.paths import ROOT
from tests.targets.c.support import needs_compiler
from tests.targets.device import test_integers
from tests.targets.device.support import as_floats, pixels
from tests.targets.device.test_float import predicted, written

TEXTS = {
    "inception": (ROOT / "specs" / "inception.cnn").read_text(),
    "shuffled": "concat { branch { conv 4x1 }; branch { conv 16x1; shuffle 2; conv 4x1 } };"
    " conv 2x3; gap; dense 10",
    "nested": """
        conv 4x3 same
        concat {
          branch { conv 8x1 relu }
          branch { residual { conv 16x1; shuffle 4; conv 4x3 same }; conv 2x1 }
        }
        gap; dense 10 softmax
    """,
}

pytestmark = [needs_compiler, pytest.mark.parametrize("name", TEXTS)]


def test_floats_are_those_of_the_order_of_the_text(name):
    spec = checked(TEXTS[name])
    in_order = for_inference(build_program(spec.graph))
    program, given, network = written(spec, 1)
    assert program.steps != in_order.steps
    images = pixels(program, 3)
    right = Interpreter(in_order, given, "float64").predict(as_floats(images))
    found = predicted(network, images)
    assert np.abs(found - right).max() <= 2e-5 * max(1.0, float(np.abs(right).max()))
    assert network.arena == spec.totals.ram()


def test_integers_are_those_of_the_interpreter(name):
    spec = checked(TEXTS[name])
    program = integer_program(spec.graph)
    assert program.steps != for_integers(build_program(spec.graph)).steps
    images = pixels(program, 8)
    integer, _ = test_integers.integers(spec, 1, images)
    network = write_integers(integer, "net", "a test")
    trapping = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    found = test_integers.predicted(network, images, *trapping)
    assert (found == integer.predict(images)).all()
    assert network.arena == spec.totals.ram("int8")
