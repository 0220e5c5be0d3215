"""Lints about a layer and those beside it: what undoes, repeats or misses something."""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import Network, label, short
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
from cnnspec.graph.build import Row
from cnnspec.layers.activations import Activation, Relu
from cnnspec.layers.base import Layer
from cnnspec.layers.convolution import DepthwiseConv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Crop, Flatten, Pad, Reshape, Resize
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm
from cnnspec.layers.pooling import AveragePool, GlobalAverage, Pooling
from cnnspec.layers.weighted import Weighted


def bias_before_norm(network: Network) -> Iterator[Diagnostic]:
    """A bias that the batch norm right behind it takes off."""
    for row in network.rows:
        layer = row.layer
        if not (isinstance(layer, Weighted) and layer.bias and layer.activation == "linear"):
            continue
        norm = network.taker(row)
        if norm is None or not isinstance(norm.layer, BatchNorm):
            continue
        # Without a center of its own the batch norm would leave no offset at all.
        if norm.layer.center and network.used_once(row):
            yield network.at(
                row,
                BiasBeforeNorm,
                of=short(layer),
                biases=row.after.dims[-1],
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


def no_activation(network: Network) -> Iterator[Diagnostic]:
    """Two layers with kernels and nothing between them that bends."""
    for row in network.rows:
        layer = row.layer
        if not (isinstance(layer, Weighted) and layer.activation == "linear"):
            continue
        between, then = "", network.taker(row)
        while then and (isinstance(then.layer, LINEAR) or then.layer.word == "linear"):
            between = "bn" if isinstance(then.layer, BatchNorm) else between
            then = network.taker(then)
        if then is None or not isinstance(then.layer, Weighted) or _factors(row, then):
            continue
        if network.used_once(row) and network.used_once(then):
            here = f"write `{short(layer)} relu`"
            yield network.at(
                row,
                NoActivation,
                of=short(layer),
                next=short(then.layer),
                fix="put `relu` after the batch norm" if between else here,
                then=label(then, "the next layer with a kernel"),
            )


def _factors(first: Row, second: Row) -> bool:
    """Whether two linear layers are one on purpose, written as two to save weights."""
    kernels = [getattr(row.layer, "kernel", ()) for row in (first, second)]
    depthwise = [isinstance(row.layer, DepthwiseConv) for row in (first, second)]
    if any(depthwise) and (1, 1) in kernels:
        return True
    if all(kernel and 1 in kernel and kernel != (1, 1) for kernel in kernels):
        return kernels[0].index(1) != kernels[1].index(1)
    if isinstance(second.layer, Dense):
        sizes = first.before.size, first.after.size, second.after.size
    else:
        sizes = first.before.dims[-1], first.after.dims[-1], second.after.dims[-1]
    return sizes[1] < min(sizes[0], sizes[2])


SAME_VALUES = (Dropout, Flatten, Noise)
"""Layers behind which values are what they were, but for noise while training."""


def softmax_twice(network: Network) -> Iterator[Diagnostic]:
    """A softmax of what is a softmax already."""
    for row in network.rows:
        if row.layer.word != "softmax":
            continue
        before = network.source(row)
        first = network.back(before, SAME_VALUES)
        if first and function_of(first.layer) == "softmax":
            yield network.at(row, SoftmaxTwice, first=label(first, "the first softmax"))


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


def dropout_before_norm(network: Network) -> Iterator[Diagnostic]:
    """A batch norm that learns the variance of dropout."""
    # A kernel mixes many values, behind which little of the shift is left.
    through = (Activation, Flatten, Noise, Pooling, Reshape)
    for row in network.rows:
        if not isinstance(row.layer, BatchNorm):
            continue
        before = network.back(network.source(row), through)
        if before and isinstance(before.layer, Dropout | SpatialDropout) and _rate(before.layer):
            norm = label(row, "the batch norm")
            yield network.at(before, DropoutBeforeNorm, of=short(before.layer), norm=norm)


def dropout_on_output(network: Network) -> Iterator[Diagnostic]:
    """Dropout or noise behind the last layer that could make up for it."""
    through = (Activation, Dropout, Flatten, Noise, Reshape, SpatialDropout)
    disturbing = []
    row: Row | None = network.rows[-1]
    while row is not None and isinstance(row.layer, through):
        if _rate(row.layer):
            disturbing.append(row)
        row = network.source(row)
    last = short(row.layer) if row and isinstance(row.layer, Weighted) else ""
    for found in disturbing:
        yield network.at(found, DropoutOnOutput, of=short(found.layer), last=last)


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


def does_nothing(network: Network) -> Iterator[Diagnostic]:
    """Layers whose output is their input."""
    for row in network.rows:
        reason = _why_nothing(network, row)
        if reason is not None and network.used_once(row):
            yield network.at(row, DoesNothing, of=short(row.layer), reason=reason)


def _why_nothing(network: Network, row: Row) -> str | None:
    """Why a layer does nothing, empty where it is plain; `None` for one that does something."""
    match row.layer:
        case Pooling(size=(1, 1), stride=None | (1, 1)):
            return "its window is a single pixel"
        case Dropout() | SpatialDropout() | Noise() if not _rate(row.layer):
            return ""
        case Pad(border=(0, 0)) | Crop(border=(0, 0)):
            return ""
        case Flatten() if isinstance(row.before, Vector):
            return "its input is flat already"
        case Reshape() | Resize() if row.before == row.after:
            return f"its input is {row.before} already"
        case Relu(max=None, slope=0):
            before = network.back(network.source(row), (*_SAME_POSITIONS, Pooling))
            if before is None or function_of(before.layer) not in _NEVER_NEGATIVE:
                return None
            # A `relu` statement may have a slope below zero.
            if isinstance(before.layer, Relu) and before.layer.slope:
                return None
            return "its input is never below 0"
    return None
