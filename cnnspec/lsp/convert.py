"""Values of the service as those of the Language Server Protocol, version 3.17."""

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types
from pygls import uris

from cnnspec.core.edits import Edit
from cnnspec.core.positions import Position, Positions
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.lsp.documents import Document
from cnnspec.service.meanings import Meaning
from cnnspec.service.outline import Fold, Mark, Part
from cnnspec.service.snapshot import Snapshot

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
_ITEMS = {
    "layer": types.CompletionItemKind.Class,
    "keyword": types.CompletionItemKind.Keyword,
    "setting": types.CompletionItemKind.Property,
    "option": types.CompletionItemKind.Field,
    "value": types.CompletionItemKind.EnumMember,
    "call": types.CompletionItemKind.Constructor,
    "function": types.CompletionItemKind.Function,
    "name": types.CompletionItemKind.Variable,
}
_PARTS = {
    "layer": types.SymbolKind.Class,
    "block": types.SymbolKind.Function,
    "let": types.SymbolKind.Constant,
    "claim": types.SymbolKind.Event,
    "setting": types.SymbolKind.Property,
    "group": types.SymbolKind.Namespace,
}
_TOKENS = {
    "layer": "class",
    "keyword": "keyword",
    "setting": "property",
    "option": "parameter",
    "value": "enumMember",
    "call": "type",
    "function": "function",
    "let": "variable",
    "block": "function",
    "parameter": "parameter",
    "variable": "variable",
    "label": "namespace",
    "number": "number",
    "string": "string",
    "comment": "comment",
}
"""What editors colour a sort of word as."""
_TYPES = list(dict.fromkeys(_TOKENS.values()))

LEGEND = types.SemanticTokensLegend(token_types=_TYPES, token_modifiers=["declaration"])


class Converter:
    """Places of a document and of the files it uses, in the unit that the editor counts in."""

    def __init__(self, document: Document, unit: str) -> None:
        self._document = document
        self._unit = unit
        self._known: dict[str, Positions] = {}

    def positions(self, source: Source) -> Positions:
        """Returns the lines of a source; they are looked for once."""
        if source.text not in self._known:
            self._known[source.text] = Positions(source.text, self._unit)
        return self._known[source.text]

    def offset(self, at: types.Position) -> int:
        """Returns the character at a position of the document."""
        return self.positions(self._document.source).offset(at.line, at.character)

    def range(self, span: Span) -> types.Range:
        """Returns the range of a span in its source."""
        lines = self.positions(span.source)
        return types.Range(start=_at(lines.at(span.start)), end=_at(lines.at(span.end)))

    def uri(self, source: Source) -> str:
        """Returns the address of a source."""
        own = self._document
        if own.path is None and source.name == own.source.name:
            return own.uri
        if own.path and Path(source.name) == own.path:
            return own.uri
        return uris.from_fs_path(str(Path(source.name).resolve())) or own.uri

    def location(self, span: Span) -> types.Location:
        """Returns a span with the address of its file."""
        return types.Location(uri=self.uri(span.source), range=self.range(span))

    def changes(self, edits: Iterable[Edit]) -> types.WorkspaceEdit:
        """Returns edits by the files that they are of."""
        changes: dict[str, list[types.TextEdit]] = {}
        for edit in edits:
            changes.setdefault(self.uri(edit.span.source), []).append(self.edit(edit))
        return types.WorkspaceEdit(changes=changes)

    def edit(self, edit: Edit) -> types.TextEdit:
        """Returns an edit of one text."""
        return types.TextEdit(range=self.range(edit.span), new_text=edit.text)

    def diagnostic(self, found: Diagnostic, known: Snapshot | None) -> types.Diagnostic:
        """Returns a problem; one in a file that is used is shown at the `use`."""
        message = "\n".join(
            part
            for part in (found.message, found.label, found.help and f"help: {found.help}")
            if part
        )
        span, related = found.span, [(label.span, label.text) for label in found.related]
        own = span is None or known is None or span.source is known.source
        if span and known and not own:
            related.insert(0, (span, found.label or found.message))
            message = f"{Path(span.source.name).name}, line {span.line}: {message}"
            span = _use_of(span.source, known)
        start = types.Position(line=0, character=0)
        return types.Diagnostic(
            range=self.range(span) if span else types.Range(start=start, end=start),
            message=message,
            severity=_SEVERITIES.get(found.severity, types.DiagnosticSeverity.Information),
            code=found.code,
            source="cnnspec",
            related_information=[
                types.DiagnosticRelatedInformation(location=self.location(place), message=text)
                for place, text in related
            ],
        )

    def symbol(self, part: Part) -> types.DocumentSymbol:
        """Returns a part of the outline."""
        return types.DocumentSymbol(
            name=part.name,
            detail=part.detail,
            kind=_PARTS[part.kind],
            range=self.range(part.span),
            selection_range=self.range(part.word),
            children=[self.symbol(inner) for inner in part.parts],
        )

    def fold(self, fold: Fold) -> types.FoldingRange:
        """Returns lines that can be folded; the closing brace stays in sight."""
        where = self.range(fold.span)
        return types.FoldingRange(
            start_line=where.start.line,
            end_line=where.end.line - (not fold.comment),
            kind=types.FoldingRangeKind.Comment if fold.comment else None,
        )

    def tokens(self, marks: Iterable[Mark]) -> types.SemanticTokens:
        """Returns words with their sorts, each relative to the one before it."""
        data: list[int] = []
        line = character = 0
        for mark in marks:
            where = self.range(mark.span)
            ahead = where.start.line - line
            begin = where.start.character - (0 if ahead else character)
            length = where.end.character - where.start.character
            if not length or where.start.line != where.end.line:
                continue
            data += [ahead, begin, length, _TYPES.index(_TOKENS[mark.sort]), int(mark.defines)]
            line, character = where.start.line, where.start.character
        return types.SemanticTokens(data=data)


def _at(found: Position) -> types.Position:
    return types.Position(line=found.line, character=found.character)


def _use_of(source: Source, known: Snapshot) -> Span | None:
    """The `use` in a text that brings in a file, or the first one where that is another's."""
    uses = [
        (symbol.definition.source.name, use)
        for symbol in known.symbols
        if symbol.kind == "file"
        for use in symbol.uses
        if use.source is known.source
    ]
    direct = [use for name, use in uses if Path(name) == Path(source.name)]
    return next(iter([*direct, *(use for _, use in uses)]), None)


def item(
    meaning: Meaning, where: types.Range, place: int, *, snippets: bool
) -> types.CompletionItem:
    """Returns a word that can be typed, in the order of the tables: the `place`-th."""
    text, form = meaning.word, types.InsertTextFormat.PlainText
    if meaning.sort == "option":
        text += "="
    if meaning.sort == "call" and snippets:
        text, form = f"{text}($0)", types.InsertTextFormat.Snippet
    if meaning.takes_block and snippets:
        text, form = f"{text} {{\n\t$0\n}}", types.InsertTextFormat.Snippet
    return types.CompletionItem(
        label=meaning.word,
        kind=_ITEMS[meaning.sort],
        detail=meaning.detail or None,
        documentation=markdown(meaning.help) if meaning.help else None,
        sort_text=f"{place:04}",
        insert_text_format=form,
        text_edit=types.TextEdit(range=where, new_text=text),
    )


def markdown(text: str) -> types.MarkupContent:
    """Returns a text in Markdown."""
    return types.MarkupContent(kind=types.MarkupKind.Markdown, value=text)
