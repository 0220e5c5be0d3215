"""Operators of ONNX that move numbers, and those of one number: of values and of constants."""

import math
from collections.abc import Callable

import numpy as np
from onnx import helper

from cnnspec.importing.onnx.site import Site, array_of
from cnnspec.importing.operators.tensors import Tensor, dims_of
from cnnspec.targets.interpreter.functions import (
    FUNCTIONS,
    SELU_ALPHA,
    SELU_SCALE,
    sigmoid,
    softplus,
)

Read = Callable[[Site], Tensor]


def _reshape(site: Site) -> Tensor:
    given = site.ints("shape", 1) or []
    before = dims_of(site.input())
    # With `allowzero` a zero is a size, and no value here has that.
    known = [] if site.get("allowzero", 0) else list(before)
    dims = [known[at] if not size and at < len(known) else size for at, size in enumerate(given)]
    return site.moved(lambda order: order.reshape(dims))


def _flatten(site: Site) -> Tensor:
    axis, dims = int(site.get("axis", 1)), dims_of(site.input())
    axis = axis + len(dims) if axis < 0 else axis
    return site.moved(lambda order: order.reshape(math.prod(dims[:axis]), -1))


def _transpose(site: Site) -> Tensor:
    axes = site.get("perm") or range(len(dims_of(site.input())))[::-1]
    return site.moved(lambda order: order.transpose(axes))


def _squeeze(site: Site) -> Tensor:
    axes = site.ints("axes", 1)
    dims = dims_of(site.input())
    if axes is None:
        axes = [axis for axis, size in enumerate(dims) if size == 1 and axis]
    given = tuple(site.positive(axes))
    return site.moved(lambda order: order.squeeze(given))


def _unsqueeze(site: Site) -> Tensor:
    axes = site.ints("axes", 1) or []
    return site.moved(lambda order: np.expand_dims(order, tuple(axes)))


def _slice(site: Site) -> Tensor:
    dims = dims_of(site.input())
    starts, ends = site.ints("starts", 1) or [], site.ints("ends", 2) or []
    axes = site.positive(site.ints("axes", 3) or list(range(len(starts))))
    steps = site.ints("steps", 4) or [1] * len(starts)
    part = [slice(None)] * len(dims)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        # An end before the first place, as a negative step may have it, is no end of Python's.
        last = None if step < 0 and end < -dims[axis] else end
        part[axis] = slice(start, last, step)
    return site.moved(lambda order: order[tuple(part)])


def _split(site: Site) -> list[Tensor]:
    axis, count = site.axis(default=0), len(site.node.output)
    size = dims_of(site.input())[axis]
    each = -(-size // count)
    sizes = site.ints("split", 1) or [min(each, size - each * at) for at in range(count)]
    ends = np.cumsum(sizes)
    if len(sizes) != count or ends[-1] != size:
        raise site.place.refused(f"splits {size} numbers in {sizes}")

    def part(start: int, end: int) -> Tensor:
        taken = (*[slice(None)] * axis, slice(start, end))
        return site.moved(lambda order: order[taken])

    return [part(end - length, end) for end, length in zip(ends, sizes, strict=True)]


def _gather(site: Site) -> Tensor:
    axis, places = site.axis(default=0), site.constant(1)
    dims = dims_of(site.input())
    site.place.bounded((*dims[:axis], *places.shape, *dims[axis + 1 :]))
    return site.moved(lambda order: order.take(places.astype(int), axis))


def _expand(site: Site) -> Tensor:
    dims = tuple(np.broadcast_shapes(dims_of(site.input()), tuple(site.ints("shape", 1) or [])))
    site.place.bounded(dims)
    return site.moved(lambda order: np.broadcast_to(order, dims))


def _tile(site: Site) -> Tensor:
    times = site.ints("repeats", 1) or []
    dims = dims_of(site.input())
    if len(times) != len(dims):
        raise site.place.refused(f"repeats {len(times)} axes, where there are {len(dims)}")
    site.place.bounded(tuple(a * b for a, b in zip(dims, times, strict=True)))
    return site.moved(lambda order: np.tile(order, times))


def _depth_to_space(site: Site) -> Tensor:
    size, mode = int(site.get("blocksize", 1)), site.get("mode", "DCR")

    def move(order: np.ndarray) -> np.ndarray:
        n, c, h, w = order.shape
        if mode == "DCR":
            apart = order.reshape(n, size, size, -1, h, w).transpose(0, 3, 4, 1, 5, 2)
        else:
            apart = order.reshape(n, -1, size, size, h, w).transpose(0, 1, 4, 2, 5, 3)
        return apart.reshape(n, c // size**2, h * size, w * size)

    return site.moved(move)


def _shape(site: Site) -> Tensor:
    dims = np.array(dims_of(site.input()), np.int64)
    return dims[int(site.get("start", 0)) : site.get("end")]


def _cast(site: Site) -> Tensor:
    found = site.input()
    kind = np.dtype(helper.tensor_dtype_to_np_dtype(site.get("to")))
    if isinstance(found, np.ndarray):
        return found.astype(kind)
    if kind not in (np.float32, np.float64):
        raise site.place.refused(f"makes numbers of type {kind}", "export the model in float32")
    return found


def _constant(site: Site) -> Tensor:
    for name in ("value_float", "value_int", "value_floats", "value_ints"):
        if (found := site.get(name)) is not None:
            return np.array(found, np.float32 if "float" in name else np.int64)
    found = site.get("value")
    if found is None:
        raise site.place.refused("has no array of numbers")
    return array_of(found)


def _filled(site: Site) -> Tensor:
    dims = tuple(int(each) for each in site.constant(0))
    site.place.bounded(dims)
    value = site.get("value")
    return np.full(dims, array_of(value).ravel()[0] if value is not None else np.float32(0))


def _formula(formula: Callable[..., np.ndarray]) -> Read:
    return lambda site: site.builder.formula(
        site.place, formula, *(site.input(index) for index in range(len(site.inputs)))
    )


def _with(make: Callable[[Site], Callable[[np.ndarray], np.ndarray]]) -> Read:
    """An operator of one number with settings of its own."""
    return lambda site: site.builder.formula(site.place, make(site), site.input())


def _clip(site: Site) -> Tensor:
    low, high = (
        float(site.constant(index).ravel()[0]) if site.has(index) else site.get(name, default)
        for index, name, default in ((1, "min", -np.inf), (2, "max", np.inf))
    )
    return site.builder.formula(site.place, lambda x: np.clip(x, low, high), site.input())


def _gelu(site: Site) -> Callable[[np.ndarray], np.ndarray]:
    if site.get("approximate", "none") == "none":
        return FUNCTIONS["gelu"]
    return lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    whole = np.result_type(a).kind in "iu" and np.result_type(b).kind in "iu"
    return np.asarray(np.floor_divide(a, b) if whole else np.divide(a, b))


def _elu(x: np.ndarray, alpha: float, gamma: float = 1.0) -> np.ndarray:
    return gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _hard_sigmoid(site: Site) -> Callable[[np.ndarray], np.ndarray]:
    alpha, beta = site.get("alpha", 0.2), site.get("beta", 0.5)
    return lambda x: np.clip(alpha * x + beta, 0, 1)


def _leaky(site: Site) -> Callable[[np.ndarray], np.ndarray]:
    alpha = site.get("alpha", 0.01)
    return lambda x: np.where(x > 0, x, alpha * x)


MOVES: dict[str, Callable[[Site], Tensor | list[Tensor]]] = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Slice": _slice,
    "Split": _split,
    "Gather": _gather,
    "Expand": _expand,
    "Tile": _tile,
    "DepthToSpace": _depth_to_space,
    "Shape": _shape,
    "Cast": _cast,
    "Constant": _constant,
    "ConstantOfShape": _filled,
}
"""Every operator that moves numbers or makes constants, by its name."""

_erf = np.vectorize(math.erf, otypes=[float])

FORMULAS: dict[str, Read] = {
    "Abs": _formula(np.abs),
    "Add": _formula(np.add),
    "Ceil": _formula(np.ceil),
    "Clip": _clip,
    "Div": _formula(_divide),
    "Elu": _with(lambda site: lambda x: _elu(x, site.get("alpha", 1.0))),
    "Equal": _formula(np.equal),
    "Erf": _formula(_erf),
    "Exp": _formula(np.exp),
    "Floor": _formula(np.floor),
    "Gelu": _with(_gelu),
    "Greater": _formula(np.greater),
    "HardSigmoid": _with(_hard_sigmoid),
    "HardSwish": _formula(FUNCTIONS["hard_silu"]),
    "LeakyRelu": _with(_leaky),
    "Less": _formula(np.less),
    "Log": _formula(np.log),
    "Min": _formula(np.minimum),
    "Mish": _formula(FUNCTIONS["mish"]),
    "Mul": _formula(np.multiply),
    "Neg": _formula(np.negative),
    "Pow": _formula(np.power),
    "Reciprocal": _formula(np.reciprocal),
    "Relu": _formula(lambda x: np.maximum(x, 0)),
    "Selu": _with(
        lambda site: lambda x: _elu(x, site.get("alpha", SELU_ALPHA), site.get("gamma", SELU_SCALE))
    ),
    "Sigmoid": _formula(sigmoid),
    "Softplus": _formula(softplus),
    "Softsign": _formula(FUNCTIONS["softsign"]),
    "Sqrt": _formula(np.sqrt),
    "Sub": _formula(np.subtract),
    "Tanh": _formula(np.tanh),
    "Where": _formula(np.where),
}
"""Every operator of single numbers, by its name."""
