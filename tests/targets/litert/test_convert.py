"""Files of LiteRT against exact arithmetic, and what the target says that it does not do."""

import numpy as np
import pytest

from cnnspec.program.build import build_program
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.table import LITERT, check_target
from tests.program.networks import checked, weights
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("backend")


def converted_and_exact(spec, *, int8=False):
    """A file, images, and the scores of exact arithmetic for them."""
    from cnnspec.targets.keras.source import plain_model
    from cnnspec.targets.litert.convert import converted

    program = build_program(spec.graph)
    drawn = weights(program, 1)
    shapes = spec.graph.weights()
    given = {key: drawn[key].reshape(shape).astype(np.float32) for key, shape in shapes.items()}
    images = np.random.default_rng(1).random((8, *spec.spec.shape.dims), np.float32)
    exact = Interpreter(program, given, "float64").predict(images)
    data = converted(plain_model(spec, given, 1), images if int8 else None)
    return data, images, exact


ONE_OF_EACH = """
input 12x12x4; classes 5
conv 6x3 leaky_relu; dwconv 3 same gelu; bn; prelu; ln; shuffle 2; mish
tconv 8x3 stride=2 same relu6; resize 9x10; avgpool 3 same stride=2; gn groups=2
pool 2 ceil; avgpool 2 ceil; slice 6 start=1; resize 7x7 nearest; upsample 2
residual { conv 6x1 same hard_silu; bn }; sepconv 8x3 elu; noise 0.1
reshape 18x8x8; gmp keep; dropout 0.5; flatten; dense 5 softmax
"""


def test_layers_give_what_exact_arithmetic_gives():
    from cnnspec.targets.litert.convert import Session, stripped

    data, images, exact = converted_and_exact(checked(ONE_OF_EACH))
    assert np.abs(Session(data).predict(images) - exact).max() <= 1e-5
    small = stripped(data)
    assert len(small) < 0.9 * len(data)
    assert b"conv" not in small
    assert (Session(small).predict(images) == Session(data).predict(images)).all()


def test_int8_takes_the_bytes_of_pixels_less_128():
    from cnnspec.targets.litert.convert import Session

    spec = checked("input 9x9x1; classes 4; conv 4x3 relu; pool 2; dense 4 softmax")
    data, images, exact = converted_and_exact(spec, int8=True)
    session = Session(data)
    assert session.input["dtype"] == session.output["dtype"] == np.int8
    assert session.output["quantization"] == (1 / 256, -128)
    assert session.input["quantization"][1] == -128
    assert np.abs(session.predict(images) - exact).max() < 0.05


def test_branches_keep_their_order():
    from cnnspec.targets.litert.convert import Session

    spec = checked((ROOT / "specs" / "inception.cnn").read_text())
    data, _, _ = converted_and_exact(spec)
    details = Session(data)._interpreter._get_ops_details()
    tensors = {each["index"]: each for each in Session(data)._interpreter.get_tensor_details()}
    made = [
        tuple(tensors[op["outputs"][0]]["shape"][1:])
        for op in details
        if op["op_name"] == "CONV_2D"
    ]
    kernels = [call for call in spec.graph.calls if call.layer.word == "conv"]
    assert made == [call.output_shape.dims for call in kernels]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("input 6x6x2; classes 3; resize 9x9 bicubic; dense 3", "resize"),
        ("input 6x6x2; classes 3; tconv 3x3 dilation=2; dense 3", "tconv"),
    ],
)
def test_what_the_converter_refuses_is_known_before(text, word):
    spec = checked(text)
    (problem,) = check_target(spec, LITERT)
    assert problem.message.startswith(f"the target `litert` does not support `{word}`")
    # The day this converts, the reason is to go.
    with pytest.raises(ValueError, match="translate MLIR"):
        converted_and_exact(spec)


def test_what_is_left_is_supported():
    assert check_target(checked(ONE_OF_EACH), LITERT) == ()
