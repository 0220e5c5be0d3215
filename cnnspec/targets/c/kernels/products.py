"""The matrix product of a dense layer, on several blocks of images at once.

Forward and for the gradient of the input a weight meets sixteen images of each block. The
gradient of the kernel is a sum over images, so there the lanes are outputs: the gradient of
the output is turned into rows of one image each, and nothing has to be summed over lanes.
"""

from collections.abc import Callable

from cnnspec.operations.windows import MatrixProduct
from cnnspec.targets.c.kernels.relu import fused, masked
from cnnspec.targets.c.kernels.tiles import by_lots, multiply_adds, pieces
from cnnspec.targets.c.site import Kernel, Site, Stage
from cnnspec.targets.c.text import block, loop

_DEPTH = 128
"""Inputs whose values for four blocks fill the nearest cache."""
_TOGETHER = {4: 6, 2: 10, 1: 12}
"""Outputs of a tile by the blocks of a tile."""


def matrix_product(site: Site) -> Kernel:
    """A vector times a matrix, plus a bias."""
    op: MatrixProduct = site.operation
    count, units = site.inputs[0].size, op.units
    wide = -(-units // 16)
    start = "bias[o]" if op.bias else "0"
    forward = loop(
        "b",
        "blocks",
        loop("o", units, f"y[b * STRIDE + o] = fill({start});"),
    )
    forward += "\n" + block(
        f"for (int from = 0; from < {count}; from += {_DEPTH})",
        f"int to = from + {_DEPTH} < {count} ? from + {_DEPTH} : {count};",
        _by_blocks(lambda n: _product(units, n)),
    )
    if op.then:
        at = "y[b * STRIDE + o]"
        forward += "\n" + loop("b", "blocks", loop("o", units, f"{at} = {fused(op.then, at)};"))
    plus = " + bias[o]" if op.bias else ""
    then = f", then {op.then}" if op.then else ""
    return Kernel(
        f"y[o] = sum over c of x[c] * kernel[c][o]{plus}{then}",
        (Stage(forward, chunk=True),),
        (Stage(_back(site, op, count, units, wide), chunk=True),),
        # The gradient before the function, and the same by images.
        scratch=site.chunk * (units + 16 * wide),
    )


def _by_blocks(tile: Callable[[int], str]) -> str:
    """The text of a tile for four blocks, then for two, then for one, until none is left."""
    made = [block(f"for (; b + {n} <= blocks; b += {n})", tile(n)) for n in _TOGETHER]
    return "int b = 0;\n" + "\n".join(made)


def _product(units: int, blocks: int) -> str:
    found = []
    for first, end, size in pieces(units, min(_TOGETHER[blocks], units)):
        at = "yb[{m} * STRIDE + o + {n}]"
        sums = [
            [f"a{n}_{m} = LOT({at.format(m=m, n=n)})" for m in range(blocks)] for n in range(size)
        ]
        loads = ", ".join(f"x{m} = xs[(c + {m} * STRIDE) * LOTS]" for m in range(blocks))
        body = block(
            "for (int c = from; c < to; c++)",
            f"const float *w = kernel + c * {units} + o;",
            f"T {loads}, k;",
            *multiply_adds(size, blocks, lambda n: f"w[{n}]", "x"),
        )
        inside = f"const T *xs = (const T *)xb + lot;\n{body}"
        stores = [f"{at.format(m=m, n=n)} = a{n}_{m};" for n in range(size) for m in range(blocks)]
        head = f"for (int o = {first}; o < {end}; o += {size})"
        found.append(block(head, by_lots(sums, inside), *stores))
    return "\n".join(("const V *xb = x + b * STRIDE;\nV *yb = y + b * STRIDE;", *found))


def _back(site: Site, op: MatrixProduct, count: int, units: int, wide: int) -> str:
    at = masked(op.then, "y[b * STRIDE + o]", "dy[b * STRIDE + o]")
    parts = [
        f"V *d = scratch;\nfloat *rows = (float *)(scratch + {site.chunk * units});",
        loop(
            "b",
            "blocks",
            loop(
                "o",
                units,
                f"V v = {at};",
                f"d[b * {units} + o] = v;",
                f"for (int l = 0; l < LANES; l++) rows[(b * LANES + l) * {16 * wide} + o] = v[l];",
            ),
        ),
    ]
    if op.bias:
        total = loop("b", "blocks", f"a += d[b * {units} + o];")
        parts.append(loop("o", units, "V a = fill(0);", total, "d_bias[o] += sum16(a);"))
    parts.append(_of_kernel(count, units, wide))
    if site.wanted[0]:
        parts.append(_by_blocks(lambda n: _of_input(site, count, units, n)))
    return "\n".join(parts)


def _of_kernel(count: int, units: int, wide: int) -> str:
    """The gradient of the kernel: a few rows of it by up to 64 outputs at a time."""
    found = []
    for begin, stop, vectors in pieces(wide, min(4, wide)):
        inner = []
        for first, end, size in pieces(count, min(6 if vectors > 2 else 8, count)):
            sums = [[f"a{n}_{v} = fill_lot(0)" for v in range(vectors)] for n in range(size)]
            loads = ", ".join(f"g{v} = gs[{v} * LOTS]" for v in range(vectors))
            over = loop(
                "b",
                "blocks",
                loop(
                    "l",
                    "LANES",
                    "const float *xs = (const float *)(x + b * STRIDE + c) + l;",
                    f"const V *row = (const V *)(rows + (b * LANES + l) * {16 * wide}) + o;",
                    "const T *gs = (const T *)row + lot;",
                    f"T {loads}, k;",
                    *multiply_adds(size, vectors, lambda n: f"xs[{16 * n}]", "g"),
                ),
            )
            stores = [
                f"add_row(d_kernel + (c + {n}) * {units} + 16 * (o + {v}), a{n}_{v}, "
                f"{units} - 16 * (o + {v}));"
                for n in range(size)
                for v in range(vectors)
            ]
            head = f"for (int c = {first}; c < {end}; c += {size})"
            inner.append(block(head, by_lots(sums, over), *stores))
        found.append(block(f"for (int o = {begin}; o < {stop}; o += {vectors})", *inner))
    return "\n".join(found)


def _of_input(site: Site, count: int, units: int, blocks: int) -> str:
    found = []
    for first, end, size in pieces(count, min(_TOGETHER[blocks], count)):
        sums = [[f"a{n}_{m} = fill_lot(0)" for m in range(blocks)] for n in range(size)]
        loads = ", ".join(f"d{m} = ds[(o + {m * units}) * LOTS]" for m in range(blocks))
        body = loop(
            "o",
            units,
            f"const float *w = kernel + c * {units} + o;",
            f"T {loads}, k;",
            *multiply_adds(size, blocks, lambda n: f"w[{n * units}]", "d"),
        )
        inside = f"const T *ds = (const T *)db + lot;\n{body}"
        stores = [
            f"dxb[{m} * STRIDE + c + {n}] {site.into()} a{n}_{m};"
            for n in range(size)
            for m in range(blocks)
        ]
        head = f"for (int c = {first}; c < {end}; c += {size})"
        found.append(block(head, by_lots(sums, inside), *stores))
    return "\n".join((f"const V *db = d + b * {units};\nV *dxb = dx + b * STRIDE;", *found))
