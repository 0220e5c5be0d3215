"""Rows of convolutions with vectors: several places and filters at once.

Places of a row are taken up to twelve at a time, so that a vector of the kernel is loaded once for
all of them and no addition waits for the one before it. At the edges of a padded image the columns
of a window are written out, each for the places that have it.
"""

from collections.abc import Iterator
from math import prod

from cnnspec.core.record import Record
from cnnspec.operations.windows import Convolution, PooledConvolution
from cnnspec.targets.c.text import block
from cnnspec.targets.device.endings import Ending
from cnnspec.targets.device.kernels.wide import Ended, blocks
from cnnspec.targets.device.lanes import Lanes, lanes_for
from cnnspec.targets.device.site import Site
from cnnspec.targets.device.text import Side, plus, times

MOST = 12
"""Places at once: as many sums as the sixteen registers of AVX2 have room for."""
REUSED = 24
"""Places for which a kernel is copied with zeros behind its filters."""
NEAR = 7
"""Numbers of a row of a window that are added without a loop."""


class WideRow(Record):
    """The text of a row with vectors and what is before the loop over the rows, or nothing."""

    before: str = ""
    text: str = ""


def row_of_windows(site: Site, rows: Side) -> WideRow:
    """Returns the text of a row of a convolution with vectors; empty where there is none."""
    op: Convolution = site.operation
    if site.scales is not None:
        return WideRow()
    depthwise = op.groups == site.image.channels == op.filters and op.groups > 1
    made = Convolution.shape(op, (site.image,)).dims
    places = made[1] * (1 if site.order.by_row else made[0])
    copied = prod(op.size) * site.image.channels if op.groups == 1 and places >= REUSED else 0
    lanes = lanes_for(op.filters if depthwise else op.filters // op.groups, copied)
    if lanes is None:
        return WideRow()
    row = _Row(site, rows, lanes, depthwise)
    return WideRow("\n".join(row.copied()), row.text())


class _Tile(Record):
    """Places of a row that are taken at once: units of one column, or windows of several."""

    first: int
    size: int
    turns: int = 1
    """How many such tiles follow one another, all of them inside of the image."""


class _Row:
    """The text of one row."""

    def __init__(self, site: Site, rows: Side, lanes: Lanes, depthwise: bool) -> None:
        self.site, self.op, self.image = site, site.operation, site.image
        self.rows, self.lanes, self.depthwise = rows, lanes, depthwise
        self.depth = 1 if depthwise else self.image.channels // self.op.groups
        self.pooled = isinstance(self.op, PooledConvolution)
        self.window = self.op.window if self.pooled else (1, 1)
        self.ended = Ended(site, lanes, self.op.then)
        self.made = Convolution.shape(self.op, (self.image,)).dims
        self.at, self.span = ("", str(lanes.row)) if lanes.padded else (" + at", "span")
        self.tiles = list(self._tiles())
        self.vectors = max(1, MOST // (max(tile.size for tile in self.tiles) * self.window[1]))

    def text(self) -> str:
        """The whole."""
        parts = [*blocks(self.lanes, self.vectors, *map(self._tile, self.tiles))]
        out, groups = self.site.out, 1 if self.depthwise else self.op.groups
        if groups > 1:
            parts = [block(f"for (int g = 0; g < {groups}; g++)", *parts)]
        count = out.width * out.channels
        return "\n".join([*parts, *self.ended.after("to", count), f"to += {count};"])

    def copied(self) -> Iterator[str]:
        """The kernel and the bias with zeros behind the filters of a row."""
        if self.lanes.padded:
            row, points = self.lanes.row, prod(self.op.size) * self.depth
            yield f"float padded[{points * row}];"
            yield self.lanes.call("pad", "padded", "kernel", points, self.lanes.filters)
            if "bias" in self.site.weights:
                yield f"float padded_bias[{row}];"
                yield self.lanes.call("pad", "padded_bias", "bias", 1, self.lanes.filters)

    def _tiles(self) -> Iterator[_Tile]:
        """The units of a row in parts as equal as possible; those inside are one loop."""
        last: _Tile | None = None
        for first, size in _divided(self.site.out.width, max(1, MOST // self.window[1])):
            if (
                last
                and last.size == size
                and all(map(self._inside, (last.first, first), (size,) * 2))
            ):
                last = last.replace(turns=last.turns + 1)
                continue
            if last:
                yield last
            last = _Tile(first, size)
        assert last
        yield last

    def _inside(self, first: int, size: int) -> bool:
        """Whether all columns of the windows of all places of a tile are there."""
        places = size * self.window[1]
        whole = (first + size) * self.window[1] <= self.made[1]
        return whole and all(
            self._having(t, first * self.window[1], places) == (0, places)
            for t in range(self.op.size[1])
        )

    def _having(self, t: int, first: int, places: int) -> tuple[int, int]:
        """Which of some places have column t of their windows: from one to another."""
        op = self.op
        found = [
            n
            for n in range(min(places, self.made[1] - first))
            if 0
            <= (first + n) * op.stride[1] - op.padding[1][0] + t * op.dilation[1]
            < self.image.width
        ]
        return (found[0], found[-1] + 1) if found else (0, 0)

    def _tile(self, tile: _Tile) -> str:
        """The sums of a tile, for the filters of a block."""
        each, width, span = self.window[1], self.lanes.width, self.span
        places, name = tile.size * each, "q" if self.pooled else "j"
        call = self.lanes.call
        at = name if tile.turns > 1 else str(tile.first)
        sums = [self.ended.begin(places, span, self._bias()), *self._window(tile, at, places)]
        to, step = (
            f"to + {times(at, self.op.filters)}{self._group(self.lanes.filters)}",
            self.op.filters,
        )
        if self.pooled:
            missing = (tile.first + tile.size) * each - self.made[1]
            if missing > 0 and tile.turns == 1:
                there = f"s + {places - missing} * vectors_{width}({span})"
                sums.append(call("fill", there, missing, span, Ending.lowest))
            row = "\n".join([*sums, call("largest", "best", tile.size, span, "s", each)])
            body = [
                f"lanes_{width} best[{self._many(tile.size)}], s[{self._many(places)}];",
                call("fill", "best", tile.size, span, Ending.lowest),
                block(self._rows_of_a_window(), self.rows.before, row),
                *self.ended.end(tile.size, span, to, step, "best"),
            ]
        else:
            body = [
                f"lanes_{width} s[{self._many(places)}];",
                *sums,
                *self.ended.end(places, span, to, step),
            ]
        head = ""
        if tile.turns > 1:
            end = tile.first + tile.turns * tile.size
            head = f"for (int {name} = {tile.first}; {name} < {end}; {name} += {tile.size})"
        return block(head, *body).lstrip()

    def _many(self, places: int) -> int | str:
        """How many vectors a block of filters takes at each of some places."""
        if self.lanes.padded:
            return f"{places} * {self.lanes.row} / {self.lanes.one}"
        return places * self.vectors

    def _rows_of_a_window(self) -> str:
        """The head of the loop over the rows of a pooling window; the last one may end early."""
        window, there = self.window[0], self.made[0]
        first = times("p", window)
        cut = f" && i < {there}" if self.site.out.height * window > there else ""
        return f"for (int i = {first}; i < {first} + {window}{cut}; i++)"

    def _bias(self) -> str:
        name = "padded_bias" if self.lanes.padded else "bias"
        return f"{name}{self._group(self.lanes.filters)}{self.at}"

    def _group(self, each: int) -> str:
        """Where what belongs to a group begins."""
        return f" + {times('g', each)}" if self.op.groups > 1 and not self.depthwise else ""

    def _window(self, tile: _Tile, at: str, places: int) -> Iterator[str]:
        """The loops over a window at the places of a tile."""
        if tile.turns > 1 or self._inside(tile.first, tile.size):
            ranges = [(0, places)] * self.op.size[1]
        else:
            first = tile.first * self.window[1]
            ranges = [self._having(t, first, places) for t in range(self.op.size[1])]
        merged = self.op.dilation[1] == 1 and self.op.groups == 1
        calls = []
        for t, count in _alike(ranges):
            low, high = ranges[t]
            if low == high:
                continue
            if merged:
                calls.append(self._add(at, str(t), low, high, count))
            elif count == 1:
                calls.append(self._add(at, str(t), low, high, 1))
            else:
                head = f"for (int t = {t}; t < {t + count}; t++)"
                calls.append(block(head, self._add(at, "t", low, high, 1)))
        yield block(f"for (int u = {self.rows.first}; u < {self.rows.end}; u++)", *calls)

    def _add(self, at: str, t: str, low: int, high: int, count: int) -> str:
        """Adds a column of the window, or several that follow one another, at some places."""
        op, image, row, span = self.op, self.image, self.lanes.row, self.span
        u = plus(self.rows.start, times("u", op.dilation[0]))
        stride, group = op.stride[1], self._group(self.depth)
        column = _sum(
            times(at, self.window[1] * stride),
            times(t, op.dilation[1]),
            low * stride - op.padding[1][0],
        )
        x = f"x + {times(_sum(times(u, image.width), column), image.channels)}{group}"
        kernel = f"kernel{self._group(prod(op.size) * self.depth * row)}"
        tap = times(_sum(times("u", op.size[1]), t), self.depth * row)
        k = f"{'padded' if self.lanes.padded else kernel} + {tap}{self.at}"
        sums = f"s + {low} * vectors_{self.lanes.width}({span})" if low else "s"
        step = stride * image.channels
        if self.depthwise:
            return self.lanes.call("add_each", sums, high - low, span, f"{x} + at", step, k)
        numbers = count * self.depth
        name = "add_near" if step < numbers <= NEAR else "add"
        return self.lanes.call(name, sums, high - low, span, x, step, numbers, k, row)


def _sum(*parts: str | int) -> str:
    """Returns a sum as an expression, its numbers added up."""
    number = sum(int(part) for part in parts if str(part).lstrip("-").isdecimal())
    names = [str(part) for part in parts if not str(part).lstrip("-").isdecimal()]
    text = " + ".join(names)
    if not names or not number:
        return text or str(number)
    return f"{text} {'+' if number > 0 else '-'} {abs(number)}"


def _alike(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where runs of equal ranges begin, and how long they are."""
    first = 0
    for n in range(1, len(ranges) + 1):
        if n == len(ranges) or ranges[n] != ranges[first]:
            yield first, n - first
            first = n


def _divided(count: int, most: int) -> Iterator[tuple[int, int]]:
    """A number divided into parts as equal as possible: where each begins, and its size."""
    parts = -(-count // most)
    first = 0
    for n in range(parts):
        size = (count - first) // (parts - n)
        yield first, size
        first += size
