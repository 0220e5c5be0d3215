"""Files of LiteRT (`.tflite`) as data, by the reader that its package has of the format.

Only what is asked for is looked at, so that parts of a file that refer to each other many times
take no more memory than the file. Nothing in it is executed.
"""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport

MAX_FILE = 2**31
"""Bytes of a file."""
MAX_OPERATORS = 10_000
MAX_TENSORS = 50_000
MAX_INPUTS = 1_000
"""Tensors that one operator takes or gives."""
DAMAGED = (struct.error, IndexError, ValueError, TypeError, KeyError, OverflowError, AttributeError)
"""What the reader raises for a file that refers to places outside of it."""

_KINDS: dict[int, Any] = {
    schema.TensorType.FLOAT32: np.dtype("<f4"),
    schema.TensorType.INT32: np.dtype("<i4"),
    schema.TensorType.INT64: np.dtype("<i8"),
    schema.TensorType.BOOL: np.dtype("?"),
}
_WORDS: dict[int, str] = {
    number: word for word, number in vars(schema.BuiltinOperator).items() if word.isupper()
}
_TYPES: dict[int, str] = {
    number: word for word, number in vars(schema.TensorType).items() if word.isupper()
}
_OPTIONS: dict[int, str] = {
    number: word for word, number in vars(schema.BuiltinOptions).items() if word.endswith("s")
}


class TensorInfo(Record):
    """A tensor of a file; `data` are its bytes, `None` where it is not a constant."""

    name: str
    dims: tuple[int, ...]
    kind: int
    data: Any

    @property
    def type(self) -> str:
        """Its type as the format calls it."""
        return _TYPES.get(self.kind, str(self.kind))

    def array(self) -> np.ndarray:
        """The constant. Raises `ValueError` where its sizes are not those of its data."""
        if self.kind not in _KINDS:
            raise ValueError(f"it has numbers of type {self.type}")
        found: np.ndarray = np.frombuffer(self.data, dtype=_KINDS[self.kind])
        return found.reshape(self.dims)


class Operator(Record):
    """An operator: its word, the numbers of its tensors, its settings where it has some."""

    word: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


class Graph(Record):
    """The one graph of a file."""

    name: str
    tensors: tuple[TensorInfo, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(path: Path) -> tuple[Graph, bytes]:
    """Returns the graph of a file, and the file. Raises `CnnspecError`."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise _refused(path, f"it has {size:,} bytes, more than {MAX_FILE:,}")
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    if data[4:8] != b"TFL3":
        raise _refused(path, "it is not a file of LiteRT: it has no `TFL3` at its start")
    try:
        return _graph(path, schema.Model.GetRootAs(data, 0)), data
    except DAMAGED as error:
        cause = f"it is damaged: {str(error)[:200] or type(error).__name__}"
        raise _refused(path, cause) from None


def _refused(path: Path, cause: str) -> CnnspecError:
    what = "give a `.tflite` file in float32 of a network from one image to one output"
    return CnnspecError(CannotImport(None, f"cannot import {path}: {cause}", what))


def _graph(path: Path, model: Any) -> Graph:
    if model.SubgraphsLength() != 1:
        raise _refused(path, f"it has {model.SubgraphsLength()} graphs; a spec has one")
    graph = model.Subgraphs(0)
    for what, count, most in (
        ("operators", graph.OperatorsLength(), MAX_OPERATORS),
        ("tensors", graph.TensorsLength(), MAX_TENSORS),
        ("kinds of operators", model.OperatorCodesLength(), MAX_OPERATORS),
    ):
        if count > most:
            raise _refused(path, f"it has {count:,} {what}, more than {most:,}")
    words = [_word(model.OperatorCodes(at)) for at in range(model.OperatorCodesLength())]
    return Graph(
        (graph.Name() or b"").decode(errors="replace"),
        tuple(_tensor(model, graph.Tensors(at)) for at in range(graph.TensorsLength())),
        tuple(_operator(words, graph.Operators(at)) for at in range(graph.OperatorsLength())),
        _numbers(graph, "Inputs"),
        _numbers(graph, "Outputs"),
    )


def _word(code: Any) -> str:
    # The older field has one byte; the newer one has words above 127.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if number == schema.BuiltinOperator.CUSTOM:
        return str((code.CustomCode() or b"CUSTOM").decode(errors="replace"))
    return _WORDS.get(number, str(number))


def _tensor(model: Any, tensor: Any) -> TensorInfo:
    rank = tensor.ShapeLength()
    if rank > 8:
        raise ValueError(f"a tensor has {rank} axes")
    name = (tensor.Name() or b"").decode(errors="replace")[:200]
    dims = tuple(int(tensor.Shape(at)) for at in range(rank))
    signature = [int(tensor.ShapeSignature(at)) for at in range(tensor.ShapeSignatureLength())][:8]
    if len(signature) == rank:
        dims = tuple(signature)
    quantization = tensor.Quantization()
    kind = tensor.Type()
    if quantization is not None and quantization.ScaleLength():
        raise ValueError(
            f"tensor `{name}` is quantized ({_TYPES.get(kind, kind)}), and floats are read"
        )
    buffer = model.Buffers(tensor.Buffer())
    if buffer.Offset() > 1:
        raise ValueError(f"tensor `{name}` is outside of the part that is read")
    data = buffer.DataAsNumpy()
    # Views of the file: nothing is copied.
    return TensorInfo(name, dims, kind, data.data if isinstance(data, np.ndarray) else None)


def _operator(words: list[str], operator: Any) -> Operator:
    word = words[operator.OpcodeIndex()]
    table, options = operator.BuiltinOptions(), None
    name = _OPTIONS.get(operator.BuiltinOptionsType())
    if table is not None and name is not None:
        options = getattr(schema, name)()
        options.Init(table.Bytes, table.Pos)
    return Operator(word, _numbers(operator, "Inputs"), _numbers(operator, "Outputs"), options)


def _numbers(table: Any, field: str) -> tuple[int, ...]:
    count = getattr(table, f"{field}Length")()
    if count > MAX_INPUTS:
        raise ValueError(f"an operator has {count:,} tensors")
    return tuple(int(getattr(table, field)(at)) for at in range(count))
