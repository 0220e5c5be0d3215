"""What the expansions of one text have in common, for whoever expands it many times.

Knows syntax and bindings; no word of the language by name.
"""

from collections.abc import Callable

from cnnspec.core.source import Source
from cnnspec.language.binding import Bound
from cnnspec.language.expressions import Bindings
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.syntax import Statement, SyntaxNode, Word

MAX_KEPT = 10_000
"""Layers that are remembered."""


class ExpansionCache:
    """The files that were read, and the layers that came of statements.

    A statement comes to the same layer wherever the names in it have the same values.
    """

    def __init__(self) -> None:
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

    def bound(self, statement: Statement, scope: Bindings, bind: Callable[[], Bound]) -> Bound:
        """What a statement comes to where these names are known; `bind` finds it out."""
        own = id(statement)
        if own not in self._seen:
            if len(self._seen) >= MAX_KEPT:
                self._seen.clear()
                self._names.clear()
                self._bound.clear()
            # It is kept, so that no other one gets its id; most never come a second time.
            self._seen[own] = statement
            return bind()
        names = self._names.get(own)
        if names is None:
            names = self._names[own] = tuple(sorted(_names(statement)))
        key = (own, *[scope.get(name) for name in names])
        found = self._bound.get(key)
        if found is None:
            found = bind()
            if len(self._bound) >= MAX_KEPT:
                self._bound.clear()
            # What is at fault is looked at again, to be reported again.
            if found.entry is not None:
                self._bound[key] = found
        return found


def _names(statement: Statement) -> set[str]:
    """Every word in the arguments of a statement."""
    names: set[str] = set()
    # A stack instead of recursion: a sum may have as many terms as a text has words.
    todo: list[object] = [*statement.arguments]
    while todo:
        match todo.pop():
            case Word(text=text):
                names.add(text)
            case SyntaxNode() as node:
                todo += [getattr(node, name) for name in type(node).fields]
            case tuple() as several:
                todo += several
    return names
