"""Symbols that are still being found, and the scopes in which names mean them."""

from pathlib import Path

from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.files.sources import Unsaved
from cnnspec.language.syntax import Word

LET = "let"
BLOCK = "block"
PARAMETER = "parameter"
VARIABLE = "variable"
LAYER = "layer"
FILE = "file"


class Entry:
    """A symbol whose uses are still being found."""

    __slots__ = ("definition", "kind", "name", "scope", "uses")

    def __init__(self, kind: str, name: str, definition: Span, scope: Span) -> None:
        self.kind = kind
        self.name = name
        self.definition = definition
        self.scope = scope
        self.uses: list[Span] = []


class Definition(Record):
    """A block and its parameters."""

    entry: Entry
    parameters: dict[str, Entry]


class Scope:
    """The names that statements see. `extent` is the text in which the scope is."""

    __slots__ = ("blocks", "extent", "own", "values")

    def __init__(
        self, values: dict[str, Entry], blocks: dict[str, Definition], extent: Span
    ) -> None:
        self.values = values
        self.blocks = blocks
        self.extent = extent
        self.own: set[str] = set()
        """The names that a `let` of this scope has defined."""

    def inner(self, extent: Span, values: dict[str, Entry] | None = None) -> "Scope":
        """A scope within this one."""
        return Scope({**self.values, **(values or {})}, dict(self.blocks), extent)

    def after(self, span: Span) -> Span:
        """The text from a place to the end of this scope."""
        return Span(span.source, span.start, self.extent.end)


class Table:
    """The symbols found so far, and the files that were read for them."""

    __slots__ = ("axes", "chain", "entries", "files", "root", "unsaved")

    def __init__(self, source: Source, unsaved: Unsaved) -> None:
        self.unsaved = unsaved
        self.entries: list[Entry] = []
        self.axes: list[Word] = []
        """The names that `sweep` varies; a `let` after it may define them."""
        self.root = Path(source.name).absolute()
        self.chain: list[Path] = [self.root]
        """The files that are being read, each used by the one before."""
        self.files: dict[Path, tuple[Entry, dict[str, Definition]]] = {}

    def add(self, kind: str, name: str, definition: Span, scope: Span) -> Entry:
        """Adds a symbol without uses."""
        entry = Entry(kind, name, definition, scope)
        self.entries.append(entry)
        return entry
