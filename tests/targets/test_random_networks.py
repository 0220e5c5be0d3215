"""The interpreter and ONNX against Keras models built by hand, on networks drawn at random.

Keras in float64 says what is right, and Keras in float32 what rounding alone does.
"""

import numpy as np
import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.layers.table import LAYERS, MERGES
from cnnspec.program.build import build_program, validate
from cnnspec.program.inference import inference_program, unfused_program
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.onnx.model import Form, onnx_model
from cnnspec.targets.onnx.run import Session
from tests.support.keras_by_hand import PUSHED, Drawn, draw_network
from tests.support.seeds import seeds

pytestmark = pytest.mark.usefixtures("backend")

CLOSE = 1e-5
"""How far float32 may be off, of the largest output."""

FORMS = (
    Form(),
    Form(opset=13, layout="nchw", batch=2),
    Form(opset=24, batch=1),
    Form(opset=17, layout="nchw"),
)
"""Forms of the models of ONNX, in turns."""


def checked(seed: int) -> CheckedSpec:
    result = check(Source("drawn", draw_network(seed).text))
    assert result.totals is not None
    return result


def keras_outputs(drawn: Drawn, images: np.ndarray) -> np.ndarray:
    """What the model by hand gives; skips the test where that is nothing to compare with."""
    import tensorflow as tf

    try:
        found = np.asarray(drawn.keras_model()(images, training=False))
    except tf.errors.InvalidArgumentError:
        # Transposed convolutions with a dilation, where oneDNN is turned off.
        pytest.skip("TensorFlow does not compute it on this processor")
    if not np.isfinite(found).all():
        pytest.skip("exponentials of exponentials: no number is right")
    return found


@pytest.mark.parametrize("seed", seeds(PUSHED))
def test_targets_give_what_keras_gives(seed: int) -> None:
    from tests.support.weights import outputs_in_double, weights_of

    drawn = draw_network(seed)
    images, weights = drawn.images(3), weights_of(drawn)
    single = keras_outputs(drawn, images)
    double = outputs_in_double(drawn, images)
    scale = np.abs(single).max()
    rounding = 0.0 if double is None else np.abs(single - double).max()
    graph = checked(seed).graph
    for program in (build_program(graph), inference_program(graph)):
        validate(program)
        if double is not None:
            exact = Interpreter(program, weights, "float64").predict(images)
            # Keras keeps some constants and every resized image in float32 all the same.
            assert np.abs(exact - double).max() <= 1e-6 * scale
        ours = Interpreter(program, weights).predict(images)
        assert ours.dtype == np.float32
        assert np.abs(ours - single).max() <= CLOSE * scale + rounding
    form = FORMS[seed % len(FORMS)]
    model = onnx_model(unfused_program(graph), weights, "drawn", form)
    found = Session(model.SerializeToString(), form).predict(images)
    assert np.abs(found - single).max() <= CLOSE * scale + rounding


def test_drawn_networks_have_every_layer_shared_weights_and_nesting() -> None:
    words, shared, joined = set(), 0, 0
    for seed in PUSHED:
        calls = checked(seed).graph.calls
        words |= {call.layer.word for call in calls}
        shared += any(call.weights_from for call in calls)
        joined += sum(len(call.inputs) > 1 for call in calls) > 2
    assert words >= set(LAYERS | MERGES)
    assert shared > len(PUSHED) / 10
    assert joined > len(PUSHED) / 10
