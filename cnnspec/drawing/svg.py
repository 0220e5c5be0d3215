"""The picture of a network as one SVG element, as a file or inside a page.

Knows colours and SVG, but not sizes. A picture refers to nothing else: it has no id, script, style
sheet, font file or address. Text comes from users and is escaped.
"""

from collections.abc import Iterator

from cnnspec.analysis.check import CheckedSpec
from cnnspec.drawing.blocks import BlockNode
from cnnspec.drawing.elements import INK, LINE, PAPER, escaped, legend, number, page, words
from cnnspec.drawing.labels import SIZE, Words, story
from cnnspec.drawing.layout import MARGIN, Layout, layout
from cnnspec.drawing.palette import COLOURS, kind_of, mixed
from cnnspec.drawing.sheet import Box, Edge, Frame, Part, Point
from cnnspec.graph.graph import INPUT, Graph
from cnnspec.operations.values import Join

SIGNS = {"add": "+", "multiply": "\u00d7", "average": "avg", "maximum": "max"}
"""What is written in the disc of each merge."""
_ROUND = 6.0
"""The radius of the turns of a line."""


def draw(checked: CheckedSpec) -> str:
    """Draws the picture of a spec without errors."""
    return drawn(checked, layout(checked))


def drawn(checked: CheckedSpec, sheet: Layout) -> str:
    """Draws the picture that a layout describes."""
    graph = checked.graph
    return page(
        f"The network {checked.spec.model}",
        _told(sheet, graph),
        (sheet.width, sheet.height),
        [
            words(sheet.width / 2, MARGIN + 12, Words(sheet.title, "title")),
            words(sheet.width / 2, MARGIN + 29, Words(sheet.facts, "detail")),
            *(_frame(frame) for frame in sheet.frames),
            *(_edge(edge) for edge in sheet.edges),
            *(line for box in sheet.boxes for line in _box(box, graph)),
            *legend(sheet.legend),
        ],
    )


def _told(sheet: Layout, graph: Graph) -> str:
    """Describes the picture for people who cannot see it."""
    told = [f"{sheet.facts}. Input {graph.input}."]
    for box in sheet.boxes:
        calls = [graph.calls[call] for call in box.calls if call != INPUT]
        told += [f"{box.what}."] if box.what else [f"{story(call)}." for call in calls]
    told += [f"{frame.text}: {len(frame.calls):,} more layers." for frame in sheet.frames]
    return " ".join(told)


def _box(box: Box, graph: Graph) -> Iterator[str]:
    """A block with its labels; the details of a layer are the title of its solid."""
    yield "<g>"
    for part in box.parts:
        if box.what:
            yield f"<g><title>{escaped(box.what)}</title>{_disc(part, '…', COLOURS['input'])}</g>"
        elif part.call == INPUT:
            yield f"<g><title>input {graph.input}</title>{_solid(part, COLOURS['input'])}</g>"
        else:
            call = graph.calls[part.call]
            operations = graph.operations[part.call]
            colour = COLOURS[kind_of(operations)]
            match operations[0]:
                case Join(function=function) if part.solid is None:
                    drawing = _disc(part, SIGNS[function], colour)
                case _:
                    drawing = _solid(part, colour)
            yield f"<g><title>{escaped(story(call))}</title>{drawing}</g>"
    for x, y, line in box.words:
        yield words(x, y, line)
    yield "</g>"


def _solid(part: Part, colour: str) -> str:
    """Front, top and right side; the side, which is the image itself, has the full colour."""
    solid = part.solid
    assert solid is not None
    x, y, right, bottom = part.x, part.y, part.x + solid.length, part.y + solid.height
    dx, dy = solid.right, -solid.up
    top = [(x, y), (x + dx, y + dy), (right + dx, y + dy), (right, y)]
    side = [(right, y), (right + dx, y + dy), (right + dx, bottom + dy), (right, bottom)]
    front = [(x, y), (right, y), (right, bottom), (x, bottom)]
    cuts = [x + share * solid.length for share in solid.planes]
    lines = "".join(
        f"M{_points([(cut, bottom)])}L{_points([(cut, y), (cut + dx, y + dy)])}" for cut in cuts
    )
    edge = mixed(colour, "#000000", 0.55)
    return (
        f'<g stroke="{edge}" stroke-width="0.8">'
        f'<polygon points="{_points(top)}" fill="{mixed(colour, PAPER, 0.55)}"/>'
        f'<polygon points="{_points(side)}" fill="{colour}"/>'
        f'<polygon points="{_points(front)}" fill="{mixed(colour, PAPER, 0.3)}"/>'
        + (f'<path d="{lines}" fill="none" stroke-width="0.5"/>' if lines else "")
        + "</g>"
    )


def _disc(part: Part, sign: str, colour: str) -> str:
    """The disc of an operation without a size of its own."""
    radius = BlockNode.RADIUS
    x, y = part.x + radius, part.y + radius
    size = 17 if len(sign) == 1 else 9
    return (
        f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
        f' fill="{mixed(colour, PAPER, 0.45)}" stroke="{mixed(colour, "#000000", 0.55)}"/>'
        f'<text x="{number(x)}" y="{number(y + size * 0.35)}" font-size="{size}"'
        f' fill="{INK}">{sign}</text>'
    )


def _edge(edge: Edge) -> str:
    """A line that turns in small arcs, with an arrow where there is room for one."""
    points = edge.points
    (ax, _), (bx, by) = points[-2:]
    if len(points) == 2 and bx - ax < _ROUND:
        return f'<path d="M{_points(points)}" fill="none" stroke="{LINE}"/>'
    end = (bx - 1, by)
    path = f"M{_points(points[:1])}"
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        path += f"L{_points([_toward(at, before)])}Q{_points([at, _toward(at, after)])}"
    path += f"L{_points([(end[0] - 4, by)])}"
    head = [end, (end[0] - 7, by - 3.5), (end[0] - 7, by + 3.5)]
    return (
        f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.2"/>'
        f'<polygon points="{_points(head)}" fill="{LINE}"/>'
    )


def _toward(at: Point, other: Point) -> Point:
    """A point near a corner on the way to another, at most half of the way."""
    dx, dy = other[0] - at[0], other[1] - at[1]
    share = min(_ROUND / max(abs(dx), abs(dy)), 0.5)
    return at[0] + dx * share, at[1] + dy * share


def _frame(frame: Frame) -> str:
    sides = " ".join(
        f'{name}="{number(value)}"'
        for name, value in (
            ("x", frame.x),
            ("y", frame.y),
            ("width", frame.width),
            ("height", frame.height),
        )
    )
    text = words(frame.x + frame.width / 2, frame.y + SIZE + 5, Words(frame.text, "name"))
    return f'<rect {sides} rx="8" fill="#FAFAFA" stroke="{LINE}" stroke-dasharray="4 3"/>{text}'


def _points(points: "list[Point] | tuple[Point, ...]") -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)
