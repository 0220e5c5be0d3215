"""Lints about what the end of a network sees, and where its parameters are."""

from collections.abc import Iterator
from math import ceil

from cnnspec.analysis.lints.network import DENSE_LEAST, DENSE_SHARE, LintContext, short
from cnnspec.core.shapes import Image, Vector
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.size_lints import DenseHoldsMost, SmallReceptiveField
from cnnspec.graph.graph import LayerCall
from cnnspec.graph.receptive_field import fields
from cnnspec.operations.windows import MatrixProduct, Reduce


def small_field(network: LintContext) -> Iterator[Diagnostic]:
    """A global pooling at the end of which no value sees the whole image."""
    row: LayerCall | None = network.layers[-1]
    while row is not None and isinstance(row.input_shape, Vector):
        row = network.source(row)
    image = network.graph.input
    if row is None or not isinstance(image, Image):
        return
    if not isinstance(network.operations(row)[0], Reduce):
        return
    assert isinstance(row.input_shape, Image)
    seen = fields(network.graph)[row.inputs[0]]
    sides = (image.height, image.width)
    missing = [side - field.size for side, field in zip(sides, seen, strict=True)]
    # On a single pixel nothing is joined.
    if max(missing) <= 0 or (row.input_shape.height, row.input_shape.width) == (1, 1):
        return
    more = max(ceil(lack / (2 * field.step)) for lack, field in zip(missing, seen, strict=True))
    field = "x".join(str(ceil(min(f.size, s))) for f, s in zip(seen, sides, strict=True))
    yield network.at(
        row,
        SmallReceptiveField,
        of=short(row.layer),
        field=field,
        image=f"{image.height}x{image.width}",
        more=more,
    )


def dense_holds_most(network: LintContext) -> Iterator[Diagnostic]:
    """A dense layer on the image of convolutions that holds nearly every parameter."""
    total = sum(row.params for row in network.layers)
    if total < DENSE_LEAST:
        return
    for row in network.layers:
        if row.params <= DENSE_SHARE * total:
            continue
        (product, *_) = network.operations(row)
        flat = network.back(network.source(row), lambda operation: operation.keeps_shape)
        if flat is None or not isinstance(product, MatrixProduct):
            continue
        flattens = network.operations(flat)[0].view and isinstance(flat.output_shape, Vector)
        image = flat.input_shape
        kinds = {operation.kind for r in network.layers for operation in network.operations(r)}
        seen = flattens and "convolution" in kinds
        if seen and isinstance(image, Image) and image.height * image.width > 1:
            field = fields(network.graph)[flat.inputs[0]]
            whole = network.graph.input.dims[:2]
            yield network.at(
                row,
                DenseHoldsMost,
                "units",
                of=short(row.layer),
                params=row.params,
                total=total,
                image=str(image),
                left=(image.channels + product.has_bias) * product.units,
                covers=all(f.size >= side for f, side in zip(field, whole, strict=False)),
                flatten=None if flat.implicit else flat.span,
            )


LINTS = (
    small_field,
    dense_holds_most,
)
