"""Factors and offsets that are weights: the bias of a layer, or a batch norm.

Files of ONNX and LiteRT have products and sums with arrays where a network had these.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.importing.steps import Affine, Step, Steps, alone, used
from cnnspec.layers.merging import Add, Average
from cnnspec.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from cnnspec.layers.weighted import Weighted


class _Made(Record):
    """A layer with its weights, in the place of itself and a factor and an offset behind it."""

    layer: Weighted | Average | GroupNorm | LayerNorm
    arrays: tuple[np.ndarray, ...]


def learned(steps: Steps, output: str) -> Steps:
    """Returns the steps with each factor and offset in the layer before it, where that has them."""
    users = used(steps, output)
    found = dict(steps)
    for key in steps:
        step, after = found[key], alone(users, found, key)
        if key == output or after is None or after.affine is None or step.layer is None:
            continue
        shared = step.owner and sum(each.owner == step.owner for each in found.values()) > 1
        made = None if shared else _joined(step, after.affine)
        if made is not None:
            owner = step.owner or (key if made.arrays else "")
            found[key] = step.replace(layer=made.layer, arrays=made.arrays, owner=owner)
            found[after.key] = after.replace(affine=None)
    return found


def _joined(step: Step, affine: Affine) -> _Made | None:
    """A layer that does both; `None` where there is none."""
    layer = step.layer
    sums = bool(np.all(np.asarray(affine.factor) == 1))
    if isinstance(layer, Weighted) and layer.activation == "linear" and sums and step.arrays:
        if layer.bias or not affine.learned:
            return None
        return _Made(layer.replace(bias=True), (*step.arrays, _float32(affine.offset)))
    if layer == Add() and affine.is_number(1 / len(step.inputs), 0):
        return _Made(Average(), ())
    if isinstance(layer, GroupNorm | LayerNorm) and affine.learned and not step.arrays:
        dims = np.broadcast_shapes(np.shape(affine.factor), np.shape(affine.offset))
        arrays = (np.broadcast_to(each, dims) for each in (affine.factor, affine.offset))
        made = layer.replace(center=True, scale=True)
        return _Made(made, tuple(map(_float32, arrays)))
    return None


def whole_norm(step: Step, factor: np.ndarray, offset: np.ndarray) -> Step:
    """A batch norm with these weights, whose mean and variance change nothing."""
    layer = BatchNorm()
    ones = np.ones_like(factor)
    arrays = (factor, offset, 0 * ones, ones - layer.epsilon)
    return step.replace(
        layer=layer, affine=None, owner=step.key, arrays=tuple(map(_float32, arrays))
    )


def _float32(array: np.ndarray | float) -> np.ndarray:
    return np.asarray(array, np.float32)
