"""Layers with a kernel as Keras layers: convolutions and the fully connected one."""

from typing import Any

from cnnspec.layers.convolution import (
    Conv,
    Convolution,
    DepthwiseConv,
    SeparableConv,
    TransposedConv,
)
from cnnspec.layers.dense import Dense
from cnnspec.layers.weighted import Weighted
from cnnspec.targets.keras.lowering.initializers import initializer
from cnnspec.targets.keras.objects import Keras


def _weights(layer: Weighted, *kernels: str) -> dict[str, Any]:
    """The arguments of activation, bias, initializers and regularizers, for these kernels."""
    arguments: dict[str, Any] = {
        "activation": layer.activation,
        "use_bias": layer.bias,
        "bias_initializer": initializer(layer.bias_init),
    }
    for kernel in kernels:
        arguments[f"{kernel}_initializer"] = initializer(layer.init)
        arguments[f"{kernel}_regularizer"] = _regularizer(layer)
    return arguments


def _regularizer(layer: Weighted) -> Keras | None:
    """The regularizer of a kernel, `None` where nothing is added to the loss."""
    if not (layer.l1 or layer.l2):
        return None
    return Keras("regularizers.L1L2", {"l1": layer.l1, "l2": layer.l2})


def _window(layer: Convolution) -> dict[str, Any]:
    """The arguments of padding, stride and dilation."""
    return {
        "padding": layer.padding,
        "strides": layer.stride,
        "dilation_rate": layer.dilation,
    }


def conv(layer: Conv) -> Keras:
    """A convolution."""
    own = {"filters": layer.filters, "kernel_size": layer.kernel, "groups": layer.groups}
    return Keras("layers.Conv2D", own | _window(layer) | _weights(layer, "kernel"))


def depthwise_conv(layer: DepthwiseConv) -> Keras:
    """A depthwise convolution."""
    own = {"kernel_size": layer.kernel, "depth_multiplier": layer.multiplier}
    return Keras("layers.DepthwiseConv2D", own | _window(layer) | _weights(layer, "depthwise"))


def separable_conv(layer: SeparableConv) -> Keras:
    """A separable convolution; both of its kernels start and are regularized alike."""
    own = {
        "filters": layer.filters,
        "kernel_size": layer.kernel,
        "depth_multiplier": layer.multiplier,
    }
    kernels = _weights(layer, "depthwise", "pointwise")
    return Keras("layers.SeparableConv2D", own | _window(layer) | kernels)


def transposed_conv(layer: TransposedConv) -> Keras:
    """A transposed convolution."""
    own = {"filters": layer.filters, "kernel_size": layer.kernel}
    return Keras("layers.Conv2DTranspose", own | _window(layer) | _weights(layer, "kernel"))


def dense(layer: Dense) -> Keras:
    """The fully connected layer."""
    return Keras("layers.Dense", {"units": layer.units} | _weights(layer, "kernel"))
