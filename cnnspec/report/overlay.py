"""A comparison as files: one page about several trained networks, and its figures beside it."""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from cnnspec.core.record import Record
from cnnspec.core.table import Table
from cnnspec.files.atomic import write_atomically
from cnnspec.report import compare_plots as plots
from cnnspec.report import compare_tables as tables
from cnnspec.report import differences
from cnnspec.report.canvas import LOOKS, Drawn
from cnnspec.report.differences import Differences
from cnnspec.report.page import lay_out, template
from cnnspec.report.run_table import Compared, cautions
from cnnspec.runs.run import PAGE
from cnnspec.version import __version__


class Figures(Record):
    """The figures of a comparison by the section they belong to."""

    curves: list[Drawn]
    intervals: Drawn | None
    costs: list[Drawn]
    apart: list[Drawn]
    told: str
    """What `apart` shows, in words."""

    @property
    def all(self) -> list[Drawn]:
        """Every figure."""
        single = [self.intervals] if self.intervals else []
        return [*self.curves, *single, *self.costs, *self.apart]


def write(rows: tuple[Compared, ...], page: Path, notes: Iterable[str] = ()) -> list[Path]:
    """Writes the page and, in a folder with its name, its figures; returns all files.

    `notes` are more sentences for the page, beside its own cautions. Raises `CnnspecError`.
    """
    found = differences.differences(rows)
    drawings = drawn(rows, found)
    files = lay_out(page.with_suffix(""), drawings.all, {})
    write_atomically(page, render(rows, found, drawings, notes, links(rows, page)))
    return [*files, page]


def figures(rows: tuple[Compared, ...]) -> list[Drawn]:
    """The curves of all networks, each metric in one plot."""
    return plots.curves(rows)


def drawn(rows: tuple[Compared, ...], found: Differences | None) -> Figures:
    """Every figure for which there is data."""
    told, apart = plots.apart(rows)
    return Figures(
        figures(rows),
        plots.intervals(found) if found else None,
        plots.costs(rows, found.metric) if found else [],
        apart,
        told,
    )


def links(rows: Iterable[Compared], page: Path) -> dict[str, str]:
    """The address of each report that there is, as seen from the page."""
    pages = {row.name: row.trained.folder / PAGE for row in rows}
    return {
        name: quote(Path(os.path.relpath(path, page.resolve().parent)).as_posix())
        for name, path in pages.items()
        if path.is_file()
    }


def render(
    rows: tuple[Compared, ...],
    found: Differences | None,
    drawings: Figures,
    notes: Iterable[str],
    addresses: dict[str, str],
) -> str:
    """The page as HTML."""
    text: str = template("comparison.html").render(
        rows=rows,
        data=dict.fromkeys(row.trained.middle.checked.spec.data.source for row in rows),
        table=tables.metrics(rows, addresses),
        linked=bool(addresses),
        cautions=[*cautions(rows), *_doubts(found), *notes],
        several=any(row.trained.several for row in rows),
        found=found,
        apart=_apart(found),
        settings=tables.settings(tables.specs(rows)),
        claims=tables.claims(rows) if any(row.trained.verdicts for row in rows) else None,
        figures=drawings,
        named=len(LOOKS),
        version=__version__,
    )
    return text


def _apart(found: Differences | None) -> tuple[Table, list[str]] | None:
    return (differences.table(found), differences.notes(found)) if found else None


def _doubts(found: Differences | None) -> list[str]:
    """Warnings about seeds that are too few for a conclusion."""
    if found is None or not found.few_seeds:
        return []
    names = ", ".join(found.few_seeds[:5])
    more = f" and {len(found.few_seeds) - 5} more" if len(found.few_seeds) > 5 else ""
    return [
        f"Two seeds carry no conclusion: {names}{more}. A spread of two values can be wrong by a "
        "factor of ten; train with `runs 5` or more."
    ]
