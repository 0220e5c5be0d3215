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
from cnnspec.layers.activations import Activation, Relu
from cnnspec.layers.base import Layer
from cnnspec.layers.convolution import DepthwiseConv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Crop, Flatten, Pad, Reshape, Resize
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm
from cnnspec.layers.pooling import AveragePool, GlobalAverage, Pooling
from cnnspec.layers.weighted import Weighted


def bias_before_norm(network: LintContext) -> Iterator[Diagnostic]:
    """A bias that the batch norm right behind it takes off."""
    for call in network.layers:
        layer = call.layer
        if not (isinstance(layer, Weighted) and layer.bias and layer.activation == "linear"):
            continue
        norm = network.taker(call)
        if norm is None or not isinstance(norm.layer, BatchNorm):
            continue
        # Without a center of its own the batch norm would leave no offset at all.
        if norm.layer.center and network.used_once(call):
            yield network.at(
                call,
                BiasBeforeNorm,
                of=short(layer),
                biases=call.output_shape.dims[-1],
                norm=label(norm, "this batch norm has an offset of its own"),
            )


LINEAR: tuple[type[Layer], ...] = (
    AveragePool,
    BatchNorm,
    Crop,
    Dropout,
    Flatten,
    GlobalAverage,
    Noise,
    Pad,
    Reshape,
    Resize,
    SpatialDropout,
)
"""Layers that are linear once trained: two linear layers with these between are linear."""


def no_activation(network: LintContext) -> Iterator[Diagnostic]:
    """Two layers with kernels and nothing between them that bends."""
    for call in network.layers:
        layer = call.layer
        if not (isinstance(layer, Weighted) and layer.activation == "linear"):
            continue
        norm, then = None, network.taker(call)
        while then and (isinstance(then.layer, LINEAR) or then.layer.word == "linear"):
            norm = then if isinstance(then.layer, BatchNorm) else norm
            then = network.taker(then)
        if then is None or not isinstance(then.layer, Weighted) or _factors(call, then):
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


def _factors(first: LayerCall, second: LayerCall) -> bool:
    """Whether two linear layers are one on purpose, written as two to save weights."""
    kernels = [getattr(call.layer, "kernel", ()) for call in (first, second)]
    depthwise = [isinstance(call.layer, DepthwiseConv) for call in (first, second)]
    if any(depthwise) and (1, 1) in kernels:
        return True
    if all(kernel and 1 in kernel and kernel != (1, 1) for kernel in kernels):
        return kernels[0].index(1) != kernels[1].index(1)
    if isinstance(second.layer, Dense):
        sizes = first.input_shape.size, first.output_shape.size, second.output_shape.size
    else:
        sizes = (
            first.input_shape.dims[-1],
            first.output_shape.dims[-1],
            second.output_shape.dims[-1],
        )
    return sizes[1] < min(sizes[0], sizes[2])


SAME_VALUES = (Dropout, Flatten, Noise)
"""Layers behind which values are what they were, but for noise while training."""


def softmax_twice(network: LintContext) -> Iterator[Diagnostic]:
    """A softmax of what is a softmax already."""
    for call in network.layers:
        if call.layer.word != "softmax":
            continue
        before = network.source(call)
        first = network.back(before, SAME_VALUES)
        if first and function_of(first.layer) == "softmax":
            yield network.at(call, SoftmaxTwice, first=label(first, "the first softmax"))


def function_of(layer: Layer) -> str:
    """The function that makes the values of a layer, empty if it has none."""
    if isinstance(layer, Weighted):
        return layer.activation
    return layer.word if isinstance(layer, Activation) else ""


def _rate(layer: Layer) -> float:
    """How much a layer disturbs; 0 for every other one."""
    match layer:
        case Dropout(rate=rate) | SpatialDropout(rate=rate) | Noise(stddev=rate):
            return rate
    return 0


def dropout_before_norm(network: LintContext) -> Iterator[Diagnostic]:
    """A batch norm that learns the variance of dropout."""
    # A kernel mixes many values, behind which little of the shift is left.
    through = (Activation, Flatten, Noise, Pooling, Reshape)
    for call in network.layers:
        if not isinstance(call.layer, BatchNorm):
            continue
        before = network.back(network.source(call), through)
        if before and isinstance(before.layer, Dropout | SpatialDropout) and _rate(before.layer):
            norm = label(call, "the batch norm")
            yield network.at(before, DropoutBeforeNorm, of=short(before.layer), norm=norm)


def dropout_on_output(network: LintContext) -> Iterator[Diagnostic]:
    """Dropout or noise behind the last layer that could make up for it."""
    through = (Activation, Dropout, Flatten, Noise, Reshape, SpatialDropout)
    disturbing = []
    call: LayerCall | None = network.layers[-1]
    while call is not None and isinstance(call.layer, through):
        if _rate(call.layer):
            disturbing.append(call)
        call = network.source(call)
    weighted = call if call and isinstance(call.layer, Weighted) else None
    last, before = (short(weighted.layer), weighted.span) if weighted else ("", None)
    for found in disturbing:
        yield network.at(found, DropoutOnOutput, of=short(found.layer), last=last, before=before)


_SAME_POSITIONS: tuple[type[Layer], ...] = (Dropout, SpatialDropout, Flatten, Reshape)


_NEVER_NEGATIVE = (
    "relu",
    "relu6",
    "sigmoid",
    "hard_sigmoid",
    "softplus",
    "exponential",
    "softmax",
)


def does_nothing(network: LintContext) -> Iterator[Diagnostic]:
    """Layers whose output is their input."""
    for call in network.layers:
        reason = _why_nothing(network, call)
        if reason is not None and network.used_once(call):
            yield network.at(call, DoesNothing, of=short(call.layer), reason=reason)


def _why_nothing(network: LintContext, call: LayerCall) -> str | None:
    """Why a layer does nothing, empty where it is plain; `None` for one that does something."""
    match call.layer:
        case Pooling(size=(1, 1), stride=None | (1, 1)):
            return "its window is a single pixel"
        case Dropout() | SpatialDropout() | Noise() if not _rate(call.layer):
            return ""
        case Pad(border=(0, 0)) | Crop(border=(0, 0)):
            return ""
        case Flatten() if isinstance(call.input_shape, Vector):
            return "its input is flat already"
        case Reshape() | Resize() if call.input_shape == call.output_shape:
            return f"its input is {call.input_shape} already"
        case Relu(max=None, slope=0):
            before = network.back(network.source(call), (*_SAME_POSITIONS, Pooling))
            if before is None or function_of(before.layer) not in _NEVER_NEGATIVE:
                return None
            # A `relu` statement may have a slope below zero.
            if isinstance(before.layer, Relu) and before.layer.slope:
                return None
            return "its input is never below 0"
    return None
