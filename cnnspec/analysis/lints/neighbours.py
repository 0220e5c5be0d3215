"""Lints about a layer and those beside it: what undoes, repeats or misses something."""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import LintContext, label, short
from cnnspec.core.shapes import Vector
from cnnspec.diagnostics.base import Diagnostic, many
from cnnspec.diagnostics.lints import (
    DoesNothing,
    DropoutBeforeNorm,
    DropoutOnOutput,
    SoftmaxTwice,
)
from cnnspec.graph.build import INPUT, LayerCall
from cnnspec.operations.base import ANY, Operation
from cnnspec.operations.moves import Crop, Pad, Reshape, Resize, Shuffle, Slice
from cnnspec.operations.values import Dropout, Map, Noise
from cnnspec.operations.windows import Pool


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
    """Layers whose output is their input, wherever they are applied."""
    for uses in network.uses.values():
        call = network.calls[uses[0]]
        if uses[0] == INPUT or call.implicit:
            continue
        reason = _why_nothing(network, call)
        if reason is None:
            continue
        if all(_why_nothing(network, network.calls[use]) is not None for use in uses[1:]):
            yield network.at(call, DoesNothing, of=short(call.layer), reason=reason)


def _why_nothing(network: LintContext, call: LayerCall) -> str | None:
    """Why a layer does nothing, empty where it is plain; `None` for one that does something."""
    shape = call.input_shape
    (operation, *more) = network.operations(call)
    if more or len(call.inputs) > 1:
        return None
    if operation.kind == "activation":
        return _why_no_function(network, call, operation)
    if operation.training_only:
        return None if operation.disturbance else ""
    if not operation.identity(shape):
        return None
    match operation:
        case Pool():
            return "its window is a single pixel"
        case Pad() | Crop():
            return ""
        case Reshape() if isinstance(shape, Vector):
            return "its input is flat already"
        case Reshape() | Resize():
            return f"its input is {shape} already"
        case Slice():
            return f"its input has {many(shape.dims[-1], 'channel')}"
        case Shuffle():
            return "each group has one channel" if operation.groups > 1 else "there is one group"
    return ""


def _why_no_function(network: LintContext, call: LayerCall, operation: Operation) -> str | None:
    if operation.idle(ANY):
        return "" if call.layer.function == "linear" else "its slope is 1"
    bounds = network.bounds[call.inputs[0]]
    if not operation.idle(bounds):
        return None
    limited = isinstance(operation, Map) and operation.function.ceiling is not None
    above = f" and never above {bounds[1]:g}" if limited else ""
    return f"its input is never below 0{above}"
