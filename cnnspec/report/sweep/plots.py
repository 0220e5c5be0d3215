"""The figures of a sweep: metric against cost, the effect of values, points as bars."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from cnnspec.report.canvas import (
    BLUE,
    INK,
    SKY,
    SOFT,
    blank,
    heading,
    placed,
    short,
    tick_text,
)

MOST_ROWS = 40
"""With up to so many values or points, each has its name."""


class Dot(NamedTuple):
    """A point of a sweep: its cost and what it reached."""

    cost: float
    figure: float


class Spot(NamedTuple):
    """A value or point in its own row: its mean, the spread, and each metric."""

    label: str
    mean: float | None
    deviation: float | None
    figures: Sequence[float] = ()


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


def front(title: str, cost: str, dots: Sequence[Dot], best: Sequence[tuple[int, Dot]]) -> Figure:
    """Points by their cost; those of the front are joined and numbered.

    Costs are logarithmic, and so is the distance of a metric to 1: from 0.98 to 0.99 is as far as
    from 0.8 to 0.9, because both halve the errors.
    """
    width, height = 512, 340
    figure = blank(width, height)
    xs, ys = zip(*dots, strict=True)
    ticks = _ticks(min(ys), max(ys), height - 84)
    left = 16 + 7 * max(len(tick_text(y)) for y in ticks)
    axes = placed(figure, left, 44, 28, 40)
    axes.grid(axis="y")
    axes.set_xscale("log")
    axes.set_yscale("function", functions=(_stretched, lambda y: _TOP - np.exp(-y)))
    # Very many points are drawn as one image, not as single shapes.
    many = len(dots) > 1500
    axes.plot(xs, ys, "o", color=SOFT, markersize=4, alpha=0.5, mew=0, rasterized=many)
    steps = [dot for _, dot in best]
    axes.plot(*zip(*steps, strict=True), color=BLUE, drawstyle="steps-post", linewidth=1.5)
    axes.plot(*zip(*steps, strict=True), "o", color=BLUE, markersize=7, mew=0)
    low, high = _stretched(min(ys)), _stretched(max(ys))
    room = 0.06 * (high - low) or 0.1
    axes.set_ylim(_TOP - np.exp(room - low), _TOP - np.exp(-room - high))
    _logarithmic(axes, min(xs), max(xs))
    axes.set_yticks(ticks, map(tick_text, ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(cost, loc="right")
    _numbered(figure, axes, best)
    heading(figure, title)
    return figure


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


def _numbered(figure: Figure, axes: Axes, best: Sequence[tuple[int, Dot]]) -> None:
    """Writes numbers beside points, each at the first place where it covers no other."""
    taken: list[tuple[float, float]] = []
    for number, dot in best:
        x, y = axes.transData.transform(dot) * 72 / figure.dpi
        offsets = ((-9, 9), (9, -11), (-9, -11), (9, 9), (-20, 9), (20, -11))
        free = (o for o in offsets if all(abs(x + o[0] - a) > 15 or abs(y + o[1] - b) > 13
                                          for a, b in taken))  # fmt: skip
        offset = next(free, offsets[0])
        taken += [(x, y), (x + offset[0], y + offset[1])]
        axes.annotate(
            str(number), dot, offset, textcoords="offset points", color=INK, fontsize=11,
            ha="center", va="center", annotation_clip=False,
        )  # fmt: skip


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


def bars(title: str, spots: Sequence[Spot], best: int) -> Figure:
    """Points as bars, with the spread over their seeds; the best one stands out.

    The axis begins at zero; where the bars would then look the same, it does not, and says so.
    """
    figures = [spot.mean or 0.0 for spot in spots]
    ends = [spot.deviation or 0.0 for spot in spots]
    low, high = min(map(float.__sub__, figures, ends)), max(map(float.__add__, figures, ends))
    cut = low > 0 and low > high / 2
    start = low - 0.25 * (high - low) - 0.01 * high if cut else min(0.0, low)
    return _rows(title, spots, (max(start, 0.0) if cut else start, high), 280, bars=True, best=best)


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
            axes.barh(place, spot.mean - shown[0], left=shown[0], height=0.62, color=colour)
        else:
            axes.plot(spot.figures, [place] * len(spot.figures), "o", color=SOFT, markersize=3.5,
                      alpha=0.4, mew=0)  # fmt: skip
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


def _text(spot: Spot) -> str:
    if spot.mean is None:
        return ""
    spread = "" if spot.deviation is None else f" ± {spot.deviation:.4f}"
    return f"{spot.mean:.4f}{spread}"
