"""What a text can be exported as: each a file that is complete without the page."""

from collections.abc import Callable

from cnnspec.analysis.latex import layers
from cnnspec.analysis.summary import layer_table
from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import json_text
from cnnspec.service.document import document
from cnnspec.service.snapshot import Snapshot
from cnnspec.version import __version__


class Export(Record):
    """A kind of export: its name for a person, the ending of its file, and what makes it."""

    title: str
    ending: str
    write: Callable[[Snapshot], str]


def _drawing(found: Snapshot) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{found.drawing}\n'


def _keras(found: Snapshot) -> str:
    # Here, for nobody else asks for the lowerings.
    from cnnspec.targets.keras.source import network_text

    return network_text(found.checked, __version__)


EXPORTS = {
    "cnn": Export("The spec", "cnn", lambda found: found.source.text),
    "full": Export("The spec in full: every default", "cnn", lambda found: str(found.checked.spec)),
    "keras": Export("Keras: a Python module", "py", _keras),
    "svg": Export("The drawing as SVG", "svg", _drawing),
    "markdown": Export(
        "The table as Markdown", "md", lambda found: layer_table(found.checked).markdown() + "\n"
    ),
    "latex": Export("The table as LaTeX", "tex", lambda found: layers(found.checked).latex()),
    "csv": Export("The table as CSV", "csv", lambda found: layer_table(found.checked).csv()),
    "json": Export("Everything as JSON", "json", lambda f: json_text(document(f, formulas=True))),
}
"""Every kind by its key."""


def export(found: Snapshot, kind: str) -> dict[str, str]:
    """Returns a file: its `name` and its `text`. Raises `CnnspecError` for a spec with errors."""
    chosen = EXPORTS[kind]
    if not found.ok and kind != "cnn":
        raise CnnspecError(*found.problems)
    return {
        "name": f"{found.checked.spec.model}.{chosen.ending}",
        "text": chosen.write(found),
    }
