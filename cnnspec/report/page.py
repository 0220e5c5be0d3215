"""A report as files: one self-contained page, its figures, Markdown and JSON.

Values in, files out. Everything that comes from a file is escaped, by Jinja2 or by the table that
it is in.
"""

import base64
import shlex
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.markup import html_prose
from cnnspec.core.table import Table
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import Warn, silent
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import DamagedRunFile
from cnnspec.drawing.elements import GREY, INK, LINE, PAPER
from cnnspec.drawing.svg import draw
from cnnspec.files.atomic import cannot_write, json_text, write_atomically
from cnnspec.report import phrases, tables
from cnnspec.report import pictures as images
from cnnspec.report.canvas import Drawn
from cnnspec.report.contents import SPLIT_NAMES, Contents, ReportedClaim
from cnnspec.report.formulas import formulas, letters
from cnnspec.report.markdown import markdown
from cnnspec.report.pad.pad import pad
from cnnspec.report.pictures import Pictures
from cnnspec.report.plot_files import CURVES, figures
from cnnspec.report.plots import MOST_NAMED
from cnnspec.report.seeds import Trained, gather
from cnnspec.runs.run import PAGE, Run
from cnnspec.version import __version__

FOLDER = "report"

MOST_ROWS = 300
"""The most layers listed on the page, so that it stays small."""

_SIDES = ("test", "validation", "train")
"""The order of confusion matrices, from left to right."""


def write(
    run: Run, out: Path | None = None, like: CheckedSpec | None = None, warn: Warn = silent
) -> Path:
    """Writes the report of a run, or of a folder of seeds, and returns the page.

    It is `report.html` in the run folder, and beside it `report/` with each figure as PNG and SVG,
    `report.md` and `report.json`. `out` is another folder for all of them. An existing report is
    replaced. `like`, a checked spec, saves a check if it equals that of the run. Damaged files are
    left out and reported to `warn`. Raises `CnnspecError`.
    """
    trained = gather(run.folder, like)
    pictures, damage = images.salvage(Run(trained.middle.folder), len(trained.middle.labels))
    if damage:
        trained = trained.with_damage(damage)
    for each in trained.damages:
        warn(DamagedRunFile(None, each, "the report leaves out what it says"))
    found = figures(trained, pictures)
    parts = {
        "report.md": markdown(trained, found, pictures),
        "report.json": json_text(document(trained)),
    }
    folder = run.folder if out is None else out
    lay_out(folder / FOLDER, found.values(), parts)
    write_atomically(folder / PAGE, render(trained, found, pictures))
    return folder / PAGE


def lay_out(folder: Path, found: Iterable[Drawn], parts: dict[str, str]) -> list[Path]:
    """Writes figures as PNG and SVG, and other files, into a folder; returns them.

    Raises `CnnspecError`.
    """
    files: dict[Path, bytes | str] = {}
    for figure in found:
        files[folder / f"{figure.name}.png"] = figure.png
        files[folder / f"{figure.name}.svg"] = figure.svg
    files |= {folder / name: text for name, text in parts.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CnnspecError(cannot_write(folder, error)) from None
    for path, data in files.items():
        write_atomically(path, data)
    return list(files)


def document(trained: Trained) -> dict[str, Any]:
    """The report as JSON."""
    runs = [run.dump() for run in trained.runs]
    head = {"version": 1, "cnnspec": __version__, "name": trained.name}
    if not trained.several:
        return {**head, **runs[0]}
    return {**head, "verdicts": [verdict.dump() for verdict in trained.verdicts], "runs": runs}


def render(trained: Trained, found: dict[str, Drawn], pictures: Pictures | None) -> str:
    """The page as HTML."""
    run = trained.middle
    text: str = template("page.html").render(
        trained=trained,
        run=run,
        spec=run.checked.spec,
        totals=run.checked.totals,
        rows=run.checked.layers,
        most_rows=MOST_ROWS,
        formulas=formulas(run, MOST_ROWS),
        letters=letters(run),
        tables=page_tables(trained),
        network=network(run.checked),
        pad=pad(Run(run.folder), run.checked, run.labels),
        figures=found,
        curves=[found[name] for name in (*CURVES, "learning_rate") if name in found],
        confusions=[found[f"confusion_{s}"] for s in _SIDES if f"confusion_{s}" in found],
        judged=tables.judged(run),
        splits=SPLIT_NAMES,
        pictures=pictures,
        few=len(run.labels) <= MOST_NAMED,
        standing=standing(trained.verdicts),
        binds=tables.binds(trained),
        sizes=tables.sizes(run),
        on_devices=tables.ON_DEVICES,
        no_code=tables.NO_CODE,
        started=started(run),
        commands=commands(trained),
        surroundings=surroundings(run),
        version=__version__,
    )
    return text


def page_tables(trained: Trained) -> dict[str, Table]:
    """Returns the tables of the page by the names that its template knows."""
    run = trained.middle
    found = {
        "claims": tables.claims(trained),
        "layers": tables.layers(run, MOST_ROWS),
        "device": tables.device(run),
        "code": tables.code(run),
        "in_int8": tables.in_int8(run),
        "seeds": tables.seeds(trained),
    }
    return found | ({"classes": tables.classes(run)} if run.scores else {})


def template(name: str) -> Any:
    """Loads a template of this folder; it escapes values, and an unknown name in it is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (phrases.number, phrases.spread, phrases.count, phrases.duration, phrases.size):
        environment.filters[filter_.__name__] = filter_
    environment.filters |= {"inline": inline, "picture": picture, "strip": images.strip}
    environment.filters |= {"prose": prose, "table": in_html, "verbatim": Markup}
    return environment.get_template(name)


def inline(figure: Drawn) -> Markup:
    """A figure for the page; matplotlib has already escaped its texts."""
    return Markup(figure.inline)


def prose(text: str) -> Markup:
    """A sentence with the text between backticks as code."""
    return Markup(html_prose(text))


def in_html(table: Table, classes: str = "", caption: str = "") -> Markup:
    """A table for the page; it escapes its cells."""
    return Markup(table.html(classes, caption))


def picture(image: np.ndarray) -> str:
    """An image as a `data:` address."""
    return f"data:image/png;base64,{base64.b64encode(images.png(image)).decode()}"


def network(checked: CheckedSpec) -> Markup:
    """The drawn network as an `<svg>` element with escaped texts; empty for a very large one.

    Paper, ink and lines have the colours of the page, so that they follow its scheme.
    """
    if len(checked.layers) > MOST_ROWS:
        return Markup("")
    roles = {PAPER: "paper", INK: "ink", GREY: "soft", LINE: "soft"}
    # The first surface is the whole picture; without it a box shows that there is more to scroll.
    found = draw(checked).replace(f'fill="{PAPER}"', 'fill="none"', 1)
    for colour, role in roles.items():
        for attribute in ("fill", "stroke"):
            found = found.replace(f'{attribute}="{colour}"', f'{attribute}="var(--{role})"')
    return Markup(found)


def standing(verdicts: tuple[ReportedClaim, ...]) -> tuple[str, str]:
    """The state of the claims of a run: a style and a sentence."""
    if not verdicts:
        return "plain", "No budget or expectation was stated"
    broken = sum(verdict.holds is False for verdict in verdicts)
    waiting = sum(verdict.holds is None for verdict in verdicts)
    of = len(verdicts)
    if broken:
        return "bad", f"{broken} of {of} claims not held"
    if waiting:
        return "plain", f"{waiting} of {of} claims not measured yet"
    return "good", f"{of} of {of} claims held"


def started(run: Contents) -> str:
    """The day training began; empty where it is not recorded."""
    try:
        day = datetime.fromisoformat(str(run.environment.get("started", "")))
    except ValueError:
        return ""
    return f"{day.day} {day:%B %Y}"


def commands(trained: Trained) -> list[tuple[str, str]]:
    """The commands that reproduce this, each with what it does."""
    run = trained.middle
    name = str(run.folder.relative_to(trained.folder.parent))
    backend = run.environment.get("backend")
    again = ["cnnspec", "train", f"{name}/spec.cnn", "--seed", str(run.seed)]
    again += ["--backend", str(backend)] if backend else []
    found = [
        ("Train again and compare bit for bit", ["cnnspec", "reproduce", name]),
        ("Train the frozen spec into a new run", again),
        ("Write this report again", ["cnnspec", "report", trained.name]),
    ]
    if run.command:
        found.insert(0, ("As it was trained", [str(part) for part in run.command]))
    return [(what, safe(shlex.join(command))) for what, command in found]


def surroundings(run: Contents) -> list[tuple[str, str]]:
    """What is recorded about the machine and the data, as names and values."""
    known = [
        (str(name).replace("_", " "), str(value))
        for name, value in run.environment.items()
        if isinstance(value, str | int | float)
    ]
    data = run.trained_on
    known += [
        (f"data {name}", f"{value:,}" if isinstance(value, int) else str(value))
        for name, value in data.items()
        if isinstance(value, str | int) and name != "path"
    ]
    digests = data.get("sha256")
    if isinstance(digests, dict):
        known += [(f"SHA-256 of {name}", str(value)) for name, value in digests.items()]
    return known
