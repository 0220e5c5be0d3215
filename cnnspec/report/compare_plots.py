"""The figures of a comparison: curves, intervals, cost, and where two networks differ."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cnnspec.report import plots
from cnnspec.report.canvas import (
    BLUE,
    INK,
    LINE,
    LOOKS,
    SOFT,
    Drawn,
    blank,
    drawn,
    heading,
    placed,
    short,
    tick_text,
    tip,
)
from cnnspec.report.contents import SPLIT_NAMES, Measured
from cnnspec.report.line_plots import Series, lines
from cnnspec.report.phrases import number, signed
from cnnspec.report.plot_files import CURVES
from cnnspec.report.run_table import Compared
from cnnspec.report.sweep.front_plot import Dot, front
from cnnspec.report.tables import judged
from cnnspec.runs.metrics import METRICS

if TYPE_CHECKING:
    from cnnspec.report.differences import Differences

COSTS = ("params", "macs")


def curves(rows: Sequence[Compared]) -> list[Drawn]:
    """Loss, accuracy and F1 over the epochs, of validation and of training of every network.

    As many networks as have a look of their own are named; the others are in the background.
    """
    found = []
    for name, title in CURVES.items():
        for key, split in ((f"val_{name}", "validation"), (name, "training")):
            series = _series(rows, key)
            if series:
                whole = f"{title}, {split}"
                ends = [f"{s.label} ends at {number(_end(s), '.4g')}" for s in series if s.label]
                alt = f"{whole}, over the epochs of {len(series)} networks. {'; '.join(ends)}."
                args = (whole, series, None, True, name == "loss")
                found.append(drawn(f"{split}_{name}", whole, alt, lines, *args))
    return found


def _series(rows: Sequence[Compared], key: str) -> list[Series]:
    series = []
    for index, row in enumerate(rows):
        points = tuple((int(e["epoch"] or 0), e.get(key)) for e in row.trained.history)
        if any(value is not None for _, value in points):
            named = index < len(LOOKS)
            if named:
                series.append(Series(row.name, points, width=1.6, look=LOOKS[index]))
            else:
                series.append(Series("", points, LINE, width=1.0))
    # Networks without a name are drawn first, below the others.
    return sorted(series, key=lambda s: bool(s.label))


def _end(series: Series) -> float | None:
    return next((value for _, value in reversed(series.points) if value is not None), None)


def intervals(of: "Differences") -> Drawn | None:
    """How far each network is from the best, with its interval."""
    known = [each for each in of.others if each.interval]
    if not known:
        return None
    title = f"{SPLIT_NAMES[of.split].capitalize()} accuracy less that of {of.best.name}"
    told = [
        f"{each.row.name} {signed(each.interval.difference)}, from {signed(each.interval.low)} to "
        f"{signed(each.interval.high)}"
        for each in known[:12]
        if each.interval
    ]
    return drawn("differences", title, f"{title}: {'; '.join(told)}.", _intervals, title, known)


def _intervals(title: str, known: Sequence) -> Figure:  # type: ignore[type-arg]
    known = sorted(known, key=lambda each: -each.interval.difference)
    named = len(known) <= 60
    row = 22 if named else 6
    margin = 14 + (7 * max(len(short(each.row.name)) for each in known) if named else 0)
    figure = blank(margin + 300, 78 + row * len(known))
    axes = placed(figure, margin, 36, 16, 42)
    axes.grid(axis="x")
    axes.axvline(0, color=INK, linewidth=1)
    for place, each in enumerate(known):
        found = each.interval
        colour = BLUE if found.clear else SOFT
        line = axes.plot([found.low, found.high], [place] * 2, color=colour, linewidth=2)[0]
        # Filled where the interval is on one side of zero.
        face = colour if found.clear else "none"
        dot = axes.plot(found.difference, place, "o", color=colour, markersize=7, mfc=face)[0]
        for part in (line, dot):
            tip(part, f"{each.row.name} {signed(found.difference)}")
    names = [short(each.row.name) for each in known] if named else []
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(known) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: tick_text(x)))
    heading(figure, title)
    return figure


def costs(rows: Sequence[Compared], metric: str) -> list[Drawn]:
    """The accuracy of each network against what it costs."""
    found = []
    words = METRICS[metric].words
    for cost in COSTS:
        dots = [
            Dot(price.mean, value.mean, row.name)
            for row in rows
            if (value := row.trained.metric(metric)) and (price := row.value(cost))
        ]
        if len({dot.cost for dot in dots}) < 2:
            continue
        best: list[Dot] = []
        for dot in sorted(dots, key=lambda dot: (dot.cost, -dot.figure)):
            if not best or dot.figure > best[-1].figure:
                best.append(dot)
        title = f"{words[0].upper()}{words[1:]} against {METRICS[cost].words}"
        ends = " to ".join(
            f"{dot.name} with {dot.cost:,.0f} and {number(dot.figure)}"
            for dot in dict.fromkeys((best[0], best[-1]))
        )
        alt = f"{title} of {len(dots)} networks; the best for their cost go from {ends}."
        named = [(dot.name, dot) for dot in (dots if len(dots) <= len(LOOKS) else best)]
        args = (title, METRICS[cost].words, dots, best, named)
        found.append(drawn(f"cost_{cost}", title, alt, front, *args))
    return found


def apart(rows: Sequence[Compared]) -> tuple[str, list[Drawn]]:
    """Where the two networks differ most in their confusion: a sentence, and three matrices."""
    measured = [(row, found) for row in rows if (found := _measured(row))]
    pairs = [
        (float(abs(np.subtract(a.confusion, b.confusion)).sum()), one, other, a, b)
        for (one, a), (other, b) in combinations(measured, 2)
        if a.name == b.name and len(a.confusion) == len(b.confusion)
        and one.trained.middle.labels == other.trained.middle.labels
    ]  # fmt: skip
    if not pairs:
        return "", []
    most = max(pair[0] for pair in pairs)
    _, one, other, a, b = next(pair for pair in pairs if pair[0] == most)
    labels = one.trained.middle.labels
    if not most or len(labels) > plots.MOST_DRAWN:
        return "", []
    more = np.subtract(a.confusion, b.confusion)
    row, column = np.unravel_index(abs(more).argmax(), more.shape)
    count = int(more[row, column])
    whose, than = (one, other) if count > 0 else (other, one)
    put = "right" if row == column else f"put in {labels[column]}"
    told = (
        f"{one.name} and {other.name}, of the {SPLIT_NAMES[a.name]} images. The largest difference "
        f"of a cell: {whose.name} has {abs(count):,} more of {labels[row]} {put} than {than.name}."
    )
    title = f"{one.name} less {other.name}"
    figures = [
        drawn(f"confusion_{place}", each.name, f"Confusion matrix of {each.name}.",
              plots.confusion, each.name, found, labels)
        for place, (each, found) in enumerate(((one, a), (other, b)), 1)
    ]  # fmt: skip
    alt = f"Confusion matrix of {title}. {told}"
    return told, [*figures, drawn("confusion_apart", title, alt, plots.less, title, more, labels)]


def _measured(row: Compared) -> Measured | None:
    run = row.trained.middle
    return run.scores.get(judged(run))
