"""What the exporters write is imported again: the same outputs, by the runtime of each format."""

from pathlib import Path

import numpy as np
import pytest

from cnnspec.importing.compare import compare
from cnnspec.importing.session import Imported, import_file
from cnnspec.program.inference import inference_program
from cnnspec.targets.interpreter.run import Interpreter
from tests.importing.exported import SPECS, litert_file, network, network_of, onnx_file

FEW = [path for path in SPECS if path.stem in ("lenet5", "mobile_se", "dense_net", "inception")]
FORMS = [
    {},
    {"layout": "nchw", "opset": 13},
    {"batch": 4, "opset": 24},
    {"layout": "nchw", "batch": 3, "opset": 16},
]
FOLDED = {
    # By hand: batch norm behind a convolution without a bias has 4 numbers for a channel, of which
    # a bias is left. In mobile_se it stands behind 16, 32, 32, 64, 64 and 96 channels.
    "mobile_se": 19_466 - 3 * (16 + 32 + 32 + 64 + 64 + 96),
}
"""Parameters of a network that is exported without some of its batch norm."""


def require_equal(found: Imported, spec: str, arrays: dict[str, np.ndarray]) -> None:
    """The runtime gives what the import does, and both give what the network did in float64."""
    comparison = compare(found)
    assert comparison.reason == ""
    assert comparison.images >= 50
    assert comparison.difference < 1e-5
    source, _ = network_of(spec)
    images = np.random.default_rng(3).random((50, *source.spec.input), np.float32)
    expected = Interpreter(inference_program(source.graph), arrays, "float64").predict(images)
    ours = Interpreter(inference_program(found.checked.graph), found.weights).predict(images)
    np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("path", FEW, ids=lambda path: path.stem)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_onnx_of_a_spec_is_the_network_again(path: Path, form: dict, tmp_path: Path) -> None:
    spec, arrays = network(path)
    found = import_file(onnx_file(tmp_path, spec, arrays, **form))
    require_equal(found, path.read_text(), arrays)
    assert spec.totals is not None
    assert found.checked.totals is not None
    assert found.checked.totals.params == FOLDED.get(path.stem, spec.totals.params)


@pytest.mark.slow
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_onnx_of_every_spec_is_the_network_again(path: Path, tmp_path: Path) -> None:
    spec, arrays = network(path)
    require_equal(import_file(onnx_file(tmp_path, spec, arrays)), path.read_text(), arrays)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("path", FEW, ids=lambda path: path.stem)
def test_litert_of_a_spec_is_the_network_again(path: Path, tmp_path: Path) -> None:
    spec, arrays = network(path)
    found = import_file(litert_file(tmp_path, spec, arrays))
    require_equal(found, path.read_text(), arrays)
    assert spec.totals is not None
    assert found.checked.totals is not None
    assert found.checked.totals.params == FOLDED.get(path.stem, spec.totals.params)


@pytest.mark.slow
@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_litert_of_every_spec_is_the_network_again(path: Path, tmp_path: Path) -> None:
    spec, arrays = network(path)
    require_equal(import_file(litert_file(tmp_path, spec, arrays)), path.read_text(), arrays)


HEAD = "model net\ninput 12x10x4\nclasses 3\n"
END = "\nflatten\ndense 3\n"
LINES = [
    "conv 6x3x2 stride=2",
    "conv 6x3 same stride=2",
    "conv 8x3 dilation=2",
    "conv 8x3 groups=2",
    "dwconv 3 same multiplier=2",
    "sepconv 6x3 same",
    "tconv 5x3 stride=2",
    "tconv 5x3 same stride=2",
    "pool 3 same stride=2",
    "avgpool 3 same stride=2",
    "pad top=1 left=2",
    "crop 1x2",
    "upsample 2x3",
    "resize 7x9",
    "resize 7x9 nearest",
    "reshape 6x20x4",
    "slice 2 start=1",
    "shuffle 2",
    "gap keep",
    "gmp",
    "elu 0.5",
]
KEEPING = [
    *("bn", "prelu shared", "prelu", "leaky_relu 0.1", "relu max=4 slope=0.1", "softmax"),
    *("selu", "gelu", "silu", "mish", "tanh", "sigmoid", "hard_sigmoid", "hard_silu"),
    *("softplus", "softsign", "exponential", "relu6"),
]
"""Layers that keep the shape, of which a network can have several."""


@pytest.mark.parametrize("line", [*LINES, *KEEPING, "gn 2", "gn instance", "resize 7x9 bicubic"])
@pytest.mark.parametrize("opset", [13, 18, 22])
def test_a_layer_is_found_in_onnx(line: str, opset: int, tmp_path: Path) -> None:
    text = f"{HEAD}tanh\n{line}{END}"
    spec, arrays = network_of(text)
    found = import_file(onnx_file(tmp_path, spec, arrays, opset=opset))
    require_equal(found, text, arrays)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    "lines",
    [
        *([line] for line in LINES if line != "elu 0.5"),
        # To convert a network takes most of the time, so several layers share one.
        *(KEEPING[at : at + 5] for at in range(0, len(KEEPING), 5)),
        *(pytest.param([line], marks=pytest.mark.slow) for line in KEEPING),
    ],
    ids=", ".join,
)
def test_layers_are_found_in_litert(lines: list[str], tmp_path: Path) -> None:
    layers = "\n".join(f"tanh\n{line}" for line in lines)
    text = f"{HEAD}{layers}{END}"
    spec, arrays = network_of(text)
    require_equal(import_file(litert_file(tmp_path, spec, arrays)), text, arrays)


def test_shared_layers_stay_shared_in_onnx(tmp_path: Path) -> None:
    text = f"{HEAD}repeat 3 shared {{ conv 4x3 same relu }}{END}"
    spec, arrays = network_of(text)
    found = import_file(onnx_file(tmp_path, spec, arrays))
    require_equal(found, text, arrays)
    assert "repeat 3 shared {\n  conv 4x3 same\n  relu\n}" in found.text


def test_repetition_in_onnx_is_said_once(tmp_path: Path) -> None:
    (path,) = (each for each in FEW if each.stem == "mobile_se")
    spec, arrays = network(path)
    text = import_file(onnx_file(tmp_path, spec, arrays)).text
    assert text.count("dwconv") == 1
    assert "multiply_block 24\n" in text
