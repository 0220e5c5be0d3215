r"""The tables of a run or a sweep for a paper, each after a comment that says what it is.

They need `\usepackage{booktabs}`, and where one is longer than a page `longtable`. Light.
"""

from collections.abc import Iterable

from cnnspec.analysis.latex import layers
from cnnspec.core.table import Table
from cnnspec.core.terminal import safe
from cnnspec.report import tables
from cnnspec.report.seeds import Trained
from cnnspec.report.sweep.tables import headline
from cnnspec.report.sweep.tables import tables as sweep_tables
from cnnspec.sweeps.results import Results


def run_latex(trained: Trained) -> str:
    """Returns the metrics, seeds, claims, layers and classes of a network that was trained."""
    run = trained.middle
    found = {"Metrics": tables.measured(trained)}
    if trained.several:
        found["Seeds"] = tables.seeds(trained)
    found |= {"Claims": _claims(trained), "Layers": layers(run.checked)}
    if run.scores:
        found["Classes"] = tables.classes(run)
    head = f"{trained.name}: {run.checked.spec.model}"
    return _written([head, *run.notes], ((title, each, ()) for title, each in found.items()))


def _claims(trained: Trained) -> Table:
    """The claims without the marks of their verdicts, which few fonts of LaTeX have."""
    table = tables.claims(trained)
    rows = ((*row[:-1], row[-1].strip("✓✗ ")) for row in table.rows)
    return table.replace(rows=tuple(rows))


def sweep_latex(results: Results) -> str:
    """Returns every table of a sweep that has rows, with all of its points."""
    sections = sweep_tables(results, len(results.rows))
    head = [f"{results.name}: {headline(results)}", *results.cautions]
    return _written(head, ((each.title, each.table, each.notes) for each in sections))


def _written(head: Iterable[str], found: Iterable[tuple[str, Table, Iterable[str]]]) -> str:
    parts = ["".join(f"% {safe(line)}\n" for line in head)]
    for title, table, notes in found:
        if table.rows:
            comments = "".join(f"% {safe(line)}\n" for line in (title, *notes))
            parts.append(f"{comments}{table.latex()}")
    return "\n".join(parts)
