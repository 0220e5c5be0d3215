"""Sums of products in registers: what convolutions and their gradients are made of.

A tile is a few filters by a few positions whose sums stay in registers while a loop goes
over the window and the channels. Each value loaded takes part in several multiply-adds, so
that these, and not the loads, are what takes the time.
"""

import platform
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import product

from cnnspec.core.record import Record
from cnnspec.operations.base import Pair
from cnnspec.targets.c.compiler import processor
from cnnspec.targets.c.text import block, loop


@cache
def most_sums() -> int:
    """Returns how many sums a tile has at most: what operands leave of 32 registers, or of 16.

    AVX-512 and AArch64 have 32. Each sum is added up in the same order in any tile, so a
    network's bits do not depend on it.
    """
    return 24 if platform.machine() in ("aarch64", "arm64") or "avx512f" in processor() else 12


class Correlation(Record):
    """A convolution of an image that lies in memory with the zeros around it, or without them.

    y[f][i][j] = sum over c, r, s of
    x[c][i * stride + r * dilation - margin][j * stride + s * dilation - margin] * w[r][s][c][f]

    for each group: `inputs` channels of x and `outputs` filters each. What would be outside of
    x is left out, which gives the bits that zeros would give.
    """

    groups: int
    inputs: int
    outputs: int
    size: Pair
    stride: Pair
    dilation: Pair
    rows: Pair
    """Rows and columns of x as it lies in memory."""
    out: Pair
    """Rows and columns of y."""
    margin: Pair = (0, 0)
    """How far above and left of x the first window begins."""

    def flat(self) -> "Correlation":
        """The same with all positions in one row where they follow each other in memory."""
        if self.size == self.stride == (1, 1) and self.rows == self.out and self.margin == (0, 0):
            count = self.out[0] * self.out[1]
            return self.replace(rows=(1, count), out=(1, count))
        return self

    def rows_met(self) -> tuple[str, str]:
        """The rows of the window that meet x for row `i` of y: the first, the last but one."""
        sides = self.size, self.stride, self.dilation, self.margin
        size, stride, step, margin = (rows for rows, _ in sides)
        at = f"i * {stride}" if stride > 1 else "i"
        first, end = "0", str(size)
        if margin > 0:
            first = f"{at} < {margin} ? {_quotient(margin + step - 1, at, step)} : 0"
        below = self.rows[0] + margin
        if (self.out[0] - 1) * stride + (size - 1) * step >= below:
            last = _quotient(below + step - 1, at, step)
            end = f"{at} + {(size - 1) * step} < {below} ? {size} : {last}"
        return first, end

    def columns_met(self, begin: int, width: int) -> list[Pair]:
        """The columns of y, `width` of them from `begin` on, for which each of the window meets x.

        Counted from `begin`: the first, and the last but one.
        """
        found = []
        for s in range(self.size[1]):
            shift = begin * self.stride[1] + s * self.dilation[1] - self.margin[1]
            met = [m for m in range(width) if 0 <= shift + m * self.stride[1] < self.rows[1]]
            found.append((met[0], met[-1] + 1) if met else (0, 0))
        return found


def _quotient(number: int, at: str, step: int) -> str:
    return f"({number} - {at}) / {step}" if step > 1 else f"{number} - {at}"


def pieces(total: int, piece: int) -> list[tuple[int, int, int]]:
    """Returns (start, end, size) of the runs of equal pieces that cover `total`."""
    full = total // piece * piece
    found = [(0, full, piece)] if full else []
    return found + ([(full, total, total - full)] if full < total else [])


def _cost(filters: int, columns: int) -> float:
    """Cycles of one turn of a tile: two multiply-adds and two loads each."""
    return max(filters * columns, filters + columns, 8) / 2 + 1


def tile_sizes(filters: int, columns: int) -> Pair:
    """Returns how many filters and columns of a row a tile should have."""

    def whole(tile: Pair) -> float:
        return sum(
            (end - start) / size * (to - begin) / width * _cost(size, width)
            for start, end, size in pieces(filters, tile[0])
            for begin, to, width in pieces(columns, tile[1])
        )

    fitting = [
        (f, c)
        for f, c in product(range(1, min(filters, 12) + 1), range(1, min(columns, 12) + 1))
        if f * c <= most_sums() and f + c <= 16
    ]
    return min(fitting, key=lambda tile: (whole(tile), -tile[1]))


def by_lots(sums: Iterable[Sequence[str]], inside: str) -> str:
    """Returns a loop over the lots of the sixteen lanes, and the sums that it leaves.

    `sums` are rows of `name = start`: `name` holds all lanes after the loop, `s_name` is one
    lot of it within the loop, which begins with `start` and to which `inside` adds.
    """
    rows = [[each.split(" = ", 1) for each in row] for row in sums]
    names = [name for row in rows for name, _ in row]
    return "\n".join(
        (
            *(f"V {', '.join(name for name, _ in row)};" for row in rows),
            block(
                "for (int lot = 0; lot < LOTS; lot++)",
                *(f"T {', '.join(f's_{name} = {start}' for name, start in row)};" for row in rows),
                inside,
                *(f"LOT({name}) = s_{name};" for name in names),
            ),
        )
    )


def multiply_adds(
    rows: int, columns: int, factor: Callable[[int], str], value: str, first: int = 0
) -> list[str]:
    """Returns for each row the text that adds `factor(row) * value_m` to each of its sums.

    The sums are those of the columns below `columns`, from the `first` one on.

    A factor is one number for all lanes; the values are lots, named `value` and their column.
    """
    return [
        f"k = fill_lot({factor(n)}); "
        + " ".join(
            f"s_a{n}_{m} = fma_lot({value}{m}, k, s_a{n}_{m});" for m in range(first, columns)
        )
        for n in range(rows)
    ]


Start = Callable[[str], str]
Store = Callable[[str, str, str, str], str]


def correlate(
    of: Correlation, x: str, w: str, start: Start, store: Store, *, flat: bool = True
) -> str:
    """Returns the text of a correlation.

    `start(filter)` is what a lot of the sums begins with, and `store(filter, row, column, sum)`
    the statement that takes one of them; if it is `flat`, all positions may be of one row.
    """
    of = of.flat() if flat else of
    filters, columns = tile_sizes(of.outputs, of.out[1])
    runs = []
    for first, end, size in pieces(of.outputs, filters):
        row = [
            block(
                f"for (int j = {begin}; j < {to}; j += {width})",
                _tile(of, x, w, start, store, size, width, met),
            )
            for begin, to, width, met in _blocks(of, columns)
        ]
        over_rows = loop("i", of.out[0], *row)
        runs.append(block(f"for (int f = {first}; f < {end}; f += {size})", over_rows))
    return loop("g", of.groups, *runs)


def _blocks(of: Correlation, columns: int) -> list[tuple[int, int, int, list[Pair]]]:
    """Returns (start, end, size, what meets x) of the runs of blocks that cover a row of y."""
    found: list[tuple[int, int, int, list[Pair]]] = []
    for first, end, size in pieces(of.out[1], columns):
        for begin in range(first, end, size):
            met = of.columns_met(begin, size)
            same = bool(found) and found[-1][2:] == (size, met)
            start = found.pop()[0] if same else begin
            found.append((start, begin + size, size, met))
    return found


def _tile(
    of: Correlation,
    x: str,
    w: str,
    start: Start,
    store: Store,
    filters: int,
    columns: int,
    met: list[Pair],
) -> str:
    head = "g * {0} + f + {1}"
    sums = [
        [f"a{n}_{m} = {start(head.format(of.outputs, n))}" for m in range(columns)]
        for n in range(filters)
    ]
    if met[0][0] < met[0][1] and len(set(met)) == 1:
        window = loop("s", of.size[1], *_products(of, filters, *met[0]))
    else:
        # Every column of the window for itself: each meets x for other columns of y.
        window = "\n".join(
            block(f"for (int s = {s}; s < {s + 1}; s++)", *_products(of, filters, *each))
            for s, each in enumerate(met)
            if each[0] < each[1]
        )
    first, end = of.rows_met()
    bounds, over_rows = "", loop("r", of.size[0], window)
    if (first, end) != ("0", str(of.size[0])):
        bounds = f"int first = {first}, end = {end};"
        over_rows = block("for (int r = first; r < end; r++)", window)
    row, column = (
        f"{name} * {by} - {margin}" if margin else f"{name} * {by}"
        for name, by, margin in zip("ij", of.stride, of.margin, strict=True)
    )
    return "\n".join(
        (
            f"const V *xs = {x} + g * {of.inputs * of.rows[0] * of.rows[1]};",
            f"const float *ws = {w} + g * {of.outputs} + f;",
            f"int at = ({row}) * {of.rows[1]} + {column};",
            *filter(None, [bounds]),
            # Channels outside: what the window sees of one is still in the nearest cache.
            by_lots(sums, loop("c", of.inputs, over_rows)),
            *(
                store(head.format(of.outputs, n), "i", f"j + {m}", f"a{n}_{m}")
                for n in range(filters)
                for m in range(columns)
            ),
        )
    )


def _products(of: Correlation, filters: int, first: int, end: int) -> list[str]:
    """Returns what column `s` of the window adds to the sums of some columns of a tile."""
    plane, row, column = of.rows[0] * of.rows[1], of.dilation[0] * of.rows[1], of.dilation[1]
    begin = f" + {first * of.stride[1]}" if first else ""
    loads = ", ".join(f"x{m} = xt[{(m - first) * of.stride[1]} * LOTS]" for m in range(first, end))
    return [
        f"const T *xt = (const T *)(xs + (at + c * {plane} + r * {row} + s * {column}{begin})) "
        "+ lot;",
        f"const float *wt = ws + ((r * {of.size[1]} + s) * {of.inputs} + c) "
        f"* {of.groups * of.outputs};",
        f"T {loads}, k;",
        *multiply_adds(filters, end, lambda n: f"wt[{n}]", "x", first),
        "IN_ORDER;",
    ]


def turned(of: Correlation, taps: Pair, last: Pair, step: Pair = (1, 1), at: int = 0) -> str:
    """Returns the text that turns a kernel round, its inputs and outputs exchanged.

    `taps` are how many it takes along each side, beginning with the `last` one and `step` apart;
    they lie in `prepared` from `at` on.
    """
    filters, channels = of.groups * of.outputs, of.groups * of.inputs
    row, column = (f"{end} - {n} * {by}" for end, n, by in zip(last, "rs", step, strict=True))
    put = (
        f"prepared[{at} + (r * {taps[1]} + s) * {of.outputs * channels} "
        f"+ f * {channels} + g * {of.inputs} + c] = "
        f"kernel[((({row}) * {of.size[1]} + {column}) * {of.inputs} + c) * {filters} "
        f"+ g * {of.outputs} + f];"
    )
    inner = loop("g", of.groups, loop("c", of.inputs, loop("f", of.outputs, put)))
    return loop("r", taps[0], loop("s", taps[1], inner))


class Spread(Record):
    """How the gradient of an output lies in memory.

    Value (f, i, j) is at f * plane + first + i * row + j * column.
    """

    plane: int
    row: int
    column: int
    first: int = 0


def correlate_kernel(of: Correlation, x: str, d: str, lies: Spread, into: str) -> str:
    """Returns the text that adds the gradient of w to `into`, from x and the gradient d of y.

    dw[r][s][c][f] = sum over i, j and the images of x[c][i + r][j + s] * d[f][i][j]
    """
    if of.size == (1, 1):
        return _kernel_by_channels(of, x, d, lies, into)
    (kh, kw), all_filters = of.size, of.groups * of.outputs
    rows = kh if kh * kw <= 9 else 1
    taps = [(r, s) for r in range(rows) for s in range(kw)]
    runs = [taps[n : n + 8] for n in range(0, len(taps), 8)] if len(taps) > 9 else [taps]
    found = []
    for group in runs:
        offsets = [r * of.dilation[0] * of.rows[1] + s * of.dilation[1] for r, s in group]
        places = [f"((r + {r}) * {kw} + {s}) * {of.inputs * all_filters}" for r, s in group]
        found += _kernel_tiles(of, x, d, lies, into, offsets, places, "c", f"c * {all_filters}")
    inner = block(f"for (int r = 0; r < {kh}; r += {rows})", *found)
    return loop("g", of.groups, loop("c", of.inputs, inner))


def _kernel_by_channels(of: Correlation, x: str, d: str, lies: Spread, into: str) -> str:
    """The gradient of a kernel of one point: several channels at a time in place of taps."""
    all_filters, plane = of.groups * of.outputs, of.rows[0] * of.rows[1]
    found = []
    for first, end, size in pieces(of.inputs, min(6, of.inputs)):
        offsets = [n * plane for n in range(size)]
        places = [f"{n * all_filters}" for n in range(size)]
        tiles = _kernel_tiles(of, x, d, lies, into, offsets, places, "c", f"c * {all_filters}")
        head = f"for (int c = {first}; c < {end}; c += {size})"
        found.append(block(head, "int r = 0;", *tiles))
    return loop("g", of.groups, *found)


def _kernel_tiles(
    of: Correlation,
    x: str,
    d: str,
    lies: Spread,
    into: str,
    offsets: list[int],
    places: list[str],
    channel: str,
    base: str,
) -> list[str]:
    taps = len(offsets)
    # What is not a tile of its own would be one with few sums, so the pieces are even.
    most = max(1, min(most_sums() // taps, of.outputs, 8))
    return [
        block(
            f"for (int f = {first}; f < {end}; f += {size})",
            _kernel_tile(of, x, d, lies, into, offsets, places, size, channel, base),
        )
        for first, end, size in pieces(of.outputs, -(-of.outputs // -(-of.outputs // most)))
    ]


def _kernel_tile(
    of: Correlation,
    x: str,
    d: str,
    lies: Spread,
    into: str,
    offsets: list[int],
    places: list[str],
    filters: int,
    channel: str,
    base: str,
) -> str:
    plane = of.rows[0] * of.rows[1]
    taps = range(len(offsets))
    sums = [[f"a{n}_{t} = fill_lot(0)" for t in taps] for n in range(filters)]
    gradients = ", ".join(f"d{n} = dt[{n * lies.plane} * LOTS]" for n in range(filters))
    body = [f"T {gradients}, v;"]
    for t in taps:
        adds = " ".join(f"s_a{n}_{t} = fma_lot(v, d{n}, s_a{n}_{t});" for n in range(filters))
        body.append(f"v = xt[{offsets[t]} * LOTS]; {adds}")
    body.append("IN_ORDER;")
    walk = block(
        f"for (int j = 0; j < {of.out[1]}; j++, "
        f"xt += {of.stride[1]} * LOTS, dt += {lies.column} * LOTS)",
        *body,
    )
    positions = loop(
        "i",
        of.out[0],
        f"const T *xt = (const T *)(xs + i * {of.stride[0] * of.rows[1]}) + lot;",
        f"const T *dt = (const T *)(ds + i * {lies.row}) + lot;",
        walk,
    )
    stores = [f"to[{places[t]} + {n}] += sum16(a{n}_{t});" for t in taps for n in range(filters)]
    return "\n".join(
        (
            f"const V *xs = {x} + (g * {of.inputs} + {channel}) * {plane} "
            f"+ r * {of.dilation[0] * of.rows[1]};",
            f"const V *ds = {d} + (g * {of.outputs} + f) * {lies.plane} + {lies.first};",
            f"float *to = {into} + {base} + g * {of.outputs} + f;",
            by_lots(sums, positions),
            *stores,
        )
    )
