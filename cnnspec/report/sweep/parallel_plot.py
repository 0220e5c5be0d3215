"""Draws the points of a sweep as lines across an axis for each name: parallel coordinates."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnnspec.report.canvas import (
    INK,
    LINE,
    LOOKS,
    PAPER,
    SOFT,
    blank,
    heading,
    placed,
    short,
    tick_text,
    tip,
)
from cnnspec.report.sweep.bar_plots import range_of


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
