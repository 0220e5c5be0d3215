"""The report of a sweep as files: one page that needs nothing else, its figures, and Markdown."""

import shlex
from pathlib import Path

from cnnspec import __version__
from cnnspec.files import write_atomically
from cnnspec.report.page import FOLDER, lay_out, template
from cnnspec.report.sweep.tables import headline, points, tables
from cnnspec.report.sweep.writing import markdown
from cnnspec.runs import PAGE, SOURCE
from cnnspec.sweeps.folder import BEST
from cnnspec.sweeps.results import Results
from cnnspec.terminal import safe

MOST_POINTS = 200
"""No more points are listed on the page, so that it stays small; the CSV has all."""


def write(results: Results, out: Path | None = None) -> Path:
    """Writes the report of a sweep, and returns the page.

    It is `report.html` in the folder of the sweep, or in `out`, and beside it `report/`
    with each figure as PNG and SVG and `report.md`. Raises `Problems`.
    """
    folder = results.sweep.folder if out is None else out
    lay_out(folder / FOLDER, (), {"report.md": markdown(results)})
    write_atomically(folder / PAGE, render(results))
    return folder / PAGE


def render(results: Results) -> str:
    """The page as HTML."""
    told = {table.key: table for table in tables(results, MOST_POINTS)}
    told["points"] = points(results, MOST_POINTS, values=True)
    text: str = template("sweep.html").render(
        results=results,
        headline=headline(results),
        tables=told,
        commands=commands(results),
        version=__version__,
    )
    return text


def commands(results: Results) -> list[tuple[str, str]]:
    """The commands that give this again, each with what it does."""
    plan, name = results.plan, results.name
    found = [
        ("Do what is left", ["cnnspec", "sweep", "--resume", name]),
        ("Sweep again, into a new folder", ["cnnspec", "sweep", f"{name}/{SOURCE}"]),
        ("Write this report again", ["cnnspec", "report", name, "--by", results.by]),
        ("Set the points side by side", ["cnnspec", "compare", name]),
    ]
    if results.winners.chosen:
        best = ["cnnspec", "train", f"{name}/{BEST}", "--threads", str(plan.threads)]
        best += ["--backend", plan.backend] if plan.backend else []
        found.insert(0, ("Train the best point again", best))
    return [(what, safe(shlex.join(command))) for what, command in found]
