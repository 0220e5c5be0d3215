"""Sums of products: convolutions of both kinds and matrix products, several filters at once.

A number of the image is loaded once for a block of filters, whose sums stay in registers.
Kernels are stored in the order in which they are read: by groups, by blocks of filters,
then by the points of the window, the channels, and the filters of the block. The text is
that of float32 and of int8; only how a sum begins and ends differs.
"""

from collections.abc import Callable, Iterator

import numpy as np

from cnnspec.core.record import Record
from cnnspec.operations.windows import Convolution, MatrixProduct, TransposedConvolution
from cnnspec.targets.c.text import block
from cnnspec.targets.device.endings import Ending, ending
from cnnspec.targets.device.site import Kernel, Site, Table
from cnnspec.targets.device.text import nested, side, times

MOST = 8
"""Filters of a block: as many sums as every processor has registers for, Cortex-M0 aside."""


class Block(Record):
    """So many filters at once, `count` times."""

    width: int
    count: int


def blocks_of(filters: int) -> list[Block]:
    """Returns how filters are divided: equal blocks of 4 to 8 if possible, else a rest."""
    if filters <= MOST:
        return [Block(filters, 1)]
    for width in range(MOST, 3, -1):
        if filters % width == 0:
            return [Block(width, filters // width)]
    found = [Block(MOST, filters // MOST)]
    return [*found, Block(filters % MOST, 1)]


def packed(kernel: np.ndarray, groups: int) -> np.ndarray:
    """Returns a kernel (..., filters) in the order in which it is read."""
    each = kernel.shape[-1] // groups
    parts = []
    for group in range(groups):
        at = group * each
        for piece in blocks_of(each):
            for _ in range(piece.count):
                parts.append(kernel[..., at : at + piece.width].reshape(-1))
                at += piece.width
    return np.concatenate(parts)


Window = Callable[[str, int], str]
"""The loops over a window, given the text that adds a number `v` and the filters of a block."""


def _sums(
    site: Site, filters: int, ends: Ending, window: Window, step: int, *, skips: bool
) -> Iterator[str]:
    """The blocks of filters: their sums begun, a number added to each at a time, written.

    `step` is the numbers of a whole window. With `skips` some of its points are left out,
    so that a place in the kernel is worked out for each; else `k` runs on.
    """
    for piece in blocks_of(filters):
        sums = range(piece.width)
        add = "\n".join(f"s{n} += v * k[{n}];" for n in sums)
        lines = [
            *(f"{site.arithmetic.sum} s{n} = {ends.begin(n)};" for n in sums),
            window(f"{add}\nk += {piece.width};", piece.width),
            *(f"to[{n}] = {ends.end(f's{n}', n)};" for n in sums),
            f"to += {piece.width};",
            ends.move(piece.width),
            f"w += {step * piece.width};" if skips else "",
        ]
        lines = [line for line in lines if line]
        if piece.count > 1:
            yield block(f"for (int b = 0; b < {piece.count}; b++)", *lines)
        else:
            yield block("", *lines).lstrip()


def convolution(site: Site) -> Kernel:
    """Sums over each window and the channels of each group."""
    op: Convolution = site.operation
    image, out, groups = site.image, site.out, op.groups
    depth, filters = image.channels // groups, op.filters // groups
    element, load = site.arithmetic.element, ending(site)
    rows = side(
        "i", image.height, out.height, op.size[0], op.stride[0], op.dilation[0], op.padding[0][0]
    )
    columns = side(
        "j", image.width, out.width, op.size[1], op.stride[1], op.dilation[1], op.padding[1][0]
    )
    u = f"{rows.start} + {times('u', op.dilation[0])}"
    group = f" + {times('g', depth)}" if groups > 1 else ""
    skips = bool(rows.before or columns.before)
    start = f"const {element} *in = x + "
    # Neighbours in the image are neighbours in the kernel, so columns and channels are one loop.
    merged = op.dilation[1] == 1 and groups == 1

    def over(add: str, width: int) -> str:
        where = times(f"u * {op.size[1]} + {columns.first}", depth * width)
        place = f"k = w + {where};" if skips else ""
        turn = f"const {site.arithmetic.sum} v = {load.load('in[n]')};\n{add}"
        if merged:
            at = times(
                f"{times(u, image.width)} + {columns.start} + {columns.first}", image.channels
            )
            count = times(columns.count, depth)
            inside = [f"{start}{at};", place, block(f"for (int n = 0; n < {count}; n++)", turn)]
        else:
            t = times("t", op.dilation[1])
            at = times(f"{times(u, image.width)} + {columns.start} + {t}", image.channels)
            columns_loop = block(
                f"for (int t = {columns.first}; t < {columns.end}; t++)",
                f"{start}{at}{group};",
                block(f"for (int n = 0; n < {depth}; n++)", turn),
            )
            inside = [place, columns_loop]
        return block(f"for (int u = {rows.first}; u < {rows.end}; u++)", *filter(None, inside))

    step = op.size[0] * op.size[1] * depth
    window = "\n".join(_sums(site, filters, load, over, step, skips=skips))
    if groups > 1:
        window = block(f"for (int g = 0; g < {groups}; g++)", window)
    pointer = f"const {element} *w = kernel, *k;" if skips else f"const {element} *k = kernel;"
    text = f"{element} *to = y;\n" + block(
        f"for (int i = 0; i < {out.height}; i++)",
        rows.before,
        block(
            f"for (int j = 0; j < {out.width}; j++)",
            columns.before,
            pointer,
            load.pointers(),
            window,
        ),
    )
    names = f"{times('i', op.stride[0])} + u, {times('j', op.stride[1])} + v"
    channels = "channels c of its group" if groups > 1 else "c"
    total = f"the sum over u, v, {channels} of x[{names}, c] * kernel[u, v, c, f]"
    formula = f"y[i, j, f] = {load.formula(total)}"
    if any(map(any, op.padding)):
        formula += ",\nwith zeros around x"
    return Kernel(formula, text, (_kernel(site, groups), *load.tables()))


def _kernel(site: Site, groups: int = 1) -> Table:
    values = packed(site.weights["kernel"], groups)
    return Table("kernel", site.arithmetic.element, values, _ABOUT, site.operation.kernel)


_ABOUT = "the kernel, by blocks of filters"


def matrix_product(site: Site) -> Kernel:
    """A vector times a matrix, plus a bias."""
    op: MatrixProduct = site.operation
    load, inputs = ending(site), site.inputs[0].size
    element = site.arithmetic.element

    def over(add: str, width: int) -> str:
        return block(
            f"for (int n = 0; n < {inputs}; n++)",
            f"const {site.arithmetic.sum} v = {load.load('x[n]')};",
            add,
        )

    lines = [
        f"{element} *to = y;",
        f"const {element} *k = kernel;",
        load.pointers(),
        *_sums(site, op.units, load, over, inputs, skips=False),
    ]
    formula = f"y[f] = {load.formula('the sum over n of x[n] * kernel[n, f]')}"
    text = "\n".join(line for line in lines if line)
    return Kernel(formula, text, (_kernel(site), *load.tables()))


def transposed_convolution(site: Site) -> Kernel:
    """For each output the sum over the inputs whose kernels reach it.

    Painting each kernel, as the operation is defined, would need the whole output in sums.
    """
    op: TransposedConvolution = site.operation
    image, out, load = site.image, site.out, ending(site)
    element = site.arithmetic.element

    def reached(point: str, at: str, axis: int, size: int, name: str) -> str:
        """The row or column of x from which a point of the kernel paints; none: the next point."""
        stride, cut = op.stride[axis], op.cut[axis][0]
        offset = f" {'+' if cut > 0 else '-'} {abs(cut)}" if cut else ""
        rest = f" || {name} % {stride}" if stride > 1 else ""
        return (
            f"const int {name} = {at}{offset} - {times(point, op.dilation[axis])};\n"
            f"if ({name} < 0 || {name} >= {size * stride}{rest}) continue;"
        )

    def scaled(name: str, axis: int) -> str:
        return f"{name} / {op.stride[axis]}" if op.stride[axis] > 1 else name

    place = f"{times(scaled('row', 0), image.width)} + {scaled('column', 1)}"

    def over(add: str, width: int) -> str:
        return block(
            f"for (int u = 0; u < {op.size[0]}; u++)",
            reached("u", "i", 0, image.height, "row"),
            block(
                f"for (int t = 0; t < {op.size[1]}; t++)",
                reached("t", "j", 1, image.width, "column"),
                f"const {element} *in = x + {times(place, image.channels)};",
                f"k = w + {times(f'u * {op.size[1]} + t', image.channels * width)};",
                block(
                    f"for (int n = 0; n < {image.channels}; n++)",
                    f"const {site.arithmetic.sum} v = {load.load('in[n]')};",
                    add,
                ),
            ),
        )

    body = nested(
        [("i", out.height), ("j", out.width)],
        f"const {element} *w = kernel, *k;",
        *filter(None, [load.pointers()]),
        *_sums(site, op.filters, load, over, op.size[0] * op.size[1] * image.channels, skips=True),
    )
    # (kh, kw, F, C) to (kh, kw, C, F)
    turned = site.weights["kernel"].transpose(0, 1, 3, 2)
    table = Table("kernel", element, packed(turned, 1), _ABOUT, op.kernel)
    total = "the sum over u, v, c of x[row, column, c] * kernel[u, v, c, f]"
    where = f"row = (i + {op.cut[0][0]} - u) / {op.stride[0]} where that is a row, columns alike"
    formula = f"y[i, j, f] = {load.formula(total)},\nwith {where}"
    return Kernel(formula, f"{element} *to = y;\n{body}", (table, *load.tables()))
