"""Convolutions of both kinds, as correlations of an image that was padded once."""

from cnnspec.core.shapes import Image
from cnnspec.operations.base import Pair
from cnnspec.operations.windows import Convolution, TransposedConvolution
from cnnspec.targets.c.kernels.backward import Back, bias_gradient, place, tops
from cnnspec.targets.c.kernels.relu import fused
from cnnspec.targets.c.kernels.tiles import (
    Correlation,
    Spread,
    Store,
    correlate,
    correlate_kernel,
    turned,
)
from cnnspec.targets.c.kernels.winograd import PLACES, Tiles, pays
from cnnspec.targets.c.site import Kernel, Site, kernel


def convolution(site: Site) -> Kernel:
    """A convolution; zeros around its input are written once and kept for the way back."""
    op: Convolution = site.operation
    image, out = site.image, site.output
    assert isinstance(out, Image)
    of = correlation(op, image, (out.height, out.width))
    source, forward, kept = padded(op, image, of)

    def store(filter: str, row: str, column: str, value: str) -> str:
        at = f"({filter}) * {out.height * out.width} + ({row}) * {out.width} + {column}"
        return f"y[{at}] = {fused(op.then, value)};"

    tiles = tiles_of(of, site)
    if tiles:
        forward.append(tiles.forward(source, _each(tiles, bool(op.bias), store)))
    else:
        start = (lambda f: f"fill_lot(bias[{f}])") if op.bias else (lambda f: "fill_lot(0)")
        forward.append(correlate(of, source, "kernel", start, store))
    back = Back(site, of, op, image, out, tiles=tiles)
    return kernel(
        f"{formula(op)}{f', then {op.then}' if op.then else ''}",
        "\n".join(forward),
        back.text(source),
        kept=kept,
        scratch=back.scratch,
        prepare=back.prepare,
        prepared=back.prepared,
        runtime=tiles.runtime if tiles else "",
    )


def tiles_of(of: Correlation, site: Site) -> Tiles | None:
    """Returns the tiles by which a convolution is computed; none if it is computed directly."""
    return Tiles(of, site.wanted[0]) if pays(of) else None


def _each(tiles: Tiles, biased: bool, store: Store) -> str:
    """Stores the four outputs of a tile, those that there are."""
    found = []
    for m, (row, column) in enumerate(PLACES):
        value = f"outputs[{m}] + fill(bias[f])" if biased else f"outputs[{m}]"
        put = store("f", f"2 * i + {row}", f"2 * j + {column}", f"({value})")
        inside = tiles.inside(row, column)
        found.append(f"if ({' && '.join(inside)}) {put}" if inside else put)
    return "\n".join(found)


def correlation(op: Convolution, image: Image, out: Pair) -> Correlation:
    """Returns a convolution of an image that has its zeros around it."""
    rows = image.height + sum(op.padding[0]), image.width + sum(op.padding[1])
    return Correlation(
        op.groups,
        image.channels // op.groups,
        op.filters // op.groups,
        op.size,
        op.stride,
        op.dilation,
        rows,
        out,
    )


def padded(op: Convolution, image: Image, of: Correlation) -> tuple[str, list[str], int]:
    """Returns the name of the padded image, the text that makes it, and its vectors."""
    if not any(map(any, op.padding)):
        return "x", [], 0
    text = place(image, "x", "kept", of.rows, (1, 1), tops(op.padding))
    return "kept", [text], image.channels * of.rows[0] * of.rows[1]


def formula(op: Convolution) -> str:
    """Returns what a convolution computes."""
    return (
        "y[f][i][j] = sum over c, r, s of kernel[r][s][c][f]"
        f" * x[c][{_at('i', op.stride[0])} + {_at('r', op.dilation[0])} - {op.padding[0][0]}]"
        f"[{_at('j', op.stride[1])} + {_at('s', op.dilation[1])} - {op.padding[1][0]}]"
        f"{' + bias[f]' if op.bias else ''}"
    )


def _at(name: str, by: int) -> str:
    return name if by == 1 else f"{by} * {name}"


def transposed_convolution(site: Site) -> Kernel:
    """A transposed convolution: what the gradient of a convolution is to its input.

    Its own gradient is then a convolution, with the same kernel.
    """
    op: TransposedConvolution = site.operation
    image, out = site.image, site.output
    assert isinstance(out, Image)
    spans, cut = op.spans, tops(op.cut)
    rows = out.height + spans[0] - 1, out.width + spans[1] - 1
    first = spans[0] - 1 - cut[0], spans[1] - 1 - cut[1]
    forwards = Correlation(
        1, image.channels, op.filters, op.size, (1, 1), op.dilation, rows, (out.height, out.width)
    )
    # The convolution that this one transposes: from the painted image, cut, to the input.
    painted = tuple(
        (n - 1) * step + span
        for n, step, span in zip((image.height, image.width), op.stride, spans, strict=True)
    )
    backwards = Correlation(
        1,
        op.filters,
        image.channels,
        op.size,
        op.stride,
        op.dilation,
        (painted[0], painted[1]),
        (image.height, image.width),
    )

    def store(filter: str, row: str, column: str, value: str) -> str:
        at = f"({filter}) * {out.height * out.width} + ({row}) * {out.width} + {column}"
        return f"y[{at}] = {value};"

    def store_back(filter: str, row: str, column: str, value: str) -> str:
        at = f"({filter}) * {image.height * image.width} + ({row}) * {image.width} + {column}"
        return f"dx[{at}] {site.into()} {value};"

    start = (lambda f: f"fill_lot(bias[{f}])") if op.bias else (lambda f: "fill_lot(0)")
    forward = [
        place(image, "x", "scratch", rows, op.stride, first),
        correlate(forwards, "scratch", "prepared", start, store),
    ]
    lies = Spread(image.height * image.width, image.width, 1)
    back = [place(out, "dy", "scratch", (painted[0], painted[1]), (1, 1), cut)]
    if op.bias:
        plain = Spread(out.height * out.width, out.width, 1)
        back.append(bias_gradient(op.filters, (out.height, out.width), "dy", plain))
    # The gradient of the kernel is that of the convolution, whose output is now the input.
    back.append(correlate_kernel(backwards, "scratch", "x", lies, "d_kernel"))
    if site.wanted[0]:
        back.append(correlate(backwards, "scratch", "kernel", lambda f: "fill_lot(0)", store_back))
    return kernel(
        "y = the sum of kernel[r][s][f][c] * x[c][i][j] painted at "
        f"({op.stride[0]} i + r, {op.stride[1]} j + s){' + bias[f]' if op.bias else ''}",
        "\n".join(forward),
        "\n".join(back),
        scratch=max(image.channels * rows[0] * rows[1], op.filters * painted[0] * painted[1]),
        prepare=turned(backwards, op.size, (op.size[0] - 1, op.size[1] - 1)),
        prepared=op.size[0] * op.size[1] * op.filters * image.channels,
    )
