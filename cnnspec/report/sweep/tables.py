"""The tables of a sweep with their notes, the same for terminal, Markdown and page.

Knows results, but neither plots, pages nor terminals. Light.
"""

from collections.abc import Iterable

from cnnspec.core.record import Record
from cnnspec.core.table import Table
from cnnspec.diagnostics.base import many
from cnnspec.report.phrases import NONE, count, number, spread
from cnnspec.runs.metrics import MEASURED_METRICS, METRICS, Metric
from cnnspec.sweeps.analysis import reach
from cnnspec.sweeps.folder import BEST, LOGS, RESULTS, TABLE
from cnnspec.sweeps.results import COSTS, Results
from cnnspec.sweeps.rows import STOPPED, PointResult


class Section(Record):
    """A table with its title; `notes` are sentences below it."""

    key: str
    title: str
    table: Table
    notes: tuple[str, ...] = ()


def _section(
    key: str,
    title: str,
    header: tuple[str, ...],
    rows: Iterable[tuple[str, ...]],
    numbers: int = 0,
    notes: Iterable[str] = (),
) -> Section:
    """Returns a section whose last `numbers` columns are numbers."""
    align = "l" * (len(header) - numbers) + "r" * numbers
    return Section(key, title, Table(header, tuple(rows), align), tuple(notes))


def headline(results: Results) -> str:
    """The progress of the sweep, in a line."""
    parts = [f"{n:,} {state}" for state, n in results.states.items()]
    dropped = sum(results.plan.reasons.values())
    left_out = f"; {dropped:,} more were dropped by the check" if dropped else ""
    return f"{many(len(results.rows), 'point')}: {', '.join(parts)}{left_out}"


def tables(results: Results, most: int) -> list[Section]:
    """Every table for which there is data, with at most `most` points."""
    found = [
        points(results, most),
        winners(results),
        cheapest(results),
        effects(results),
        dropped(results),
        failed(results),
    ]
    return [section for section in found if section.table.rows]


def points(results: Results, most: int) -> Section:
    """The best points, with their values where the names do not show them."""
    columns = _columns(results)
    said = all(value in row.name for row in results.rows for value in row.values.values())
    names = () if said else tuple(results.plan.names)
    found = results.sorted()
    unfinished = any(not row.finished for row in found[:most])
    state = ("state",) if unfinished else ()
    rows = (
        (
            row.name,
            *(row.values.get(name, "") for name in names),
            *((row.state,) if unfinished else ()),
            *_cells(row, columns),
        )
        for row in found[:most]
    )
    notes = []
    if len(found) > most:
        notes.append(f"and {len(found) - most:,} more in {TABLE}")
    if unfinished:
        notes.append(
            "Only finished points are compared; the others have the validation metrics of "
            "their last epoch."
        )
    if results.several:
        notes.append("± is the standard deviation of the sample over seeds, with n - 1")
    header = ("point", *names, *state, *(column.title for column in columns))
    title = f"Points by {MEASURED_METRICS[results.by].words}"
    return _section("points", title, header, rows, len(columns), notes)


def winners(results: Results) -> Section:
    """The best points of each kind, with cautions."""
    found = results.winners
    columns = [METRICS[key] for key in (found.quality, found.loss, "params", "macs")]
    several = len(results.loss_functions) > 1
    rows: list[tuple[str, ...]] = []

    def add(what: str, row: PointResult | None, function: str = "") -> None:
        title = f"{what}, {function}" if function and several else what
        name = row.name if row else "no point has both"
        cells = _cells(row, columns) if row else (NONE,) * len(columns)
        rows.append((title, name, *cells))

    if found.best:
        add(f"best {MEASURED_METRICS[found.quality].words}", found.best)
    for function, row in found.of_loss.items():
        add(f"least {MEASURED_METRICS[found.loss].words}", row, function)
    for function in found.of_loss if found.best else ():
        add("best of both", found.of_both.get(function), function)
    of_function = " among those of the same loss function" if several else ""
    notes = [
        f"Best of both: the best {MEASURED_METRICS[found.quality].words} and the least "
        f"{MEASURED_METRICS[found.loss].words}{of_function}. Of equal points the smaller is taken.",
    ]
    if found.chosen:
        of = f"the best {MEASURED_METRICS[found.quality].words}"
        if results.by == found.loss:
            of = f"the least {MEASURED_METRICS[found.loss].words}" + (
                f" and, of these, {of}" if several else ""
            )
        notes.append(f"{BEST} is {found.chosen.name}: {of}.")
    header = ("", "point", *(column.title for column in columns))
    return _section("winners", "Winners", header, rows, len(columns), notes)


def cheapest(results: Results) -> Section:
    """The fronts: points better than every cheaper one."""
    fronts = {cost: results.front(cost) for cost in COSTS}
    rows = tuple(
        (
            str(number),
            row.name,
            " and ".join(METRICS[cost].words for cost in COSTS if row in fronts[cost]),
            *_cells(row, [METRICS[key] for key in (*COSTS, results.quality)]),
        )
        for number, row in enumerate(results.cheapest, 1)
    )
    costs = tuple(METRICS[cost].title for cost in COSTS)
    words = MEASURED_METRICS[results.quality]
    note = f"No point with as few of these or fewer has as good a {words.words}."
    header = ("", "point", "best for its", *costs, words.title)
    return _section("fronts", "Best for their cost", header, rows, 3, (note,))


def effects(results: Results) -> Section:
    """The effect of each value of each name."""
    rows = []
    for name, values in results.effects.items():
        for place, each in enumerate(values):
            first = place == 0
            rows.append(
                (
                    name if first else "",
                    each.value,
                    count(each.points),
                    spread(each.found),
                    number(each.low),
                    number(each.high),
                    number(reach(values)) if first else "",
                )
            )
    metric = MEASURED_METRICS[results.quality]
    notes = [
        f"The mean {metric.words} ± standard deviation over all points with that value; "
        "`apart` is how far the means of a name lie apart."
    ]
    counts = [{each.points for each in values} for values in results.effects.values()]
    if any(len(each) > 1 for each in counts):
        notes.append("Means of values with different points cannot be compared exactly.")
    if STOPPED in results.states:
        notes.append("Only points trained to the end count, and those were the better ones.")
    header = ("name", "value", "points", metric.title, "lowest", "highest", "apart")
    return _section("effects", "Effect of each name", header, rows, 5, notes)


def dropped(results: Results) -> Section:
    """Why points were dropped before anything was trained, by their first error."""
    reasons = results.plan.reasons
    rows = tuple((reason, count(points)) for reason, points in reasons.items())
    return _section("dropped", "Dropped by the check", ("reason", "points"), rows, 1)


def dropped_points(results: Results, most: int) -> Section:
    """The points that were dropped, each with its first error."""
    names = tuple(results.plan.names)
    rows = tuple(
        (*(point.values.get(name, "") for name in names), point.code, point.reason)
        for point in results.plan.dropped[:most]
    )
    left = sum(results.plan.reasons.values()) - len(rows)
    notes = (f"and {left:,} more, of which {RESULTS} has the first",) if left else ()
    header = (*names, "code", "first error")
    return _section("dropped-points", "Points dropped", header, rows, 0, notes)


def failed(results: Results) -> Section:
    """The points without a result, and why."""
    rows = tuple((row.name, row.state, row.reason) for row in results.rows if row.reason)
    note = f"What each training printed is in the folder {LOGS}."
    return _section("failed", "Without a result", ("point", "state", "reason"), rows, 0, (note,))


def _columns(results: Results) -> list[Metric]:
    """The metrics that at least one point has."""
    shown = ("params", "macs", "accuracy", "f1", "loss", "val_accuracy")
    keys = dict.fromkeys((*shown, results.by, "epochs", "seconds"))
    return [METRICS[key] for key in keys if any(row.value(key) for row in results.rows)]


def _cells(row: PointResult, columns: list[Metric]) -> tuple[str, ...]:
    return tuple(spread(row.value(column.key), column.form) for column in columns)
