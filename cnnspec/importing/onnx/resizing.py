"""Resize and Upsample of ONNX: pixels copied in any of its conventions, or scaled."""

from collections.abc import Callable

import numpy as np

from cnnspec.importing.onnx.site import Site
from cnnspec.importing.operators.tensors import Tensor, dims_of
from cnnspec.layers.geometry import Resize


def resize(site: Site) -> Tensor:
    """Resize or Upsample: nearest pixels in any convention, or bilinear as layers have it."""
    builder, place = site.builder, site.place
    dims = dims_of(site.input())
    size = _size_after(site, dims)
    mode = site.get("mode", "nearest")
    default = "asymmetric" if site.node.op_type == "Upsample" else "half_pixel"
    where = site.get("coordinate_transformation_mode", default)
    if mode == "nearest":
        rounding = site.get("nearest_mode", "round_prefer_floor")
        rounding = "floor" if site.node.op_type == "Upsample" else rounding

        def nearest(order: np.ndarray) -> np.ndarray:
            for axis, (before, after) in enumerate(zip(dims, size, strict=True)):
                if before != after:
                    order = order.take(_places(site, before, after, where, rounding), axis)
            return order

        return site.moved(nearest)
    if mode != "linear" or where not in ("half_pixel", "pytorch_half_pixel"):
        raise place.refused(f"is `{mode}` with `{where}`, which a spec cannot say")
    site.require("antialias", 0)
    if size[:2] != dims[:2] or len(dims) != 4 or builder.channels != 1:
        raise place.refused("scales another axis than rows and columns")
    key = builder.image(site.input(), place)
    return builder.given(builder.add(place, Resize((size[2], size[3])), (key,)))


def _size_after(site: Site, dims: tuple[int, ...]) -> tuple[int, ...]:
    scales = 1 if site.node.op_type == "Upsample" or site.opset < 11 else 2
    after = list(dims)
    axes = site.positive(site.ints("axes", default=range(len(dims))) or [])
    if site.has(3) and site.constant(3).size:
        given = [int(each) for each in site.constant(3)]
    else:
        factors = site.constant(scales).ravel()
        given = [int(np.floor(dims[a] * f)) for a, f in zip(axes, factors, strict=True)]
    for axis, each in zip(axes, given, strict=True):
        after[axis] = each
    site.place.bounded(tuple(after))
    return tuple(after)


def _places(site: Site, before: int, after: int, where: str, rounding: str) -> np.ndarray:
    """Which position each one after is taken from (Resize in the operators of ONNX)."""
    at: np.ndarray = np.arange(after)
    scale = after / before
    if where in ("half_pixel", "pytorch_half_pixel"):
        at = (at + 0.5) / scale - 0.5
    elif where == "asymmetric":
        at = at / scale
    else:
        raise site.place.refused(f"has `coordinate_transformation_mode={where}`")
    rounds: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "floor": np.floor,
        "ceil": np.ceil,
        "round_prefer_floor": lambda x: np.ceil(x - 0.5),
        "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    }
    if rounding not in rounds:
        raise site.place.refused(f"has `nearest_mode={rounding}`")
    found: np.ndarray = np.clip(rounds[rounding](at).astype(int), 0, before - 1)
    return found
