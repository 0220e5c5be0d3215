"""Lints about what the values of a network can be: the same for every image, or clipped."""

from collections.abc import Iterator
from math import exp, isfinite

from cnnspec.analysis.lints.network import LintContext, label, short
from cnnspec.core.shapes import Shape
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.layer_lints import SoftmaxTwice
from cnnspec.diagnostics.value_lints import ClippedOutput, ForgetsImage, StaysZero
from cnnspec.graph.graph import INPUT, LayerCall
from cnnspec.graph.starts import stuck
from cnnspec.operations.base import Function, Operation
from cnnspec.operations.values import GroupNormalization, Map, Softmax


def forgets_image(network: LintContext) -> Iterator[Diagnostic]:
    """Layers whose output is the same for every image, and kernels that stay zero."""
    started = {call.layer.starts_at_zero("kernel") for call in network.layers}
    still = stuck(network.graph) if True in started else set()
    depends = [True]
    found: list[tuple[LayerCall, Operation | None, str]] = []
    for index, call in enumerate(network.layers, 1):
        operation, reason = _forgets(network, call)
        before = any(depends[source] for source in call.inputs)
        depends.append(before and operation is None and index not in still)
        if before and not depends[-1]:
            found.append((call, operation, reason))
    for call, operation, reason in found:
        if call.weights_from or call.implicit:
            continue
        if operation is None:
            yield network.at(call, StaysZero, "init", of=short(call.layer), blind=not depends[-1])
            continue
        place = "activation" if isinstance(operation, Softmax) else ""
        yield network.at(
            call,
            ForgetsImage,
            place,
            of=_written(call, operation),
            reason=reason,
            instead=_instead(operation, call.output_shape),
            blind=not depends[-1],
        )


def _forgets(network: LintContext, call: LayerCall) -> tuple[Operation | None, str]:
    """Returns the operation that makes the output the same for every image, and why."""
    for operation in network.operations(call):
        # Those that can all keep the shape, so it is that of the output.
        reason = operation.forgets(call.output_shape)
        if reason:
            return operation, reason
    return None, ""


def _written(call: LayerCall, operation: Operation) -> str:
    function = call.layer.function
    own = function and call.layer.has_kernel and isinstance(operation, Softmax | Map)
    return f"{short(call.layer)} {function}" if own else short(call.layer)


def _instead(operation: Operation, shape: Shape) -> str:
    """Returns what does what was meant: a gate, or a norm of more than one value."""
    if isinstance(operation, GroupNormalization):
        return "bn"
    return "sigmoid" if isinstance(operation, Softmax) else "relu"


def softmax_twice(network: LintContext) -> Iterator[Diagnostic]:
    """A softmax of what is a softmax already."""
    for call in network.layers:
        if call.layer.word != "softmax":
            continue
        before = network.source(call)
        first = network.back(before, lambda operation: operation.keeps_values)
        if first and first.layer.function == "softmax":
            yield network.at(call, SoftmaxTwice, first=label(first, "the first softmax"))


MOST_SURE = 0.99
"""A largest probability below this is a limit that shows in the loss."""


def clipped_output(network: LintContext) -> Iterator[Diagnostic]:
    """A last function that gets values which cannot say everything."""
    last = network.layers[-1]
    function = network.operations(last)[-1]
    sigmoid = isinstance(function, Map) and function.function == _SIGMOID
    if not (isinstance(function, Softmax) or sigmoid) or last.inputs[0] == INPUT:
        return
    if len(network.operations(last)) > 1:
        # A kernel of its own makes any numbers.
        return
    low, high = network.bounds[last.inputs[0]]
    first = network.back(network.source(last), lambda operation: operation.keeps_values)
    cause = first if first and first.layer.function else network.source(last)
    assert cause is not None
    if network.operations(cause)[-1] == Softmax():
        return
    if sigmoid:
        least, most = (1 / (1 + exp(-max(min(end, 30), -30))) for end in (low, high))
        said = (
            f"no output is below {least:.2g}"
            if least > 1 - MOST_SURE
            else f"no output is above {most:.2g}"
            if most < MOST_SURE
            else ""
        )
    else:
        said = _most_sure(network, cause, first, low, high)
    if said:
        yield network.at(
            cause,
            ClippedOutput,
            "activation",
            function=cause.layer.function,
            last=last.layer.word,
            said=said,
            end=label(last, f"this {last.layer.word} gets its values"),
            alone=not cause.layer.has_kernel,
        )


_SIGMOID = Function("sigmoid")


def _most_sure(
    network: LintContext, cause: LayerCall, first: LayerCall | None, low: float, high: float
) -> str:
    """Returns what a softmax of values between two numbers cannot do; empty where it can."""
    if isfinite(high - low):
        rest = network.graph.calls[-1].output_shape.dims[-1] - 1
        most = exp(min(high - low, 30.0)) / (exp(min(high - low, 30.0)) + rest)
        return f"no class can get more than {most:.2g}" if most < MOST_SURE else ""
    # Behind an average some of what it joins is above zero, so that a gradient comes through.
    function = network.operations(cause)[-1]
    if first is cause and function.flat_at_zero and low == 0:
        return "a class whose value is below 0 learns nothing"
    return ""


LINTS = (
    forgets_image,
    softmax_twice,
    clipped_output,
)
