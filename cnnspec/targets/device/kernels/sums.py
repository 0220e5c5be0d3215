"""Sums of products: convolutions of both kinds and matrix products, several filters at once.

A number of the image is loaded once for a block of filters, whose sums stay in registers.
Kernels are stored as `runs.py` says. The text is that of float32 and of int8; only how a sum begins
and ends differs. In float32 a text with vectors is beside it (`wide.py`, `wide_rows.py`).
"""

from collections.abc import Callable, Iterator

import numpy as np

from cnnspec.operations.windows import (
    Convolution,
    MatrixProduct,
    PooledConvolution,
    TransposedConvolution,
)
from cnnspec.targets.c.text import block
from cnnspec.targets.device.endings import Ending, ending
from cnnspec.targets.device.kernels import wide
from cnnspec.targets.device.kernels.places import Places, Pooled, sides
from cnnspec.targets.device.kernels.runs import Run, blocks_of, packed, several
from cnnspec.targets.device.kernels.wide_rows import row_of_windows
from cnnspec.targets.device.lanes import either
from cnnspec.targets.device.site import Kernel, Site, Table
from cnnspec.targets.device.text import nested, plus, times

Window = Callable[[int], str]
"""The loops over a window for a block of so many filters."""


def _sums(
    site: Site,
    filters: int,
    ends: Ending,
    window: Window,
    most: int,
    step: int = 0,
    also: str = "",
    pooled: Pooled | None = None,
    restart: str = "",
) -> Iterator[str]:
    """The blocks of filters: their sums begun, numbers added to each, and written.

    `step` is how far apart filters are in the kernel where `k` does not run on from one block to
    the next but begins at `w`. `also` is a pointer that moves with the filters.
    With `pooled` the largest sum of several places is written. `restart` sets `k` to `w`
    where the window does not.
    """
    kind = site.arithmetic.sum
    for piece in blocks_of(filters, most):
        sums = range(piece.width)
        made = [
            *(f"{kind} s{n} = {ends.begin(n)};" for n in sums),
            *filter(None, [restart]),
            window(piece.width),
        ]
        if pooled:
            largest = [f"if (s{n} > best{n}) best{n} = s{n};" for n in sums]
            begin = [f"{kind} best{n} = {ends.lowest};" for n in sums]
            made = [*begin, pooled("\n".join([*made, *largest]))]
        name = "best" if pooled else "s"
        lines = [
            *made,
            *(f"to[{n}] = {ends.end(f'{name}{n}', n)};" for n in sums),
            f"to += {piece.width};",
            ends.move(piece.width),
            f"w += {step * piece.width};" if step else "",
            f"{also} += {piece.width};" if also else "",
        ]
        lines = [line for line in lines if line]
        if piece.count > 1:
            yield block(f"for (int b = 0; b < {piece.count}; b++)", *lines)
        else:
            yield block("", *lines).lstrip()


def _run_of(site: Site, length: int, filters: int) -> Run:
    """How runs of so many numbers are taken: in int8 four at a time where there are as many."""
    if site.scales is None:
        return Run(length, False, filters)
    return Run(length, length >= 4)


def convolution(site: Site) -> Kernel:
    """Sums over each window and the channels of each group."""
    op: Convolution = site.operation
    image, groups = site.image, op.groups
    if groups == image.channels == op.filters and groups > 1:
        return depthwise(site)
    depth, filters = image.channels // groups, op.filters // groups
    element, ends = site.arithmetic.element, ending(site)
    rows, columns = sides(site)
    u = plus(rows.start, times("u", op.dilation[0]))
    group = f" + {times('g', depth)}" if groups > 1 else ""
    skips = bool(rows.before or columns.before)
    start = f"const {element} *in = x + "
    # Neighbours in the image are neighbours in the kernel, so columns and channels are one run.
    merged = op.dilation[1] == 1 and groups == 1
    run = _run_of(site, depth, filters)
    if merged and not columns.before:
        run = _run_of(site, op.size[1] * depth, filters)
    elif merged:
        # A part of a row is a multiple of four only if a point of it is.
        run = Run(op.size[1] * depth, run.fours and depth % 4 == 0, run.row)

    def over(width: int) -> str:
        where = times(f"u * {op.size[1]} + {columns.first}", depth * run.apart(width))
        place = f"k = w + {where};" if skips else ""
        if merged:
            at = times(
                f"{times(u, image.width)} + {columns.start} + {columns.first}", image.channels
            )
            count = times(columns.count, depth)
            inside = [f"{start}{at};", place, run.text(site, ends, "in", count, width)]
        else:
            t = times("t", op.dilation[1])
            at = times(f"{times(u, image.width)} + {columns.start} + {t}", image.channels)
            columns_loop = block(
                f"for (int t = {columns.first}; t < {columns.end}; t++)",
                f"{start}{at}{group};",
                run.text(site, ends, "in", str(depth), width),
            )
            inside = [place, columns_loop]
        return block(f"for (int u = {rows.first}; u < {rows.end}; u++)", *filter(None, inside))

    places = Places(site, rows, columns, several(run, filters, run.most))
    points = op.size[0] * op.size[1] * depth
    window = "\n".join(
        _sums(
            site,
            filters,
            ends,
            over,
            run.most,
            places.step(run, points),
            pooled=places.pooled,
            restart=places.restart,
        )
    )
    if groups > 1:
        begin = f"w = kernel + {times('g', points * filters)};" if run.row and places.again else ""
        window = block(f"for (int g = 0; g < {groups}; g++)", begin, window)
    text = places.text(row_of_windows(site, rows), ends.pointers(), window)
    channels = "channels c of its group" if groups > 1 else "c"
    total = f"the sum over u, v, {channels} of x[{_place(op)}, c] * kernel[u, v, c, f]"
    kernel = _kernel(site, site.weights["kernel"], groups, run)
    return Kernel(_formula(op, "f", ends.formula(total)), text, (kernel, *ends.tables()))


def depthwise(site: Site) -> Kernel:
    """A filter for each channel: neighbours in the image are those of other filters."""
    op: Convolution = site.operation
    image = site.image
    element, ends = site.arithmetic.element, ending(site)
    rows, columns = sides(site)
    u, t = plus(rows.start, times("u", op.dilation[0])), times("t", op.dilation[1])
    at = times(f"{times(u, image.width)} + {columns.start} + {t}", image.channels)
    # The kernel of a block of channels has a run for each point of the window.
    points = op.size[0] * op.size[1]
    run = Run(points, False, op.filters if site.scales is None else 0)
    skips = bool(rows.before or columns.before)

    def over(width: int) -> str:
        place = times(f"u * {op.size[1]} + {columns.first}", run.apart(width))
        return block(
            f"for (int u = {rows.first}; u < {rows.end}; u++)",
            f"k = w + {place};" if skips else "",
            block(
                f"for (int t = {columns.first}; t < {columns.end}; t++)",
                f"const {element} *in = from + {at};",
                *(f"s{n} += {ends.load(f'in[{n}]')} * k[{n}];" for n in range(width)),
                f"k += {run.apart(width)};",
            ),
        )

    places = Places(site, rows, columns, several(run, op.filters, DEPTHWISE))
    step = places.step(run, points)
    sums = _sums(
        site, op.filters, ends, over, DEPTHWISE, step, "from", places.pooled, places.restart
    )
    vectors = row_of_windows(site, rows)
    text = places.text(vectors, f"const {element} *from = x;", ends.pointers(), *sums)
    total = f"the sum over u, v of x[{_place(op)}, f] * kernel[u, v, f]"
    kernel = _kernel(site, site.weights["kernel"], 1, run, DEPTHWISE)
    return Kernel(_formula(op, "f", ends.formula(total)), text, (kernel, *ends.tables()))


DEPTHWISE = 4
"""Channels of a block: each has a number of its own to load."""


def _place(op: Convolution) -> str:
    return f"{times('i', op.stride[0])} + u, {times('j', op.stride[1])} + v"


def _formula(op: Convolution, name: str, total: str) -> str:
    zeros = ",\nwith zeros around x" if any(map(any, op.padding)) else ""
    if isinstance(op, PooledConvolution):
        total = f"the largest in a window of {total}"
    return f"y[i, j, {name}] = {total}{zeros}"


def _kernel(
    site: Site, weights: np.ndarray, groups: int, run: Run, most: int | None = None
) -> Table:
    values = packed(weights, groups, run, most or run.most)
    about = "the kernel, filters side by side" if run.row else "the kernel, by blocks of filters"
    return Table("kernel", site.arithmetic.element, values, about, site.operation.kernel)


def matrix_product(site: Site) -> Kernel:
    """A vector times a matrix, plus a bias."""
    op: MatrixProduct = site.operation
    ends, inputs = ending(site), site.inputs[0].size
    element = site.arithmetic.element
    run = _run_of(site, inputs, op.units)
    again = several(run, op.units, run.most)
    lines = [
        f"{element} *to = y;",
        f"const {element} *w = kernel, *k;" if again else f"const {element} *k = kernel;",
        ends.pointers(),
        *_sums(
            site,
            op.units,
            ends,
            lambda width: run.text(site, ends, "x", str(inputs), width),
            run.most,
            int(again),
            restart="k = w;" if again else "",
        ),
    ]
    formula = f"y[f] = {ends.formula('the sum over n of x[n] * kernel[n, f]')}"
    text, vectors = "\n".join(line for line in lines if line), wide.matrix_product(site)
    text = either(vectors, text) if vectors else text
    kernel = _kernel(site, site.weights["kernel"], 1, run)
    return Kernel(formula, text, (kernel, *ends.tables()))


def transposed_convolution(site: Site) -> Kernel:
    """For each output the sum over the inputs whose kernels reach it.

    Painting each kernel, as the operation is defined, would need the whole output in sums.
    """
    op: TransposedConvolution = site.operation
    image, out, ends = site.image, site.out, ending(site)
    element = site.arithmetic.element
    run = _run_of(site, image.channels, op.filters)
    points = op.size[0] * op.size[1] * image.channels

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

    def over(width: int) -> str:
        return block(
            f"for (int u = 0; u < {op.size[0]}; u++)",
            reached("u", "i", 0, image.height, "row"),
            block(
                f"for (int t = 0; t < {op.size[1]}; t++)",
                reached("t", "j", 1, image.width, "column"),
                f"const {element} *in = x + {times(place, image.channels)};",
                f"k = w + {times(f'u * {op.size[1]} + t', image.channels * run.apart(width))};",
                run.text(site, ends, "in", str(image.channels), width),
            ),
        )

    body = nested(
        [("i", out.height), ("j", out.width)],
        f"const {element} *w = kernel, *k;",
        *filter(None, [ends.pointers()]),
        *_sums(site, op.filters, ends, over, run.most, 1 if run.row else points),
    )
    # (kh, kw, F, C) to (kh, kw, C, F)
    table = _kernel(site, site.weights["kernel"].transpose(0, 1, 3, 2), 1, run)
    total = "the sum over u, v, c of x[row, column, c] * kernel[u, v, c, f]"
    where = f"row = (i + {op.cut[0][0]} - u) / {op.stride[0]} where that is a row, columns alike"
    formula = f"y[i, j, f] = {ends.formula(total)},\nwith {where}"
    return Kernel(formula, f"{element} *to = y;\n{body}", (table, *ends.tables()))
