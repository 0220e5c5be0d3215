"""Files of ONNX and LiteRT that are damaged, hostile or hold what a spec cannot say."""

import os
import random
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

from cnnspec.commands import main
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.importing.litert import file as litert_file_module
from cnnspec.importing.onnx import file as onnx_file_module
from cnnspec.importing.session import import_file
from tests.importing.exported import litert_file, network_of, onnx_file

TEXT = "model net\ninput 8x8x2\nclasses 3\nconv 4x3 relu\npool 2\nflatten\ndense 3 softmax\n"


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(CnnspecError) as caught:
        import_file(path, **options)
    (problem,) = caught.value.diagnostics
    assert problem.help, problem.message
    return problem.message


def model_of(*nodes: onnx.NodeProto, **weights: np.ndarray) -> onnx.ModelProto:
    """A model from `x`, images of 2 channels and 8x8, to `y`."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def saved(folder: Path, model: onnx.ModelProto) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def node(kind: str, *inputs: str, to: str = "y", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [to], f"the_{kind.lower()}", **attributes)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    return onnx_file(tmp_path, *network_of(TEXT))


@pytest.fixture
def lite(tmp_path: Path, backend: Any) -> Path:
    return litert_file(tmp_path, *network_of(TEXT))


UNSUITABLE: list[tuple[onnx.NodeProto, str]] = [
    (node("LSTM", "x"), "operator `the_lstm` (LSTM) is not one that a spec has"),
    (node("Foo", "x", domain="com.example"), "is not one that a spec has of `com.example`"),
    (node("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 2]), "has a dilation"),
    (
        node("MaxPool", "x", kernel_shape=[3, 3], pads=[1, 1, 0, 0]),
        "which no pooling of a spec has",
    ),
    (node("Gelu", "x", approximate="tanh"), "part of a formula that no layer"),
    (
        node("Mul", "x", "later"),
        "takes `later`, which nothing before it gives: the graph",
    ),
    (node("Reshape", "x", "w"), "is damaged"),
    (node("Conv", "x", "x"), "computes its input 1, which must be a constant"),
    (node("Expand", "x", "wide"), "more than 16,777,216"),
    (node("Tile", "x", "huge"), "more than 16,777,216"),
    (node("Tan", "x"), "(Tan) is not one that a spec has"),
]


@pytest.mark.parametrize(("made", "what"), UNSUITABLE, ids=lambda value: str(value)[:20])
def test_what_a_spec_cannot_say_is_named(made: onnx.NodeProto, what: str, tmp_path: Path) -> None:
    weights = {"w": np.array([7, 7]), "huge": np.array([1, 2, 10**6, 10**6])}
    weights["wide"] = np.array([10**6, 1, 2, 8, 8])
    assert what in refused(saved(tmp_path, model_of(made, **weights)))


def test_a_filled_constant_of_absurd_size_is_not_made(tmp_path: Path) -> None:
    filled = node("ConstantOfShape", "huge", to="c")
    model = model_of(filled, node("Mul", "x", "c"), huge=np.array([10**5, 10**5, 10**5]))
    tracemalloc.start()
    assert "more than 16,777,216" in refused(saved(tmp_path, model))
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_an_image_of_absurd_size_is_refused(exported: Path, tmp_path: Path) -> None:
    model = onnx.load(exported)
    for at, size in enumerate((2**31, 2**31), 1):
        model.graph.input[0].type.tensor_type.shape.dim[at].dim_value = size
    assert "more than 16,777,216" in refused(saved(tmp_path, model))


def test_a_circle_is_refused(tmp_path: Path) -> None:
    model = model_of(node("Add", "x", "b", to="a"), node("Relu", "a", to="b"), node("Relu", "b"))
    assert "the graph has a circle" in refused(saved(tmp_path, model))


def test_a_chain_of_thousands_of_operators_is_read(tmp_path: Path) -> None:
    names = ["x", *(f"v{at}" for at in range(3000))]
    chain = [node("Relu", a, to=b) for a, b in pairwise(names)]
    ends = [node("Flatten", names[-1], to="f"), node("MatMul", "f", "w")]
    model = model_of(*chain, *ends, w=np.ones((128, 3), np.float32))
    assert "dense 3" in import_file(saved(tmp_path, model)).text


def external(folder: Path, location: str, **fields: int) -> Path:
    """A model whose matrix is in another file."""
    ends = [node("Flatten", "x", to="f"), node("MatMul", "f", "w")]
    model = model_of(*ends, w=np.ones((128, 3), np.float32))
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **fields}.items():
        weight.external_data.add(key=key, value=str(value))
    return saved(folder, model)


def test_weights_beside_a_model_are_read(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(8) + np.full((128, 3), 2, "<f4").tobytes())
    found = import_file(external(tmp_path, "w.bin", offset=8, length=128 * 12))
    assert {float(a.mean()) for a in found.weights.values()} == {2.0}


@pytest.mark.parametrize("how", ["above", "absolute", "link", "folder", "pipe", "none", "device"])
def test_weights_outside_the_folder_are_not_read(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"secret" * 500)
    names = {"above": "../secret.bin", "absolute": str(secret), "device": "/dev/zero"}
    if how == "link":
        (folder / "w.bin").symlink_to(secret)
    elif how == "folder":
        (folder / "w.bin").mkdir()
    elif how == "pipe":
        os.mkfifo(folder / "w.bin")
    said = refused(external(folder, names.get(how, "w.bin"), length=128 * 12))
    assert "weight `w` is in" in said
    assert "secretsecret" not in said


def test_weights_that_end_too_early_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(10))
    assert "beyond the end" in refused(external(tmp_path, "w.bin", length=128 * 12))
    assert "beyond the end" in refused(external(tmp_path, "w.bin", offset=-1, length=2))


def test_other_files_are_refused(tmp_path: Path) -> None:
    for name in ("a.onnx", "a.tflite"):
        for data in (b"", b"PK\3\4", b"\xff" * 100, b"\x08\x08", bytes(4) + b"TFL3" + b"\xff" * 90):
            (tmp_path / name).write_bytes(data)
            assert "cannot import" in refused(tmp_path / name), (name, data)
        assert "cannot import" in refused(tmp_path / f"missing{name}")


def test_files_above_the_limits_are_not_read(
    exported: Path, lite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, module in ((exported, onnx_file_module), (lite, litert_file_module)):
        monkeypatch.setattr(module, "MAX_FILE", 100)
        assert "more than 100" in refused(path)


def damaged(path: Path, rounds: int, change: Callable[[random.Random, bytearray], None]) -> None:
    """Nothing but an error in words comes of a file with some bytes changed."""
    data, draw = path.read_bytes(), random.Random(7)
    other = path.with_name(f"damaged{path.suffix}")
    for _ in range(rounds):
        given = bytearray(data)
        change(draw, given)
        other.write_bytes(given)
        with suppress(CnnspecError):
            import_file(other)


def some_bytes(draw: random.Random, data: bytearray) -> None:
    if draw.random() < 0.3:
        del data[draw.randrange(len(data)) :]
    for _ in range(draw.randrange(1, 20)):
        if data:
            data[draw.randrange(len(data))] = draw.choice(
                (0, 1, 127, 128, 255, draw.randrange(256))
            )


def test_damaged_files_of_onnx_are_errors(exported: Path) -> None:
    damaged(exported, 300, some_bytes)


def test_damaged_files_of_litert_are_errors(lite: Path) -> None:
    damaged(lite, 300, some_bytes)


def test_an_unknown_operator_of_litert_is_named(lite: Path) -> None:
    model = schema.ModelT.InitFromPackedBuf(lite.read_bytes())
    for code in model.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.MAX_POOL_2D:
            code.builtinCode = schema.BuiltinOperator.CUSTOM
            code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
            code.customCode = b"MyOperator"
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    lite.write_bytes(bytes(builder.Output()))
    assert "(MyOperator) is not one that a spec has" in refused(lite)


def test_int8_of_litert_is_refused(tmp_path: Path, backend: Any) -> None:
    from cnnspec.targets.keras.source import plain_model
    from cnnspec.targets.litert.convert import converted

    model = plain_model(*network_of(TEXT), batch=1)
    images = np.random.default_rng(1).random((20, 8, 8, 2), np.float32)
    path = tmp_path / "net.tflite"
    path.write_bytes(converted(model, images))
    assert "is quantized (INT8)" in refused(path)


@pytest.mark.parametrize(
    ("name", "missing", "extra"),
    [("m.onnx", "onnx", "onnx"), ("m.tflite", "ai_edge_litert", "tflite")],
)
def test_a_missing_package_is_reported_before_anything_is_read(
    name: str, missing: str, extra: str, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    from cnnspec.diagnostics import packages

    found = packages.find_spec
    monkeypatch.setattr(packages, "find_spec", lambda n: None if n == missing else found(n))
    assert main(["import", str(tmp_path / name)]) == 3
    err = capsys.readouterr().err
    assert f"needs {missing}, which is not installed" in err
    assert f"pip install 'cnnspec[{extra}]'" in err


def test_the_command_keeps_a_run_and_says_what_it_compared(
    exported: Path, tmp_path: Path, capsys: Any
) -> None:
    assert main(["import", str(exported), "--runs", str(tmp_path / "runs")]) == 0
    said = capsys.readouterr()
    assert "conv 4x3 relu\npool 2\nflatten\ndense 3 softmax" in said.out
    assert "compared with ONNX Runtime on 200 random images" in said.err
    (run,) = (tmp_path / "runs").iterdir()
    assert (run / "weights.npz").exists()
