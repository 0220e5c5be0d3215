"""Draws the points of a sweep, or networks, by what they cost and what they reached."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from cnnspec.report.canvas import (
    BLUE,
    INK,
    SOFT,
    blank,
    heading,
    placed,
    short,
    tick_text,
    tip,
)


class Dot(NamedTuple):
    """A point of a sweep or a network: its cost, what it reached, and its name."""

    cost: float
    figure: float
    name: str = ""


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
