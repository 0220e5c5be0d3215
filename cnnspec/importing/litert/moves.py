"""Operators of LiteRT that move numbers, and those of one number: of values and of constants."""

from collections.abc import Callable

import numpy as np

from cnnspec.importing.litert.site import FUSED, Read, Site
from cnnspec.importing.operators.tensors import Tensor, dims_of
from cnnspec.targets.interpreter.functions import FUNCTIONS, sigmoid


def _reshape(site: Site) -> Tensor:
    if len(site.inputs) > 1:
        dims = site.ints(1)
    else:
        dims = [int(site.options.NewShape(at)) for at in range(site.options.NewShapeLength())]
    return site.moved(lambda order: order.reshape(dims))


def _squeeze(site: Site) -> Tensor:
    count = site.get("SqueezeDimsLength")
    axes = tuple(site.axis(int(site.options.SqueezeDims(at))) for at in range(min(count, 8)))
    dims = dims_of(site.input())
    given = axes or tuple(axis for axis, size in enumerate(dims) if size == 1 and axis)
    return site.moved(lambda order: order.squeeze(given))


def _expand_dims(site: Site) -> Tensor:
    return site.moved(lambda order: np.expand_dims(order, site.ints(1)[0]))


def _transpose(site: Site) -> Tensor:
    return site.moved(lambda order: order.transpose(site.ints(1)))


def _slice(site: Site) -> Tensor:
    starts, sizes = site.ints(1), site.ints(2)
    part = tuple(
        slice(start, None if size < 0 else start + size)
        for start, size in zip(starts, sizes, strict=True)
    )
    return site.moved(lambda order: order[part])


def _strided_slice(site: Site) -> Tensor:
    starts, ends, steps = (site.ints(index) for index in (1, 2, 3))
    if site.get("EllipsisMask") or site.get("NewAxisMask"):
        raise site.place.refused("has a mask that is not known here")
    masks = [int(site.get(name)) for name in ("BeginMask", "EndMask", "ShrinkAxisMask")]
    part: list[slice | int] = []
    for at, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True)):
        open_, closed, single = (mask >> at & 1 for mask in masks)
        whole = slice(None if open_ else start, None if closed else end, step)
        part.append(start if single else whole)
    return site.moved(lambda order: order[tuple(part)])


def _split(site: Site) -> list[Tensor]:
    axis, count = site.axis(int(site.constant(0).ravel()[0])), site.outputs
    builder, place, x = site.builder, site.place, site.input(1)
    axis = axis if axis < len(dims_of(x)) else -1

    def part(at: int) -> Tensor:
        return builder.moved(place, x, lambda order: np.split(order, count, axis)[at])

    return [part(at) for at in range(count)]


def _gather(site: Site) -> Tensor:
    axis, places = site.axis(int(site.get("Axis"))), site.constant(1)
    dims = dims_of(site.input())
    site.place.bounded((*dims[:axis], *places.shape, *dims[axis + 1 :]))
    return site.moved(lambda order: order.take(places, axis))


def _tile(site: Site) -> Tensor:
    times = site.ints(1)
    site.place.bounded(tuple(a * b for a, b in zip(dims_of(site.input()), times, strict=True)))
    return site.moved(lambda order: np.tile(order, times))


def _broadcast(site: Site) -> Tensor:
    dims = tuple(site.ints(1))
    site.place.bounded(dims)
    return site.moved(lambda order: np.broadcast_to(order, dims))


def _shape(site: Site) -> Tensor:
    return np.array(dims_of(site.input()), np.int32)


def _pack(site: Site) -> Tensor:
    arrays = [site.constant(index) for index in range(len(site.inputs))]
    return np.stack(arrays, int(site.get("Axis")))


def _cast(site: Site) -> Tensor:
    found = site.input()
    if not isinstance(found, np.ndarray):
        raise site.place.refused("changes the type of a value", "export the model in float32")
    return found


def _formula(formula: Callable[..., np.ndarray]) -> Read:
    def read(site: Site) -> Tensor:
        given = [site.input(index) for index in range(len(site.inputs))]
        made = site.builder.formula(site.place, formula, *given)
        return site.ended(made) if hasattr(site.options, "FusedActivationFunction") else made

    return read


def _leaky(site: Site) -> Tensor:
    alpha = site.get("Alpha", 0.0)
    return site.builder.formula(site.place, lambda x: np.where(x > 0, x, alpha * x), site.input())


def _gelu(site: Site) -> Tensor:
    if site.get("Approximate", False):
        raise site.place.refused("approximates GELU by tanh; that of a spec is exact")
    return site.builder.formula(site.place, FUNCTIONS["gelu"], site.input())


def _select(which: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(which, a, b))


def _elu(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(x > 0, x, np.expm1(np.minimum(x, 0))))


MOVES: dict[str, Read] = {
    "RESHAPE": _reshape,
    "SQUEEZE": _squeeze,
    "EXPAND_DIMS": _expand_dims,
    "TRANSPOSE": _transpose,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "SPLIT": _split,
    "GATHER": _gather,
    "TILE": _tile,
    "BROADCAST_TO": _broadcast,
    "SHAPE": _shape,
    "PACK": _pack,
    "CAST": _cast,
}
"""Every operator that moves numbers or makes constants, by its word in the format."""

FORMULAS: dict[str, Read] = {
    "LEAKY_RELU": _leaky,
    "GELU": _gelu,
    "ADD": _formula(np.add),
    "SUB": _formula(np.subtract),
    "MUL": _formula(np.multiply),
    "DIV": _formula(np.divide),
    "MAXIMUM": _formula(np.maximum),
    "MINIMUM": _formula(np.minimum),
    "POW": _formula(np.power),
    "SQUARED_DIFFERENCE": _formula(lambda a, b: (a - b) ** 2),
    "RELU": _formula(FUSED[1]),
    "RELU6": _formula(FUSED[3]),
    "RELU_N1_TO_1": _formula(FUSED[2]),
    "ELU": _formula(_elu),
    "TANH": _formula(np.tanh),
    "LOGISTIC": _formula(sigmoid),
    "HARD_SWISH": _formula(FUNCTIONS["hard_silu"]),
    "EXP": _formula(np.exp),
    "LOG": _formula(np.log),
    "ABS": _formula(np.abs),
    "NEG": _formula(np.negative),
    "SQRT": _formula(np.sqrt),
    "RSQRT": _formula(lambda x: 1 / np.sqrt(x)),
    "SQUARE": _formula(np.square),
    "GREATER": _formula(np.greater),
    "LESS": _formula(np.less),
    "SELECT": _formula(_select),
    "SELECT_V2": _formula(_select),
}
"""Every operator of single numbers, by its word in the format."""
