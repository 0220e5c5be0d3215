"""Where names are defined and used: `let`, blocks and their parameters, variables, layers, files.

What finds them is the symbol table; here are they as values, and what is asked of them.
"""

import re
from collections.abc import Iterable

from cnnspec.core.edits import Edit
from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.expansion.symbol_scopes import FILE, LAYER
from cnnspec.expansion.symbol_table import entries_of
from cnnspec.files.sources import Unsaved
from cnnspec.ir.spec import NAME, is_automatic
from cnnspec.language.parse import Parsed


class Symbol(Record):
    """A name that a person gave, where it is defined, and every place that means it.

    `kind` is `let`, `block`, `parameter` (of a block), `variable` (of a `repeat`), `layer`
    (`name=stem`) or `file` (of a `use`). Spans cover the name alone, and are in another source
    where a file that is used defines or uses it. `scope` is the part of the text in which
    it can be used; that of a file is the whole text of that file.
    """

    kind: str
    name: str
    definition: Span
    uses: tuple[Span, ...]
    scope: Span

    @property
    def spans(self) -> tuple[Span, ...]:
        """The definition and the uses. A file is defined by no word."""
        return self.uses if self.kind == FILE else (self.definition, *self.uses)


def symbols(parsed: Parsed, unsaved: Unsaved | None = None) -> tuple[Symbol, ...]:
    """Returns the symbols of a text and of the files it uses, those of the text first.

    `unsaved` are texts of files that it uses, in the place of what is on disk.
    """
    entries = entries_of(parsed, unsaved or {})
    sources = [parsed.source, *(entry.definition.source for entry in entries)]
    order = {id(source): place for place, source in reversed([*enumerate(sources)])}

    def place(span: Span) -> tuple[int, int]:
        return order[id(span.source)], span.start

    found = [
        Symbol(e.kind, e.name, e.definition, tuple(sorted(e.uses, key=place)), e.scope)
        for e in entries
    ]
    return tuple(sorted(found, key=lambda symbol: place(symbol.definition)))


def symbol_at(found: Iterable[Symbol], source: Source, offset: int) -> Symbol | None:
    """Returns the symbol whose name is at a character of a text, `None` where there is none.

    The place right after a name still belongs to it, as for a cursor.
    """
    for symbol in found:
        for span in symbol.spans:
            if span.source is source and span.start <= offset <= span.end:
                return symbol
    return None


def rename(symbol: Symbol, name: str) -> tuple[Edit, ...]:
    """Returns the edits that give a symbol another name, in every source that has it.

    Whether the name is free is not looked at: check the text that comes of it.

    Raises:
        ValueError: the symbol is a file, or the text cannot be a name of this kind.
    """
    if symbol.kind == FILE:
        raise ValueError("a file is renamed where it lies")
    if symbol.kind == LAYER:
        if is_automatic(name) or not re.fullmatch(NAME.schema["pattern"], name):
            raise ValueError(f"{name!r} cannot be the name of a layer")
        written = NAME.write(name)
    elif re.fullmatch(r"[^\W\d]\w*", name) and name != "in":
        written = name
    else:
        raise ValueError(f"{name!r} is not a word")
    return tuple(Edit(span, written) for span in symbol.spans)
