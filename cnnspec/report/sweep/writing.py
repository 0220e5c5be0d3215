"""Writes the results of a sweep as lines of a terminal, as CSV and as Markdown. Light."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cnnspec.core.markup import markdown_text
from cnnspec.core.table import csv_text
from cnnspec.core.terminal import Line
from cnnspec.report.markdown import image
from cnnspec.report.sweep.tables import Section, Shown, headline, tables
from cnnspec.runs.metrics import split_of
from cnnspec.sweeps.results import Results
from cnnspec.sweeps.rows import PointResult

if TYPE_CHECKING:
    from cnnspec.report.canvas import Drawn


def lines(results: Results, most: int = 10) -> list[Line]:
    """The lines printed at the end of a sweep, with at most `most` points."""
    found: list[Line] = [[(results.plan.model, "strong"), (f", {headline(results)}", "")]]
    for each in tables(results, most):
        found += [[], [(each.title, "strong")], *each.table.lines()]
        found += [[(note, "dim")] for note in each.notes]
    found += [[]] if results.cautions else []
    return found + [[("note: ", "note"), (text, "")] for text in results.cautions]


def csv(results: Results) -> str:
    """Every point in the order of the plan; unknown values are empty.

    A name of the sweep that is also another column becomes `swept_<name>`.
    """
    records = [_record(row) for row in results.rows]
    swept = {n: f"swept_{n}" if n in records[0] else n for n in results.plan.names}
    found = [
        {"name": row.name, **{swept[n]: v for n, v in row.values.items()}, **record}
        for row, record in zip(results.rows, records, strict=True)
    ]
    return csv_text(found[0], (record.values() for record in found))


def _record(row: PointResult) -> dict[str, Any]:
    """Everything about a point except its values, by column."""
    measured = row.measured(lambda name: name if split_of(name) else f"test_{name}")
    return {"name": row.name, **row.columns(), **measured, "reason": row.reason}


def markdown(
    results: Results,
    figures: "Iterable[Drawn]" = (),
    more: Iterable[Section] = (),
    most: int = 100,
) -> str:
    """The report as Markdown with some more tables, its figures in the folder beside it."""
    parts = [f"# {markdown_text(results.plan.model)}"]
    parts += map(markdown_text, (headline(results), *results.cautions))
    for each in (*tables(results, most, Shown(folders=True, links={})), *more):
        title = markdown_text(each.title)
        parts += [f"## {title}", each.table.markdown(), *map(markdown_text, each.notes)]
    return "\n\n".join([*parts, *map(image, figures)]) + "\n"
