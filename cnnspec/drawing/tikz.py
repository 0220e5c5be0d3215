r"""The picture of a network as one `tikzpicture`, to be read by `\input` in a paper.

It needs `\usepackage{tikz}` and nothing else: no library of TikZ, and its colours are defined
inside. It is as wide as the text of the class `article`, in letters of 7 pt, or of 6 or 5 pt where
it would otherwise be higher than a page. A network that is still too high, or has branches that
cannot be wrapped, is for `\resizebox`.
"""

from collections.abc import Iterable, Iterator

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.markup import latex_text
from cnnspec.core.terminal import safe
from cnnspec.drawing.blocks import GAP, BlockNode
from cnnspec.drawing.elements import GREY, INK, LINE, number
from cnnspec.drawing.labels import HEADING, SIZE, Words, story
from cnnspec.drawing.layout import MARGIN, Layout, layout
from cnnspec.drawing.palette import COLOURS, kind_of
from cnnspec.drawing.sheet import KEY, Box, Edge, Frame, Key, Part, Point
from cnnspec.drawing.svg import SIGNS
from cnnspec.graph.graph import INPUT, Graph
from cnnspec.operations.values import Join
from cnnspec.version import __version__

PAGE = (345.0, 550.0)
"""Width and height in points of the text of the class `article` with its defaults."""
LETTERS = (7, 6, 5)
"""Sizes of letters in points that every font of LaTeX has, the first that fits is taken."""
_INK, _GREY, _LINE = "netink", "netgrey", "netline"
_NAMES = {kind: f"net{kind.partition(',')[0]}" for kind in COLOURS}
"""The name of the colour of each kind, such that none is one that a document has."""
_DARK, _FAINT = ("title", "shape", "layer"), ("name", "detail")
_FACES = {"title": r"\bfseries", "shape": r"\bfseries", "name": r"\slshape"}


def draw_tikz(checked: CheckedSpec) -> str:
    """Draws a spec without errors; the lines end with a newline."""
    return drawn_tikz(checked)[0]


def drawn_tikz(checked: CheckedSpec) -> tuple[str, Layout]:
    """Draws a spec without errors; returns the lines and the layout that they draw."""
    best: tuple[float, int, Layout] | None = None
    for letter in LETTERS:
        room = PAGE[0] * SIZE / letter - 2 * MARGIN
        # A chain that is wrapped has a gap on both sides, for the line from row to row.
        for width in (room, room - 2 * GAP):
            sheet = layout(checked, width)
            sides = zip((sheet.width, sheet.height), PAGE, strict=True)
            shrink = max(side * letter / SIZE / most for side, most in sides)
            if best is None or shrink < best[0]:
                best = shrink, letter, sheet
            if shrink <= 1:
                return tikz(checked, sheet, letter), sheet
    assert best is not None
    return tikz(checked, best[2], best[1]), best[2]


def tikz(checked: CheckedSpec, sheet: Layout, letter: int) -> str:
    """Draws the picture that a layout describes, in letters of a size in points."""
    graph = checked.graph
    found = {kind_of(operations) for operations in graph.operations} | {"input"}
    unit = f"{letter / SIZE:.3f}pt"
    lines = [
        f"% The network {safe(checked.spec.model)}, drawn by cnnspec {__version__}.",
        r"% In the preamble: \usepackage{tikz}",
        rf"\begin{{tikzpicture}}[x={unit}, y=-{unit}, line join=round, line width=0.5pt,",
        "  every node/.style={inner sep=0pt, outer sep=0pt, anchor=base},",
        *_styles(letter),
        "]",
        *_indented(
            [
                *_colours(found),
                _words(sheet.width / 2, MARGIN + 12, Words(sheet.title, "title")),
                _words(sheet.width / 2, MARGIN + 29, Words(sheet.facts, "detail")),
                *(line for frame in sheet.frames for line in _frame(frame)),
                *(line for edge in sheet.edges for line in _edge(edge)),
                *(line for box in sheet.boxes for line in _box(box, graph)),
                *(line for key in sheet.legend for line in _key(key)),
            ]
        ),
        r"\end{tikzpicture}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _styles(letter: int) -> Iterator[str]:
    """Yields the style of each kind of text."""
    for style in (*_DARK, *_FAINT):
        size = round(HEADING * letter / SIZE) if style == "title" else letter
        face = rf"\sffamily\fontsize{{{size}}}{{{size + 1}}}\selectfont{_FACES.get(style, '')}"
        yield rf"  net {style}/.style={{{_GREY if style in _FAINT else _INK}, font={face}}},"


def _colours(kinds: set[str]) -> Iterator[str]:
    """Yields the definitions of the colours that a picture has."""
    named = {_INK: INK, _GREY: GREY, _LINE: LINE}
    named |= {_NAMES[kind]: colour for kind, colour in COLOURS.items() if kind in kinds}
    for name, colour in named.items():
        yield rf"\definecolor{{{name}}}{{HTML}}{{{colour[1:]}}}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _words(x: float, y: float, line: Words) -> str:
    """A line of text at the middle of its base line."""
    return rf"\node[net {line.style}] at {_at((x, y))} {{{latex_text(line.text)}}};"


def _box(box: Box, graph: Graph) -> Iterator[str]:
    """A block with its labels, after a comment with the details of its layers."""
    for part in box.parts:
        if box.what:
            yield f"% {safe(box.what)}"
            yield from _disc(part, r"\ldots", _NAMES["input"])
        elif part.call == INPUT:
            yield f"% input {graph.input}"
            yield from _solid(part, _NAMES["input"])
        else:
            operations = graph.operations[part.call]
            colour = _NAMES[kind_of(operations)]
            yield f"% {story(graph.calls[part.call])}"
            match operations[0]:
                case Join(function=function) if part.solid is None:
                    yield from _disc(part, latex_text(SIGNS[function]), colour)
                case _:
                    yield from _solid(part, colour)
    for x, y, line in box.words:
        yield _words(x, y, line)


def _solid(part: Part, colour: str) -> Iterator[str]:
    """Front, top and right side; the side, which is the image itself, has the full colour."""
    solid = part.solid
    assert solid is not None
    x, y, right, bottom = part.x, part.y, part.x + solid.length, part.y + solid.height
    dx, dy = solid.right, -solid.up
    edge = f"draw={colour}!45!black"
    for share, points in (
        (45, [(x, y), (x + dx, y + dy), (right + dx, y + dy), (right, y)]),
        (100, [(right, y), (right + dx, y + dy), (right + dx, bottom + dy), (right, bottom)]),
        (70, [(x, y), (right, y), (right, bottom), (x, bottom)]),
    ):
        yield rf"\filldraw[{edge}, fill={colour}!{share}] {_path(points)} -- cycle;"
    cuts = [x + share * solid.length for share in solid.planes]
    if cuts:
        lines = " ".join(_path([(cut, bottom), (cut, y), (cut + dx, y + dy)]) for cut in cuts)
        yield rf"\draw[{edge}, line width=0.3pt] {lines};"


def _disc(part: Part, sign: str, colour: str) -> Iterator[str]:
    """The disc of an operation without a size of its own."""
    radius = BlockNode.RADIUS
    centre = _at((part.x + radius, part.y + radius))
    style = f"draw={colour}!45!black, fill={colour}!55"
    yield rf"\filldraw[{style}] {centre} circle[radius={number(radius)}];"
    yield rf"\node[net layer, anchor=center] at {centre} {{{sign}}};"


def _edge(edge: Edge) -> Iterator[str]:
    """A line with round corners, with an arrow where there is room for one."""
    (ax, _), (bx, by) = edge.points[-2:]
    if len(edge.points) == 2 and bx - ax < 6:
        yield rf"\draw[{_LINE}] {_path(edge.points)};"
        return
    points = (*edge.points[:-1], (bx - 1, by))
    yield rf"\draw[{_LINE}, -latex, rounded corners=3pt] {_path(points)};"


def _frame(frame: Frame) -> Iterator[str]:
    """The outline around what is drawn once, with its text."""
    first, last = (frame.x, frame.y), (frame.x + frame.width, frame.y + frame.height)
    style = f"draw={_LINE}, fill=black!2, dashed, rounded corners=4pt"
    yield rf"\filldraw[{style}] {_at(first)} rectangle {_at(last)};"
    yield _words(frame.x + frame.width / 2, frame.y + SIZE + 5, Words(frame.text, "name"))


def _key(key: Key) -> Iterator[str]:
    """A square of the legend and its meaning."""
    colour = _NAMES[key.kind]
    first, last = (key.x, key.y), (key.x + KEY, key.y + KEY)
    yield rf"\filldraw[draw={colour}!45!black, fill={colour}] {_at(first)} rectangle {_at(last)};"
    place = _at((key.x + KEY + 6, key.y + SIZE))
    yield rf"\node[net layer, anchor=base west] at {place} {{{key.kind}}};"


def _path(points: Iterable[Point]) -> str:
    return " -- ".join(map(_at, points))


def _at(point: Point) -> str:
    return f"({number(point[0])},{number(point[1])})"
