"""A page about a dataset: its splits, its classes with some images of each, and warnings."""

from collections.abc import Iterable
from typing import Any

from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.report.page import template
from cnnspec.version import __version__

MOST_CLASSES = 100
"""The most classes shown with images, so that the page stays small."""


def render(
    facts: dict[str, Any], notes: Iterable[Diagnostic], samples: dict[str, Any], rows: list[Any]
) -> str:
    """The page as self-contained HTML; `rows` are the rows of its table of arrays."""
    text: str = template("data.html").render(
        facts=facts,
        rows=rows,
        splits={name: facts[name] for name in ("train", "validation", "test") if facts[name]},
        notes=[(note.severity, note.message, note.help) for note in notes],
        classes=[
            (safe(name), samples.get(name), counts)
            for name, counts in list(facts["per_class"].items())[:MOST_CLASSES]
        ],
        more=max(0, len(facts["per_class"]) - MOST_CLASSES),
        lines=[safe(line) for line in facts["lines"]],
        version=__version__,
    )
    return text
