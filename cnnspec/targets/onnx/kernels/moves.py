"""Operations that move values as operators of ONNX."""

from typing import Any

from cnnspec.targets.interpreter.resizing import matrix
from cnnspec.targets.onnx.kernels.sums import pads
from cnnspec.targets.onnx.site import Site, channels_first


def pad(site: Site) -> str:
    """Pad with zeros."""
    top, left, bottom, right = pads(site.operation.amounts)
    amounts = site.sizes(0, 0, top, left, 0, 0, bottom, right, of="pads")
    return site.node("Pad", site.inputs[0], amounts)


def crop(site: Site) -> str:
    """Slice of rows and columns."""
    (top, bottom), (left, right) = site.operation.amounts
    height, width, _ = site.shapes[0].dims
    return _slice(site, (top, left), (height - bottom, width - right), (2, 3))


def slice_channels(site: Site) -> str:
    """Slice of channels."""
    start = site.operation.start
    return _slice(site, (start,), (start + site.operation.channels,), (1,))


def _slice(
    site: Site, starts: tuple[int, ...], ends: tuple[int, ...], axes: tuple[int, ...]
) -> str:
    return site.node(
        "Slice",
        site.inputs[0],
        site.sizes(*starts, of="starts"),
        site.sizes(*ends, of="ends"),
        site.sizes(*axes, of="axes"),
    )


def resize(site: Site) -> str:
    """Resize, or what gives the same as it does in TensorFlow.

    TensorFlow computes places in float32, so that of two pixels at the same distance `nearest`
    takes either: only whole factors, which have none of these, are left to Resize. The places of
    `bicubic` it rounds to 1/1024 of a pixel.
    """
    own = site.operation
    before = site.shapes[0].dims[:2]
    if own.interpolation == "bicubic":
        return _by_matrices(site)
    if own.interpolation == "bilinear":
        return _resize(site, mode="linear")
    if all(after % size == 0 for after, size in zip(own.size, before, strict=True)):
        return _resize(site, mode="nearest", nearest_mode="round_prefer_ceil")
    x = site.inputs[0]
    for axis, (size, after) in enumerate(zip(before, own.size, strict=True), 2):
        if size != after:
            places = matrix(size, after, "nearest").argmax(1)
            x = site.node("Gather", x, site.sizes(*places, of="places"), axis=axis)
    return x


def _resize(site: Site, **how: Any) -> str:
    x, size = site.inputs[0], site.sizes(*site.operation.size, of="size")
    if site.graph.opset >= 18:
        how["axes"] = [2, 3]
    else:
        # Older ones need every size, and that of the batch is known to the graph alone.
        zero, two = (site.sizes(at, of="place") for at in (0, 2))
        shape = site.node("Slice", site.node("Shape", x), zero, two)
        size = site.node("Concat", shape, size, axis=0)
    return site.node("Resize", x, "", "", size, coordinate_transformation_mode="half_pixel", **how)


def _by_matrices(site: Site) -> str:
    """A matrix for the rows and one for the columns."""
    dims, own = site.shapes[0].dims, site.operation
    rows, columns = (
        matrix(before, after, own.interpolation).astype("float32")
        for before, after in zip(dims[:2], own.size, strict=True)
    )
    tall = site.node("MatMul", site.graph.constant(f"{site.owner}/rows", rows), site.inputs[0])
    return site.node("MatMul", tall, site.graph.constant(f"{site.owner}/columns", columns.T))


def reshape(site: Site) -> str:
    """Reshape between transpositions: values follow each other by rows, columns, channels."""
    x, before, after = site.inputs[0], site.shapes[0].dims, site.output.dims
    if len(before) == 3 and before[-1] != 1 and before[:2] != (1, 1):
        x = site.node("Transpose", x, perm=[0, 2, 3, 1])
    if len(after) == 1 or after[-1] == 1 or after[:2] == (1, 1):
        return site.reshaped(x, *channels_first(after))
    return site.node("Transpose", site.reshaped(x, *after), perm=[0, 3, 1, 2])


def shuffle_channels(site: Site) -> str:
    """Reshape, Transpose and Reshape: the channels as a matrix, column by column."""
    groups = site.operation.groups
    channels, *positions = channels_first(site.shapes[0].dims)
    apart = site.reshaped(site.inputs[0], groups, channels // groups, *positions)
    axes = [0, 2, 1, *range(3, 3 + len(positions))]
    return site.reshaped(site.node("Transpose", apart, perm=axes), channels, *positions)
