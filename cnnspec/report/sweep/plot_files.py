"""The figures of the report of a sweep, each with a description."""

import re
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from cnnspec.report.canvas import Drawn, drawn
from cnnspec.report.phrases import number
from cnnspec.report.plots import MOST_DRAWN, matrix
from cnnspec.report.sweep import bar_plots, front_plot, parallel_plot
from cnnspec.report.sweep.bar_plots import Range, Spot
from cnnspec.report.sweep.best import curves
from cnnspec.report.sweep.front_plot import Dot
from cnnspec.report.sweep.parallel_plot import MOST_LANES, Lane
from cnnspec.runs.metrics import MEASURED_METRICS, METRICS
from cnnspec.sweeps.analysis import pairs, ranked
from cnnspec.sweeps.points import label
from cnnspec.sweeps.results import COSTS, Results
from cnnspec.sweeps.rows import PointResult

MOST_BARS = 20
"""With several names, only so many of the best points are drawn as bars."""
MOST_PAIRS = 10
"""The most pairs of names with a map: those with the largest effects."""


def figures(results: Results) -> dict[str, list[Drawn]]:
    """Every figure for which there is data, by the section it belongs to."""
    known = ranked(results.rows, results.quality)
    if len(known) < 2:
        return {}
    spots = {name: _spots(results, known, name) for name in results.effects}
    means = [s.mean for each in spots.values() for s in each if s.mean is not None]
    shown = bar_plots.range_of([row.known(results.quality) for row in known], means)
    found = {
        "points": [_bars(results, known)],
        "fronts": [_front(results, known, cost) for cost in COSTS if results.front(cost)],
        "effects": [_values(results, name, spots[name], shown) for name in spots],
        "pairs": _maps(results),
        "curves": curves(results),
        "parallel": _parallel(results, known),
    }
    return {section: drawings for section, drawings in found.items() if drawings}


def _bars(results: Results, known: Sequence[PointResult]) -> Drawn:
    key = results.quality
    words = MEASURED_METRICS[key].words
    if len(results.varied) == 1:
        (name,) = results.varied
        rows: Sequence[PointResult] = results.rows
        title = f"{_upper(words)} by {name}"
        labels = [row.values[name] for row in rows]
    else:
        rows = known[:MOST_BARS]
        title = f"{_upper(words)} of the best {len(rows)} points"
        labels = [", ".join(row.values[name] for name in results.columns) for row in rows]
    found = [row.value(key) if row.finished else None for row in rows]
    spots = [
        Spot(
            text,
            spread.mean if spread else None,
            spread.deviation if spread else None,
            names=[label(row.values)],
        )
        for text, spread, row in zip(labels, found, rows, strict=True)
    ]
    best = next(place for place, row in enumerate(rows) if row is known[0])
    alt = f"{title}: {_told((spot.label, spot.mean) for spot in spots)}."
    names = "" if len(results.varied) == 1 else ", ".join(results.columns)
    return drawn("points", title, alt, bar_plots.bars, title, spots, best, names)


def _front(results: Results, known: Sequence[PointResult], cost: str) -> Drawn:
    words, costs = MEASURED_METRICS[results.quality].words, METRICS[cost].words
    title = f"{_upper(words)} over {costs}"
    front = results.front(cost)
    places = {row.name: place for place, row in enumerate(results.cheapest, 1)}

    def dot(row: PointResult) -> Dot:
        return Dot(row.known(cost), row.known(results.quality), label(row.values))

    ends = [f"{label(r.values)} with {dot(r).cost:,.0f} {costs} and {number(dot(r).figure)}"
            for r in (front[0], front[-1])]  # fmt: skip
    alt = (
        f"{title} of {len(known):,} points. {len(front)} of them are better than every cheaper "
        f"one, from {' to '.join(ends)}."
    )
    named = [(str(places[row.name]), dot(row)) for row in front]
    args = (title, costs, [dot(row) for row in known], [best for _, best in named], named)
    return drawn(f"front_{cost}", title, alt, front_plot.front, *args)


def _parallel(results: Results, known: Sequence[PointResult]) -> list[Drawn]:
    """Parallel coordinates, where more than two names vary."""
    names = results.columns
    if len(names) < 3:
        return []
    lanes = [
        Lane(
            [values.index(row.values[name]) for name, values in names.items()],
            row.known(results.quality),
            label(row.values),
        )
        for row in known[:MOST_LANES]
        if all(row.values.get(name) in values for name, values in names.items())
    ]
    if len(lanes) < 2:
        return []
    metric = MEASURED_METRICS[results.quality].words
    title = f"{_upper(metric)} by all names"
    sides = [*names.items(), (MEASURED_METRICS[results.quality].title, ())]
    best = "; ".join(f"{lane.name} with {number(lane.figure)}" for lane in lanes[:3])
    alt = f"{title}: {len(lanes)} points as lines across {', '.join(names)}. The best: {best}."
    return [drawn("parallel", title, alt, parallel_plot.parallel, title, sides, lanes)]


def _spots(results: Results, known: Sequence[PointResult], name: str) -> list[Spot]:
    """Each value of a name with the metrics of its points."""
    return [
        Spot(
            each.value,
            each.found.mean if each.found else None,
            each.found.deviation if each.found else None,
            [row.known(results.quality) for row in known if row.values.get(name) == each.value],
            [label(row.values) for row in known if row.values.get(name) == each.value],
        )
        for each in results.effects[name]
    ]


def _values(results: Results, name: str, spots: list[Spot], shown: Range) -> Drawn:
    means = _told((spot.label, spot.mean) for spot in spots)
    alt = (
        f"Mean {MEASURED_METRICS[results.quality].words} by {name}, over all other values: {means}."
    )
    return drawn(f"effect_{_file(name)}", name, alt, bar_plots.values, name, spots, shown)


def _maps(results: Results) -> list[Drawn]:
    """A map of the means for each pair of names, those with the largest effects first.

    Its shades range from its lowest mean to its highest.
    """
    found = []
    names = {name: results.plan.names[name] for name in results.effects}
    few = {name: values for name, values in names.items() if len(values) <= MOST_DRAWN}
    for one, other in list(combinations(few, 2))[:MOST_PAIRS]:
        # Long values are on the left, where they are easy to read; many values go down the page.
        first, second = sorted((one, other), key=lambda name: _room(names[name]), reverse=True)
        cells = pairs(results.rows, names, first, second, results.quality)
        means = np.array([[each.mean if each else np.nan for each in row] for row in cells])
        low, high = np.nanmin(means), np.nanmax(means)
        share = (means - low) / (high - low) if high > low else means * 0.0 + 0.5
        # Combinations without a point are as light as paper.
        shades = np.nan_to_num(0.05 + 0.9 * share, nan=0.0)
        texts = [[number(each.mean if each else None) for each in row] for row in cells]
        title = f"{first} and {second}"
        row, column = np.unravel_index(np.nanargmax(means), means.shape)
        at = f"{names[first][row]} and {names[second][column]}"
        what = f"Mean {MEASURED_METRICS[results.quality].words} by {title}"
        alt = f"{what}; the highest is {texts[row][column]} at {at}."
        down, across = (first, names[first]), (second, names[second])
        name = f"map_{_file(first)}_{_file(second)}"
        found.append(drawn(name, title, alt, matrix, title, shades, texts, down, across))
    return found


def _room(values: Sequence[str]) -> tuple[int, int]:
    """The room that the values of a name need along a side of a map."""
    return max(6, *map(len, values)), len(values)


def _told(means: Iterable[tuple[str, float | None]], most: int = 12) -> str:
    found = [f"{label} {number(mean)}" for label, mean in means]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _upper(words: str) -> str:
    return words[0].upper() + words[1:]


def _file(name: str) -> str:
    """A name of the language as a part of a file name."""
    return re.sub(r"\W", "-", name)
