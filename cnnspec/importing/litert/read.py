"""A file of LiteRT to the steps of its network."""

from pathlib import Path

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.litert.file import DAMAGED, Graph, Operator, read_graph
from cnnspec.importing.litert.layers import LAYERS
from cnnspec.importing.litert.moves import FORMULAS, MOVES
from cnnspec.importing.litert.runtime import LitertRuntime
from cnnspec.importing.litert.site import Site
from cnnspec.importing.network import Network
from cnnspec.importing.operators.builder import INPUT, Builder
from cnnspec.importing.operators.ends import input_image, needed, output_key
from cnnspec.importing.operators.tensors import Place, Tensor

_OPERATORS = {**LAYERS, **MOVES, **FORMULAS}
_AGAIN = "export the model again"


def read_network(path: Path, size: tuple[int, ...] | None) -> Network:
    """Returns the network of a file; `size` is that of its images where it leaves it open.

    Raises `CnnspecError`.
    """
    graph, data = read_graph(path)
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        cause = f"the model has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs"
        remedy = "import the part from one image to one output"
        raise CnnspecError(CannotImport(None, f"{cause}; a spec has one of each", remedy))
    (source,), (target,) = graph.inputs, graph.outputs
    try:
        given = graph.tensors[source]
        output = graph.tensors[target]
    except IndexError:
        raise Place("input", "input").refused("is not a tensor of the graph", _AGAIN) from None
    if given.type != "FLOAT32":
        cause = f"the input has numbers of type {given.type}, not FLOAT32"
        raise CnnspecError(CannotImport(None, cause, "convert the model without quantization"))
    batch, *dims = (each if each > 0 else None for each in given.dims or (0,))
    image, fixed = input_image(tuple(dims), size, batch)
    builder = Builder(image, fixed or 1, channels=3)
    tensors: dict[int, Tensor] = {source: builder.given(INPUT)}
    for operator in needed(graph.operators, target, lambda each: (each.inputs, each.outputs)):
        _read_operator(operator, graph, builder, tensors)
    place = Place(output.name, "output")
    if target not in tensors:
        raise place.refused("is given by no operator", _AGAIN)
    key = output_key(builder, tensors[target], place)
    runtime = LitertRuntime(data)
    return Network(path.stem, "LiteRT's converter", builder.steps, key, builder.shapes, runtime)


def _read_operator(
    operator: Operator, graph: Graph, builder: Builder, tensors: dict[int, Tensor]
) -> None:
    """Adds the tensors that an operator gives. Raises `CnnspecError`."""
    place = Place("?", operator.word)
    try:
        outputs = [graph.tensors[at] for at in operator.outputs]
        # Names of fused operators are those of all parts, each behind a semicolon.
        place = Place(outputs[0].name.partition(";")[0] or f"{operator.outputs[0]}", operator.word)
        read = _OPERATORS.get(operator.word)
        if read is None:
            raise place.refused("is not one that a spec has")
        given = [None if at < 0 else _tensor(at, graph, tensors, place) for at in operator.inputs]
        constant = [f"{at}" for at in operator.inputs[1:] if at >= 0]
        site = Site(builder, place, given, constant, operator.options, len(outputs))
        made = read(site)
    except CnnspecError:
        raise
    except (*DAMAGED, ArithmeticError, AssertionError) as error:
        raise place.refused(f"is damaged: {str(error)[:200]}", _AGAIN) from None
    for at, tensor in zip(
        operator.outputs, made if isinstance(made, list) else [made], strict=False
    ):
        if at in tensors:
            raise place.refused("gives a tensor that there is already", _AGAIN)
        tensors[at] = tensor


def _tensor(at: int, graph: Graph, tensors: dict[int, Tensor], place: Place) -> Tensor:
    if at not in tensors:
        info = graph.tensors[at]
        if info.data is None:
            cause = f"takes `{info.name}`, which nothing before it gives"
            raise place.refused(f"{cause}: the graph has a circle, or is not in order", _AGAIN)
        tensors[at] = info.array()
    return tensors[at]
