"""What an editor asks about a text, answered by the service: one function for each request.

Each takes what is known of the latest text and returns values of the protocol.
"""

from collections.abc import Callable, Iterable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cnnspec.core.edits import Edit
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.lsp.convert import LEGEND, Converter, item, markdown
from cnnspec.service.completion import complete, signature
from cnnspec.service.edits import fix_all, fixes, formatted
from cnnspec.service.hover import hover, used
from cnnspec.service.names import definition, name_at, references, renamed
from cnnspec.service.outline import folds, marks, outline
from cnnspec.service.sites import sites
from cnnspec.service.snapshot import Snapshot

FIX_ALL = "source.fixAll.cnnspec"


class Asked(Record):
    """What a request is about: a text, how its places are counted, and what the editor can do."""

    found: Snapshot
    convert: Converter
    is_file: bool
    others: Callable[[], Iterable[Source]]
    """Gives the texts that may use the file of this one."""
    snippets: bool
    """Whether the editor fills in the places of what is completed."""
    train_command: str
    """The command behind the lens that trains."""


def _hover(asked: Asked, params: types.HoverParams) -> types.Hover | None:
    found, convert = asked.found, asked.convert
    told = hover(found, convert.offset(params.position))
    return types.Hover(markdown(told.text), convert.range(told.span)) if told else None


def _completion(asked: Asked, params: types.CompletionParams) -> list[types.CompletionItem]:
    found, convert = asked.found, asked.convert
    offered = complete(found, convert.offset(params.position))
    where = convert.range(found.source.span(offered.start, offered.end))
    return [
        item(meaning, where, place, snippets=asked.snippets)
        for place, meaning in enumerate(offered.items)
    ]


def _signature(asked: Asked, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    found, convert = asked.found, asked.convert
    shown = signature(found, convert.offset(params.position))
    if shown is None:
        return None
    one = types.SignatureInformation(
        label=shown.label,
        documentation=shown.help or None,
        parameters=[
            types.ParameterInformation(label=each.label, documentation=each.help or None)
            for each in shown.parameters
        ],
    )
    return types.SignatureHelp([one], active_signature=0, active_parameter=shown.active)


def _hints(asked: Asked, params: types.InlayHintParams) -> list[types.InlayHint]:
    found, convert = asked.found, asked.convert
    first, last = convert.offset(params.range.start), convert.offset(params.range.end)
    hints = []
    for site in sites(found):
        end = site.statement.span.end
        if first <= end <= last:
            where = convert.range(found.source.span(end, end)).start
            told = f"{site.params:,} parameters, {site.macs:,} MACs"
            hints.append(types.InlayHint(where, site.shapes, tooltip=told, padding_left=True))
    return hints


def _symbols(asked: Asked, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    found, convert = asked.found, asked.convert
    return [convert.symbol(part) for part in outline(found)]


def _folds(asked: Asked, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    found, convert = asked.found, asked.convert
    return [convert.fold(fold) for fold in folds(found)]


def _tokens(asked: Asked, params: types.SemanticTokensParams) -> types.SemanticTokens | None:
    found, convert = asked.found, asked.convert
    return convert.tokens(marks(found))


def _format(asked: Asked, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    found, convert = asked.found, asked.convert
    return [convert.edit(edit) for edit in formatted(found)]


def _format_range(
    asked: Asked, params: types.DocumentRangeFormattingParams
) -> list[types.TextEdit]:
    found, convert = asked.found, asked.convert
    start, end = params.range.start, params.range.end
    # A selection of whole lines ends at the beginning of the next.
    last = end.line if end.character or end.line == start.line else end.line - 1
    return [convert.edit(edit) for edit in formatted(found, range(start.line, last + 1))]


def _definition(asked: Asked, params: types.DefinitionParams) -> types.Location | None:
    found, convert = asked.found, asked.convert
    span = definition(found, convert.offset(params.position))
    return convert.location(span) if span else None


def _references(asked: Asked, params: types.ReferenceParams) -> list[types.Location]:
    found, convert = asked.found, asked.convert
    others = asked.others()
    spans = references(found, convert.offset(params.position), others)
    first = 0 if params.context.include_declaration else 1
    return [convert.location(span) for span in spans[first:]]


def _highlight(
    asked: Asked, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    found, convert = asked.found, asked.convert
    spans = references(found, convert.offset(params.position))
    own = [span for span in spans if span.source is found.source]
    return [types.DocumentHighlight(convert.range(span)) for span in own]


def _prepare_rename(
    asked: Asked, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    found, convert = asked.found, asked.convert
    offset = convert.offset(params.position)
    symbol = name_at(found, offset)
    if symbol is None or symbol.kind == "file":
        return None
    own = [s for s in symbol.spans if s.source is found.source and s.start <= offset <= s.end]
    return types.PrepareRenamePlaceholder(range=convert.range(own[0]), placeholder=symbol.name)


def _rename(asked: Asked, params: types.RenameParams) -> types.WorkspaceEdit | None:
    found, convert = asked.found, asked.convert
    others = asked.others()
    result = renamed(found, convert.offset(params.position), params.new_name, others)
    if result.reason:
        raise JsonRpcInvalidParams(result.reason)
    return convert.changes(result.edits)


def _actions(asked: Asked, params: types.CodeActionParams) -> list[types.CodeAction]:
    found, convert = asked.found, asked.convert
    wanted = params.context.only
    actions: list[types.CodeAction] = []
    if _wants(wanted, types.CodeActionKind.QuickFix):
        first, last = convert.offset(params.range.start), convert.offset(params.range.end)
        for offer in fixes(found, first, last):
            actions.append(
                types.CodeAction(
                    title=offer.fix.title or f"fix {offer.problem.code}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[convert.diagnostic(offer.problem, found)],
                    is_preferred=offer.fix.safe,
                    edit=convert.changes(offer.fix.edits),
                )
            )
    safe = any(fix.safe for problem in found.problems for fix in problem.fixes)
    if safe and _wants(wanted, FIX_ALL):
        actions += _all_fixed(convert, fix_all(found))
    return actions


def _all_fixed(convert: Converter, edits: tuple[Edit, ...]) -> list[types.CodeAction]:
    if not edits:
        return []
    change = convert.changes(edits)
    return [types.CodeAction("fix all that is surely meant", FIX_ALL, edit=change)]


def _wants(wanted: Any, kind: str) -> bool:
    """Whether an editor asks for a kind of action: for all, for it, or for one above it."""
    return wanted is None or any(kind == each or kind.startswith(f"{each}.") for each in wanted)


def _lenses(asked: Asked, params: types.CodeLensParams) -> list[types.CodeLens]:
    found, convert = asked.found, asked.convert
    lenses = [
        types.CodeLens(convert.range(one.budget.span), types.Command(title=used(one), command=""))
        for one in found.budgets
        if one.budget.span and one.budget.span.source is found.source
    ]
    if found.ok and asked.is_file:
        train = [s for s in found.parsed.statements if s.word == "train"]
        place = train[0].word_span if train else found.source.span(0, 0)
        command = types.Command(
            title="train", command=asked.train_command, arguments=[params.text_document.uri]
        )
        lenses.append(types.CodeLens(convert.range(place), command))
    return lenses


ANSWERS: dict[str, tuple[Any, Callable[[Asked, Any], Any]]] = {
    types.TEXT_DOCUMENT_HOVER: (None, _hover),
    types.TEXT_DOCUMENT_COMPLETION: (
        types.CompletionOptions(trigger_characters=["=", "("]),
        _completion,
    ),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: (
        types.SignatureHelpOptions(trigger_characters=[" ", "(", "=", ","]),
        _signature,
    ),
    types.TEXT_DOCUMENT_INLAY_HINT: (None, _hints),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (None, _symbols),
    types.TEXT_DOCUMENT_FOLDING_RANGE: (None, _folds),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: (LEGEND, _tokens),
    types.TEXT_DOCUMENT_FORMATTING: (None, _format),
    types.TEXT_DOCUMENT_RANGE_FORMATTING: (None, _format_range),
    types.TEXT_DOCUMENT_DEFINITION: (None, _definition),
    types.TEXT_DOCUMENT_REFERENCES: (None, _references),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: (None, _highlight),
    types.TEXT_DOCUMENT_PREPARE_RENAME: (None, _prepare_rename),
    types.TEXT_DOCUMENT_RENAME: (None, _rename),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL]),
        _actions,
    ),
    types.TEXT_DOCUMENT_CODE_LENS: (None, _lenses),
}
"""The requests, each with the options that it tells the editor."""
