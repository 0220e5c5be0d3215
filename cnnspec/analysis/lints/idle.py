"""A lint about layers whose output is their input."""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import LintContext, short
from cnnspec.core.shapes import Vector
from cnnspec.diagnostics.base import Diagnostic, many
from cnnspec.diagnostics.layer_lints import DoesNothing
from cnnspec.graph.graph import INPUT, LayerCall
from cnnspec.operations.base import ANY, Operation
from cnnspec.operations.moves import Crop, Pad, Reshape, Resize, Shuffle, Slice
from cnnspec.operations.values import Map
from cnnspec.operations.windows import Pool


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
    operations = network.operations(call)
    if len(operations) > 1 or len(call.inputs) > 1:
        return None
    shape, operation = call.input_shape, operations[0]
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


LINTS = (does_nothing,)
