"""Program to the operators of its file, as TensorFlow's converter writes them.

What it makes of each operation was read from files of TensorFlow 2.21; a test compares both. It
folds batch norm as our own pass does, and fuses ReLU and ReLU6 into what can end with them.
"""

from collections.abc import Callable
from math import prod
from typing import Any

from cnnspec.core.record import Record
from cnnspec.graph.graph import Graph
from cnnspec.operations import moves, values, windows
from cnnspec.operations.base import Input, Operation
from cnnspec.program.build import Program
from cnnspec.program.inference import unfused_program
from cnnspec.runtimes.expressions import FUNCTIONS, GROUP_NORM, LAYER_NORM, ONE, Expression
from cnnspec.runtimes.file import File, Writer
from cnnspec.runtimes.fusing import endings, idle_steps, limit_name


class Site(Record):
    """A step that is written: the file, the step with its inputs as tensors, and its layer.

    `ending` is the function that the operator ends with, if one is fused into it.
    """

    writer: Writer
    program: Program
    index: int
    inputs: tuple[int, ...]
    ending: str

    @property
    def layer(self) -> str:
        """The name of the layer."""
        return self.program.steps[self.index].name

    @property
    def dims(self) -> tuple[int, ...]:
        """The sizes of the output."""
        return self.program.steps[self.index].value.shape.dims

    @property
    def given(self) -> tuple[int, ...]:
        """The sizes of the first input."""
        return self.program.input_shapes(self.program.steps[self.index])[0].dims

    def made(self, *parts: str) -> int:
        """A new tensor of the output's sizes, named after operations of Keras."""
        ending = (self.ending,) if self.ending else ()
        return self.writer.value(self.dims, self.writer.named(self.layer, *ending, *parts))


def file_of(graph: Graph, model: str, dtype: str) -> File:
    """Returns the file of a graph without errors in float32 or int8; `model` is its name."""
    program = unfused_program(graph)
    writer = Writer(model, whole=dtype == "int8")
    ends = endings(program)
    idle = idle_steps(program, ends)
    made: list[int] = []
    for index, step in enumerate(program.steps):
        inputs = tuple(made[source] for source in step.inputs)
        if isinstance(step.operation, Input):
            made.append(writer.value(step.value.shape.dims, len("serving_default_image:0")))
        elif index in idle:
            made.append(inputs[0])
        else:
            site = Site(writer, program, index, inputs, ends.get(index, ""))
            made.append(_WRITERS[type(step.operation)](site, step.operation))
    return writer.file(made[program.output])


def _kernel(site: Site, operation: Any, dims: tuple[int, ...], *parts: str) -> int:
    """The weights of a kernel, with a scale for each filter."""
    name = site.writer.named(site.layer, *parts)
    return site.writer.weights(operation.kernel, dims, name, scales=site.dims[-1])


def _bias(site: Site, operation: Any, *parts: str) -> int:
    """A number of four bytes for each filter; there is one of zeros where the layer has none."""
    filters = site.dims[-1]
    if not operation.bias:
        return site.writer.zeros(filters)
    name = site.writer.named(site.layer, *parts)
    if site.writer.whole:
        # Its scales are those of the input, which differs where a layer is used again.
        return site.writer.constant((filters,), name, scales=filters, wide=True)
    return site.writer.weights(operation.bias, (filters,), name)


def _folded(site: Site) -> bool:
    """Whether batch norm is in the kernel of a step."""
    return len(site.program.steps[site.index].layers) > 1


def _convolution(site: Site, operation: windows.Convolution) -> int:
    channels = site.given[-1]
    depthwise = operation.groups == channels > 1
    name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    kernel: tuple[str, ...] = ("depthwise",) if depthwise else ("convolution",)
    parts: tuple[str, ...] = ("BiasAdd", *kernel, "Squeeze")
    if _folded(site):
        if depthwise:
            kernel = ("batchnorm/mul_1", "depthwise", "batchnorm/mul")
        parts = ("batchnorm/add_1", *kernel, "batchnorm/sub")
    elif not operation.bias:
        parts = kernel
    ending = (site.ending,) if site.ending else ()
    depth = channels // operation.groups
    weights = _kernel(site, operation, (*operation.size, depth, operation.filters), *kernel)
    bias = _bias(site, operation, *ending, *parts)
    taken = (site.inputs[0], weights, bias)
    return site.writer.apply(name, taken, site.made(*parts), channels=operation.filters)


def _transposed(site: Site, operation: windows.TransposedConvolution) -> int:
    parts: tuple[str, ...] = ("BiasAdd", "conv_transpose")
    if _folded(site):
        parts = ("batchnorm/add_1", "batchnorm/mul_1", "conv_transpose", "batchnorm/sub")
    dims = (operation.filters, *operation.size, site.given[-1])
    weights = _kernel(site, operation, dims, "conv_transpose")
    ending = (site.ending,) if site.ending else ()
    bias = _bias(site, operation, *ending, *parts)
    taken = (site.writer.indices(1, *site.dims), weights, site.inputs[0], bias)
    made = site.made(*parts)
    # Sums of four bytes for each value of the output.
    scratch = 4 * prod(site.dims) if site.writer.whole else 0
    return site.writer.apply(
        "TRANSPOSE_CONV", taken, made, scratch=scratch, channels=operation.filters
    )


def _product(site: Site, operation: windows.MatrixProduct) -> int:
    ending = (site.ending,) if site.ending else ()
    weights = _kernel(site, operation, (operation.units, prod(site.given)), "MatMul")
    bias = (_bias(site, operation, *ending, "BiasAdd"),) if operation.bias else ()
    made = site.made("MatMul", *(("BiasAdd",) if bias else ()))
    channels = operation.units if site.writer.whole else 0
    return site.writer.apply(
        "FULLY_CONNECTED", (site.inputs[0], weights, *bias), made, channels=channels
    )


def _pool(site: Site, operation: windows.Pool) -> int:
    name = "MAX_POOL_2D" if operation.function == "max" else "AVERAGE_POOL_2D"
    return site.writer.apply(name, site.inputs, site.made("MaxPool2d"))


def _reduce(site: Site, operation: windows.Reduce) -> int:
    name = "REDUCE_MAX" if operation.function == "max" else "MEAN"
    taken = (site.inputs[0], site.writer.indices(1, 2))
    # Sums of four bytes for each channel.
    scratch = 4 * site.dims[-1] if site.writer.whole else 0
    return site.writer.apply(name, taken, site.made("Mean"), scratch=scratch)


def _map(site: Site, operation: values.Map) -> int:
    function = operation.function
    limit = limit_name(function)
    if limit:
        return site.writer.apply(limit.upper(), site.inputs, site.made(limit))
    if function.name == "relu":
        name = "LEAKY_RELU" if function.ceiling is None else "clip"
    else:
        name = function.name
    return _expression(site, FUNCTIONS[name])


def _expression(site: Site, expression: Expression) -> int:
    """Writes the operators that make up a function; the last one makes the output."""
    made: list[int] = []
    for number, term in enumerate(expression):
        taken = tuple(
            site.inputs[0] if isinstance(each, str) and each == "x"
            else made[each] if isinstance(each, int)
            else _operand(site, each)
            for each in term.operands
        )  # fmt: skip
        last = number == len(expression) - 1
        dims = site.dims if last else term.dims(site.given)
        name = site.writer.named(site.layer, term.name.title())
        if term.real and site.writer.whole:
            taken = (_converted(site, "DEQUANTIZE", taken[0], dims, name, real=True),)
            inner = site.writer.value(dims, name, real=True)
            site.writer.apply(term.name, taken, inner)
            made.append(_converted(site, "QUANTIZE", inner, dims, name, real=False))
            continue
        made.append(site.writer.apply(term.name, taken, site.writer.value(dims, name)))
    return made[-1]


def _converted(
    site: Site, name: str, source: int, dims: tuple[int, ...], length: int, *, real: bool
) -> int:
    return site.writer.apply(name, (source,), site.writer.value(dims, length, real=real))


def _operand(site: Site, what: Any) -> int:
    """A constant of an expression: one number, one for each channel, or where to reduce."""
    if what == ONE:
        return site.writer.constant((), site.writer.named(site.layer, "add/y"))
    if what == "channels":
        return site.writer.constant(site.given[-1:], site.writer.named(site.layer, "Reshape"))
    return site.writer.indices(what, site.index if what == "sizes" else len(site.given))


def _slope(site: Site, operation: values.LearnedSlope) -> int:
    dims = site.given[-1:] if operation.per_channel else site.given
    alpha = site.writer.weights(
        operation.alpha, dims, site.writer.named(site.layer, "add", "Relu", "Neg")
    )
    return site.writer.apply("PRELU", (site.inputs[0], alpha), site.made("add"))


def _affine(site: Site, operation: values.Affine) -> int:
    writer, channels = site.writer, site.dims[-1:]
    scale = writer.weights(operation.scale, channels, writer.named(site.layer, "batchnorm/mul"))
    offset = writer.weights(operation.offset, channels, writer.named(site.layer, "batchnorm/sub"))
    inner = writer.value(site.dims, writer.named(site.layer, "batchnorm/mul_1"))
    writer.apply("MUL", (site.inputs[0], scale), inner)
    return writer.apply("ADD", (inner, offset), site.made("batchnorm/add_1"))


_JOINS = {"add": "ADD", "average": "ADD", "multiply": "MUL", "maximum": "MAXIMUM"}


def _join(site: Site, operation: values.Join) -> int:
    """Two inputs at a time; an average is a sum times a number."""
    writer, name = site.writer, _JOINS[operation.function]
    made, rest = site.inputs[0], site.inputs[1:]
    for other in rest:
        made = writer.apply(name, (made, other), site.made(name.title()))
    if operation.function != "average":
        return made
    return writer.apply("MUL", (made, _operand(site, ONE)), site.made("Mul"))


def _concatenate(site: Site, operation: values.Concatenate) -> int:
    return site.writer.apply("CONCATENATION", site.inputs, site.made("concat"))


def _softmax(site: Site, operation: values.Softmax) -> int:
    return site.writer.apply("SOFTMAX", site.inputs, site.made("Softmax"))


def _normalization(site: Site, operation: values.GroupNormalization) -> int:
    if not operation.over_positions and operation.groups == 1:
        return _expression(site, LAYER_NORM)
    return _expression(site, GROUP_NORM(operation.groups))


def _reshape(site: Site, operation: moves.Reshape) -> int:
    taken = (site.inputs[0], site.writer.indices("to", *site.dims))
    return site.writer.apply("RESHAPE", taken, site.made("Reshape"))


def _pad(site: Site, operation: moves.Pad) -> int:
    taken = (site.inputs[0], site.writer.indices(*(n for side in operation.amounts for n in side)))
    return site.writer.apply("PAD", taken, site.made("Pad"))


def _part(site: Site, operation: Operation) -> int:
    """A slice or crop: where it begins, where it ends, and a step of one."""
    where = [site.writer.indices(name, *site.given, *site.dims) for name in ("begin", "end")]
    taken = (site.inputs[0], *where, site.writer.indices("step"))
    return site.writer.apply("STRIDED_SLICE", taken, site.made("strided_slice"))


def _resize(site: Site, operation: moves.Resize) -> int:
    """An upsampling by whole factors copies pixels by reshaping and tiling."""
    height, width, channels = site.given
    rows, columns = operation.size
    whole = operation.interpolation == "nearest" and not (rows % height or columns % width)
    if not whole:
        kind = "BILINEAR" if operation.interpolation == "bilinear" else "NEAREST_NEIGHBOR"
        taken = (site.inputs[0], site.writer.indices(rows, columns))
        return site.writer.apply(f"RESIZE_{kind}", taken, site.made("Resize"))
    writer, source = site.writer, site.inputs[0]
    name = writer.named(site.layer, "Repeat_1/ExpandDims")
    steps = (
        ((height, width, channels), (rows, width, channels)),
        ((rows, width, channels), (rows, columns, channels)),
    )
    for number, (before, after) in enumerate(steps):
        where = writer.indices("apart", number, *before)
        source = writer.apply("RESHAPE", (source, where), writer.value((1, *before), name))
        times = writer.indices("times", number, *after)
        source = writer.apply("TILE", (source, times), writer.value((1, *after), name))
    return writer.apply("RESHAPE", (source, writer.indices("to", *site.dims)), site.made("Reshape"))


def _shuffle(site: Site, operation: moves.Shuffle) -> int:
    writer, source = site.writer, site.inputs[0]
    for name in ("RESHAPE", "TRANSPOSE", "RESHAPE"):
        taken = (source, writer.indices(name, operation.groups, *site.dims))
        source = writer.apply(name, taken, site.made("Reshape"))
    return source


_WRITERS: dict[type[Operation], Callable[[Site, Any], int]] = {
    windows.Convolution: _convolution,
    windows.TransposedConvolution: _transposed,
    windows.MatrixProduct: _product,
    windows.Pool: _pool,
    windows.Reduce: _reduce,
    values.Map: _map,
    values.LearnedSlope: _slope,
    values.Affine: _affine,
    values.Join: _join,
    values.Concatenate: _concatenate,
    values.Softmax: _softmax,
    values.GroupNormalization: _normalization,
    moves.Reshape: _reshape,
    moves.Pad: _pad,
    moves.Crop: _part,
    moves.Slice: _part,
    moves.Resize: _resize,
    moves.Shuffle: _shuffle,
}
