"""Accuracy against parameters: ours with their spread over seeds, and what others published."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from cnnspec.core.record import Record
from cnnspec.report.canvas import BLUE, INK, SOFT, Drawn, blank, drawn, heading, placed

WIDTH, HEIGHT = 720, 300
TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}


class Point(Record):
    """A network: its parameters, the share of test images it gets wrong, and the spread of that."""

    data: str
    parameters: int
    wrong: float
    spread: float
    ours: bool
    name: str = ""


def frontier_plot(points: Sequence[Point]) -> Drawn:
    """The figure of docs/frontier.md: a panel for each dataset, both axes in logarithms."""
    ours = "; ".join(
        f"{p.name}: {p.parameters:,} parameters, {1 - p.wrong:.4f}" for p in points if p.ours
    )
    title = "Test images put in the wrong class, by parameters"
    return drawn("frontier", title, f"{title}. {ours}.", _figure, title, points)


def _figure(title: str, points: Sequence[Point]) -> Figure:
    figure = blank(WIDTH, HEIGHT)
    heading(figure, title)
    half = WIDTH / 2
    for number, data in enumerate(TITLES):
        left = 60 + number * half
        axes = placed(figure, left, 46, WIDTH - half - number * half + 14, 52)
        _panel(axes, TITLES[data], [point for point in points if point.data == data])
    return figure


def _panel(axes: Axes, title: str, points: Sequence[Point]) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for point in points:
        colour, mark = (BLUE, "o") if point.ours else (SOFT, "s")
        axes.errorbar(
            point.parameters,
            point.wrong,
            yerr=min(point.spread, 0.9 * point.wrong) or None,
            fmt=mark,
            color=colour,
            markersize=6 if point.ours else 4,
            markerfacecolor=colour if point.ours else "none",
            capsize=3,
        )
        if point.name:
            at = (point.parameters, point.wrong)
            axes.annotate(point.name, at, (6, 6), textcoords="offset points", fontsize=8)
    _label(axes, "x", "parameters", (500, 1000, 2000, 5000, 10000, 20000, 50000, 100000), ",.0f")
    shares = (0.003, 0.004, 0.005, 0.007, 0.01, 0.02, 0.05, 0.07, 0.1, 0.2)
    _label(axes, "y", "wrong, %", shares, "")
    axes.grid(True, alpha=0.3)


def _label(axes: Axes, side: str, text: str, ticks: Sequence[float], form: str) -> None:
    axis = axes.xaxis if side == "x" else axes.yaxis
    low, high = axes.get_xlim() if side == "x" else axes.get_ylim()
    axis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high]))
    axis.set_minor_locator(NullLocator())
    write = (lambda v, _: f"{v:{form}}") if form else (lambda v, _: f"{100 * v:g}")
    axis.set_major_formatter(FuncFormatter(write))
    axis.set_label_text(text, color=INK, fontsize=10)
    axes.tick_params(axis=side, labelsize=9)
