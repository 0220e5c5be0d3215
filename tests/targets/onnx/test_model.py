"""Models of ONNX, run by ONNX Runtime, against exact arithmetic.

`test_random_networks.py` compares them with Keras models by hand.
"""

import numpy as np
import onnx
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.export.table import OPTIONS
from cnnspec.layers.activations import ACTIVATION_LAYERS
from cnnspec.operations import base, moves, values, windows
from cnnspec.program.build import build_program
from cnnspec.program.inference import unfused_program
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.onnx.model import Form, onnx_model
from cnnspec.targets.onnx.run import Session
from cnnspec.targets.onnx.table import LOWERINGS
from tests.program.networks import checked, weights
from tests.support.paths import ROOT

CLOSE = 1e-5
"""How far float32 may be off, of the largest output."""

DEFAULT = Form()
LOWEST, HIGHEST = OPTIONS["opset"].numbers


def predicted(spec, given, images, form=DEFAULT):
    model = onnx_model(unfused_program(spec.graph), given, "net", form)
    return Session(model.SerializeToString(), form).predict(images)


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.cnn")), ids=lambda path: path.stem)
def test_every_spec_gives_what_exact_arithmetic_gives(path):
    spec = checked(path.read_text())
    program = build_program(spec.graph)
    given = weights(program, 3)
    images = np.random.default_rng(1).random((2, *spec.spec.shape.dims), np.float32)
    exact = Interpreter(program, given, "float64").predict(images)
    assert np.abs(predicted(spec, given, images) - exact).max() <= CLOSE * max(1, abs(exact).max())


ONE_OF_EACH = """
input 12x12x4; classes 5
conv 6x3 leaky_relu; dwconv 3 same gelu; bn; prelu; ln; shuffle 2; mish
tconv 8x3 stride=2 same relu6; resize 9x10; avgpool 3 same stride=2; gn groups=2
relu max=1 slope=0.1; resize 7x7 nearest; upsample 2; resize 9x9 bicubic
residual { conv 8x1 same hard_silu; bn }
reshape 9x24x3; slice 2; flatten; ln; dense 6 elu; gn groups=2; dense 5 softmax
"""


@pytest.mark.parametrize("opset", range(LOWEST, HIGHEST + 1))
@pytest.mark.parametrize("batch", [None, 2])
def test_every_opset_gives_the_same(opset, batch):
    spec = checked(ONE_OF_EACH)
    program = build_program(spec.graph)
    given = weights(program, 1)
    images = np.random.default_rng(1).random((3, 12, 12, 4), np.float32)
    exact = Interpreter(program, given, "float64").predict(images)
    found = predicted(spec, given, images, Form(opset=opset, batch=batch))
    assert np.abs(found - exact).max() <= 1e-5


@pytest.mark.parametrize("opset", [LOWEST, HIGHEST])
@pytest.mark.parametrize(
    "word",
    sorted(set(ACTIVATION_LAYERS) - {"linear", "softmax", "prelu"}),
)
def test_functions_are_right_over_their_range(word, opset):
    # One pixel times factors from -120 to 88, so that 256 pixels sweep the range.
    spec = checked(f"input 1x1x1; classes 4; flatten; dense 4 {word}")
    given = {
        "dense/kernel": np.array([[-120.0, -8.0, 8.0, 88.0]]),
        "dense/bias": np.array([0.0, 0.1, -0.1, 0.0]),
    }
    images = (np.arange(256).reshape(256, 1, 1, 1) / 255).astype(np.float32)
    exact = Interpreter(unfused_program(spec.graph), given, "float64").predict(images)
    found = predicted(spec, given, images, Form(opset=opset))
    # The product is rounded before it is raised: 88 halves of the last digit.
    assert (np.abs(found - exact) <= 2e-6 + 2e-5 * np.abs(exact)).all()


@pytest.mark.parametrize("after", [1, 3, 4, 41, 47, 79])
def test_nearest_takes_the_pixels_that_tensorflow_takes(after):
    spec = checked(f"input 2x6x1; classes 2; resize {after}x{after} nearest; flatten; dense 2")
    inputs = after * after
    # Each position has a weight of its own, so that an exchanged one is seen.
    kernel = np.random.default_rng(2).random((inputs, 2))
    images = np.random.default_rng(3).random((1, 2, 6, 1), np.float32)
    rows, columns = (
        np.floor((np.arange(after, dtype=np.float32) + 0.5) * np.float32(size / after)).astype(int)
        for size in (2, 6)
    )
    right = images[:, rows][:, :, columns].reshape(1, -1) @ kernel
    given = {"dense/kernel": kernel, "dense/bias": np.zeros(2)}
    np.testing.assert_allclose(predicted(spec, given, images), right, rtol=1e-5)


def test_every_operation_that_is_not_folded_is_lowered():
    classes = {
        cls
        for module in (moves, values, windows)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, base.Operation) and cls is not base.Operation
    }
    folded = {values.BatchNormalization, values.Dropout, values.Noise}
    fused = {windows.PooledConvolution}
    assert classes - set(LOWERINGS) == folded | fused | {windows.SlidingKernel}


def test_shared_weights_are_stored_once_under_the_name_of_their_layer():
    spec = checked("input 8x8x2; classes 3; repeat 3 shared { conv 2x3 same }; gap; dense 3")
    given = weights(build_program(spec.graph), 0)
    model = onnx_model(unfused_program(spec.graph), given, "net", Form())
    sizes = {each.name: tuple(each.dims) for each in model.graph.initializer}
    assert sizes == {
        "conv/kernel": (2, 2, 3, 3),
        "conv/bias": (2,),
        "dense/kernel": (2, 3),
        "dense/bias": (3,),
    }


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_a_flatten_before_a_dense_layer_costs_no_transposition(layout):
    spec = checked("input 6x6x2; classes 3; conv 4x3 relu; flatten; dropout 0.5; dense 3")
    model = onnx_model(
        unfused_program(spec.graph), weights(build_program(spec.graph), 0), "n", Form(layout=layout)
    )
    kinds = [node.op_type for node in model.graph.node]
    assert kinds == ["Transpose"] * (layout == "nhwc") + ["Conv", "Relu", "Flatten", "Gemm"]


def test_a_model_says_what_it_takes_and_gives():
    spec = checked("input 6x5x2; classes 3; conv 4x3 relu; gap; dense 3 softmax")
    given = weights(build_program(spec.graph), 0)
    model = onnx_model(unfused_program(spec.graph), given, "net", Form(layout="nchw"))
    onnx.checker.check_model(model, full_check=True)
    sides = []
    for (value,) in (model.graph.input, model.graph.output):
        sizes = [each.dim_param or each.dim_value for each in value.type.tensor_type.shape.dim]
        sides.append((value.name, sizes))
    assert sides == [("image", ["n", 2, 6, 5]), ("scores", ["n", 3])]
    assert {node.name for node in model.graph.node} >= {"conv/Conv", "conv/Relu", "dense/Gemm"}


@pytest.mark.parametrize(
    "text",
    [
        "input 4x4x1; classes 16; flatten",
        "input 1x1x3; classes 3; flatten",
        "input 4x4x1; classes 4; slice 1; dropout 0.5; gap; tanh; add { branch { }; branch { } }",
        "input 2x2x4; classes 9; repeat 2 shared { flatten; dense 16; reshape 2x2x4 }; dense 9",
        "input 2x2x3; classes 12; add { branch { flatten }; branch { flatten } }",
    ],
)
def test_networks_of_hardly_anything(text):
    result = check(Source("x", text))
    program = build_program(result.graph)
    given = weights(program, 0)
    images = np.random.default_rng(0).random((3, *result.spec.shape.dims), np.float32)
    exact = Interpreter(program, given, "float64").predict(images)
    np.testing.assert_allclose(predicted(result, given, images), exact, rtol=1e-5)
