"""The figures of a sweep: metric against cost, the effect of values, points as bars."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from cnnspec.report.canvas import (
    BLUE,
    INK,
    LINE,
    LOOKS,
    PAPER,
    SKY,
    SOFT,
    blank,
    heading,
    placed,
    short,
    tick_text,
    tip,
)

MOST_ROWS = 40
"""With up to so many values or points, each has its name."""


class Dot(NamedTuple):
    """A point of a sweep or a network: its cost, what it reached, and its name."""

    cost: float
    figure: float
    name: str = ""


class Spot(NamedTuple):
    """A value or point in its own row: its mean, the spread, and each metric."""

    label: str
    mean: float | None
    deviation: float | None
    figures: Sequence[float] = ()
    names: Sequence[str] = ()
    """The name of each of `figures`, or of the row alone."""


Range = tuple[float, float]


def range_of(figures: Sequence[float], means: Iterable[float]) -> Range:
    """The range of the axis in which most are easy to distinguish; it includes all means."""
    low, high = min(figures), max(figures)
    lower, upper = np.quantile(figures, (0.25, 0.75))
    reach = 3 * (upper - lower)
    if reach > 0:
        low, high = max(low, lower - reach), min(high, upper + reach)
    low, high = min((low, *means)), max((high, *means))
    # If all values are equal, they are drawn in the middle.
    room = 0.06 * (high - low) or abs(high) * 0.05 or 0.05
    return float(low - room), float(high + room)


def front(
    title: str,
    cost: str,
    dots: Sequence[Dot],
    best: Sequence[Dot],
    named: Sequence[tuple[str, Dot]],
) -> Figure:
    """Points by their cost; those of the front are joined, and some have a name or number.

    Costs are logarithmic, and so is the distance of a metric to 1: from 0.98 to 0.99 is as far as
    from 0.8 to 0.9, because both halve the errors.
    """
    width, height = 440, 320
    figure = blank(width, height)
    xs, ys, _ = zip(*dots, strict=True)
    ticks = _ticks(min(ys), max(ys), height - 84)
    left = 16 + 7 * max(len(tick_text(y)) for y in ticks)
    axes = placed(figure, left, 44, 28, 40)
    axes.grid(axis="y")
    axes.set_xscale("log")
    axes.set_yscale("function", functions=(_stretched, lambda y: _TOP - np.exp(-y)))
    if len(dots) > _MOST_SHAPES:
        # Very many points are drawn as one image, not as single shapes.
        axes.plot(xs, ys, "o", color=SOFT, markersize=4, alpha=0.5, mew=0, rasterized=True)
    steps = [dot[:2] for dot in best]
    axes.plot(*zip(*steps, strict=True), color=BLUE, drawstyle="steps-post", linewidth=1.5)
    of_front = set(best)
    for dot in dots if len(dots) <= _MOST_SHAPES else best:
        style = (BLUE, 7, 1.0) if dot in of_front else (SOFT, 6, 0.6)
        (mark,) = axes.plot(dot.cost, dot.figure, "o", color=style[0], markersize=style[1],
                            alpha=style[2], mew=0)  # fmt: skip
        tip(mark, f"{dot.name}: {dot.cost:,.0f} {cost}, {dot.figure:.4f}".removeprefix(": "))
    low, high = _stretched(min(ys)), _stretched(max(ys))
    room = 0.06 * (high - low) or 0.1
    axes.set_ylim(_TOP - np.exp(room - low), _TOP - np.exp(-room - high))
    _logarithmic(axes, min(xs), max(xs))
    axes.set_yticks(ticks, map(tick_text, ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(cost, loc="right")
    axes.tick_params(axis="x", pad=6)
    _named(figure, axes, dots, best, named)
    heading(figure, title)
    return figure


_MOST_SHAPES = 1500
"""The most points that are shapes with a name."""

_TOP = 1.002
"""The end of a stretched axis: a little above 1, which can be reached."""


def _stretched(figures: Any) -> Any:
    return -np.log(_TOP - np.asarray(figures))


def _ticks(low: float, high: float, height: float) -> list[float]:
    """Round numbers for a stretched axis, as many as fit on it."""
    rounds = (0.9, 0.5, 0.99, 0.98, 0.95, 0.8, 0.7, 0.97, 0.995, 0.96, 0.6, 0.985, 0.85, 0.0, 0.3)
    inside = [y for y in rounds if low <= y <= high]
    scale = height / max(float(_stretched(high) - _stretched(low)), 1e-9)
    found: list[float] = []
    for y in inside if len(inside) > 2 else MaxNLocator(5).tick_values(low, high):
        place = _stretched(y) * scale
        if y < _TOP and all(abs(place - _stretched(other) * scale) > 22 for other in found):
            found.append(float(y))
    return sorted(found)


def _logarithmic(axes: Axes, low: float, high: float) -> None:
    """Makes an axis logarithmic, with plain numbers that do not touch."""
    room = (high / low) ** 0.05 if high > low else 1.5
    axes.set_xlim(low / room, high * room)
    decades = np.log10(high * room) - np.log10(low / room)
    subs: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
    for wide, fewer in ((0.7, (1.0, 2.0, 5.0)), (1.4, (1.0, 3.0)), (3.0, (1.0,))):
        subs = fewer if decades > wide else subs
    axes.xaxis.set_major_locator(LogLocator(10, subs, numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())


def _named(
    figure: Figure,
    axes: Axes,
    dots: Sequence[Dot],
    best: Sequence[Dot],
    named: Sequence[tuple[str, Dot]],
) -> None:
    """Writes names or numbers beside points, each at the first place where it covers nothing.

    A name for which there is no such place is left out; its point still shows it as its tip.
    """
    height = 13.0
    points = [axes.transData.transform(dot[:2]) * 72 / figure.dpi for dot in dots[:_MOST_SHAPES]]
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    steps = [axes.transData.transform(dot[:2]) * 72 / figure.dpi for dot in best]
    for (x, y), (next_x, next_y) in pairwise(steps):
        taken += [(x, y - 1, next_x, y + 1), (next_x - 1, y, next_x + 1, next_y)]
    right, top = figure.get_size_inches() * 72
    for text, dot in named:
        x, y = axes.transData.transform(dot[:2]) * 72 / figure.dpi
        shown = short(text)
        width = 6.2 * len(shown)
        for dx, dy in _AROUND:
            left = x + dx * (8 if dy == 0 else 5) - (width if dx < 0 else 0 if dx else width / 2)
            low = y + dy * 12 - height / 2
            box = (left, low, left + width, low + height)
            free = not any(_overlap(box, other) for other in taken)
            if free and left > 4 and box[2] < right - 2 and low > 44 and box[3] < top - 30:
                taken.append(box)
                axes.annotate(
                    shown, dot[:2], (left - x, low + height / 2 - y), textcoords="offset points",
                    color=INK, fontsize=11, ha="left", va="center", annotation_clip=False,
                )  # fmt: skip
                break


_AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1), (1, 2), (1, -2))
"""Where a name can be: right, left, above and below of its point."""

_Box = tuple[float, float, float, float]


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _outside(axes: Axes, figures: Sequence[float], shown: Range) -> None:
    """Writes how many points are outside the range."""
    low = sum(figure < shown[0] for figure in figures)
    high = sum(figure > shown[1] for figure in figures)
    parts = [f"{low:,} lower"] if low else []
    parts += [f"{high:,} higher"] if high else []
    if parts:
        axes.annotate(
            f"outside: {', '.join(parts)}", (1, 1), (0, 6), xycoords="axes fraction",
            textcoords="offset points", ha="right", color=SOFT, fontsize=10,
        )  # fmt: skip


def values(title: str, spots: Sequence[Spot], shown: Range) -> Figure:
    """Each value of a name: its mean with the spread as a bar, and its points behind it."""
    return _rows(title, spots, shown, 344, bars=False)


def bars(title: str, spots: Sequence[Spot], best: int, names: str = "") -> Figure:
    """Points as bars, with the spread over their seeds; the best one stands out.

    `names` says what the labels of the rows are.

    The axis begins at zero; where the bars would then look the same, it does not, and says so.
    """
    figures = [spot.mean or 0.0 for spot in spots]
    ends = [spot.deviation or 0.0 for spot in spots]
    low, high = min(map(float.__sub__, figures, ends)), max(map(float.__add__, figures, ends))
    cut = low > 0 and low > high / 2
    start = low - 0.25 * (high - low) - 0.01 * high if cut else min(0.0, low)
    shown = (max(start, 0.0) if cut else start, high)
    figure = _rows(title, spots, shown, 280, bars=True, best=best)
    if names:
        height = figure.get_size_inches()[1] * 72
        figure.text(0.02, 1 - 38 / height, short(names, 60), color=SOFT, fontsize=10)
    return figure


def _rows(
    title: str, spots: Sequence[Spot], shown: Range, width: float, *, bars: bool, best: int = -1
) -> Figure:
    size = len(spots)
    named = size <= MOST_ROWS
    row = 24 if named else max(4.0, 640 / size)
    labels = [short(spot.label, 36 if bars else 24) for spot in spots]
    margin = 14 + 7 * (max(map(len, labels)) if named else 0)
    texts = [_text(spot) if bars else "" for spot in spots] if named else []
    right = 12 + 6.4 * max(map(len, texts), default=0)
    height = 42 + row * size + 36
    figure = blank(margin + width + right if bars else width, height)
    axes = placed(figure, margin, 36, right, 42)
    axes.grid(axis="x")
    for place, spot in enumerate(spots):
        if spot.mean is None:
            continue
        colour = BLUE if not bars or place == best else SKY
        if bars:
            (bar,) = axes.barh(
                place, spot.mean - shown[0], left=shown[0], height=0.62, color=colour
            )
            tip(bar, f"{' '.join(spot.names) or spot.label}: {_text(spot)}")
        else:
            _points(axes, spot, place)
            axes.plot(spot.mean, place, "o", color=colour, markersize=8, mew=0)
        if spot.deviation is not None:
            ends = np.array([spot.mean - spot.deviation, spot.mean + spot.deviation])
            if not bars:
                # Values are close to one end: there is no bar in the empty part.
                ends = ends.clip(min(spot.figures), max(spot.figures))
            axes.plot(ends, [place, place], color=INK if bars else colour, linewidth=1.4,
                      marker="|", markersize=7, mew=1.4)  # fmt: skip
    for place, text in enumerate(texts):
        axes.annotate(
            text, (1, place), (6, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", color=SOFT, fontsize=10,
            annotation_clip=False,
        )  # fmt: skip
    if named:
        axes.set_yticks(range(size), labels)
    else:
        axes.set_yticks([])
    axes.set_ylim(size - 0.4, -0.6)
    room = 0.02 * (shown[1] - shown[0])
    axes.set_xlim(shown[0], shown[1] + (room if bars else 0))
    axes.xaxis.set_major_locator(MaxNLocator(5 if bars else 4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: tick_text(x)))
    if bars and shown[0]:
        axes.set_xlabel(f"the axis begins at {tick_text(shown[0])}", loc="right")
    if not bars:
        _outside(axes, [f for spot in spots for f in spot.figures], shown)
    heading(figure, title)
    return figure


def _points(axes: Axes, spot: Spot, place: int) -> None:
    """Every point of a row, each with its name where there are not too many."""
    style: dict[str, Any] = {"color": SOFT, "markersize": 3.5, "alpha": 0.4, "mew": 0}
    if len(spot.names) > _MOST_TIPS:
        axes.plot(spot.figures, [place] * len(spot.figures), "o", **style)
        return
    for name, figure in zip(spot.names or [""] * len(spot.figures), spot.figures, strict=True):
        (mark,) = axes.plot(figure, place, "o", **style)
        if name:
            tip(mark, f"{name}: {figure:.4f}")


_MOST_TIPS = 100
"""The most points of a row that have a name, so that a page stays small."""


def _text(spot: Spot) -> str:
    if spot.mean is None:
        return ""
    spread = "" if spot.deviation is None else f" ± {spot.deviation:.4f}"
    return f"{spot.mean:.4f}{spread}"


class Lane(NamedTuple):
    """A line of parallel coordinates: a place on each axis but the last, and its metric."""

    places: Sequence[int]
    figure: float
    name: str


MOST_LANES = 300
"""The most lines of parallel coordinates."""


def parallel(
    title: str, sides: Sequence[tuple[str, Sequence[str]]], lanes: Sequence[Lane]
) -> Figure:
    """Each point as a line across an axis for each name, the metric last; the best stand out.

    On the axis of a name the lines through a value lie side by side, the better ones higher.
    The last side is the metric, without values. `lanes` are ordered, the best first.
    """
    count = len(sides) - 1
    width, height = 96 * count + 120, 340
    figure = blank(width, height)
    axes = placed(figure, 60, 16, 120, 64)
    axes.spines[:].set_visible(False)
    figures = [lane.figure for lane in lanes]
    low, high = range_of(figures, ())
    ticks = [y for y in MaxNLocator(5).tick_values(low, high) if low <= y <= high]
    steps = [1 / len(values) for _, values in sides[:-1]]
    for x in range(count + 1):
        axes.plot([x, x], [0, 1], color=LINE, linewidth=1, zorder=0)
    for place in reversed(range(len(lanes))):
        lane = lanes[place]
        # Within a value from -0.3 to 0.3 of its room, by the rank among all.
        shift = 0.3 - 0.6 * (place + 0.5) / len(lanes)
        ys = [(p + 0.5 + shift) * step for p, step in zip(lane.places, steps, strict=True)]
        ys.append(float(np.clip((lane.figure - low) / (high - low), 0, 1)))
        look = LOOKS[place] if place < _BEST_LANES else None
        style: dict[str, Any] = {"color": SOFT, "alpha": 0.3, "linewidth": 0.8}
        if look:
            style = {"color": look.colour, "linestyle": look.dash, "linewidth": 2.2,
                     "marker": look.marker, "markersize": look.size, "mew": 0}  # fmt: skip
        (line,) = axes.plot(range(count + 1), ys, **style)
        tip(line, f"{lane.name}: {lane.figure:.4f}")
    text: dict[str, Any] = {"color": INK, "fontsize": 10, "va": "center"}
    # Behind a value the lines are covered.
    text["bbox"] = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
    for x, (name, _) in enumerate(sides):
        axes.text(x, 1.06, short(name, 14), ha="center", color=INK, fontsize=12)
    for x, ((_, values), step) in enumerate(zip(sides[:-1], steps, strict=True)):
        shown = range(0, len(values), max(1, len(values) // 12))
        for p in shown:
            label = short(values[p], 12)
            axes.text(x - 0.04, (p + 0.5) * step, label, ha="right", **text)
    for y in ticks:
        axes.text(count + 0.06, (y - low) / (high - low), tick_text(y), ha="left", **text)
    axes.set_xlim(-0.1, count + 0.1)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks([])
    axes.set_yticks([])
    heading(figure, title)
    return figure


_BEST_LANES = 3
"""So many of the best points stand out."""
