"""Operators of ONNX that normalize: by batches, instances, groups and layers."""

import numpy as np

from cnnspec.importing.onnx.site import Site
from cnnspec.importing.operators.tensors import Tensor, Value
from cnnspec.layers.normalization import BatchNorm, GroupNorm, LayerNorm


def batch_norm(site: Site) -> Tensor:
    """BatchNormalization at inference."""
    site.require("training_mode", 0)
    arrays = [site.constant(index).ravel() for index in (1, 2, 3, 4)]
    epsilon = _number(site.get("epsilon", 1e-5))
    builder, place = site.builder, site.place
    value = builder.settle(site.input(), place)
    layer = BatchNorm(epsilon=epsilon, momentum=_number(site.get("momentum", 0.9)))
    if len(value.dims) == 4:
        key = builder.image(value, place)
        return builder.given(builder.add(place, layer, (key,), arrays))
    key, rows = builder.vector(value, place)
    if len(rows) != builder.shapes[key].size or any(len(each) != len(rows) for each in arrays):
        raise place.refused("normalizes a part of a vector")
    ours = []
    for array in arrays:
        ours.append(np.empty(len(rows), np.float32))
        ours[-1][rows] = array
    return Value(builder.add(place, layer, (key,), ours), value.order)


def instance_norm(site: Site) -> Tensor:
    """InstanceNormalization: group norm, of an image or of its groups as rows of numbers."""
    builder, place = site.builder, site.place
    scale, offset = site.constant(1).ravel(), site.constant(2).ravel()
    epsilon = _number(site.get("epsilon", 1e-5))
    value = builder.settle(site.input(), place)
    if len(value.dims) == 4:
        key = builder.image(value, place)
        layer = GroupNorm(groups="instance", epsilon=epsilon)
        return builder.given(builder.add(place, layer, (key,), (scale, offset)))
    dims = builder.shapes[value.key].dims
    plain = len(dims) == 3 and np.array_equal(
        value.example.ravel(), builder.given(value.key, 1).example.ravel()
    )
    if not plain or (scale != 1).any() or (offset != 0).any():
        raise place.refused("normalizes what is not a group of channels")
    groups = value.dims[1]
    of = groups if groups != dims[-1] else "instance"
    layer = GroupNorm(groups=of, epsilon=epsilon, center=False, scale=False)
    return Value(builder.add(place, layer, (value.key,)), value.order)


def group_norm(site: Site) -> Tensor:
    """GroupNormalization of opset 21, which has a factor and an offset for each channel."""
    if site.opset < 21:
        raise site.place.refused("has factors for groups, not for channels", "use opset 21")
    builder, place = site.builder, site.place
    groups = int(site.get("num_groups", 1))
    layer = GroupNorm(groups=groups, epsilon=_number(site.get("epsilon", 1e-5)))
    arrays = (site.constant(1).ravel(), site.constant(2).ravel())
    key = builder.image(site.input(), place)
    return builder.given(builder.add(place, layer, (key,), arrays))


def layer_norm(site: Site) -> Tensor:
    """LayerNormalization over the last axis, where that has the channels."""
    builder, place = site.builder, site.place
    value = builder.settle(site.input(), place)
    if site.axis() != len(value.dims) - 1:
        raise place.refused("normalizes several axes")
    given = [site.constant(index).ravel() for index in (1, 2) if site.has(index)]
    layer = LayerNorm(epsilon=_number(site.get("epsilon", 1e-5)), center=len(given) > 1)
    if len(value.dims) == 4:
        key = builder.image(value, place, 3)
        return builder.given(builder.add(place, layer, (key,), given), 3)
    key, rows = builder.vector(value, place)
    ours = []
    for array in given:
        ours.append(np.empty(builder.shapes[key].size, np.float32))
        ours[-1][rows] = array
    return Value(builder.add(place, layer, (key,), ours), value.order)


def _number(value: float) -> float:
    """A number without the digits that a float32 adds."""
    return float(f"{float(value):.7g}")
