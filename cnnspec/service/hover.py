"""What is at a place, in Markdown: a word with its help, a layer with its shapes and formulas."""

from cnnspec.analysis.costs import BudgetResult
from cnnspec.analysis.formulas import derivation, facts
from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.expansion.symbols import Symbol, symbol_at
from cnnspec.service.completion import names_at
from cnnspec.service.meanings import Meaning
from cnnspec.service.sites import Site, sites
from cnnspec.service.snapshot import Snapshot
from cnnspec.service.tokens import Token, tokens
from cnnspec.service.words import meaning_at, parameters

_MOST_CALLS = 3
"""Layers of one statement whose formulas are written out."""


class Hover(Record):
    """A text in Markdown, and the word that it is about."""

    span: Span
    text: str


def hover(snapshot: Snapshot, offset: int) -> Hover | None:
    """Returns what is known of the word at a character; `None` where there is nothing to say."""
    token = _token_at(snapshot, offset)
    if token is None or token.form not in ("word", "number", "times"):
        return None
    span = snapshot.source.span(token.start, token.end)
    names = names_at(snapshot, token.start)
    parts = []
    named = symbol_at(snapshot.symbols, snapshot.source, token.start)
    if named is not None:
        parts.append(_symbol(snapshot, named))
    elif token.form == "word" and (meaning := meaning_at(token.place, token.text, names)):
        parts.append(_meaning(meaning))
    start = token.start if not token.place.statement else token.place.start
    parts += [_site(site) for site in sites(snapshot) if site.statement.span.start == start]
    parts += _budget(snapshot, start)
    return Hover(span, "\n\n".join(parts)) if parts else None


def _token_at(snapshot: Snapshot, offset: int) -> Token | None:
    """The token of which a character is, or behind whose last one it is."""
    touched = None
    for token in tokens(snapshot.source.text):
        if token.start > offset:
            break
        if token.end >= offset and token.form != "end":
            touched = token
    return touched


def _meaning(meaning: Meaning) -> str:
    head = f"```cnn\n{meaning.detail}\n```" if meaning.detail else f"`{meaning.word}`"
    # The help of a word of structure begins with how it is written.
    if meaning.help.startswith("`") and not meaning.detail:
        return meaning.help
    return f"{head}\n\n{meaning.help}" if meaning.help else head


def _symbol(snapshot: Snapshot, symbol: Symbol) -> str:
    """A name: how it is defined, its value, and how often it is used."""
    uses = len(symbol.uses)
    used = f"used {uses} time{'' if uses == 1 else 's'}"
    place = symbol.definition
    where = f", defined in {place.source.name}" if place.source is not snapshot.source else ""
    return f"```cnn\n{_definition(snapshot, symbol)}\n```\n\n{symbol.kind}, {used}{where}"


def _definition(snapshot: Snapshot, symbol: Symbol) -> str:
    match symbol.kind:
        case "let":
            for let in snapshot.lets:
                if let.span.start == symbol.definition.start and symbol.definition.source is (
                    let.span.source
                ):
                    found = " (found by fit)" if let.name in snapshot.checked.fitted else ""
                    return f"let {let.name} = {let.value}{found}"
            line = symbol.definition.line
            return symbol.definition.source.line(line).partition("#")[0].strip()
        case "block":
            given = ", ".join(p.name for p in parameters(symbol, snapshot.symbols))
            return f"block {symbol.name}({given})" if given else f"block {symbol.name}"
        case "layer":
            return f"name={symbol.name}"
        case "file":
            return f'use "{symbol.name}"'
    return f"{symbol.kind} {symbol.name}"


def _site(site: Site) -> str:
    """Shapes and costs of the layers of a statement, each number with its formula."""
    lines = [
        f"**{site.inputs} → {site.shapes}**, {site.params:,} parameters, {site.macs:,} MACs",
    ]
    # Of what a layer brings along, as a flatten, only that is told which costs something.
    shown = [call for call in site.calls if not call.implicit or call.params]
    if len(shown) > _MOST_CALLS:
        return lines[0] + f" in {len(shown):,} layers"
    for call in shown:
        lines.append("")
        if len(shown) > 1:
            lines.append(f"`{call.name}`\n")
        known = [(name, number) for name, number in facts(call) if number.value]
        lines += [f"- {name}: `{derivation(number)}`" for name, number in known]
    return "\n".join(lines)


def _budget(snapshot: Snapshot, start: int) -> list[str]:
    """The value of a budget that begins at a character."""
    return [
        f"**{used(one)}**"
        for one in snapshot.budgets
        if one.budget.span and one.budget.span.start == start
    ]


def used(result: BudgetResult) -> str:
    """Returns how much of a budget is used: `61,706 of 62,000 (99.5 %)`."""
    limit = f"{result.budget.limit:,.12g}"
    share = f" ({100 * result.share:.1f} %)" if result.share is not None else ""
    held = "" if result.holds else ", not held"
    about = "about " if result.error else ""
    return f"{about}{result.value:,} of {limit}{share}{held}"
