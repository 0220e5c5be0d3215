"""The functions of one number that operations name, on arrays of any shape.

Formulas are those of Keras's activations of the same names.
"""

import math
from collections.abc import Callable

import numpy as np

from cnnspec.operations.base import Function


def apply(function: Function, x: np.ndarray) -> np.ndarray:
    """Returns the function of every value, in the dtype of `x`."""
    if function.name == "relu":
        return _relu(function, x)
    if function.name == "elu":
        return np.where(x > 0, x, x.dtype.type(function.alpha) * np.expm1(np.minimum(x, 0)))
    return FUNCTIONS[function.name](x).astype(x.dtype, copy=False)


def _relu(function: Function, x: np.ndarray) -> np.ndarray:
    above: np.ndarray = np.maximum(x, 0)
    if function.ceiling is not None:
        above = np.minimum(above, x.dtype.type(function.ceiling))
    if function.slope:
        above = above + x.dtype.type(function.slope) * np.minimum(x, 0)
    return above


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without an exponential that is too large."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)), which is x for a large x."""
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def hard_sigmoid(x: np.ndarray) -> np.ndarray:
    """A sixth of x + 3, between 0 and 1."""
    return np.clip(x / 6 + 0.5, 0, 1)


_erf = np.vectorize(math.erf, otypes=[float])


def gelu(x: np.ndarray) -> np.ndarray:
    """Each x times the normal distribution up to x (Hendrycks and Gimpel, 2016)."""
    # Numpy has no erf.
    return np.asarray(x * (0.5 + 0.5 * _erf(x / math.sqrt(2)).astype(x.dtype)))


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Klambauer et al., "Self-normalizing neural networks" (2017)."""


def selu(x: np.ndarray) -> np.ndarray:
    """A scaled elu that keeps mean 0 and variance 1."""
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "selu": selu,
    "gelu": gelu,
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exponential": np.exp,
}
"""Every function without parameters, by its name."""
