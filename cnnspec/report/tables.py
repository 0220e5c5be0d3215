"""The tables of a report, the same for the page and for Markdown."""

from typing import TYPE_CHECKING

from cnnspec.analysis.formulas import derivation, facts
from cnnspec.core.table import Cell, Table
from cnnspec.report.contents import SPLIT_NAMES, Contents
from cnnspec.report.phrases import NONE, count, duration, number, spread
from cnnspec.report.run_table import TABLE_METRICS, Compared, best
from cnnspec.report.seeds import Trained

if TYPE_CHECKING:
    from cnnspec.report.pictures import Pictures

PREFIXES = {"test": "", "validation": "val_", "train": "train_"}
"""The prefix of the metrics of each split."""

_MEASURED = ("accuracy", "f1", "loss")

_VERDICTS = {
    True: Cell("✓ held", "good"),
    False: Cell("✗ not held", "bad"),
    None: Cell("not measured yet", "dim"),
}


def judged(run: Contents) -> str:
    """Returns the split of the headline: the test set, or what replaces it."""
    return next((name for name in PREFIXES if name in run.scores), "test")


def measured(trained: Trained) -> Table:
    """Returns a row for each split that was measured."""
    rows = tuple(
        (SPLIT_NAMES[split], *(spread(trained.metric(prefix + key)) for key in _MEASURED))
        for split, prefix in PREFIXES.items()
        if split in trained.middle.scores
    )
    return Table(("images", "accuracy", "macro F1", "loss"), rows, "lrrr")


def seeds(trained: Trained) -> Table:
    """Returns a row for each seed, and their mean."""
    split = judged(trained.middle)
    keys = [*(PREFIXES[split] + key for key in _MEASURED), "train_loss"]
    rows = tuple(
        (
            str(run.seed),
            *(number(run.metric(key)) for key in keys),
            count(len(run.history)),
            duration(run.seconds),
        )
        for run in trained.runs
    )
    of = SPLIT_NAMES[split]
    titles = (f"{of} accuracy", f"{of} macro F1", f"{of} loss", "training loss", "epochs", "time")
    mean = ("mean ± SD", *(spread(trained.metric(key)) for key in keys), "", "")
    return Table(("seed", *titles), rows, "lrrrrrr", mean)


def claims(trained: Trained) -> Table:
    """Returns a row for each budget, expectation and target."""
    rows = tuple(
        (Cell(each.claim, "code"), each.value or NONE, _VERDICTS[each.holds])
        for each in trained.verdicts
    )
    return Table(("claim", "found", "verdict"), rows, "lr")


def layers(run: Contents, most: int | None = None) -> Table:
    """Returns a row for each layer, or for the first `most` of them, and the totals."""
    totals = run.checked.totals
    assert totals is not None
    rows = tuple(
        (
            row.name,
            Cell(f"({row.layer})" if row.implicit else str(row.layer), "code"),
            str(row.output_shape),
            count(row.params),
            count(row.macs),
        )
        for row in run.checked.layers[:most]
    )
    header = ("name", "layer", "output", "parameters", "MACs")
    return Table(header, rows, "lllrr", ("total", "", "", count(totals.params), count(totals.macs)))


def formulas(run: Contents, most: int) -> Table:
    """Returns a row for each number of the first `most` layers, with its formula."""
    rows = tuple(
        (row.name, name, Cell(derivation(fact), "code"))
        for row in run.checked.layers[:most]
        for name, fact in facts(row)
    )
    return Table(("layer", "number", "formula"), rows)


def classes(run: Contents) -> Table:
    """Returns a row for each class, and the mean F1."""
    score = run.scores[judged(run)]
    rows = tuple(
        (
            each.label,
            number(each.precision),
            number(each.recall),
            number(each.f1),
            count(each.images),
        )
        for each in score.classes(run.labels)
    )
    header = ("class", "precision", "recall", "F1", "images")
    return Table(header, rows, "lrrrr", ("mean", "", "", number(score.f1), ""))


def mistakes(run: Contents, pictures: "Pictures") -> Table:
    """Returns a row for each of the worst mistakes."""
    rows = tuple(
        (
            str(each.row),
            run.labels[each.predicted],
            number(each.output_predicted),
            run.labels[each.true],
            number(each.output_true),
        )
        for each in pictures.mistakes
    )
    what = "probability" if pictures.probable else "output"
    return Table(("image", "taken for", what, "is", what), rows, "rlrlr")


def comparison(rows: tuple[Compared, ...]) -> Table:
    """Returns a row for each network that is compared; the best of each column is strong."""
    header = ("run", *(column.title for column in TABLE_METRICS.values()))
    top = best(rows)
    cells = tuple(
        (
            row.name,
            *(
                Cell(cell, "strong") if row.name in top.get(key, ()) else cell
                for key, cell in zip(TABLE_METRICS, row.cells()[1:], strict=True)
            ),
        )
        for row in rows
    )
    return Table(header, cells, "l" + "r" * len(TABLE_METRICS))
