"""A report as Markdown, with its figures beside it: to be put into a text of one's own."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnnspec.core.terminal import safe
from cnnspec.report.contents import SPLIT_NAMES, Contents
from cnnspec.report.phrases import count, duration, number, spread
from cnnspec.report.run_table import TABLE_METRICS, Compared
from cnnspec.report.seeds import Trained

if TYPE_CHECKING:
    from cnnspec.report.canvas import Drawn
    from cnnspec.report.pictures import Pictures

_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~$])")

HELD = {True: "held", False: "**not held**", None: "not measured yet"}


def markdown(trained: Trained, figures: "dict[str, Drawn]", pictures: "Pictures | None") -> str:
    """The report in the order of the page."""
    run = trained.middle
    spec = run.checked.spec
    parts = [
        f"# {escaped(spec.model)}",
        f"{escaped(spec.data.source)}, {spec.shape} to {spec.classes} classes; "
        f"run {escaped(trained.name)}",
        *map(escaped, run.notes),
        _measured(trained),
    ]
    if trained.several:
        parts += [_seeds(trained)]
    if trained.verdicts:
        rows = [(code(v.claim), v.value, HELD[v.holds]) for v in trained.verdicts]
        parts += ["## Claims", table(("claim", "value", ""), rows)]
    parts += ["## Network", _layers(run), fenced(str(spec), "cnn")]
    for title, names in _SECTIONS.items():
        shown = [figures[name] for name in names if name in figures]
        parts += [f"## {title}", *map(image, shown)] if shown else []
        if title == "Confusion" and run.scores:
            parts.append(_classes(run))
        if title == "Worst mistakes" and pictures and pictures.mistakes:
            parts.append(_mistakes(run, pictures))
    return "\n\n".join(parts) + "\n"


_SECTIONS = {
    "Curves": ("loss", "accuracy", "f1", "learning_rate"),
    "Confusion": ("confusion_train", "confusion_test", "confusion_validation"),
    "Worst mistakes": ("mistakes",),
    "Data": ("samples", "classes"),
}


def comparison(rows: tuple[Compared, ...]) -> str:
    """Networks side by side as a table."""
    header = ("run", *(column.title for column in TABLE_METRICS.values()))
    cells = [(escaped(row.name), *row.cells()[1:]) for row in rows]
    return table(header, cells) + "\n"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; cells are Markdown."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """A text that Markdown and HTML leave as it is."""
    text = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", text)


def code(text: str) -> str:
    """A text in the type of code, in a table too."""
    return f"<code>{escaped(text)}</code>"


def fenced(text: str, language: str) -> str:
    """A block of code; its fence is longer than any within."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _measured(trained: Trained) -> str:
    totals = trained.middle.checked.totals
    assert totals is not None
    rows = [
        (words, *(spread(trained.figure(prefix + key)) for key in ("accuracy", "f1", "loss")))
        for prefix, split, words in (
            ("", "test", "test"),
            ("val_", "validation", "validation"),
            ("train_", "train", "training"),
        )
        if split in trained.middle.scores
    ]
    facts = (
        f"{count(totals.params)} parameters, {count(totals.macs)} MACs, "
        f"{spread(trained.epochs, 'g')} epochs, "
        f"{duration(trained.seconds.mean if trained.seconds else None)}"
    )
    measured = [table(("images", "accuracy", "macro F1", "loss"), rows)] if rows else []
    return "\n\n".join([*measured, facts])


def _seeds(trained: Trained) -> str:
    rows = [
        (
            str(run.seed),
            number(run.figure("accuracy")),
            number(run.figure("f1")),
            number(run.figure("loss")),
            count(len(run.history)),
            duration(run.seconds),
        )
        for run in trained.runs
    ]
    header = ("seed", "test accuracy", "macro F1", "test loss", "epochs", "time")
    words = f"Mean ± standard deviation (n - 1). Below: seed {trained.middle.seed}, the median."
    return f"## Seeds\n\n{table(header, rows)}\n\n{words}"


def _layers(run: Contents) -> str:
    totals = run.checked.totals
    assert totals is not None
    rows = [
        (
            code(row.name),
            code(str(row.layer)),
            str(row.output_shape),
            count(row.params),
            count(row.macs),
        )
        for row in run.checked.layers
    ]
    rows.append(("**total**", "", "", count(totals.params), count(totals.macs)))
    return table(("name", "layer", "output", "parameters", "MACs"), rows)


def _classes(run: Contents) -> str:
    name, score = next(
        (name, run.scores[name]) for name in ("test", "validation", "train") if name in run.scores
    )
    rows = [
        (
            escaped(entry.label),
            number(entry.precision),
            number(entry.recall),
            number(entry.f1),
            count(entry.images),
        )
        for entry in score.classes(run.labels)
    ]
    header = (f"class ({SPLIT_NAMES[name]})", "precision", "recall", "F1", "images")
    return table(header, rows)


def _mistakes(run: Contents, pictures: "Pictures") -> str:
    rows = [
        (
            str(mistake.row),
            escaped(run.labels[mistake.predicted]),
            number(mistake.output_predicted),
            escaped(run.labels[mistake.true]),
            number(mistake.output_true),
        )
        for mistake in pictures.mistakes
    ]
    what = "probability" if pictures.probable else "output"
    return table(("image", "taken for", what, "is", what), rows)


def image(figure: "Drawn") -> str:
    """A figure that lies beside the text."""
    return f"![{escaped(figure.alt)}]({figure.name}.png)"
