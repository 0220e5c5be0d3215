"""Finds the function that a formula computes by what it gives, however it is written.

Exporters write one function in many ways: GELU with `Erf`, SiLU as x times a sigmoid, softsign as
three operators. Each is evaluated at some numbers in double precision and compared with the
functions that the language has.
"""

import numpy as np

from cnnspec.importing.steps import Affine
from cnnspec.layers.activations import ACTIVATION_LAYERS, Elu, LeakyRelu, Relu
from cnnspec.layers.base import Layer
from cnnspec.operations.base import Function
from cnnspec.targets.interpreter.functions import FUNCTIONS, apply

POINTS = np.array([*np.linspace(-9, 9, 37), -0.01, 0.01, 300.0])
"""Where formulas are evaluated: 0 is number 18, and -1 number 16."""
_RELATIVE, _ABSOLUTE = 1e-5, 2e-6
"""How far a formula may be off: numbers in it are float32."""


def function_of(found: np.ndarray) -> Layer | Affine | None:
    """Returns what gives these numbers (points, …) at `POINTS`; `None` where nothing does.

    A factor or an offset may differ along the other axes.
    """
    if not np.isfinite(found).all():
        return None
    factor = (found[36] - found[0]) / (POINTS[36] - POINTS[0])
    offset = found[18]
    x = POINTS.reshape(-1, *[1] * (found.ndim - 1))
    # A sum of a large factor or offset is as exact as its largest part.
    largest = 1 + float(np.abs(factor).max()) * 9 + float(np.abs(offset).max())
    if np.allclose(found, factor * x + offset, rtol=_RELATIVE, atol=_ABSOLUTE * largest):
        one = factor.size == 1
        return Affine(
            _number(factor.item()) if one else factor, _number(offset.item()) if one else offset
        )
    flat = found.reshape(len(POINTS), -1)
    if not np.allclose(flat, flat[:, :1], rtol=_RELATIVE, atol=_ABSOLUTE):
        return None
    return _known(flat[:, 0])


def _known(y: np.ndarray) -> Layer | None:
    for word in FUNCTIONS:
        if word != "linear" and _close(y, Function(word)):
            return ACTIVATION_LAYERS[word]()
    if _close(y, Function("relu", ceiling=6.0)):
        return ACTIVATION_LAYERS["relu6"]()
    slope = _number(-y[16])
    if _close(y, Function("relu", slope=slope)):
        return LeakyRelu(slope) if slope else Relu()
    ceiling = _number(y[-1])
    if ceiling > 0 and _close(y, Function("relu", slope=slope, ceiling=ceiling)):
        return Relu(ceiling, slope)
    alpha = _number(-y[0] / (1 - np.exp(POINTS[0])))
    return Elu(alpha) if _close(y, Function("elu", alpha=alpha)) else None


def _close(y: np.ndarray, function: Function) -> bool:
    return bool(np.allclose(y, apply(function, POINTS), rtol=_RELATIVE, atol=_ABSOLUTE))


def _number(value: float) -> float:
    """A number without the digits that a float32 adds."""
    return float(f"{float(value):.7g}")
