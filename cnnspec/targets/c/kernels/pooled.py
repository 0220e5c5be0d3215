"""A convolution and the max-pooling behind it as one: only the largest of a window is written.

The sums of a whole window stay in registers until the largest is known. What the way back
needs is which one it was: a byte for each value, and below zero where ReLU let nothing
through. Rows and columns that fill no window are not computed at all.
"""

from cnnspec.core.shapes import Image
from cnnspec.operations.base import Pair
from cnnspec.operations.windows import Convolution, PooledConvolution
from cnnspec.targets.c.kernels.backward import Back
from cnnspec.targets.c.kernels.relu import fused
from cnnspec.targets.c.kernels.tiles import (
    Correlation,
    Spread,
    by_lots,
    most_sums,
    multiply_adds,
    pieces,
)
from cnnspec.targets.c.kernels.windows import correlation, formula, padded, tiles_of
from cnnspec.targets.c.site import Kernel, Site, kernel
from cnnspec.targets.c.text import block, loop, number


def pooled_convolution(site: Site) -> Kernel:
    """A convolution, the largest of each window of its output, then perhaps ReLU."""
    op: PooledConvolution = site.operation
    image, out = site.image, site.output
    assert isinstance(out, Image)
    before = Convolution.shape(op, site.inputs)
    assert isinstance(before, Image)
    # What a window covers; the last ones may be smaller.
    rows = min(before.height, out.height * op.window[0])
    columns = min(before.width, out.width * op.window[1])
    of = correlation(op, image, (rows, columns))
    source, forward, kept = padded(op, image, of)
    places = f"B *places = (B *)(kept + {kept});"
    tiles = None
    if op.window == (2, 2) and (rows, columns) == (2 * out.height, 2 * out.width):
        # A window is the output of a tile.
        tiles = tiles_of(of, site)
    if tiles:
        forward += [places, tiles.forward(source, _window(of, op, out))]
    else:
        forward += [places, _forward(of, op, out, source)]
    back = Back(
        site,
        of,
        op,
        image,
        Image(rows, columns, out.channels),
        lambda lies: _expanded(op, out, (rows, columns), lies),
        tiles,
    )
    return kernel(
        f"{formula(op)}, the largest of {op.window[0]}x{op.window[1]} places"
        f"{f', then {op.then}' if op.then else ''}",
        "\n".join(forward),
        f"{places}\n{back.text(source)}",
        kept=kept + -(-out.size // 4),
        scratch=back.scratch,
        prepare=back.prepare,
        prepared=back.prepared,
        runtime=tiles.runtime if tiles else "",
    )


def _window(of: Correlation, op: PooledConvolution, out: Image) -> str:
    """The largest of the four outputs of a tile."""
    bias = " + fill(bias[f])" if op.bias else ""
    sums = ", ".join(f"a0_{m} = outputs[{m}]{bias}" for m in range(4))
    return loop("g", 1, f"V {sums};", _largest(of, op, out, 0, (2, 2)))


def _windows(out: int, size: int, covered: int) -> list[tuple[int, int, int]]:
    """(first, end, size) of the windows along a side: whole ones, and perhaps a smaller last."""
    whole = covered // size
    found = [(0, whole, size)] if whole else []
    return found + ([(whole, out, covered - whole * size)] if whole < out else [])


def _forward(of: Correlation, op: PooledConvolution, out: Image, source: str) -> str:
    runs = []
    # Fewer filters at once where that leaves none over.
    most = max(1, most_sums() // (op.window[0] * op.window[1]))
    even = -(-of.outputs // -(-of.outputs // most))
    for first, end, size in pieces(of.outputs, even):
        rows = []
        for top, bottom, height in _windows(out.height, op.window[0], of.out[0]):
            columns = [
                block(
                    f"for (int j = {left}; j < {right}; j++)",
                    _tile(of, op, out, source, size, (height, width)),
                )
                for left, right, width in _windows(out.width, op.window[1], of.out[1])
            ]
            rows.append(block(f"for (int i = {top}; i < {bottom}; i++)", *columns))
        runs.append(block(f"for (int f = {first}; f < {end}; f += {size})", *rows))
    return loop("g", of.groups, *runs)


def _tile(
    of: Correlation, op: PooledConvolution, out: Image, source: str, filters: int, window: Pair
) -> str:
    all_filters, (kh, kw) = of.groups * of.outputs, of.size
    spots = [(a, b) for a in range(window[0]) for b in range(window[1])]
    start = "fill_lot(bias[g * {0} + f + {1}])" if op.bias else "fill_lot(0)"
    sums = [
        [f"a{n}_{m} = {start.format(of.outputs, n)}" for m in range(len(spots))]
        for n in range(filters)
    ]
    offsets = [a * of.stride[0] * of.rows[1] + b * of.stride[1] for a, b in spots]
    loads = ", ".join(f"x{m} = xt[{offset} * LOTS]" for m, offset in enumerate(offsets))
    inside = loop(
        "r",
        kh,
        loop(
            "s",
            kw,
            f"const T *xt = (const T *)(xs + c * {of.rows[0] * of.rows[1]} "
            f"+ r * {of.dilation[0] * of.rows[1]} + s * {of.dilation[1]}) + lot;",
            f"const float *wt = ws + ((r * {kw} + s) * {of.inputs} + c) * {all_filters};",
            f"T {loads}, k;",
            *multiply_adds(filters, len(spots), lambda n: f"wt[{n}]", "x"),
        ),
    )
    step = op.window[0] * of.stride[0], op.window[1] * of.stride[1]
    return "\n".join(
        (
            f"const V *xs = {source} + (g * {of.inputs * of.rows[0]} + i * {step[0]}) "
            f"* {of.rows[1]} + j * {step[1]};",
            f"const float *ws = kernel + g * {of.outputs} + f;",
            by_lots(sums, loop("c", of.inputs, inside)),
            *(_largest(of, op, out, n, window) for n in range(filters)),
        )
    )


def _largest(of: Correlation, op: PooledConvolution, out: Image, n: int, window: Pair) -> str:
    """The largest sum of a window, the first of equal ones, and which it is."""
    lines = [f"V best = a{n}_0;", "I which = fill_int(0), larger;"]
    for m in range(1, window[0] * window[1]):
        spot = m // window[1] * op.window[1] + m % window[1]
        lines.append(
            f"larger = above(a{n}_{m}, best); best = choose(larger, a{n}_{m}, best); "
            f"which = (larger & {spot}) | (~larger & which);"
        )
    if op.then:
        inside = "above(best, fill(0))"
        if op.then.ceiling is not None:
            inside = f"{inside} & below(best, fill({number(op.then.ceiling)}))"
        lines.append(f"which |= ~({inside});")
    at = f"(g * {of.outputs} + f + {n}) * {out.height * out.width} + i * {out.width} + j"
    lines.append(f"y[{at}] = {fused(op.then, 'best')};")
    lines.append(f"places[{at}] = __builtin_convertvector(which, B);")
    return "{\n" + "\n".join(f"    {line}" for line in lines) + "\n}"


def _expanded(op: PooledConvolution, out: Image, covered: Pair, lies: Spread) -> str:
    """The gradient of each window at the place it was the largest at, in a field of zeros."""
    rows = []
    for top, bottom, height in _windows(out.height, op.window[0], covered[0]):
        columns = []
        for left, right, width in _windows(out.width, op.window[1], covered[1]):
            stores = [
                f"to[{a * lies.row + b * lies.column}] = "
                f"keep(equal_int(which, fill_int({a * op.window[1] + b})), d);"
                for a in range(height)
                for b in range(width)
            ]
            columns.append(
                block(
                    f"for (int j = {left}; j < {right}; j++)",
                    f"int at = c * {out.height * out.width} + i * {out.width} + j;",
                    "I which = __builtin_convertvector(places[at], I);",
                    "V d = dy[at];",
                    f"V *to = scratch + c * {lies.plane} + {lies.first} "
                    f"+ i * {op.window[0] * lies.row} + j * {op.window[1] * lies.column};",
                    *stores,
                )
            )
        rows.append(block(f"for (int i = {top}; i < {bottom}; i++)", *columns))
    return loop("c", out.channels, *rows)
