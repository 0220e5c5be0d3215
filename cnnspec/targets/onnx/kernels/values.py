"""Operations on single values as operators of ONNX: functions, normalization, joins."""

from math import prod

import numpy as np

from cnnspec.targets.onnx.kernels import functions
from cnnspec.targets.onnx.site import Site, channels_first


def function_of_values(site: Site) -> str:
    """The function of every value."""
    return functions.apply(site, site.operation.function, site.inputs[0])


def learned_slope(site: Site) -> str:
    """PRelu."""
    alpha, shape = site.weights["alpha"], site.shapes[0]
    if site.operation.per_channel:
        alpha = site.per_channel(alpha, shape)
    else:
        alpha = np.moveaxis(alpha.reshape(shape.dims), -1, 0)
    return site.node("PRelu", site.inputs[0], site.weight("alpha", alpha))


def softmax(site: Site) -> str:
    """Softmax over the channels, which are axis 1."""
    return site.node("Softmax", site.inputs[0], axis=1)


def affine(site: Site) -> str:
    """Mul, then Add."""
    return _scaled(site, site.inputs[0])


def _scaled(site: Site, x: str) -> str:
    """Multiplies each channel by its factor and adds its offset, where it has these weights."""
    for role, kind in (("scale", "Mul"), ("offset", "Add")):
        if site.has(role):
            array = site.per_channel(site.weights[role], site.shapes[0])
            x = site.node(kind, x, site.weight(role, array))
    return x


def group_normalization(site: Site) -> str:
    """Mean 0 and variance 1 in each group, then the factors and offsets of the channels.

    Written out for layer norm, whose channels are not the last axis here, which is what
    LayerNormalization needs. GroupNormalization of opset 18 has factors for groups alone.
    """
    own, x = site.operation, site.inputs[0]
    if own.over_positions:
        return _scaled(site, _grouped(site, x))
    away = site.node("Sub", x, _mean(site, x))
    variance = _mean(site, site.node("Mul", away, away))
    root = site.node("Sqrt", site.node("Add", variance, site.numbers(own.epsilon)))
    return _scaled(site, site.node("Div", away, root))


def _mean(site: Site, x: str) -> str:
    """The mean over the channels; the axes are an input from opset 18 on."""
    if site.graph.opset >= 18:
        return site.node("ReduceMean", x, site.sizes(1, of="axes"), keepdims=1)
    return site.node("ReduceMean", x, axes=[1], keepdims=1)


def _grouped(site: Site, x: str) -> str:
    """InstanceNormalization, to which each group is a channel."""
    groups, dims = site.operation.groups, site.shapes[0].dims
    ones, zeros = np.ones(groups, np.float32), np.zeros(groups, np.float32)
    normal = site.node(
        "InstanceNormalization",
        site.reshaped(x, groups, prod(dims) // groups),
        site.graph.constant(f"{site.owner}/ones", ones),
        site.graph.constant(f"{site.owner}/zeros", zeros),
        epsilon=site.operation.epsilon,
    )
    return site.reshaped(normal, *channels_first(dims))


def join(site: Site) -> str:
    """Sum, Mean, Max, or a Mul for each further input; a gate is stretched as in ONNX."""
    if site.operation.function != "multiply":
        kind = {"add": "Sum", "average": "Mean", "maximum": "Max"}[site.operation.function]
        return site.node(kind, *site.inputs)
    made, *others = site.inputs
    for other in others:
        made = site.node("Mul", made, other)
    return made


def concatenate(site: Site) -> str:
    """Concat of the channels."""
    return site.node("Concat", *site.inputs, axis=1)
