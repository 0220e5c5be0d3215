"""A comparison as files: a page with the table and the curves of all networks in one plot."""

from collections.abc import Iterable
from pathlib import Path

from cnnspec.files.atomic import write_atomically
from cnnspec.report import plots
from cnnspec.report.canvas import COLOURS, LINE, Drawn, drawn
from cnnspec.report.page import lay_out, template
from cnnspec.report.phrases import number
from cnnspec.report.plot_files import CURVES
from cnnspec.report.plots import Series
from cnnspec.report.run_table import Compared, cautions
from cnnspec.report.tables import comparison
from cnnspec.version import __version__


def write(rows: tuple[Compared, ...], page: Path, notes: Iterable[str] = ()) -> list[Path]:
    """Writes the page and, in a folder with its name, its figures; returns all files.

    `notes` are more sentences for the page, beside its own cautions. Raises `CnnspecError`.
    """
    found = figures(rows)
    files = lay_out(page.with_suffix(""), found, {})
    write_atomically(page, render(rows, found, notes))
    return [*files, page]


def render(rows: tuple[Compared, ...], found: list[Drawn], notes: Iterable[str]) -> str:
    """The page as HTML."""
    text: str = template("comparison.html").render(
        rows=rows,
        table=comparison(rows),
        cautions=[*cautions(rows), *notes],
        several=any(row.trained.several for row in rows),
        figures=found,
        coloured=len(COLOURS),
        version=__version__,
    )
    return text


def figures(rows: tuple[Compared, ...]) -> list[Drawn]:
    """Loss, accuracy and F1 over the epochs, of validation (or of training) of every network.

    As many networks as there are colours are named; the others are in the background.
    """
    found = []
    for name, title in CURVES.items():
        for key, split in ((f"val_{name}", "validation"), (name, "training")):
            series = _series(rows, key)
            if series:
                whole = f"{title}, {split}"
                ends = [f"{s.label} ends at {number(_end(s), '.4g')}" for s in series if s.label]
                alt = f"{whole}, over the epochs of {len(series)} networks. {'; '.join(ends)}."
                figure = drawn(
                    f"{split}_{name}", whole, alt, plots.lines, whole, series, None, True
                )
                found.append(figure)
    return found


def _series(rows: tuple[Compared, ...], key: str) -> list[Series]:
    series = []
    for index, row in enumerate(rows):
        points = tuple((int(e["epoch"] or 0), e.get(key)) for e in row.trained.history)
        if any(value is not None for _, value in points):
            named = index < len(COLOURS)
            colour, label = (COLOURS[index], row.name) if named else (LINE, "")
            series.append(Series(label, points, colour, width=1.8 if named else 1.0))
    # Networks without a name are drawn first, below the others.
    return sorted(series, key=lambda s: bool(s.label))


def _end(series: Series) -> float | None:
    return next((value for _, value in reversed(series.points) if value is not None), None)
