"""The report of a sweep as files: one self-contained page, its figures, and Markdown."""

import os
import re
import shlex
from pathlib import Path
from urllib.parse import quote

from cnnspec.core.terminal import safe
from cnnspec.files.atomic import write_atomically
from cnnspec.report.canvas import Drawn
from cnnspec.report.contents import source_text
from cnnspec.report.page import FOLDER, lay_out, template
from cnnspec.report.phrases import count, duration, number
from cnnspec.report.sweep.best import NAMED, Best, best
from cnnspec.report.sweep.plot_files import figures
from cnnspec.report.sweep.tables import (
    Shown,
    dropped_points,
    headline,
    interactions,
    points,
    tables,
)
from cnnspec.report.sweep.writing import markdown
from cnnspec.runs.metrics import MEASURED_METRICS, METRICS
from cnnspec.runs.run import PAGE, SOURCE, Run
from cnnspec.sweeps.folder import BEGUN, BEST, WAITING
from cnnspec.sweeps.guided.journal import is_search
from cnnspec.sweeps.points import label
from cnnspec.sweeps.results import COSTS, Results
from cnnspec.sweeps.rows import DAMAGED
from cnnspec.version import __version__

MOST_POINTS = 200
"""The most points listed on the page, so that it stays small; the CSV has all."""


def write(results: Results, out: Path | None = None) -> Path:
    """Writes the report of a sweep, and returns the page.

    It is `report.html` in the folder of the sweep, or in `out`, and beside it `report/`
    with each figure as PNG and SVG and `report.md`. Raises `CnnspecError`.
    """
    found = figures(results)
    first = best(results)
    drawings = [drawing for section in found.values() for drawing in section]
    drawings += [first.confusion] if first and first.confusion else []
    folder = results.sweep.folder if out is None else out
    together = [section] if (section := interactions(results)).table.rows else []
    parts = {"report.md": markdown(results, drawings, together)}
    lay_out(folder / FOLDER, drawings, parts)
    shown = Shown(folders=True, links=links(results, folder))
    write_atomically(folder / PAGE, render(results, found, first, shown))
    return folder / PAGE


def links(results: Results, folder: Path) -> dict[str, str]:
    """The address of the report of each point that has one, as seen from a folder."""
    pages = {row.name: results.sweep.folder / row.name / PAGE for row in results.rows}
    return {
        name: quote(Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix())
        for name, path in pages.items()
        if path.is_file()
    }


def render(
    results: Results, found: dict[str, list[Drawn]], first: Best | None, shown: Shown
) -> str:
    """The page as HTML."""
    text: str = template("sweep.html").render(
        results=results,
        spec=results.rows[0].spec,
        headline=headline(results),
        numbers=_numbers(results),
        tables={section.key: section for section in tables(results, MOST_POINTS, shown)},
        points=points(results, MOST_POINTS, shown),
        dropped=dropped_points(results, MOST_POINTS),
        interactions=interactions(results),
        figures=found,
        best=first,
        best_label=label(first.row.values) if first else "",
        named=NAMED,
        linked=len(shown.links),
        unlinked=sum(row.finished and row.name not in shown.links for row in results.rows),
        source=source_text(Run(results.sweep.folder)),
        commands=commands(results),
        version=__version__,
    )
    return text


def _numbers(results: Results) -> list[tuple[str, str, str]]:
    """The large numbers at the top: what each is, its value, and its spread."""
    row = results.winners.chosen
    found = []
    if row:
        for key in (results.quality, results.winners.loss):
            value = row.value(key)
            spread = f"± {number(value.deviation)}" if value and value.deviation is not None else ""
            found.append(
                (f"{MEASURED_METRICS[key].words} of the best", number(row.mean(key)), spread)
            )
        for key in COSTS:
            found.append((f"{METRICS[key].words} of the best", count(row.mean(key)), ""))
    of = f"{len(results.finished):,} of {len(results.rows):,}"
    found.append(("points finished", of, ""))
    found.append(("time of all trainings", _joined(duration(results.seconds)), ""))
    return found


def _joined(text: str) -> str:
    """A text with no line break between a number and its unit."""
    return re.sub(r"(?<=\d) (?=\D)", "\N{NO-BREAK SPACE}", text)


def commands(results: Results) -> list[tuple[str, str]]:
    """The commands that reproduce this, each with what it does."""
    plan, name = results.plan, results.name
    command, what = ("search", "Search") if is_search(results.sweep) else ("sweep", "Sweep")
    found = [
        (f"{what} the text again as it was written", ["cnnspec", command, f"{name}/{SOURCE}"]),
        ("Write this report again", ["cnnspec", "report", name, "--by", results.by]),
        ("Write the report of every point too", ["cnnspec", "report", name, "--points"]),
        ("Set the points side by side", ["cnnspec", "compare", name]),
    ]
    if plan.command:
        found.insert(0, ("As it was swept", list(plan.command)))
    if {BEGUN, WAITING, DAMAGED} & set(results.states):
        found.insert(0, ("Do what is left", ["cnnspec", command, "--resume", name]))
    if results.winners.chosen:
        best = ["cnnspec", "train", f"{name}/{BEST}", "--threads", str(plan.threads)]
        best += ["--backend", plan.backend] if plan.backend else []
        found.insert(0, ("Train the best point again", best))
    return [(what, safe(shlex.join(command))) for what, command in found]
