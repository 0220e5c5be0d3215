"""A run as one page to hand in: numbered sections, figures and tables, every formula, variants.

The page is self-contained and prints well: a browser makes the PDF. Values in, one file out.
"""

from collections.abc import Iterator
from pathlib import Path

from cnnspec.analysis.diff import compare as compare_specs
from cnnspec.core.record import Record
from cnnspec.core.table import Cell, Table
from cnnspec.diagnostics.base import Warn, silent
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun, DamagedRunFile
from cnnspec.files.atomic import write_atomically
from cnnspec.ir.training import Training
from cnnspec.report import overlay, tables
from cnnspec.report import pictures as images
from cnnspec.report.canvas import Drawn
from cnnspec.report.contents import SPLIT_NAMES, Contents
from cnnspec.report.formulas import formulas, letters
from cnnspec.report.page import commands, network, standing, started, surroundings, template
from cnnspec.report.plot_files import CURVES, figures
from cnnspec.report.run_table import Compared, cautions, compare
from cnnspec.report.seeds import Trained, gather
from cnnspec.runs.run import Run
from cnnspec.sweeps.folder import Sweep
from cnnspec.sweeps.results import Results
from cnnspec.version import __version__

MOST_LAYERS = 100
"""The most layers whose formulas are written out."""
MOST_VARIANTS = 20
"""The most networks in the comparison."""
MOST_CHANGES = 12
"""The most changes of a variant that are listed; with more it is another network."""


class HandIn(Record):
    """What is handed in: a network, and the rows of the comparison, itself among them."""

    trained: Trained
    rows: tuple[Compared, ...]
    left_out: int
    """How many variants the comparison does not have."""
    notes: tuple[str, ...]
    values: dict[str, dict[str, str]]
    """The values of the points of a sweep by their names; empty without a sweep."""

    @property
    def own(self) -> Compared | None:
        """The row of the network itself."""
        return next((row for row in self.rows if row.trained.folder == self.trained.folder), None)


def gathered(folders: list[Path], by: str = "accuracy") -> HandIn:
    """Reads the first folder and the variants in the others; raises `CnnspecError`.

    Of a sweep it is the best point by a metric, and its other points are variants.
    """
    first, *others = folders
    sweep = Sweep.find(first)
    notes: list[str] = []
    values: dict[str, dict[str, str]] = {}
    if sweep:
        results = Results.read(sweep, by)
        chosen = results.winners.chosen
        if chosen is None:
            cause = f"no point of {first} has finished, so there is no best one"
            raise CnnspecError(BadRun(None, cause, f"`cnnspec sweep --resume {first}` goes on"))
        trained = gather(first / chosen.name)
        points = [row for row in results.sorted() if row.finished]
        values = {row.name: row.values for row in points}
        others = [first / row.name for row in points if row is not chosen] + others
    else:
        trained = gather(first)
    rows = compare([trained.folder, *others], tell=notes.append) if others else ()
    kept = rows[:MOST_VARIANTS]
    return HandIn(trained, kept, len(rows) - len(kept), tuple(notes), values)


def write(found: HandIn, path: Path, author: str = "", warn: Warn = silent) -> None:
    """Writes the page, in place of an existing one; damaged files are left out and told.

    Raises `CnnspecError`.
    """
    trained = found.trained
    middle = trained.middle
    pictures, damage = images.salvage(Run(middle.folder), len(middle.labels))
    trained = trained.with_damage(damage) if damage else trained
    for each in trained.damages:
        warn(DamagedRunFile(None, each, "the page leaves out what it says"))
    found = found.replace(trained=trained)
    write_atomically(path, render(found, figures(trained, pictures), author))


def render(found: HandIn, drawings: dict[str, Drawn], author: str = "") -> str:
    """The page as HTML."""
    trained = found.trained
    run = trained.middle
    judged = tables.judged(run)
    shown = [name for name in (*CURVES, "learning_rate") if name in drawings]
    text: str = template("handin.html").render(
        trained=trained,
        run=run,
        spec=run.checked.spec,
        totals=run.checked.totals,
        author=author,
        started=started(run),
        standing=standing(trained.verdicts),
        numbers=_Numbers(),
        measured=tables.measured(trained),
        claims=tables.claims(trained) if trained.verdicts else None,
        seeds=tables.seeds(trained) if trained.several else None,
        network=network(run.checked),
        layers=tables.layers(run, MOST_LAYERS),
        formulas=formulas(run, MOST_LAYERS),
        left_out=max(0, len(run.checked.layers) - MOST_LAYERS),
        letters=letters(run),
        settings=settings(run),
        curves=[drawings[name] for name in shown],
        confusion=drawings.get(f"confusion_{judged}"),
        mistakes=drawings.get("mistakes"),
        classes=tables.classes(run) if run.scores else None,
        judged=SPLIT_NAMES[judged],
        variants=found.rows,
        more_variants=found.left_out,
        comparison=tables.comparison(found.rows),
        changes=changes(found),
        compared=_compared(found.rows),
        cautions=[*cautions(found.rows), *found.notes],
        commands=commands(trained),
        surroundings=surroundings(run),
        version=__version__,
    )
    return text


class _Numbers:
    """Numbers sections, figures and tables in the order in which a page asks."""

    def __init__(self) -> None:
        self._last = {"section": 0, "figure": 0, "table": 0}

    def next(self, kind: str) -> int:
        """Returns the number of the next one of a kind."""
        self._last[kind] += 1
        return self._last[kind]


def settings(run: Contents) -> Table:
    """Returns every setting of training with its value and what it is."""
    rows = []
    for statement in run.checked.spec.train.statements(full=True):
        name, _, value = statement.partition(" ")
        rows.append(
            (name.replace("_", " "), Cell(value, "code"), Cell(Training.specs[name].help, "prose"))
        )
    return Table(("setting", "value", "what it is"), tuple(rows))


def changes(found: HandIn) -> Table:
    """Returns in what each variant differs: values of a sweep, else layers and settings."""
    rows: list[tuple[str, ...]] = []
    for row in found.rows:
        differing = list(_changed(found, row.trained)) if row is not found.own else []
        if len(differing) > MOST_CHANGES:
            differing = [(f"{len(differing)} layers and settings", "", "")]
        rows += [
            (row.name, what, Cell(here, "code"), Cell(there, "code"))
            for what, here, there in differing
        ]
    return Table(("variant", "differs in", "the network has", "the variant has"), tuple(rows))


def _changed(found: HandIn, other: Trained) -> Iterator[tuple[str, str, str]]:
    """What differs: its name, the text of the network and that of a variant, empty for none."""
    own, theirs = (found.values.get(each.name, {}) for each in (found.trained, other))
    if own and theirs:
        yield from ((name, own[name], theirs[name]) for name in own if own[name] != theirs[name])
        return
    difference = compare_specs(found.trained.middle.checked, other.middle.checked)
    for pair in difference.pairs:
        here, there = (str(call.layer) if call else "" for call in (pair.before, pair.after))
        # A layer that only has another input shape follows from one that differs.
        if here != there:
            yield next(call.name for call in (pair.before, pair.after) if call), here, there
    for change in difference.settings:
        yield change.what.removeprefix("train."), change.before, change.after


def _compared(rows: tuple[Compared, ...]) -> list[Drawn]:
    """The curves of all networks, of validation where there is one."""
    found = overlay.figures(rows) if len(rows) > 1 else []
    validated = [figure for figure in found if figure.name.startswith("validation_")]
    return validated or found
