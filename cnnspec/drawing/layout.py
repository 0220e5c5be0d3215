"""Checked spec to sheet: places every block, line and label of its picture.

Knows sizes and places, but neither colours nor SVG. Units are pixels; x goes to the right and
y downwards. The axis of a line is the middle of every block on it.
"""

from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.drawing.blocks import GAP, Begun, Block, BlockNode, Branches, Framed, Lines
from cnnspec.drawing.labels import HEADING, SIZE, Words, labels, shortened, width
from cnnspec.drawing.palette import kind_of
from cnnspec.drawing.sheet import Box, Edge, Frame, Key, Path, Sheet, legend_keys
from cnnspec.drawing.solids import Scale, Solid
from cnnspec.drawing.structure import (
    Chain,
    Fork,
    Group,
    Item,
    Left,
    Repeat,
    Route,
    is_slab,
    rows_of,
    structure,
)
from cnnspec.graph.graph import INPUT, Graph
from cnnspec.operations.values import Concatenate

WIDTH = 960.0
"""The width of a picture beyond which a chain continues in another row."""
_NARROWEST = 420.0
"""The minimum width of a branch before it continues in another row."""
MARGIN = 20.0
_HEAD = 44.0


class Layout(Record):
    """A picture without colours."""

    width: float
    height: float
    title: str
    facts: str
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    frames: tuple[Frame, ...]
    legend: tuple[Key, ...]

    def dump(self, graph: Graph) -> dict[str, Any]:
        """Blocks and lines as JSON; calls are given by their names, the input by `input`."""
        names = [call.name for call in graph.calls]
        return {
            "width": round(self.width),
            "height": round(self.height),
            "boxes": [
                {
                    "layers": [names[call] for call in box.calls],
                    "drawn": not box.what,
                    "output": []
                    if box.what
                    else list(graph.calls[box.calls[-1]].output_shape.dims),
                    **_rounded(box),
                }
                for box in self.boxes
            ],
            "repeats": [
                {"text": frame.text, "layers": [names[r] for r in frame.calls], **_rounded(frame)}
                for frame in self.frames
            ],
            "edges": [[names[edge.source], names[edge.target]] for edge in self.edges],
        }


def _rounded(box: Box | Frame) -> dict[str, float]:
    return {side: round(getattr(box, side), 1) for side in ("x", "y", "width", "height")}


def layout(checked: CheckedSpec, room: float = WIDTH) -> Layout:
    """Lays out the picture of a spec without errors; a chain longer than `room` is wrapped."""
    graph = checked.graph
    chain = structure(graph)
    lines = _Builder(graph, checked.spec.data.title).lines(chain, room)
    kinds = set(map(kind_of, graph.operations[1:]))
    legend, size = legend_keys(kinds, max(lines.width, 300.0))
    full = max(lines.width, size[0])
    facts = _facts(checked)
    full = max(full, width(facts))
    sheet = Sheet()
    top = MARGIN + _HEAD
    x = MARGIN + (full - lines.width) / 2
    lines.place(x, top + lines.up, Path(INPUT, ()), sheet)
    bottom = top + lines.up + lines.down + GAP
    return Layout(
        full + 2 * MARGIN,
        bottom + size[1] + MARGIN,
        shortened(safe(checked.spec.model), full * SIZE / HEADING, bold=True),
        facts,
        tuple(sheet.boxes),
        tuple(edge for edge in sheet.edges if edge.target != INPUT),
        tuple(sheet.frames),
        tuple(
            key.replace(x=key.x + MARGIN + (full - size[0]) / 2, y=key.y + bottom) for key in legend
        ),
    )


def _facts(checked: CheckedSpec) -> str:
    totals = checked.totals
    if totals is None:
        return ""
    return f"{totals.params:,} parameters · {totals.macs:,} MACs · depth {totals.depth}"


class _Builder:
    """Makes blocks with sizes from items."""

    def __init__(self, graph: Graph, data: str) -> None:
        self.graph = graph
        self.data = data
        self.scale = Scale([call.output_shape for call in graph.calls])

    def lines(self, chain: Chain, room: float) -> Lines:
        """Makes a chain, wrapped into rows of a width."""
        return Lines([self.block(item, room) for item in chain], room)

    def block(self, item: Item, room: float) -> Block:
        """Makes one item of a chain."""
        inner = max(room - 2 * GAP, _NARROWEST)
        match item:
            case Fork(branches=branches, join=join):
                node = self.join(join)
                within = max(inner - node.width - 2 * GAP, _NARROWEST)
                lanes = [self.lines(branch, within) for branch in branches]
                skips = [n for n, branch in enumerate(branches) if self.is_skip(branch)]
                return Branches(lanes, node, skips)
            case Repeat(body=body, times=times, shared=shared, further=further):
                text = f"{times:,} times{', the same weights' if shared else ''}"
                return Framed(self.lines(body, inner), text, further)
            case Left():
                return self.left(item)
            case Route(source=source):
                return Begun(source, f"from {self.graph.calls[source].name}")
            case Group(calls=calls):
                return self.group(calls)

    def is_skip(self, branch: Chain) -> bool:
        """Whether a branch is the input itself, or only its projection."""
        begun = any(isinstance(item, Route) for item in branch)
        return not begun and all(self.graph.calls[call].implicit for call in rows_of(branch))

    def group(self, calls: tuple[int, ...]) -> BlockNode:
        """Makes one block of a layer and those after it that change only values."""
        first = self.graph.calls[calls[0]]
        shape = first.output_shape
        if calls[0] == INPUT:
            words = [Words("input", "layer"), Words(self.data, "detail")]
            return BlockNode(calls, (self.scale.solid(shape),), str(shape), words)
        thin = self.scale.slab(shape)
        body = thin if is_slab(self.graph, calls[0]) else self.scale.solid(shape)
        words = [line for call in calls for line in labels(self.graph.calls[call])]
        return BlockNode(calls, (body, *(thin for _ in calls[1:])), str(shape), words)

    def join(self, index: int) -> BlockNode:
        """Makes a merge: a disc, or for a concatenation the block of its output."""
        call = self.graph.calls[index]
        solid: Solid | None = None
        if isinstance(self.graph.operations[index][0], Concatenate):
            parts = tuple(self.graph.calls[source].output_shape.dims[-1] for source in call.inputs)
            solid = self.scale.solid(call.output_shape, parts)
        return BlockNode((index,), (solid,), str(call.output_shape), labels(call))

    def left(self, item: Left) -> BlockNode:
        """Makes the block for calls that are not drawn."""
        calls = [self.graph.calls[call] for call in item.calls]
        params = sum(call.params for call in calls)
        words = [Words(item.what, "layer"), Words("not drawn", "detail")]
        if params:
            words.append(Words(f"{params:,} params", "detail"))
        return BlockNode(item.calls, (None,), "", words, item.what)
