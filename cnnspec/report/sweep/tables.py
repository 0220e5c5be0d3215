"""The tables of a sweep with their notes, the same for terminal, Markdown and page.

Knows results, but neither plots, pages nor terminals. Light.
"""

from collections.abc import Iterable

from cnnspec.core.record import Record
from cnnspec.core.table import Cell, Link, Table
from cnnspec.diagnostics.base import many
from cnnspec.report.phrases import NONE, count, number, spread, tail
from cnnspec.runs.metrics import MEASURED_METRICS, METRICS, Metric
from cnnspec.sweeps.analysis import reach
from cnnspec.sweeps.folder import BEST, LOGS, RESULTS, TABLE
from cnnspec.sweeps.interactions import Interaction
from cnnspec.sweeps.points import label
from cnnspec.sweeps.results import COSTS, Results
from cnnspec.sweeps.rows import STOPPED, PointResult


class Section(Record):
    """A table with its title; `notes` are sentences below it."""

    key: str
    title: str
    table: Table
    notes: tuple[str, ...] = ()


class Shown(Record):
    """What a form of the report shows of points beside their values and metrics."""

    folders: bool
    """Whether the folder of each point has a column."""
    links: dict[str, str]
    """The addresses of the reports of points, by their names."""


VALUES = Shown(folders=False, links={})
"""Nothing else."""


def _section(
    key: str,
    title: str,
    header: tuple[str, ...],
    rows: Iterable[tuple[str, ...]],
    numbers: int = 0,
    notes: Iterable[str] = (),
    shown: Shown | None = None,
) -> Section:
    """Returns a section whose last `numbers` columns are numbers; after them, folders of points."""
    align = "l" * (len(header) - numbers) + "r" * numbers
    header = (*header, "folder") if shown and shown.folders else header
    return Section(key, title, Table(header, tuple(rows), align), tuple(notes))


def headline(results: Results) -> str:
    """The progress of the sweep, in a line."""
    parts = [f"{n:,} {state}" for state, n in results.states.items()]
    dropped = sum(results.plan.reasons.values())
    left_out = f"; {dropped:,} more were dropped by the check" if dropped else ""
    return f"{many(len(results.rows), 'point')}: {', '.join(parts)}{left_out}"


def tables(results: Results, most: int, shown: Shown = VALUES) -> list[Section]:
    """Every table for which there is data, with at most `most` points."""
    found = [
        points(results, most, shown),
        winners(results, shown),
        cheapest(results, shown),
        effects(results),
        dropped(results),
        failed(results, shown),
    ]
    return [section for section in found if section.table.rows]


def _values(results: Results, row: PointResult | None) -> tuple[str, ...]:
    return tuple(row.values.get(name, "") if row else NONE for name in results.columns)


def _folder(shown: Shown, row: PointResult | None) -> tuple[str, ...]:
    """The folder of a point, which leads to its report where there is one."""
    if not shown.folders:
        return ()
    if row is None:
        return (NONE,)
    return (Link(row.name, shown.links[row.name]) if row.name in shown.links else row.name,)


def points(results: Results, most: int, shown: Shown = VALUES) -> Section:
    """The best points by their values and metrics."""
    names = results.columns
    columns = [column for column in _columns(results) if column.title not in names]
    found = results.sorted()
    unfinished = any(not row.finished for row in found[:most])
    rows = (
        (
            *_values(results, row),
            *((row.state,) if unfinished else ()),
            *_cells(row, columns),
            *_folder(shown, row),
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
    header = (*names, *(("state",) if unfinished else ()), *(column.title for column in columns))
    title = f"Points by {MEASURED_METRICS[results.by].words}"
    return _section("points", title, header, rows, len(columns), notes, shown)


def winners(results: Results, shown: Shown) -> Section:
    """The best points of each kind, with cautions."""
    found = results.winners
    columns = [METRICS[key] for key in (found.quality, found.loss, "params", "macs")]
    several = len(results.loss_functions) > 1
    rows: list[tuple[str, ...]] = []

    def add(what: str, row: PointResult | None, function: str = "") -> None:
        title = f"{what}, {function}" if function and several else what
        title = title if row else f"{title}: no point has both"
        cells = _cells(row, columns) if row else (NONE,) * len(columns)
        rows.append((title, *_values(results, row), *cells, *_folder(shown, row)))

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
        notes.append(f"{BEST} is {label(found.chosen.values)}: {of}.")
    header = ("winner", *results.columns, *(column.title for column in columns))
    return _section("winners", "Winners", header, rows, len(columns), notes, shown)


def cheapest(results: Results, shown: Shown) -> Section:
    """The fronts: points better than every cheaper one."""
    fronts = {cost: results.front(cost) for cost in COSTS}
    rows = tuple(
        (
            str(number),
            *_values(results, row),
            " and ".join(METRICS[cost].words for cost in COSTS if row in fronts[cost]),
            *_cells(row, [METRICS[key] for key in (*COSTS, results.quality)]),
            *_folder(shown, row),
        )
        for number, row in enumerate(results.cheapest, 1)
    )
    costs = tuple(METRICS[cost].title for cost in COSTS)
    words = MEASURED_METRICS[results.quality]
    note = f"No point with as few of these or fewer has as good a {words.words}."
    header = ("no.", *results.columns, "best for its", *costs, words.title)
    return _section("fronts", "Best for their cost", header, rows, 3, (note,), shown)


def effects(results: Results) -> Section:
    """The effect of each value of each name."""
    rows = []
    for name, values in results.effects.items():
        for place, each in enumerate(values):
            first = place == 0
            rows.append(
                (
                    name,
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
        (*(point.values.get(name, "") for name in names), point.code, Cell(point.reason, "prose"))
        for point in results.plan.dropped[:most]
    )
    left = sum(results.plan.reasons.values()) - len(rows)
    notes = (f"and {left:,} more, of which {RESULTS} has the first",) if left else ()
    header = (*names, "code", "first error")
    return _section("dropped-points", "Points dropped", header, rows, 0, notes)


def failed(results: Results, shown: Shown) -> Section:
    """The points without a result, and why."""
    rows = tuple(
        (*_values(results, row), row.state, Cell(row.reason, "prose"), *_folder(shown, row))
        for row in results.rows
        if row.reason
    )
    note = f"What each training printed is in the folder {LOGS}."
    header = (*results.columns, "state", "reason")
    return _section("failed", "Without a result", header, rows, 0, (note,), shown)


def interactions(results: Results) -> Section:
    """What each pair of names does together, and whether that can be chance. Needs numpy."""
    found = results.interactions
    words = MEASURED_METRICS[results.quality].words
    notes = [
        f"The share of the variation of the {words} between the points that a pair adds to what "
        "both of its names do alone."
    ]
    if not any(each.error_freedom for each in found):
        notes.append(
            "Every point has one seed, so whether an interaction is chance cannot be told: "
            "`--set runs=3` trains each with three."
        )
    else:
        several = f", multiplied by the {len(found)} pairs" if len(found) > 1 else ""
        notes.append(
            f"An F test against the spread between the seeds of a point; p is of that{several}."
        )
    tested = any(each.p is not None for each in found)
    rows = tuple(
        (
            " and ".join(each.names),
            f"{each.share:.1%}".replace("%", " %"),
            *(_test(each, len(found)) if tested else ()),
        )
        for each in found
    )
    header = ("F", "degrees of freedom", "p", "says") if tested else ()
    table = Table(("pair", "share", *header), rows, "lrrrrl" if tested else "lr")
    return Section("interactions", "Interactions", table, tuple(notes))


def _test(each: Interaction, of: int) -> tuple[str, ...]:
    f, p = each.f or 0.0, min(1.0, of * (1.0 if each.p is None else each.p))
    says = "act together" if p < 0.05 else "not told from chance"
    return f"{f:.2f}", f"{each.freedom} and {each.error_freedom}", tail(p), says


def _columns(results: Results) -> list[Metric]:
    """The metrics that at least one point has."""
    shown = ("params", "macs", "accuracy", "f1", "loss", "val_accuracy")
    keys = dict.fromkeys((*shown, results.by, "epochs", "seconds"))
    return [METRICS[key] for key in keys if any(row.value(key) for row in results.rows)]


def _cells(row: PointResult, columns: list[Metric]) -> tuple[str, ...]:
    return tuple(spread(row.value(column.key), column.form) for column in columns)
