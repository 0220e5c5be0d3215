"""What the expansions of one text have in common, for whoever expands it many times.

Knows syntax and bindings; no word of the language by name.
"""

from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.files.sources import Unsaved
from cnnspec.ir.spec import NAME
from cnnspec.language.binding import Bound, bind
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.syntax import Statement, words_in

MAX_KEPT = 10_000
"""Layers that are remembered."""

_NAMED = (("name", NAME),)
"""What every layer and merge takes beside its own arguments."""


class ExpansionCache:
    """The files that were read, and the layers that came of statements.

    A statement comes to the same layer wherever the names in it have the same values.
    """

    def __init__(self, unsaved: Unsaved | None = None) -> None:
        self.unsaved = unsaved or {}
        """Texts of files that are not read from disk."""
        self._parsed: dict[tuple[str, str], Parsed] = {}
        self._seen: dict[int, Statement] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._bound: dict[tuple[object, ...], Bound] = {}

    def parsed(self, source: Source) -> Parsed:
        """The syntax of a text."""
        key = source.name, source.text
        if key not in self._parsed:
            self._parsed[key] = parse(source)
        return self._parsed[key]

    def bound(
        self,
        cls: type[Construct],
        statement: Statement,
        bindings: Bindings,
        problems: list[Diagnostic],
    ) -> Bound:
        """The arguments of a layer or merge bound to its fields where these names are known."""
        key = self._key(statement, bindings)
        found = self._bound.get(key) if key else None
        if found is None:
            found = bind(
                cls,
                statement.arguments,
                statement.word_span,
                bindings,
                problems,
                extra=_NAMED,
                broken=statement.broken,
            )
            # What is wrong is bound again, to be reported again.
            if key and found.entry is not None:
                if len(self._bound) >= MAX_KEPT:
                    self._bound.clear()
                self._bound[key] = found
        return found

    def _key(self, statement: Statement, bindings: Bindings) -> tuple[object, ...] | None:
        """What a statement and the values of its names are found by; `None` the first time."""
        own = id(statement)
        if own not in self._seen:
            if len(self._seen) >= MAX_KEPT:
                self._seen.clear()
                self._names.clear()
                self._bound.clear()
            # It is kept, so that no other one gets its id; most never come a second time.
            self._seen[own] = statement
            return None
        names = self._names.get(own)
        if names is None:
            names = self._names[own] = tuple(sorted({*words_in(statement.arguments)}))
        return (own, *[bindings.get(name) for name in names])
