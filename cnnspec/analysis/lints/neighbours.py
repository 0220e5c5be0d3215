"""Lints about a layer and those beside it: what undoes, repeats or misses something."""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import LintContext, label, short
from cnnspec.core.shapes import Vector
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.lints import (
    BiasBeforeNorm,
    DoesNothing,
    DropoutBeforeNorm,
    DropoutOnOutput,
    NoActivation,
    SoftmaxTwice,
)
from cnnspec.graph.build import LayerCall
from cnnspec.operations.base import Function, Operation
from cnnspec.operations.moves import Crop, Pad, Reshape, Resize, Shuffle, Slice
from cnnspec.operations.values import BatchNormalization, Dropout, Map, Noise, Softmax
from cnnspec.operations.windows import MatrixProduct, Pool


def bias_before_norm(network: LintContext) -> Iterator[Diagnostic]:
    """A bias that a batch norm takes off again, wherever the layer is applied."""
    norms = _centring(network)
    for uses in network.uses.values() if norms else ():
        call = network.calls[uses[0]]
        if call.implicit or not network.operations(call)[-1].has_bias:
            continue
        found = [norms.get(index) for index in uses]
        if None not in found and found[0] is not None:
            yield network.at(
                call,
                BiasBeforeNorm,
                of=short(call.layer),
                biases=call.output_shape.dims[-1],
                norm=label(found[0], "this batch norm has an offset of its own"),
            )


def _centring(network: LintContext) -> dict[int, LayerCall]:
    """Returns the batch norm that takes the offsets of a call off, where one always does.

    Layers between the two may be any that keep an offset, merges as well.
    """
    found: dict[int, LayerCall] = {}
    for index in reversed(range(len(network.calls))):
        norms = [_norm(network, taker, found) for taker in network.takers[index]]
        if norms and norms[0] is not None and None not in norms:
            found[index] = norms[0]
    return found


def _norm(network: LintContext, index: int, found: dict[int, LayerCall]) -> LayerCall | None:
    call = network.calls[index]
    (first, *_), shape = network.operations(call), call.input_shape
    # Without an offset of its own the batch norm would leave none at all.
    if isinstance(first, BatchNormalization) and first.offset:
        return call
    kept = all(operation.keeps_offset(shape) for operation in network.operations(call))
    return found.get(index) if kept else None


def no_activation(network: LintContext) -> Iterator[Diagnostic]:
    """Two layers with kernels and nothing between them that bends."""
    for call in network.layers:
        layer = call.layer
        if not (layer.has_kernel and layer.function == "linear"):
            continue
        norm, then = None, network.taker(call)
        # Two linear layers with what is linear between them are linear.
        while then and not then.layer.has_kernel and network.is_of(then, lambda o: o.linear):
            if any(operation.mixes_images for operation in network.operations(then)):
                norm = then
            then = network.taker(then)
        if then is None or not then.layer.has_kernel or _factors(network, call, then):
            continue
        if network.used_once(call) and network.used_once(then):
            yield network.at(
                call,
                NoActivation,
                of=short(layer),
                next=short(then.layer),
                then=label(then, "the next layer with a kernel"),
                norm=norm and norm.span,
                normed=norm is not None,
            )


def _factors(network: LintContext, first: LayerCall, second: LayerCall) -> bool:
    """Whether two linear layers are one on purpose, written as two to save weights."""
    kernels = [getattr(call.layer, "kernel", ()) for call in (first, second)]
    if (first.layer.depthwise or second.layer.depthwise) and (1, 1) in kernels:
        return True
    if all(kernel and 1 in kernel and kernel != (1, 1) for kernel in kernels):
        return kernels[0].index(1) != kernels[1].index(1)
    if isinstance(network.operations(second)[0], MatrixProduct):
        sizes = first.input_shape.size, first.output_shape.size, second.output_shape.size
    else:
        sizes = (
            first.input_shape.dims[-1],
            first.output_shape.dims[-1],
            second.output_shape.dims[-1],
        )
    return sizes[1] < min(sizes[0], sizes[2])


def softmax_twice(network: LintContext) -> Iterator[Diagnostic]:
    """A softmax of what is a softmax already."""
    for call in network.layers:
        if call.layer.word != "softmax":
            continue
        before = network.source(call)
        first = network.back(before, lambda operation: operation.keeps_values)
        if first and first.layer.function == "softmax":
            yield network.at(call, SoftmaxTwice, first=label(first, "the first softmax"))


def dropout_before_norm(network: LintContext) -> Iterator[Diagnostic]:
    """A batch norm that learns the variance of dropout."""

    def through(operation: Operation) -> bool:
        # A kernel mixes many values, behind which little of the shift is left.
        return (
            operation.view or operation.kind == "activation" or isinstance(operation, Noise | Pool)
        )

    for call in network.layers:
        if not any(operation.mixes_images for operation in network.operations(call)):
            continue
        before = network.back(network.source(call), through)
        if before and any(
            isinstance(operation, Dropout) and operation.rate
            for operation in network.operations(before)
        ):
            norm = label(call, "the batch norm")
            yield network.at(before, DropoutBeforeNorm, of=short(before.layer), norm=norm)


def dropout_on_output(network: LintContext) -> Iterator[Diagnostic]:
    """Dropout or noise behind the last layer that could make up for it."""

    def through(operation: Operation) -> bool:
        return operation.keeps_values or operation.kind == "activation"

    disturbing = []
    call: LayerCall | None = network.layers[-1]
    while call is not None and network.is_of(call, through):
        if network.disturbance(call):
            disturbing.append(call)
        call = network.source(call)
    weighted = call if call and call.layer.has_kernel else None
    last, before = (short(weighted.layer), weighted.span) if weighted else ("", None)
    for found in disturbing:
        yield network.at(found, DropoutOnOutput, of=short(found.layer), last=last, before=before)


def does_nothing(network: LintContext) -> Iterator[Diagnostic]:
    """Layers whose output is their input."""
    for call in network.layers:
        reason = _why_nothing(network, call)
        if reason is not None and network.used_once(call):
            yield network.at(call, DoesNothing, of=short(call.layer), reason=reason)


def _why_nothing(network: LintContext, call: LayerCall) -> str | None:
    """Why a layer does nothing, empty where it is plain; `None` for one that does something."""
    shape = call.input_shape
    (operation, *more) = network.operations(call)
    if more:
        return None
    if operation == _RELU:
        return _why_no_relu(network, call)
    if operation.training_only:
        return None if operation.disturbance else ""
    if not operation.identity(shape):
        return None
    match operation:
        case Pool():
            return "its window is a single pixel"
        case Pad() | Crop():
            return ""
        case Slice():
            return f"its input has {shape.dims[-1]} channels"
        case Shuffle():
            return "each group has one channel" if operation.groups > 1 else "there is one group"
        case Reshape() if isinstance(shape, Vector):
            return "its input is flat already"
        case Reshape() | Resize():
            return f"its input is {shape} already"
    return None


_RELU = Map(Function("relu"))


def _why_no_relu(network: LintContext, call: LayerCall) -> str | None:
    """Why ReLU changes nothing: all that it gets is never below 0."""

    def through(operation: Operation) -> bool:
        # Noise brings values below 0, for training at least.
        kept = operation.keeps_values and not isinstance(operation, Noise)
        return kept or isinstance(operation, Pool)

    before = network.back(network.source(call), through)
    match network.operations(before)[-1] if before else None:
        case Map(function=Function(never_negative=True)) | Softmax():
            return "its input is never below 0"
    return None
