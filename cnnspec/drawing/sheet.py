"""The parts of a picture with their places, and the sheet they are on.

Units are pixels; x goes to the right and y downwards. Does not know layers.
"""

from cnnspec.core.record import Record
from cnnspec.drawing.labels import LINE, Words, width
from cnnspec.drawing.palette import COLOURS
from cnnspec.drawing.solids import Solid

Point = tuple[float, float]


class Part(Record):
    """A solid in its place: the corner of its front, and the call whose output it is."""

    call: int
    x: float
    y: float
    solid: Solid | None
    """`None` for the disc of an operation, which has no size of its own."""


class Box(Record):
    """A group in its place, with its labels; `what` describes calls that are left out."""

    calls: tuple[int, ...]
    x: float
    y: float
    width: float
    height: float
    parts: tuple[Part, ...]
    words: tuple[tuple[float, float, Words], ...]
    """The middle and the base line of each line of text."""
    what: str = ""


class Edge(Record):
    """A line from the output of a call to a call that takes it."""

    source: int
    target: int
    points: tuple[Point, ...]


class Frame(Record):
    """The outline around what is drawn once for several copies; `calls` are those of the others."""

    calls: tuple[int, ...]
    x: float
    y: float
    width: float
    height: float
    text: str


class Path(Record):
    """An unfinished line: where it comes from and the points it has passed."""

    source: int
    points: tuple[Point, ...]

    def by(self, *points: Point) -> "Path":
        """Returns the line continued through more points."""
        return self.replace(points=(*self.points, *points))


class Sheet:
    """Everything placed so far."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.edges: list[Edge] = []
        self.frames: list[Frame] = []

    def join(self, path: Path, target: int, end: Point) -> None:
        """Ends a line at a call."""
        self.edges.append(Edge(path.source, target, _straight((*path.points, end))))


def _straight(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Returns the line without points at which it does not turn."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and any(kept[-2][i] == kept[-1][i] == point[i] for i in (0, 1)):
            kept.pop()
        kept.append(point)
    return tuple(kept)


KEY = 13.0
"""The side of a square of the legend."""


class Key(Record):
    """An entry of the legend in its place."""

    kind: str
    x: float
    y: float


def legend_keys(found: set[str], room: float) -> tuple[list[Key], tuple[float, float]]:
    """Returns the legend of the kinds in a picture, in rows of a width, and its size."""
    keys: list[Key] = []
    x, y, widest = 0.0, 0.0, 0.0
    for kind in (kind for kind in COLOURS if kind in found):
        length = KEY + 6 + width(kind) + 14
        if x and x + length > room:
            x, y = 0.0, y + LINE + 6
        keys.append(Key(kind, x, y))
        widest = max(widest, x + length - 14)
        x += length
    return keys, (widest, y + LINE)
