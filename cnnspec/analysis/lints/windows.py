"""Lints about windows that move by more than one: rows that are dropped, pixels not seen.

Most networks have such windows and neither fault, so that its class is imported where it is found.
"""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import LintContext, short
from cnnspec.core.shapes import Image
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.graph.graph import LayerCall
from cnnspec.operations.base import NO_PADDING, pair
from cnnspec.operations.moves import Pad
from cnnspec.operations.windows import Convolution, Pool, TransposedConvolution


def pool_drops(network: LintContext) -> Iterator[Diagnostic]:
    """Rows and columns at the edge that fill no window."""
    for row in network.layers:
        layer, image = row.layer, row.input_shape
        (window, *_) = network.operations(row)
        if not isinstance(window, Pool | Convolution) or window.padding != NO_PADDING:
            continue
        assert isinstance(image, Image)
        sides, spans, strides = (image.height, image.width), window.spans, window.stride
        rows, columns = (
            # Where it steps further than it is large, it leaves out more than the edge.
            _dropped((side - span) % stride if stride <= span else 0, zeros)
            for side, span, stride, zeros in zip(
                sides, spans, strides, _padded(network, row), strict=True
            )
        )
        if rows or columns:
            from cnnspec.diagnostics.size_lints import PoolDrops

            yield network.at(
                row,
                PoolDrops,
                "size" if isinstance(window, Pool) else "kernel",
                of=short(layer),
                image=f"{image.height}x{image.width}",
                rows=rows,
                columns=columns,
                fits=tuple(_fitting(row, window)),
            )


def _fitting(row: LayerCall, window: Pool | Convolution) -> list[int]:
    """Returns sizes of a square window, near to its own, that leave nothing out."""
    sides, (size, width), own = row.input_shape.dims[:2], window.size, window.stride
    if size != width or window.spans != window.size:
        return []
    # A pooling without a stride moves as far as it is large.
    moves = isinstance(window, Pool) and getattr(row.layer, "stride", None) is None
    fits = []
    for near in (size - 1, size + 1):
        steps = (near, near) if moves else own
        even = all((side - near) % step == 0 for side, step in zip(sides, steps, strict=True))
        # A window smaller than its stride would leave out more.
        if even and near > 1 and near >= max(steps) and near <= min(sides):
            fits.append(near)
    return fits


def _padded(network: LintContext, row: LayerCall) -> tuple[int, int]:
    """Rows below and columns on the right that a `pad` right before has put there."""
    before = network.source(row)
    match network.operations(before) if before else ():
        case (Pad(amounts=((_, bottom), (_, right))),):
            return bottom, right
    return 0, 0


def _dropped(positions: int, zeros: int) -> int:
    """Positions that are dropped, unless all are zeros: `pad 1; pool 3 stride=2` of ResNets."""
    return positions if positions > zeros else 0


def skips_pixels(network: LintContext) -> Iterator[Diagnostic]:
    """Windows that move further than they are large, reading or painting."""
    for row in network.layers:
        (operation, *_) = network.operations(row)
        if row.implicit or not isinstance(operation, Convolution | Pool | TransposedConvolution):
            continue
        size, stride = operation.size, operation.stride
        paints = isinstance(operation, TransposedConvolution)
        if isinstance(operation, TransposedConvolution):
            over = [
                # Points of the kernel fall on these rows of each step.
                len({point * gap % step for point in range(side)}) < step
                for step, side, gap in zip(stride, size, operation.dilation, strict=True)
            ]
        else:
            over = [
                step > side and positions > 1
                for step, side, positions in zip(stride, size, row.output_shape.dims, strict=False)
            ]
        # What else reads the image sees what this one leaves out: the shortcut of a residual.
        alone = paints or len(network.takers[row.inputs[0]]) == 1
        if alone and any(over):
            from cnnspec.diagnostics.size_lints import SkipsPixels

            yield network.at(
                row,
                SkipsPixels,
                "stride",
                of=short(row.layer),
                kernel=pair(size),
                stride=pair(stride),
                paints=paints,
            )


LINTS = (
    pool_drops,
    skips_pixels,
)
