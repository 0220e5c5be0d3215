"""Files of ONNX as data: parsed by the `onnx` package, sizes and paths looked at before.

Nothing in a file is executed. Weights in files of their own are read from the folder of the model
and nowhere else.
"""

import stat
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport

MAX_FILE = 2**28
"""Bytes of a file, whose parsed form may take fifty times as much where it is made for that."""
MAX_WEIGHTS = 2**31
"""Bytes of weights in files of their own, together."""
MAX_NODES = 10_000
"""Operators of a graph."""
MIN_OPSET = 9
"""The oldest operators whose attributes are known here."""

_WHAT = "give an `.onnx` file of a network from one image to one output"


def read_model(path: Path) -> onnx.ModelProto:
    """Reads a file, with all weights in it. Raises `CnnspecError`."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            cause = f"it has {size:,} bytes, more than {MAX_FILE:,}"
            remedy = "export it with its weights in a file beside it (`external_data=True`)"
            raise _refused(path, cause, remedy)
        model: onnx.ModelProto = onnx.ModelProto.FromString(path.read_bytes())
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    except DecodeError:
        raise _refused(path, "it is damaged, or not a file of ONNX") from None
    _require_plain(path, model)
    left = MAX_WEIGHTS
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            left -= _inline(path, tensor, left)
    return model


def _refused(path: Path, cause: str, remedy: str = _WHAT) -> CnnspecError:
    return CnnspecError(CannotImport(None, f"cannot import {path}: {cause}", remedy))


def _require_plain(path: Path, model: onnx.ModelProto) -> None:
    graph = model.graph
    if len(graph.node) > MAX_NODES:
        raise _refused(path, f"it has {len(graph.node):,} operators, more than {MAX_NODES:,}")
    if not graph.node:
        raise _refused(path, "it has no operators")
    if model.functions:
        name = model.functions[0].name
        remedy = "export it again with its functions inlined (`onnx.inliner`)"
        raise _refused(path, f"it has a function of its own, `{name}`", remedy)
    if graph.sparse_initializer:
        raise _refused(path, "it has sparse weights", "export it with plain ones")
    versions = [each.version for each in model.opset_import if each.domain in ("", "ai.onnx")]
    if not versions or versions[0] < MIN_OPSET:
        found = versions[0] if versions else "none"
        remedy = "convert it with `onnx.version_converter`, or export it again with opset 18"
        raise _refused(path, f"it has opset {found}, and opsets from {MIN_OPSET} are read", remedy)


def _tensors(graph: onnx.GraphProto) -> list[onnx.TensorProto]:
    """The weights, and the constants of operators."""
    constants = [each.t for node in graph.node for each in node.attribute if each.HasField("t")]
    return [*graph.initializer, *constants]


def _inline(path: Path, tensor: onnx.TensorProto, left: int) -> int:
    """Reads a weight from a file beside the model; returns its bytes. Raises `CnnspecError`."""
    fields = {each.key: each.value for each in tensor.external_data}
    try:
        offset, length = int(fields.get("offset", 0)), int(fields.get("length", -1))
    except ValueError:
        raise _refused(path, f"weight `{tensor.name}` has no number as its place") from None
    name = fields.get("location", "")
    source = _beside(path, tensor.name, name)
    size = source.stat().st_size
    length = size - offset if length < 0 else length
    if offset < 0 or length > size - offset:
        raise _refused(path, f"weight `{tensor.name}` is beyond the end of {name!r}")
    if length > left:
        raise _refused(path, f"its weights have more than {MAX_WEIGHTS:,} bytes")
    with source.open("rb") as file:
        file.seek(offset)
        tensor.raw_data = file.read(length)
    tensor.ClearField("external_data")
    tensor.data_location = onnx.TensorProto.DEFAULT
    return length


def _beside(path: Path, weight: str, name: str) -> Path:
    """The file of a weight, which must be a plain one within the folder of the model."""
    remedy = "keep the weights in a file beside the model, and name it without folders above"
    folder = path.absolute().parent
    try:
        found = folder / name
        inside = name and found.resolve().is_relative_to(folder.resolve())
        if not inside or ".." in Path(name).parts or Path(name).is_absolute():
            raise _refused(path, f"weight `{weight}` is in {name!r}, outside its folder", remedy)
        # A link, a device or a pipe is never opened.
        if not stat.S_ISREG(found.lstat().st_mode):
            raise _refused(path, f"weight `{weight}` is in {name!r}, not a plain file", remedy)
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise _refused(path, f"weight `{weight}` is in {name!r}: {cause}", remedy) from None
    return found
