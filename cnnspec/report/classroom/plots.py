"""The figure of a class: what each submission reached, by its number of parameters."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from cnnspec.report.canvas import (
    BLUE,
    INK,
    ORANGE,
    SOFT,
    blank,
    heading,
    placed,
    tick_text,
)
from cnnspec.report.sweep.bar_plots import range_of

MOST_NUMBERED = 60
"""So many of the best submissions have their rank beside them."""


class Dot(NamedTuple):
    """A trained submission: its parameters, what it reached, its rank, whether it keeps all."""

    params: int
    reached: float
    rank: int
    kept: bool


class Limits(NamedTuple):
    """Limits of the rules: of parameters, and of the metric; `None` where there are none."""

    params: float | None
    reached: float | None


KINDS = ((True, BLUE, "o", "keeps every rule"), (False, ORANGE, "D", "breaks a rule"))
"""How submissions are drawn: by colour and by shape."""


def scatter(title: str, metric: str, dots: Sequence[Dot], limits: Limits) -> Figure:
    """Each submission with its rank; dashed lines are the limits of rules.

    Parameters are logarithmic. A submission that is far below the others is at the lower edge.
    """
    width, height = 640, 400
    figure = blank(width, height)
    aims = [limits.reached] if limits.reached is not None else []
    low, high = range_of([dot.reached for dot in dots], aims)
    ticks = MaxNLocator(6)
    margin = 18 + 7 * max(len(tick_text(y)) for y in ticks.tick_values(low, high))
    axes = placed(figure, margin, 46, 24, 66)
    axes.grid(axis="y")
    axes.set_xscale("log")
    axes.set_ylim(low, high)
    costs = [dot.params for dot in dots] + ([int(limits.params)] if limits.params else [])
    axes.set_xlim(max(min(costs), 1) / 1.3, max(costs) * 1.3)
    axes.xaxis.set_major_locator(LogLocator(10, (1.0, 2.0, 5.0), numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_locator(ticks)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: tick_text(y)))
    axes.set_xlabel("parameters", loc="right")
    heading(figure, title)
    left = 6.0
    for kept, colour, mark, words in KINDS:
        of_kind = [dot for dot in dots if dot.kept is kept]
        if not of_kind:
            continue
        for dot in of_kind:
            inside = low <= dot.reached <= high
            y = min(max(dot.reached, low), high)
            axes.plot(dot.params, y, mark if inside else "v", color=colour, markersize=7, mew=0,
                      clip_on=False)  # fmt: skip
        axes.plot((left + 4) / width, 1 - 42 / height, mark, color=colour, markersize=7, mew=0,
                  transform=figure.transFigure, clip_on=False)  # fmt: skip
        text = f"{words} ({len(of_kind)})"
        figure.text((left + 14) / width, 1 - 46 / height, text, color=INK, fontsize=11)
        left += 6.6 * len(text) + 30
    _limits(axes, metric, limits)
    _numbered(figure, axes, [dot for dot in dots if dot.rank <= MOST_NUMBERED], (low, high))
    return figure


def _limits(axes: Axes, metric: str, limits: Limits) -> None:
    """Draws the limits of rules as dashed lines, each with its number."""
    if limits.reached is not None:
        axes.axhline(limits.reached, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            f"{metric} {tick_text(limits.reached)}", (0, limits.reached), (4, 4),
            xycoords=("axes fraction", "data"), textcoords="offset points", color=SOFT,
            fontsize=10,
        )  # fmt: skip
    if limits.params is not None:
        axes.axvline(limits.params, color=SOFT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            f"{limits.params:,.0f}", (limits.params, 1), (0, 4),
            xycoords=("data", "axes fraction"), textcoords="offset points", ha="center",
            color=SOFT, fontsize=10,
        )  # fmt: skip


def _numbered(figure: Figure, axes: Axes, dots: Sequence[Dot], shown: tuple[float, float]) -> None:
    """Writes ranks beside submissions, each where it covers no dot and no other number.

    The same place has the same number once; one without a free place has none.
    """
    places: dict[tuple[float, float], tuple[tuple[float, float], int]] = {}
    for dot in dots:
        at = (float(dot.params), min(max(dot.reached, shown[0]), shown[1]))
        x, y = axes.transData.transform(at) * 72 / figure.dpi
        places.setdefault((float(x), float(y)), (at, dot.rank))
    taken: list[tuple[float, float]] = list(places)
    for (x, y), (at, rank) in places.items():
        wide = 4 + 3.5 * len(str(rank))
        offsets = ((wide, 9), (-wide, 9), (wide, -10), (-wide, -10), (0, 13), (0, -14))
        free = (
            (dx, dy)
            for dx, dy in offsets
            if all(abs(x + dx - a) > wide + 5 or abs(y + dy - b) > 9
                   for a, b in taken if (a, b) != (x, y))
        )  # fmt: skip
        offset = next(free, None)
        if offset is None:
            continue
        taken.append((x + offset[0], y + offset[1]))
        axes.annotate(
            str(rank), at, offset, textcoords="offset points", color=INK, fontsize=10,
            ha="center", va="center", annotation_clip=False,
        )  # fmt: skip
