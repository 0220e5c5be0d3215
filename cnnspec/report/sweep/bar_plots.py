"""Draws points and values of a sweep in rows: as bars, or as a mean with its points behind it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

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
    tip,
)

MOST_ROWS = 40
"""With up to so many values or points, each has its name."""


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
