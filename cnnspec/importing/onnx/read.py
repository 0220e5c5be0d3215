"""A file of ONNX to the steps of its network."""

from pathlib import Path

import numpy as np
import onnx

from cnnspec.core.shapes import Image
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.network import Network
from cnnspec.importing.onnx.file import read_model
from cnnspec.importing.onnx.layers import LAYERS
from cnnspec.importing.onnx.moves import FORMULAS, MOVES
from cnnspec.importing.onnx.runtime import OnnxRuntime
from cnnspec.importing.onnx.site import Site, array_of
from cnnspec.importing.operators.builder import INPUT, Builder
from cnnspec.importing.operators.ends import input_image, needed, output_key
from cnnspec.importing.operators.tensors import Place, Tensor

_OPERATORS = {**LAYERS, **MOVES, **FORMULAS}
_CHANNELS_FIRST = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "BatchNormalization",
                   "GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization"}  # fmt: skip
_SAME_AXES = {"Pad", "Cast", "Identity", *FORMULAS}


def read_network(path: Path, size: tuple[int, ...] | None) -> Network:
    """Returns the network of a file; `size` is that of its images where it leaves it open.

    Raises `CnnspecError`.
    """
    model = read_model(path)
    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) != 1 or len(graph.output) != 1:
        cause = f"the model has {len(inputs)} inputs and {len(graph.output)} outputs"
        raise _refused(f"{cause}; a spec has one of each")
    first = _channels_first(graph, inputs[0])
    image, batch = _image(inputs[0], first, size)
    builder = Builder(image, batch or 1, channels=1)
    # What is not written yet: an array is made when an operator takes it.
    tensors: dict[str, Tensor] = {inputs[0].name: builder.given(INPUT, 1 if first else 3)}
    opset = next(each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))
    for node in needed(graph.node, graph.output[0].name, lambda node: (node.input, node.output)):
        _read_node(node, builder, tensors, weights, opset)
    name = graph.output[0].name
    if name not in tensors:
        raise _refused(f"no operator gives the output `{name}`")
    output = output_key(builder, tensors[name], Place(name, "output"))
    # Behind the version tf2onnx writes its commit, or `None`.
    version = model.producer_version.partition(" ")[0]
    tool = " ".join(filter(None, (model.producer_name or "ONNX", version)))
    title = graph.name if model.producer_name == "cnnspec" else path.stem
    runtime = OnnxRuntime(model, 1 if first else 3, batch)
    return Network(title, tool, builder.steps, output, builder.shapes, runtime)


def _refused(
    cause: str, remedy: str = "import the part from one image to one output"
) -> CnnspecError:
    return CnnspecError(CannotImport(None, cause, remedy))


def _read_node(
    node: onnx.NodeProto,
    builder: Builder,
    tensors: dict[str, Tensor],
    weights: dict[str, onnx.TensorProto],
    opset: int,
) -> None:
    """Adds the tensors that an operator gives. Raises `CnnspecError`."""
    place = Place(node.name or (node.output[0] if node.output else "?"), node.op_type)
    read = _OPERATORS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
    if read is None:
        of = f" of `{node.domain}`" if node.domain not in ("", "ai.onnx") else ""
        raise place.refused(f"is not one that a spec has{of}")
    given: list[Tensor | None] = []
    for name in node.input:
        if name and name not in tensors:
            if name not in weights:
                raise place.refused(
                    f"takes `{name}`, which nothing before it gives: the graph has a circle, or "
                    "is not in order",
                    "export the model again",
                )
            tensors[name] = _array(weights[name], place)
        given.append(tensors[name] if name else None)
    try:
        made = read(Site(builder, node, given, opset))
    except CnnspecError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, ArithmeticError) as error:
        # Settings that are damaged: what numpy and the onnx package say of them.
        raise place.refused(f"is damaged: {str(error)[:200]}", "export the model again") from None
    for name, tensor in zip(node.output, made if isinstance(made, list) else [made], strict=False):
        if name in tensors or name in weights:
            raise place.refused(f"gives `{name}`, which there is already", "export it again")
        # Numpy gives a number in the place of an array without axes.
        tensors[name] = np.asarray(tensor) if isinstance(tensor, np.generic) else tensor


def _array(tensor: onnx.TensorProto, place: Place) -> np.ndarray:
    try:
        return array_of(tensor)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        cause = f"has a weight `{tensor.name}` that is damaged: {str(error)[:200]}"
        raise place.refused(cause, "export the model again") from None


def _dims(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    """The sizes of an input, `None` where they are open."""
    given = value.type.tensor_type
    if given.elem_type != onnx.TensorProto.FLOAT:
        kind = onnx.TensorProto.DataType.Name(given.elem_type)
        raise _refused(
            f"the input `{value.name}` has numbers of type {kind}, not FLOAT",
            "export the model in float32",
        )
    return tuple(each.dim_value if each.dim_value > 0 else None for each in given.shape.dim)


def _image(
    value: onnx.ValueInfoProto, channels_first: bool, size: tuple[int, ...] | None
) -> tuple[Image, int | None]:
    """The image that the network takes, and the number of images of a call where that is fixed."""
    batch, *dims = _dims(value) or (None,)
    if channels_first and len(dims) == 3:
        dims = [dims[1], dims[2], dims[0]]
    return input_image(tuple(dims), size, batch)


def _channels_first(graph: onnx.GraphProto, value: onnx.ValueInfoProto) -> bool:
    """Whether an input has its channels before rows and columns: what takes it tells, or its sizes.

    Operators of ONNX have them first; what was made of another tool's network begins with a
    transposition, or a reshape where there is one channel.
    """
    names = {value.name}
    for node in graph.node:
        if names.intersection(node.input):
            if node.op_type in _CHANNELS_FIRST:
                return True
            if node.op_type == "Transpose":
                return list(next(iter(node.attribute)).ints if node.attribute else []) != [
                    0,
                    3,
                    1,
                    2,
                ]
            if node.op_type not in _SAME_AXES:
                break
            names.update(node.output)
    dims = _dims(value)
    return len(dims) == 4 and dims[1] in (1, 3, 4) and dims[3] not in (1, 3, 4)
