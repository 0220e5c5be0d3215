"""The picture of a memory plan: a rectangle for each buffer, steps to the right, bytes upwards.

A rectangle spans the steps in which its buffer is in use and the bytes of the arena that it has, so
buffers with the same bytes are side by side. A buffer that grows into the one it is made of covers
a part of it at that step. Units are pixels.
"""

from collections.abc import Iterator
from math import cos, log10, radians, sin

from cnnspec.analysis.check import CheckedSpec
from cnnspec.drawing.elements import GREY, INK, LINE, escaped, legend, number, page, words
from cnnspec.drawing.labels import HEADING, SIZE, Words, shortened, width
from cnnspec.drawing.palette import COLOURS, mixed
from cnnspec.drawing.sheet import legend_keys
from cnnspec.program.memory_plan import Buffer, MemoryPlan

_MARGIN = 20.0
_HEAD = 52.0
_HEIGHT = 340.0
"""The height of the arena."""
_WIDTH = 860.0
"""The width of all steps together, where they fit into it."""
_NARROWEST, _WIDEST = 20.0, 76.0
"""The width of a step whose name is written: minimum and maximum."""
_LONGEST = 4_000.0
"""The maximum width: with more steps than fit into it, steps have no names."""
_TILT = 50.0
"""The angle of the names of steps, in degrees."""
_NAME = 110.0
_SLIT = 1.5
_PAD = 4.0
_LEAST = 30.0
"""The minimum room for a name."""


class MemoryPicture:
    """The sizes and places of one picture."""

    def __init__(self, checked: CheckedSpec, plan: MemoryPlan) -> None:
        self.plan = plan
        self.title = f"{checked.spec.model}: memory at inference"
        steps = plan.program.steps
        count = len(steps)
        self.step = min(max(_WIDTH / count, _NARROWEST), _WIDEST)
        if self.step * count > _LONGEST:
            self.step = _LONGEST / count
        self.every = max(1, round(_NARROWEST / self.step)) if self.step < _NARROWEST else 1
        self.scale = _HEIGHT / plan.peak
        self.ticks = _ticks(plan.peak)
        self.axis = max(width(f"{tick:,}") for tick in self.ticks) + 10
        self.names = [
            _fitted(step.name, _NAME) if index % self.every == 0 else ""
            for index, step in enumerate(steps)
        ]
        # A name reaches down to the left of its step.
        angle = radians(_TILT)
        below = max(width(name, bold=True) for name in self.names) * sin(angle) + SIZE
        over = max(
            width(name) * cos(angle) - (index + 0.5) * self.step
            for index, name in enumerate(self.names)
        )
        self.left = _MARGIN + max(self.axis, over)
        self.right = self.left + self.step * count
        self.top = _MARGIN + _HEAD
        self.bottom = self.top + _HEIGHT
        kinds = {steps[buffer.values[0]].operation.kind for buffer in plan.buffers}
        needed = max(width(self.facts), width(self.title) * HEADING / SIZE) + 2 * _MARGIN
        self.width = max(self.right + _MARGIN, needed)
        keys, size = legend_keys(kinds, self.width - 2 * _MARGIN)
        lower = self.bottom + below + 22
        shift = (self.width - size[0]) / 2
        self.legend = [key.replace(x=key.x + shift, y=key.y + lower) for key in keys]
        self.height = lower + size[1] + _MARGIN

    @property
    def facts(self) -> str:
        """The line below the title."""
        plan = self.plan
        most = max(plan.live)
        busy = [
            step.name
            for step, live in zip(plan.program.steps, plan.live, strict=True)
            if live == most
        ]
        gaps = f", {plan.peak - most:,} of them in gaps" if plan.peak > most else ""
        others = f" and {len(busy) - 1} more" if len(busy) > 1 else ""
        return (
            f"{plan.peak:,} bytes as {plan.dtype}{gaps} · {len(plan.buffers)} buffers"
            f" · most are in use at {busy[0]}{others}"
        )

    def x(self, step: int) -> float:
        """The x of the left end of a step."""
        return self.left + step * self.step

    def y(self, byte: int) -> float:
        """The y of a byte."""
        return self.bottom - byte * self.scale


def draw_memory(checked: CheckedSpec, plan: MemoryPlan) -> str:
    """Returns the picture of a plan of a spec without errors."""
    picture = MemoryPicture(checked, plan)
    middle = picture.width / 2
    return page(
        picture.title,
        _told(picture),
        (picture.width, picture.height),
        [
            words(middle, _MARGIN + 12, Words(picture.title, "title")),
            words(middle, _MARGIN + 29, Words(picture.facts, "detail")),
            *_axes(picture),
            *(_buffer(picture, buffer) for buffer in plan.buffers),
            _peak(picture),
            *_steps(picture),
            *legend(picture.legend),
        ],
    )


def _told(picture: MemoryPicture) -> str:
    told = [f"{picture.facts}."]
    told += [_story(picture.plan, buffer) for buffer in picture.plan.buffers[:200]]
    return " ".join(told)


def _story(plan: MemoryPlan, buffer: Buffer) -> str:
    """Everything about a buffer in one line."""
    steps = plan.program.steps
    held = ", ".join(dict.fromkeys(steps[value].name for value in buffer.values))
    first, last = steps[buffer.first].name, steps[buffer.last].name
    bytes_ = f"{buffer.size:,} bytes from {buffer.offset:,}"
    return f"{held}: {bytes_}, in use from {first} to {last}."


def _axes(picture: MemoryPicture) -> Iterator[str]:
    """Lines at round numbers of bytes, with the numbers beside them."""
    for tick in picture.ticks:
        y = picture.y(tick)
        colour = LINE if tick == 0 else "#D0D0D0"
        yield (
            f'<path d="M{number(picture.left)},{number(y)}H{number(picture.right)}"'
            f' stroke="{colour}" stroke-width="{1 if tick == 0 else 0.6}"/>'
            f'<text x="{number(picture.left - 6)}" y="{number(y + SIZE * 0.35)}"'
            f' text-anchor="end" fill="{GREY}">{tick:,}</text>'
        )


def _buffer(picture: MemoryPicture, buffer: Buffer) -> str:
    plan = picture.plan
    colour = COLOURS[plan.program.steps[buffer.values[0]].operation.kind]
    edge = mixed(colour, "#000000", 0.55)
    slit = min(_SLIT, picture.step / 8)
    x, y = picture.x(buffer.first) + slit, picture.y(buffer.end)
    wide = (buffer.last - buffer.first + 1) * picture.step - 2 * slit
    high = max(buffer.size * picture.scale, 1.0)
    # Each later value in the same buffer has a line where it begins, and its name.
    begins = [x, *(picture.x(value) for value in buffer.values[1:]), x + wide]
    lines = "".join(f"M{number(begin)},{number(y)}v{number(high)}" for begin in begins[1:-1])
    style = f'stroke="{edge}" stroke-width="0.6" stroke-dasharray="2 2"'
    labels = "".join(
        _label(
            plan.program.steps[value].name,
            f"{buffer.size:,}" if value == buffer.first else "",
            (begin, y, end - begin, high),
        )
        for value, begin, end in zip(buffer.values, begins, begins[1:], strict=False)
    )
    return (
        f"<g><title>{escaped(_story(plan, buffer))}</title>"
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}"'
        f' rx="{number(min(2, high / 3, wide / 3))}" fill="{mixed(colour, "#FFFFFF", 0.35)}"'
        f' stroke="{edge}" stroke-width="0.8"/>'
        + (f'<path d="{lines}" {style}/>' if lines else "")
        + f"{labels}</g>"
    )


def _label(name: str, size: str, place: tuple[float, float, float, float]) -> str:
    """The name of a value and the size of its buffer, where they fit: horizontal or vertical."""
    x, y, wide, high = place
    middle, centre = x + wide / 2, y + high / 2
    turned = high > wide and width(name) > wide - 2 * _PAD
    along, across = (high, wide) if turned else (wide, high)
    if across < SIZE + 3 or along < max(width(size), _LEAST):
        return ""
    lines = [Words(_fitted(name, along - 2 * _PAD), "layer")]
    if size and across >= 2 * SIZE + 8:
        lines.append(Words(size, "layer"))
    turn = f' transform="rotate(-90 {number(middle)} {number(centre)})"' if turned else ""
    first = centre + SIZE * 0.35 - (len(lines) - 1) * (SIZE + 2) / 2
    return "".join(
        words(middle, first + index * (SIZE + 2), line, turn) for index, line in enumerate(lines)
    )


def _fitted(name: str, room: float) -> str:
    """Shortens a name to the room: without the blocks that it is in, or cut."""
    while width(name) > room and "." in name:
        name = f"…{name.partition('.')[2]}"
    return shortened(name, room)


def _peak(picture: MemoryPicture) -> str:
    """The line at the end of the arena."""
    y = picture.top
    text = f"{picture.plan.peak:,} bytes"
    return (
        f'<path d="M{number(picture.left)},{number(y)}H{number(picture.right)}" stroke="{INK}"'
        ' stroke-width="1.2" stroke-dasharray="6 3"/>'
        f'<text x="{number(picture.right)}" y="{number(y - 5)}" text-anchor="end"'
        f' font-weight="bold" fill="{INK}">{text}</text>'
    )


def _steps(picture: MemoryPicture) -> Iterator[str]:
    """The names of the steps below them, in bold where most bytes are in use."""
    y = picture.bottom + SIZE + 3
    most = max(picture.plan.live)
    for index, name in enumerate(picture.names):
        if name:
            x = picture.x(index) + picture.step / 2 + 3
            turn = f' text-anchor="end" transform="rotate(-{_TILT:g} {number(x)} {number(y)})"'
            style = "shape" if picture.plan.live[index] == most else "layer"
            yield words(x, y, Words(name, style), turn)


def _ticks(peak: int) -> list[int]:
    """Round numbers from 0 up to the peak, four to ten of them."""
    size = 10 ** int(log10(max(peak, 10))) // 10 or 1
    for factor in (1, 2, 5, 10, 20, 50):
        if peak / (size * factor) <= 8:
            break
    # One that is nearly at the peak would overlap its line.
    return [tick for tick in range(0, peak + 1, size * factor) if tick == 0 or tick < 0.97 * peak]
