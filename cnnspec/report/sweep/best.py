"""The best points of a sweep in detail: their curves, and the network and confusion of the best."""

from collections.abc import Sequence
from statistics import fmean

from markupsafe import Markup

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.report import plots
from cnnspec.report.canvas import LINE, LOOKS, Drawn, drawn
from cnnspec.report.line_plots import Series, lines
from cnnspec.report.page import network
from cnnspec.report.phrases import number
from cnnspec.report.plot_files import CURVES, confusion
from cnnspec.report.seeds import gather
from cnnspec.report.tables import judged
from cnnspec.runs.metrics import measure_of
from cnnspec.runs.run import HISTORY
from cnnspec.sweeps.points import label
from cnnspec.sweeps.results import Results
from cnnspec.sweeps.rows import PointResult

MOST_CURVES = 100
"""The most points whose curves are drawn."""
NAMED = 8
"""So many of the best points have their names at their curves."""


class Best(Record):
    """The network of the best point as an `<svg>` element, and its confusion matrix."""

    row: PointResult
    network: Markup
    confusion: Drawn | None


def best(results: Results) -> Best | None:
    """The best point; `None` where there is none, or its run cannot be read."""
    row = results.winners.chosen
    if row is None:
        return None
    try:
        run = gather(results.sweep.folder / row.name).middle
    except CnnspecError:
        return None
    score = run.scores.get(judged(run))
    matrix = confusion(run, score) if score and len(run.labels) <= plots.MOST_DRAWN else None
    return Best(row, network(run.checked), matrix)


def curves(results: Results) -> list[Drawn]:
    """Loss and the metric that points are compared by over the epochs, the best with names."""
    rows = results.sorted()[:MOST_CURVES]
    histories = [_history(results, row) for row in rows]
    found = []
    for measure in dict.fromkeys((measure_of(results.quality), "loss")):
        for key, split in ((f"val_{measure}", "validation"), (measure, "training")):
            series = _series(results, rows, histories, key)
            if series:
                title = f"{CURVES[measure]}, {split}"
                found.append(_drawn(title, f"{split}_{measure}", series, log=measure == "loss"))
                break
    return found


def _drawn(title: str, name: str, series: list[Series], *, log: bool) -> Drawn:
    ends = [f"{s.label} ends at {number(s.known[-1][1])}" for s in series if s.label]
    alt = f"{title}, over the epochs of {len(series)} points. {'; '.join(ends)}."
    return drawn(f"curve_{name}", title, alt, lines, title, series, None, True, log)


def _series(
    results: Results,
    rows: Sequence[PointResult],
    histories: Sequence[list[dict[str, float]]],
    key: str,
) -> list[Series]:
    series = []
    for place, (row, history) in enumerate(zip(rows, histories, strict=True)):
        points = tuple((int(e["epoch"]), e[key]) for e in history if e.get(key) is not None)
        if not points:
            continue
        named = place < NAMED and row.finished
        if named:
            values = ", ".join(row.values[name] for name in results.columns)
            series.append(Series(values or row.name, points, width=1.6, look=LOOKS[place]))
        else:
            series.append(Series("", points, LINE, width=1.0, tip=label(row.values)))
    # Points without a name are drawn first, below the others.
    return sorted(series, key=lambda each: bool(each.label))


def _history(results: Results, row: PointResult) -> list[dict[str, float]]:
    """The metrics of a point over the epochs that all of its seeds have reached: their means."""
    trials = results.sweep.trials_of(row.point)
    seeds = [found for t in trials if (found := t.run.salvage(HISTORY)[0])]
    return [
        {
            key: fmean(epoch[key] for epoch in epochs)
            for key in epochs[0]
            if all(epoch.get(key) is not None for epoch in epochs)
        }
        for epochs in zip(*seeds, strict=False)
    ]
