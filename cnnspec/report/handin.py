"""A run as one page to hand in: numbered sections, figures and tables, every formula, variants.

The page is self-contained and prints well: a browser makes the PDF. Values in, one file out.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from markupsafe import Markup

from cnnspec.analysis.formulas import facts, legend
from cnnspec.core.counts import Count
from cnnspec.core.record import Record
from cnnspec.core.table import Cell, Table
from cnnspec.core.typesetting import MathML
from cnnspec.diagnostics.base import Warn, silent
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun, DamagedRunFile
from cnnspec.files.atomic import write_atomically
from cnnspec.graph.graph import LayerCall
from cnnspec.ir.training import Training
from cnnspec.report import overlay, tables
from cnnspec.report import pictures as images
from cnnspec.report.canvas import Drawn
from cnnspec.report.contents import SPLIT_NAMES, Contents
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


class HandIn(Record):
    """What is handed in: a network, and the rows of the comparison, itself among them."""

    trained: Trained
    rows: tuple[Compared, ...]
    left_out: int = 0
    """How many variants the comparison does not have."""
    notes: tuple[str, ...] = ()

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
    if sweep:
        results = Results.read(sweep, by)
        chosen = results.winners.chosen
        if chosen is None:
            cause = f"no point of {first} has finished, so there is no best one"
            raise CnnspecError(BadRun(None, cause, f"`cnnspec sweep --resume {first}` goes on"))
        trained = gather(first / chosen.name)
        names = [first / row.name for row in results.sorted() if row.finished]
        others = [path for path in names if path.name != chosen.name] + others
    else:
        trained = gather(first)
    rows = compare([trained.folder, *others], tell=notes.append) if others else ()
    kept = rows[:MOST_VARIANTS]
    return HandIn(trained, kept, len(rows) - len(kept), tuple(notes))


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
        formulas=formulas(run),
        left_out=max(0, len(run.checked.layers) - MOST_LAYERS),
        legend=legend(run.checked),
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


def formulas(run: Contents) -> list[tuple[LayerCall, list[tuple[str, Markup]]]]:
    """Returns the numbers of each of the first layers with their formulas as MathML."""
    return [
        (call, [(name, formula(fact)) for name, fact in facts(call)])
        for call in run.checked.layers[:MOST_LAYERS]
    ]


def formula(fact: Count) -> Markup:
    """Returns a derivation as an element `<math>`: in names, with numbers put in, its value."""
    how = MathML()
    parts = [fact.typeset(how), fact.typeset(how, numbers=True), how.number(fact.value)]
    first, *rest = dict.fromkeys(parts)
    # An equals sign is where a line may be broken, so each part is a formula of its own.
    more = (f"<math><mo>=</mo>{part}</math>" for part in rest)
    return Markup(" ".join([f"<math>{first}</math>", *more]))


def settings(run: Contents) -> Table:
    """Returns every setting of training with its value and what it is."""
    rows = []
    for statement in run.checked.spec.train.statements(full=True):
        name, _, value = statement.partition(" ")
        rows.append((name.replace("_", " "), Cell(value, "code"), Training.specs[name].help))
    return Table(("setting", "value", "what it is"), tuple(rows))


def changes(found: HandIn) -> Table:
    """Returns how the text of each variant differs from that of the network."""
    own = _lines(found.trained.middle)
    rows = tuple(
        (row.name if place == 0 else "", Cell(before, "code"), Cell(after, "code"))
        for row in found.rows
        if row is not found.own
        for place, (before, after) in enumerate(_changed(own, _lines(row.trained.middle)))
    )
    return Table(("variant", "instead of", "it has"), rows)


def _lines(run: Contents) -> list[str]:
    """The lines of a spec that say what the network is and how it is trained."""
    lines = (line.strip() for line in str(run.checked.spec).splitlines())
    return [line for line in lines if line and not line.startswith("model ")]


def _changed(own: list[str], other: list[str]) -> Iterator[tuple[str, str]]:
    """The parts of a text that differ, as what was there and what is there."""
    matcher = SequenceMatcher(None, own, other, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield "; ".join(own[i:j]), "; ".join(other[k:m])


def _compared(rows: tuple[Compared, ...]) -> list[Drawn]:
    """The curves of all networks, of validation where there is one."""
    found = overlay.figures(rows) if len(rows) > 1 else []
    validated = [figure for figure in found if figure.name.startswith("validation_")]
    return validated or found
