"""The functions of one number as operators of ONNX.

Those that came with a later opset than 13 are written with older ones before it.
"""

import math
from collections.abc import Callable

from cnnspec.operations.base import Function
from cnnspec.targets.onnx.site import Site

Written = Callable[[Site, str], str]


def apply(site: Site, function: Function, x: str) -> str:
    """Adds a function of every value of `x`."""
    if function.name == "relu":
        return _relu(site, function, x)
    if function.name == "elu":
        return site.node("Elu", x, alpha=function.alpha)
    return FUNCTIONS[function.name](site, x)


def _relu(site: Site, function: Function, x: str) -> str:
    slope, ceiling = function.slope, function.ceiling
    if ceiling is None:
        return site.node("LeakyRelu", x, alpha=slope) if slope else site.node("Relu", x)
    above = site.node("Clip", x, site.numbers(0), site.numbers(ceiling))
    if not slope:
        return above
    # The ceiling is for what is above zero alone, whatever the slope below.
    below = site.node("Min", x, site.numbers(0))
    return site.node("Add", above, site.node("Mul", below, site.numbers(slope)))


def _plain(kind: str, **attributes: float) -> Written:
    return lambda site, x: site.node(kind, x, **attributes)


def _hard_sigmoid(site: Site, x: str) -> str:
    return site.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)


def _gelu(site: Site, x: str) -> str:
    if site.graph.opset >= 20:
        return site.node("Gelu", x)
    wide = site.node("Erf", site.node("Mul", x, site.numbers(1 / math.sqrt(2))))
    share = site.node("Add", site.node("Mul", wide, site.numbers(0.5)), site.numbers(0.5))
    return site.node("Mul", x, share)


def _times(inner: Written) -> Written:
    return lambda site, x: site.node("Mul", x, inner(site, x))


def _mish(site: Site, x: str) -> str:
    if site.graph.opset >= 18:
        return site.node("Mish", x)
    return site.node("Mul", x, site.node("Tanh", site.node("Softplus", x)))


def _hard_silu(site: Site, x: str) -> str:
    if site.graph.opset >= 14:
        return site.node("HardSwish", x)
    return site.node("Mul", x, _hard_sigmoid(site, x))


FUNCTIONS: dict[str, Written] = {
    "linear": _plain("Identity"),
    "selu": _plain("Selu"),
    "gelu": _gelu,
    "silu": _times(_plain("Sigmoid")),
    "mish": _mish,
    "tanh": _plain("Tanh"),
    "sigmoid": _plain("Sigmoid"),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "softplus": _plain("Softplus"),
    "softsign": _plain("Softsign"),
    "exponential": _plain("Exp"),
}
"""Every function without parameters, by its name."""
