"""A report as Markdown with its figures beside it, to be pasted into other documents."""

import re
from typing import TYPE_CHECKING

from cnnspec.analysis.formulas import legend
from cnnspec.core.markup import markdown_text
from cnnspec.report import tables
from cnnspec.report.contents import SPLIT_NAMES, Contents
from cnnspec.report.phrases import count, duration, spread
from cnnspec.report.seeds import Trained

if TYPE_CHECKING:
    from cnnspec.report.canvas import Drawn
    from cnnspec.report.pictures import Pictures


def markdown(trained: Trained, figures: "dict[str, Drawn]", pictures: "Pictures | None") -> str:
    """The report in the order of the page."""
    run = trained.middle
    spec = run.checked.spec
    parts = [
        f"# {markdown_text(spec.model)}",
        f"{markdown_text(spec.data.source)}, {spec.shape} to {spec.classes} classes; "
        f"run {markdown_text(trained.name)}",
        *map(markdown_text, run.notes),
        _measured(trained),
    ]
    if trained.several:
        parts += [_seeds(trained)]
    if trained.verdicts:
        parts += ["## Claims", tables.claims(trained).markdown()]
        parts += [told] if (told := tables.binds(trained)) else []
    parts += ["## Network", tables.layers(run).markdown(), fenced(str(spec), "cnn")]
    parts += ["## On a device", tables.device(run).markdown(), tables.ON_DEVICES]
    parts += [tables.code(run).markdown() if run.code else tables.NO_CODE]
    parts += [tables.in_int8(run).markdown()] if run.integers else []
    parts += ["## Formulas", tables.formulas(run, _MOST_LAYERS).markdown(), _letters(run)]
    for title, names in _SECTIONS.items():
        shown = [figures[name] for name in names if name in figures]
        parts += [f"## {title}", *map(image, shown)] if shown else []
        if title == "Confusion" and run.scores:
            parts.append(tables.classes(run).markdown())
            parts.append(f"Of the {SPLIT_NAMES[tables.judged(run)]} images.")
        if title == "Worst mistakes" and pictures and pictures.mistakes:
            parts.append(tables.mistakes(run, pictures).markdown())
    return "\n\n".join(parts) + "\n"


_MOST_LAYERS = 300
"""The most layers with formulas, so that the text stays small."""


def _letters(run: Contents) -> str:
    """The meanings of the letters in the formulas."""
    return "; ".join(f"`{letters}`: {meaning}" for letters, meaning in legend(run.checked))


_SECTIONS = {
    "Curves": ("loss", "accuracy", "f1", "learning_rate"),
    "Confusion": ("confusion_test", "confusion_validation", "confusion_train"),
    "Worst mistakes": ("mistakes",),
    "Data": ("samples", "classes"),
}


def fenced(text: str, language: str) -> str:
    """A block of code; its fence is longer than any inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _measured(trained: Trained) -> str:
    totals = trained.middle.checked.totals
    assert totals is not None
    found = tables.measured(trained)
    facts = (
        f"{count(totals.params)} parameters, {count(totals.macs)} MACs, "
        f"{spread(trained.epochs, 'g')} epochs, "
        f"{duration(trained.seconds.mean if trained.seconds else None)}"
    )
    return "\n\n".join([*([found.markdown()] if found.rows else []), facts])


def _seeds(trained: Trained) -> str:
    words = f"Mean ± standard deviation (n - 1). Below: seed {trained.middle.seed}, the median."
    return f"## Seeds\n\n{tables.seeds(trained).markdown()}\n\n{words}"


def image(figure: "Drawn") -> str:
    """A link to a figure beside the text."""
    return f"![{markdown_text(figure.alt)}]({figure.name}.png)"
