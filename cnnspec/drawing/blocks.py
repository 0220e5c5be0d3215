"""Parts of a picture that know their size and can be put in a place.

Each is centred on an axis, the height at which lines enter and leave: `up` is the room it needs
above the axis and `down` the room below. `place` draws it and continues the line. Lines have lanes
of their own, beside the branches of a fork and between the rows of a long chain, so that a line
never crosses a block.
"""

from math import fsum
from typing import Protocol

from cnnspec.drawing.labels import LINE, Words
from cnnspec.drawing.sheet import Box, Edge, Frame, Part, Path, Sheet
from cnnspec.drawing.solids import Solid

GAP = 22.0
"""The space between consecutive blocks: room for an arrow."""
_BEND = 16.0
"""The space between the point where a line branches and the branches."""
_LANE = 14.0
"""The space between branches."""
_SKIP = 8.0
"""Half of the space that an empty branch needs."""
_GUTTER = 15.0
"""Half of the space between two rows of a long chain."""
_FRAME = 10.0
_SLIT = 2.0
"""The space between the blocks of a group."""


class Block(Protocol):
    """What can be placed on a sheet."""

    width: float
    up: float
    down: float

    def place(self, x: float, axis: float, path: Path, sheet: Sheet) -> Path:
        """Places it with its left end at `x` and returns the continued line."""
        ...


class BlockNode:
    """Solids side by side, with their shape above and their labels below.

    A solid of `None` is a disc: an operation on values of the same shape.
    """

    RADIUS = 12.0

    def __init__(
        self,
        calls: tuple[int, ...],
        solids: tuple[Solid | None, ...],
        shape: str,
        words: list[Words],
        what: str = "",
    ) -> None:
        self.calls = calls
        self.solids = solids
        self.above = Words(shape, "shape") if shape else None
        self.words = words
        self.what = what
        real = [solid for solid in solids if solid]
        self.tall = max((s.height + s.up for s in real), default=2 * self.RADIUS)
        self.fronts = fsum(s.length if s else 2 * self.RADIUS for s in solids)
        self.fronts += _SLIT * (len(solids) - 1)
        last = solids[-1]
        self.long = self.fronts + (last.right if last else 0.0)
        written = [w.width for w in (*words, self.above) if w]
        self.width = max([self.long, *written])
        self.up = self.tall / 2 + (LINE + 4 if self.above else 0.0)
        self.down = self.tall / 2 + LINE * len(words) + (4 if words else 0.0)

    def place(self, x: float, axis: float, path: Path, sheet: Sheet) -> Path:
        """Places one box."""
        return self.place_all(x, axis, (path,), sheet)

    def place_all(self, x: float, axis: float, paths: tuple[Path, ...], sheet: Sheet) -> Path:
        """Places one box that several lines enter."""
        left = x + (self.width - self.long) / 2
        middle = x + self.width / 2
        parts = []
        for path in paths:
            sheet.join(path, self.calls[0], (left, axis))
        at = left
        for number, solid in enumerate(self.solids):
            call = self.calls[min(number, len(self.calls) - 1)]
            if number:
                sheet.edges.append(
                    Edge(self.calls[number - 1], call, ((at - _SLIT, axis), (at, axis)))
                )
            if solid:
                parts.append(Part(call, at, axis + self.tall / 2 - solid.height, solid))
            else:
                parts.append(Part(call, at, axis - self.RADIUS, None))
            at += (solid.length if solid else 2 * self.RADIUS) + _SLIT
        words = [(middle, axis - self.tall / 2 - 6, self.above)] if self.above else []
        base = axis + self.tall / 2 + 4
        for number, line in enumerate(self.words, 1):
            words.append((middle, base + number * LINE - 3, line))
        top = axis - self.up
        size = (self.width, self.up + self.down)
        sheet.boxes.append(Box(self.calls, x, top, *size, tuple(parts), tuple(words), self.what))
        return Path(self.calls[-1] if self.calls else path.source, ((left + self.long, axis),))


class Begun:
    """A label where a line begins that comes from a layer drawn elsewhere."""

    def __init__(self, source: int, text: str) -> None:
        self.source = source
        self.words = Words(text, "detail")
        self.width = self.words.width + 4
        self.up = self.down = LINE / 2 + 2

    def place(self, x: float, axis: float, path: Path, sheet: Sheet) -> Path:
        """Places the label where the line from that layer begins; the incoming line ends."""
        words = ((x + self.width / 2, axis + LINE / 4, self.words),)
        size = (self.width, self.up + self.down)
        sheet.boxes.append(Box((), x, axis - self.up, *size, (), words, self.words.text))
        return Path(self.source, ((x + self.width, axis),))


class Lines:
    """Blocks one after another, wrapped into rows of a width like the words of a text."""

    def __init__(self, blocks: list[Block], room: float) -> None:
        self.lines = _balanced(blocks, room)
        several = len(self.lines) > 1
        self.indent = GAP if several else 0.0
        self.width = max(map(_length, self.lines), default=0.0) + 2 * self.indent
        # For each row: the distances from its axis to its upper and its lower end.
        self.ups = [max(block.up for block in line) for line in self.lines]
        self.downs = [max(block.down for block in line) for line in self.lines]
        self.up = self.ups[0] if self.lines else _SKIP
        total = fsum(self.ups) + fsum(self.downs) + 2 * _GUTTER * (len(self.lines) - 1)
        self.down = total - self.up if self.lines else _SKIP

    def place(self, x: float, axis: float, path: Path, sheet: Sheet) -> Path:
        """Places row below row; a line leads from the end of each to the next."""
        level = axis
        left, right = x, x + self.width - self.indent / 2
        for number, line in enumerate(self.lines):
            if number:
                gutter = level + self.downs[number - 1] + _GUTTER
                path = path.by((right, level), (right, gutter))
                level = gutter + _GUTTER + self.ups[number]
                path = path.by((left, gutter), (left, level))
            at = x + self.indent
            for block in line:
                path = block.place(at, level, path, sheet)
                at += block.width + GAP
        # What follows is placed on the axis of the first row.
        return path if level == axis else path.by((x + self.width, level), (x + self.width, axis))


class Branches:
    """Chains that begin at one value, drawn above each other, and the node that joins them.

    A single chain among skips stays on the axis, with the skips above it; `skips` are their
    indices. Otherwise the axis is in the middle.
    """

    def __init__(self, lanes: list[Lines], join: BlockNode, skips: list[int]) -> None:
        self.join = join
        # The order on the sheet.
        self.order = list(range(len(lanes)))
        single = len(skips) == len(lanes) - 1
        if single:
            self.order.sort(key=lambda number: number not in skips)
        self.lanes = lanes
        self.inner = max(lane.width for lane in lanes)
        tops = [0.0]
        for number in self.order:
            tops.append(tops[-1] + lanes[number].up + lanes[number].down + _LANE)
        axes = [top + lanes[number].up for top, number in zip(tops, self.order, strict=False)]
        middle = (axes[(len(axes) - 1) // 2] + axes[len(axes) // 2]) / 2
        own = axes[-1] if single else middle
        self.offsets = [axis - own for axis in axes]
        self.up = max(own, join.up)
        self.down = max(tops[-1] - _LANE - own, join.down)
        self.width = self.inner + 2 * _BEND + GAP + join.width

    def place(self, x: float, axis: float, path: Path, sheet: Sheet) -> Path:
        """Places every branch, then the join."""
        out = x + self.inner + 2 * _BEND
        ends: dict[int, Path] = {}
        for number, offset in zip(self.order, self.offsets, strict=True):
            lane = self.lanes[number]
            level = axis + offset
            begin = x + _BEND + (self.inner - lane.width) / 2
            end = lane.place(begin, level, path.by((x, axis), (x, level)), sheet)
            ends[number] = end.by((out, end.points[-1][1]), (out, axis))
        inputs = tuple(ends[number] for number in sorted(ends))
        return self.join.place_all(out + GAP, axis, inputs, sheet)


class Framed:
    """A chain with an outline that says how many copies of it there are."""

    def __init__(self, body: Lines, text: str, further: tuple[int, ...]) -> None:
        self.body = body
        self.words = Words(text, "name")
        self.further = further
        self.width = max(body.width, self.words.width) + 2 * _FRAME
        self.up = body.up + LINE + _FRAME
        self.down = body.down + _FRAME

    def place(self, x: float, axis: float, path: Path, sheet: Sheet) -> Path:
        """Places the outline and what is in it."""
        size = (self.width, self.up + self.down)
        sheet.frames.append(Frame(self.further, x, axis - self.up, *size, self.words.text))
        return self.body.place(x + (self.width - self.body.width) / 2, axis, path, sheet)


def _length(line: list[Block]) -> float:
    return fsum(block.width for block in line) + GAP * (len(line) - 1)


def _broken(blocks: list[Block], room: float) -> list[list[Block]]:
    """Breaks blocks into rows of a width; a row is wider only if one block is."""
    lines: list[list[Block]] = []
    left = 0.0
    for block in blocks:
        if lines and block.width + GAP <= left:
            lines[-1].append(block)
            left -= block.width + GAP
        else:
            lines.append([block])
            left = room - block.width
    return lines


def _balanced(blocks: list[Block], room: float) -> list[list[Block]]:
    """Breaks blocks into as few rows as the room allows, all of about the same length."""
    lines = _broken(blocks, room)
    low, high = 0.0, room
    for _ in range(8):
        middle = (low + high) / 2
        narrower = _broken(blocks, middle)
        if len(narrower) > len(lines):
            low = middle
        else:
            lines, high = narrower, middle
    return lines
