"""The tables of a report, the same for the page and for Markdown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnnspec.analysis.formulas import derivation, facts
from cnnspec.analysis.summary import percent
from cnnspec.core.table import Cell, Table
from cnnspec.core.terminal import safe
from cnnspec.ir.claims import CONVERTED, ON_RUNTIME
from cnnspec.report.contents import SPLIT_NAMES, Contents, ReportedClaim
from cnnspec.report.phrases import NONE, count, duration, limit_text, number, size, spread
from cnnspec.report.run_table import TABLE_METRICS, Compared, best
from cnnspec.report.seeds import Trained
from cnnspec.runtimes.table import RUNTIMES, refusals

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
    """Returns a row for each budget, expectation and target, with the share used of a budget."""
    verdicts = trained.verdicts
    shared = any(each.share is not None for each in verdicts)
    tightest = _tightest(trained)
    rows = []
    for each in verdicts:
        used = NONE if each.share is None else percent(each.share)
        cells = (Cell(used, "strong") if each is tightest else used,) if shared else ()
        rows.append(
            (Cell(claim_text(each), "code"), value_text(each), *cells, _VERDICTS[each.holds])
        )
    header = ("claim", "found", *(("used",) if shared else ()), "verdict")
    return Table(header, tuple(rows), "lrr" if shared else "lr")


ON_DEVICES = (
    "Bytes on a device, before an export and without code. Those of the C are exact. The others "
    "follow formulas, within 2 % for flash and 4 % for RAM where they were measured; the code of "
    "TensorFlow Lite Micro takes 39 to 68 kB more. A dash is what is not known, or does not run."
)
"""The sentence under the table of devices."""

_SIZES = ("flash", "ram")
"""The quantities that are bytes."""


def claim_text(of: ReportedClaim) -> str:
    """A claim as text; a limit of bytes has its unit."""
    if of.budget and of.budget.budget.quantity in _SIZES:
        budget = of.budget.budget
        return f"budget {budget.subject} {budget.relation} {limit_text(budget.limit)}"
    return of.claim


def value_text(of: ReportedClaim) -> str:
    """What a claim was measured against; bytes are in the unit of their budget."""
    if of.budget and of.budget.budget.quantity in _SIZES:
        return size(of.budget.value, of.budget.budget.limit)
    return of.value or NONE


def _tightest(trained: Trained) -> ReportedClaim | None:
    """The budget of which the most is used, if there are several."""
    known = [each for each in trained.verdicts if each.share is not None]
    return max(known, key=lambda each: each.share or 0) if len(known) > 1 else None


def binds(trained: Trained) -> str:
    """A sentence about the budget that the network meets first when it grows."""
    tightest = _tightest(trained)
    if tightest is None or tightest.share is None:
        return ""
    used = percent(tightest.share)
    return f"`{claim_text(tightest)}` binds first: {used} is used, more than of any other budget."


def sizes(run: Contents) -> str:
    """Flash and RAM in float32, each in the unit of its budget."""
    totals = run.checked.totals
    assert totals is not None
    limits = {b.quantity: b.limit for b in run.checked.spec.budgets if not b.dtype}
    flash, ram = (
        size(value, limits.get(name, 0))
        for name, value in (("flash", totals.flash()), ("ram", totals.ram()))
    )
    return f"Flash {flash} and RAM {ram} as float32"


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


def device(run: Contents) -> Table:
    """Returns a row for each runtime: flash and RAM in bytes, in float32 and int8.

    Ours are exact; those of others follow formulas, and are left out where they cannot run it.
    """
    totals = run.checked.totals
    assert totals is not None
    own = [count(total(dtype)) for dtype in CONVERTED for total in (totals.flash, totals.ram)]
    rows = [("C of cnnspec", *own)]
    rows += [(runtime.title, *_elsewhere(run, name)) for name, runtime in RUNTIMES.items()]
    header = ("runtime", *(f"{what} {t}" for t in CONVERTED for what in ("flash", "RAM")))
    return Table(header, tuple(rows), "lrrrr")


NO_CODE = (
    "`cnnspec export --to c` measures how much code that is on processors whose compiler is "
    "installed; a report that is made after it has them."
)
"""The sentence where nothing was measured."""


def code(run: Contents) -> Table:
    """Returns a row for each processor whose code exports to C have measured, in bytes."""
    rows = tuple(
        (
            safe(each.processor),
            *(count(each.sizes[t]) if t in each.sizes else NONE for t in CONVERTED),
            safe(each.compiler),
        )
        for each in run.code
    )
    return Table(("code of the C on", *CONVERTED, "compiled by"), rows, "lrrl")


def in_int8(run: Contents) -> Table:
    """Returns a row for each split that was measured in int8, beside float32."""
    rows = tuple(
        (
            SPLIT_NAMES[each.name],
            count(each.images),
            *map(number, (run.scores[each.name].accuracy, each.accuracy, each.agreement)),
        )
        for each in run.integers
        if each.name in run.scores
    )
    header = ("in int8", "images", "accuracy in float32", "accuracy in int8", "same class")
    return Table(header, rows, "lrrrr")


def _elsewhere(run: Contents, name: str) -> Iterator[str]:
    """What another runtime takes, where it runs the network and that is known."""
    totals = run.checked.totals
    assert totals is not None
    for dtype in CONVERTED:
        runs = not any(refusals(run.checked.graph, name, dtype))
        for quantity, known in ON_RUNTIME.items():
            shown = runs and name in known
            yield f"about {count(totals.on_runtime(quantity, dtype))}" if shown else NONE


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
