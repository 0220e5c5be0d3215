"""Lines over epochs: many at once can be told apart without colour. Lengths are in points."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from cnnspec.core.record import Record
from cnnspec.report.canvas import (
    BLUE,
    DASHES,
    LINE,
    SOFT,
    Look,
    blank,
    heading,
    placed,
    short,
    tick_text,
    tip,
)


class Series(Record):
    """A line of a plot: its label, look and points; a value that is `None` is left out."""

    label: str
    points: tuple[tuple[int, float | None], ...]
    colour: str = BLUE
    dashed: bool = False
    width: float = 1.8
    look: Look | None = None
    """Colour, dashes and marker of one among many lines, in place of `colour` and `dashed`."""
    tip: str = ""
    """What the pointer shows of a line without a label."""

    @property
    def known(self) -> list[tuple[int, float]]:
        """The points with a value."""
        return [(x, y) for x, y in self.points if y is not None]


def lines(
    title: str,
    series: Sequence[Series],
    kept: int | None = None,
    wide: bool = False,
    log: bool = False,
) -> Figure:
    """Lines over epochs, each named at its end; `kept` marks the epoch whose weights are kept.

    Of many lines (`wide`) the axis leaves out what is far from most of them, and marks it at the
    edge. `log` makes the axis logarithmic where all values are positive.
    """
    width, height = (440, 320) if wide else (344, 240)
    figure = blank(width, height)
    values = [y for s in series for _, y in s.known]
    log = log and min(values) > 0
    low, high = _most(values, log) if wide else (min(values), max(values))
    # A constant line is drawn at half height; it has no range of its own.
    flat = (min(0, 2 * low), max(0, 2 * low)) if low == high and low else None
    shown = flat or _roomy(low, high, log)
    ticks = _ticks(*shown, log)
    left = 16 + 7 * max(len(tick_text(y)) for y in ticks)
    named = [s for s in series if s.label]
    longest = max((len(short(s.label, 16 if s.look else 24)) for s in named), default=0)
    right = 10 + 7 * longest + (14 if any(s.look for s in named) else 0)
    axes = placed(figure, left, 34, right, 34)
    axes.grid(axis="y")
    if log:
        axes.set_yscale("log")
    for place, line in enumerate(series):
        _line(axes, line, place)
    epochs = [x for s in series for x, _ in s.points]
    _epochs(axes, min(epochs), max(epochs), width - left - right)
    axes.set_yticks(ticks, map(tick_text, ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(*shown)
    _outside(axes, series, shown)
    heading(figure, title)
    if kept is not None:
        axes.axvline(kept, color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        first, last = axes.get_xlim()
        late = (kept - first) / (last - first) > 0.5
        axes.annotate(
            f"epoch {kept} kept",
            (kept, 1),
            (-4 if late else 4, 1),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if late else "left",
            color=SOFT,
            fontsize=11,
        )
    _name_ends(axes, named, height - 68)
    return figure


def _line(axes: Axes, line: Series, place: int) -> None:
    xs = [x for x, _ in line.points]
    ys = [np.nan if y is None else y for _, y in line.points]
    look = line.look or Look(line.colour, DASHES[1] if line.dashed else "-", "o")
    style: dict[str, Any] = {"color": look.colour, "linestyle": look.dash, "linewidth": line.width}
    if line.look:
        # A few markers, at other places than those of the next lines.
        step = max(1, -(-len(xs) // 5))
        style |= {
            "marker": look.marker,
            "markersize": 6,
            "mew": 0,
            "markevery": (place % step, step),
        }
    elif len(xs) == 1:
        style |= {"marker": "o", "markersize": 4}
    (drawn,) = axes.plot(xs, ys, **style)
    if line.label or line.tip:
        tip(drawn, line.tip or line.label)


def _most(values: Sequence[float], log: bool) -> tuple[float, float]:
    """The range of most values: what is further than three ranges of quartiles away is not in it.

    Tukey's fences for what is far out (Exploratory Data Analysis, 1977).
    """
    scaled = np.log(values) if log else np.asarray(values)
    lower, upper = np.quantile(scaled, (0.25, 0.75))
    reach = 3 * (upper - lower)
    near = scaled[(scaled >= lower - reach) & (scaled <= upper + reach)]
    low, high = (np.exp(near) if log else near)[[near.argmin(), near.argmax()]]
    return float(low), float(high)


def _roomy(low: float, high: float, log: bool) -> tuple[float, float]:
    """A range with some room on either side."""
    if log:
        room = (high / low) ** 0.06 if high > low else 1.1
        return low / room, high * room
    room = 0.06 * (high - low) or 0.1
    return low - room, high + room


def _ticks(low: float, high: float, log: bool) -> list[float]:
    """Round numbers in a range, as many as can be read."""
    found = MaxNLocator(5).tick_values(low, high)
    if log and high / low > 4:
        few = high / low > 100
        found = LogLocator(10, (1.0,) if few else (1.0, 2.0, 5.0)).tick_values(low, high)
    return [y for y in found if low <= y <= high] or [low, high]


def _epochs(axes: Axes, first: int, last: int, width: float) -> None:
    """Whole epochs at the axis, as many as fit."""
    room = max(2, int(width // 40))
    steps = (n * 10**power for power in range(9) for n in (1, 2, 5))
    step = next(n for n in steps if (last - first) / n <= room)
    start = first if step == 1 else -(-first // step) * step
    axes.set_xticks(range(start, last + 1, step))
    beside = 0.02 * (last - first) or 0.5
    axes.set_xlim(first - beside, last + beside)
    axes.set_xlabel("epoch", loc="right")


def _outside(axes: Axes, series: Sequence[Series], shown: tuple[float, float]) -> None:
    """Marks values outside the range at the edge of the axis."""
    for line in series:
        colour = line.look.colour if line.look else line.colour
        for x, y in line.known:
            if shown[0] <= y <= shown[1]:
                continue
            above = y > shown[1]
            (mark,) = axes.plot(
                x, 1 if above else 0, "^" if above else "v", color=colour, markersize=6, mew=0,
                transform=axes.get_xaxis_transform(), clip_on=False,
            )  # fmt: skip
            tip(mark, f"{line.label or line.tip} {tick_text(y)} in epoch {x}".strip())


def _name_ends(axes: Axes, series: Sequence[Series], height: float) -> None:
    """Writes names at the ends of the lines, moved apart where they would overlap."""
    to_axes = axes.transScale + axes.transLimits
    ends = []
    for line in series:
        if line.known:
            x, y = line.known[-1]
            place = float(np.clip(to_axes.transform((x, y))[1], 0, 1))
            ends.append((place * height, place, x, line))
    ends.sort(key=lambda end: end[0])
    places: list[float] = []
    for at, *_ in ends:
        places.append(max(at, places[-1] + 13) if places else at)
    over = max(0.0, places[-1] - height) if places else 0.0
    last = max((x for _, _, x, _ in ends), default=0)
    for place, (_, at, x, line) in zip(places, ends, strict=True):
        colour = line.look.colour if line.look else line.colour
        y = (place - over) / height
        axes.annotate(
            short(line.label, 16) if line.look else short(line.label),
            (last if line.look else x, y),
            (20 if line.look else 6, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
        if line.look:
            _key(axes, line.look, (x, at), (last, y))


def _key(axes: Axes, look: Look, end: tuple[float, float], at: tuple[float, float]) -> None:
    """The marker of a line beside its name, joined to where the line ends."""
    mixed = axes.get_xaxis_transform()
    beside = mixed + ScaledTranslation(12 / 72, 0, axes.figure.dpi_scale_trans)
    axes.plot(
        *at, look.marker, color=look.colour, markersize=look.size, mew=0, clip_on=False,
        transform=beside,
    )  # fmt: skip
    axes.annotate(
        "", at, end, xycoords=mixed, textcoords=mixed, annotation_clip=False,
        arrowprops={"arrowstyle": "-", "color": LINE, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
