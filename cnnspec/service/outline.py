"""The parts of a text: the statements as a tree, what can be folded, and words by their sort."""

from collections.abc import Iterator

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.language.scan import comments
from cnnspec.language.syntax import Statement
from cnnspec.layers.merging import MERGES
from cnnspec.service.sites import Site, sites, statements
from cnnspec.service.snapshot import Snapshot
from cnnspec.service.tokens import Token, tokens
from cnnspec.service.words import LIMITED, meaning_at


class Part(Record):
    """A statement of an outline: its name, a detail such as its shape, and its parts.

    The kind is `layer`, `block`, `let`, `claim`, `setting` or `group`.
    """

    name: str
    detail: str
    kind: str
    span: Span
    word: Span
    parts: "tuple[Part, ...]" = ()


_KINDS = {
    "block": "block",
    "let": "let",
    **dict.fromkeys((*LIMITED, "expect"), "claim"),
    "train": "group",
    "sweep": "group",
    "repeat": "group",
    "branch": "group",
    "residual": "group",
    **dict.fromkeys(MERGES, "group"),
}


def outline(snapshot: Snapshot) -> tuple[Part, ...]:
    """Returns the statements of a text as a tree, layers with their output shapes."""
    shapes = {site.statement.span.start: site for site in sites(snapshot)}
    return tuple(_part(each, shapes) for each in snapshot.parsed.statements)


def _part(statement: Statement, known: dict[int, Site]) -> Part:
    inner = statement.block.statements if statement.block else ()
    site = known.get(statement.span.start)
    kind = _KINDS.get(statement.word, "layer" if site else "setting")
    head = statement.span.text[: inner[0].span.start - statement.span.start if inner else None]
    name = " ".join(head.partition("{")[0].split()) or statement.word
    return Part(
        name,
        site.shapes if site else "",
        kind,
        statement.span,
        statement.word_span,
        tuple(_part(each, known) for each in inner),
    )


class Fold(Record):
    """Lines that can be folded, from the line of the first character to that of the last."""

    span: Span
    comment: bool = False


def folds(snapshot: Snapshot) -> tuple[Fold, ...]:
    """Returns the blocks and the runs of comments that are on several lines."""
    found = [
        Fold(snapshot.source.span(statement.span.start, statement.block.span.end))
        for statement in statements(snapshot.parsed.statements)
        if statement.block and statement.block.closed and "\n" in statement.block.span.text
    ]
    return (*found, *_comments(snapshot))


def _comments(snapshot: Snapshot) -> Iterator[Fold]:
    """Comments on lines of their own, one below the other."""
    text = snapshot.source.text
    run: list[Span] = []
    for comment in [*comments(snapshot.source), None]:
        alone = comment and not text[text.rfind("\n", 0, comment.start) + 1 : comment.start].strip()
        if run and not (alone and comment and text[run[-1].end : comment.start].count("\n") == 1):
            if len(run) > 1:
                yield Fold(run[0].to(run[-1]), comment=True)
            run = []
        if comment and alone:
            run.append(comment)


class Mark(Record):
    """A word with the sort that its colour follows; `defines` where a name gets its meaning."""

    span: Span
    sort: str
    defines: bool = False


NAMES = {
    "let": "let",
    "block": "block",
    "parameter": "parameter",
    "variable": "variable",
    "layer": "label",
}
"""The sort of a name by the kind of its symbol: a `label` names a layer."""


def marks(snapshot: Snapshot) -> tuple[Mark, ...]:
    """Returns every word, number, text and comment with its sort, in the order of the text.

    Sorts are those of `words.SORTS`, `number`, `string`, `comment`, and for names that a person
    gave those of `NAMES`.
    """
    source = snapshot.source
    names: dict[int, tuple[str, bool]] = {}
    for symbol in snapshot.symbols:
        for span in symbol.spans:
            if span.source is source and symbol.kind != "file":
                names[span.start] = NAMES[symbol.kind], span is symbol.definition
    found = [Mark(comment, "comment") for comment in comments(source)]
    sorts: dict[object, str] = {}
    for token in tokens(source.text):
        span = source.span(token.start, token.end)
        if token.start in names:
            found.append(Mark(span, *names[token.start]))
        elif token.form in ("number", "string"):
            found.append(Mark(span, token.form))
        elif token.form == "word" and (sort := _sort(token, sorts)):
            found.append(Mark(span, sort))
    return tuple(sorted(found, key=lambda mark: mark.span.start))


def _sort(token: Token, known: dict[object, str]) -> str:
    """The sort of a word of the language, empty for another; most are many times in a text."""
    place = token.place
    quantity = place.given[:1] if place.statement in (*LIMITED, "expect") else ()
    key = (token.text, place.blocks[-1:], place.statement, place.calls, place.option, quantity)
    if key not in known:
        meaning = meaning_at(place, token.text)
        known[key] = "keyword" if token.text == "in" else meaning.sort if meaning else ""
    return known[key]
