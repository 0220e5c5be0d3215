"""The weights that a training begins with, drawn in numpy: Keras's formulas, other numbers.

Each weight has a generator of its own from (seed, number of its layer, number of the
weight), so a change of one layer leaves the others as they were.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.layers.initializers import (
    INITIALIZERS,
    Constant,
    Initializer,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    Zeros,
)
from cnnspec.layers.weighted import Weighted

if TYPE_CHECKING:
    # The table is asked what it has by light code; what draws imports numpy.
    import numpy as np

Shape = tuple[int, ...]
Draw = Callable[[Any, Shape, "np.random.Generator"], "np.ndarray"]

_TRUNCATED = 0.87962566103423978
"""The standard deviation of a normal distribution cut at two of its own."""


def initial_weights(checked: CheckedSpec) -> "dict[str, np.ndarray]":
    """Returns the first weights of a spec by their names, float32, from its training seed."""
    import numpy as np

    seed = checked.spec.train.seed
    found = {}
    for number, call in enumerate(checked.graph.owners):
        for place, (name, shape) in enumerate(call.layer.weights(call.input_shape).items()):
            initializer = _of(call.layer, name)
            own = getattr(initializer, "seed", None)
            random = np.random.default_rng([seed, number, place] if own is None else [own])
            drawn = DRAWS[type(initializer)](initializer, shape, random)
            found[f"{call.name}/{name}"] = drawn.astype(np.float32)
    return found


def _of(layer: Any, name: str) -> Initializer:
    """The initializer of a weight: those of normalization and slopes are Keras's."""
    if isinstance(layer, Weighted):
        return layer.bias_init if name == "bias" else layer.init
    return Ones() if name in ("gamma", "moving_variance") else Zeros()


def fans(shape: Shape) -> tuple[float, float]:
    """Returns how many inputs and outputs a weight has, as Keras counts them."""
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _truncated(shape: Shape, random: "np.random.Generator") -> "np.ndarray":
    """Normally distributed numbers, drawn again beyond 2."""
    found = random.standard_normal(shape)
    while (far := abs(found) > 2).any():
        found[far] = random.standard_normal(int(far.sum()))
    return found


def _scaled(word: str) -> Draw:
    family, _, kind = word.partition("_")

    def draw(initializer: Any, shape: Shape, random: "np.random.Generator") -> "np.ndarray":
        into, out = fans(shape)
        by, scale = {
            "glorot": ((into + out) / 2, 1.0),
            "he": (into, 2.0),
            "lecun": (into, 1.0),
        }[family]
        variance = scale / max(1.0, by)
        if kind == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(-limit, limit, shape)
        return _truncated(shape, random) * (math.sqrt(variance) / _TRUNCATED)

    return draw


def _orthogonal(i: Orthogonal, shape: Shape, random: "np.random.Generator") -> "np.ndarray":
    import numpy as np

    rows, columns = math.prod(shape[:-1]), shape[-1]
    drawn = random.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = q * np.sign(np.diag(r))
    return i.gain * (q.T if rows < columns else q).reshape(shape)


def _full(shape: Shape, value: float) -> "np.ndarray":
    import numpy as np

    return np.full(shape, value)


DRAWS: dict[type[Initializer], Draw] = {
    Zeros: lambda i, shape, random: _full(shape, 0),
    Ones: lambda i, shape, random: _full(shape, 1),
    Constant: lambda i, shape, random: _full(shape, i.value),
    RandomNormal: lambda i, shape, random: random.normal(i.mean, i.stddev, shape),
    RandomUniform: lambda i, shape, random: random.uniform(i.minval, i.maxval, shape),
    TruncatedNormal: lambda i, shape, random: i.mean + i.stddev * _truncated(shape, random),
    Orthogonal: _orthogonal,
} | {
    cls: _scaled(word)
    for word, cls in INITIALIZERS.items()
    if word.partition("_")[0] in ("glorot", "he", "lecun")
}
"""What draws the numbers of each initializer."""
