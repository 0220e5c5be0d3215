"""What the expansions of one text have in common, for whoever expands it many times.

Knows syntax and bindings; no word of the language by name.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.files.sources import Unsaved
from cnnspec.ir.spec import NAME
from cnnspec.language.binding import Bound, bind
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings, evaluate
from cnnspec.language.numbers import Exact
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.syntax import Expression, Number, Statement, SyntaxNode, words_in

MAX_KEPT = 10_000
"""Layers and values that are remembered."""
T = TypeVar("T")

_NAMED = (("name", NAME),)
"""What every layer and merge takes beside its own arguments."""


class ExpansionCache:
    """The files that were read, and what came of statements and expressions.

    A statement comes to the same layer, and an expression to the same number, wherever the
    names in it have the same values.
    """

    def __init__(self, unsaved: Unsaved | None = None) -> None:
        self.unsaved = unsaved or {}
        """Texts of files that are not read from disk."""
        self._parsed: dict[tuple[str, str], Parsed] = {}
        self._seen: dict[int, SyntaxNode] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._made: dict[tuple[object, ...], Any] = {}
        self._entries: dict[Construct, Construct] = {}

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
        found: Bound | None = self._made.get(key) if key else None
        if found is not None:
            return found
        arguments, span = statement.arguments, statement.word_span
        found = bind(
            cls, arguments, span, bindings, problems, extra=_NAMED, broken=statement.broken
        )
        entry = found.entry
        if entry is None:
            # What is wrong is bound again, to be reported again.
            return found
        # One layer for all that are equal, so that it is inferred and written once.
        if len(self._entries) >= MAX_KEPT:
            self._entries.clear()
        found = Bound(self._entries.setdefault(entry, entry), found.spans, found.extra)
        if key:
            self._keep(key, found)
        return found

    def value(self, expression: Expression, bindings: Bindings, what: str) -> Exact:
        """The number that an expression stands for; raises `DiagnosticError` as `evaluate` does."""
        if isinstance(expression, Number):
            return expression.value
        return self.remembered(expression, bindings, lambda: evaluate(expression, bindings, what))

    def remembered(
        self,
        node: SyntaxNode,
        bindings: Bindings,
        work: Callable[[], T],
    ) -> T:
        """What `work` makes of a piece of syntax where the names in it have these values.

        A piece has one purpose, so that no two kinds of work are confused.
        """
        key = self._key(node, bindings)
        found: T | None = self._made.get(key) if key else None
        if found is None:
            found = work()
            if key:
                self._keep(key, found)
        return found

    def _keep(self, key: tuple[object, ...], made: object) -> None:
        if len(self._made) >= MAX_KEPT:
            self._made.clear()
        self._made[key] = made

    def _key(self, node: SyntaxNode, bindings: Bindings) -> tuple[object, ...] | None:
        """What syntax and the values of its names are known by; `None` the first time."""
        own = id(node)
        if own not in self._seen:
            if len(self._seen) >= MAX_KEPT:
                self._seen.clear()
                self._names.clear()
                self._made.clear()
            # It is kept, so that no other one gets its id; most never come a second time.
            self._seen[own] = node
            return None
        names = self._names.get(own)
        if names is None:
            inside = node.arguments if isinstance(node, Statement) else (node,)
            names = self._names[own] = tuple(sorted({*words_in(inside)}))
        return (own, *[bindings.get(name) for name in names])
