"""Names across files: where one is defined, where it is used, and what renaming it changes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cnnspec.core.edits import Edit, apply_edits
from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.expansion.symbols import Symbol, rename, symbol_at, symbols
from cnnspec.language.parse import parse
from cnnspec.service.snapshot import Snapshot, snapshot


def name_at(found: Snapshot, offset: int) -> Symbol | None:
    """Returns the name at a character, `None` where there is none."""
    return symbol_at(found.symbols, found.source, offset)


def definition(found: Snapshot, offset: int) -> Span | None:
    """Returns where the name at a character is defined, for a file its beginning."""
    symbol = name_at(found, offset)
    return symbol.definition if symbol else None


def references(found: Snapshot, offset: int, others: Iterable[Source] = ()) -> tuple[Span, ...]:
    """Returns every place that means the name at a character, its definition first.

    `others` are the texts of files that may use this one.
    """
    symbol = name_at(found, offset)
    if symbol is None:
        return ()
    places = [*symbol.spans]
    known = {_place(span) for span in places}
    for _, same in _elsewhere(symbol, found, others):
        for span in same.spans:
            if _place(span) not in known:
                known.add(_place(span))
                places.append(span)
    return tuple(places)


def _elsewhere(
    symbol: Symbol, found: Snapshot, others: Iterable[Source]
) -> Iterator[tuple[Source, Symbol]]:
    """The same name as other texts see it, which use the file that defines it."""
    if symbol.kind not in ("block", "parameter"):
        return
    for other in others:
        if "use" not in other.text or _file(other) == _file(found.source):
            continue
        for same in symbols(parse(other), found.unsaved):
            if _place(same.definition) == _place(symbol.definition):
                yield other, same


class Renaming(Record):
    """The edits that give a name another spelling, or why they are not made."""

    edits: tuple[Edit, ...] = ()
    reason: str = ""


def renamed(found: Snapshot, offset: int, name: str, others: Iterable[Source] = ()) -> Renaming:
    """Returns the edits that rename what is at a character, in every file.

    They are tried: every text must mean the same afterwards. A name that is taken, or that an
    inner one would hide, is refused with the reason.
    """
    symbol = name_at(found, offset)
    if symbol is None:
        return Renaming(reason="there is no name here that can be changed")
    others = [*others]
    try:
        edits = [*rename(symbol, name)]
        seen = {_place(edit.span) for edit in edits}
        users = []
        for other, same in _elsewhere(symbol, found, others):
            users.append(other)
            own = rename(same, name)
            edits += [edit for edit in own if _place(edit.span) not in seen]
            seen |= {_place(edit.span) for edit in own}
    except ValueError as error:
        return Renaming(reason=str(error))
    reason = _changed(found, users, edits, name)
    return Renaming(reason=reason) if reason else Renaming(tuple(edits))


def _changed(found: Snapshot, users: list[Source], edits: list[Edit], name: str) -> str:
    """Why a text would mean something else after some edits; empty where none would."""
    texts: dict[str, str] = {}
    by_file: dict[str, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(_file(edit.span.source), []).append(edit)
    for file, own in by_file.items():
        source = own[0].span.source
        # The same file can have been read more than once; the text is the same.
        moved = [Edit(source.span(e.span.start, e.span.end), e.text) for e in own]
        texts[file] = apply_edits(source, moved)
    unsaved = {**found.unsaved, **texts}
    for source in [found.source, *users]:
        before = found if source is found.source else snapshot(source, None, found.unsaved)
        text = texts.get(_file(source), source.text)
        after = snapshot(Source(source.name, text), before.overrides, unsaved)
        if _errors(after) > _errors(before) or _uses(after) != _uses(before):
            errors = [p.message for p in after.problems if p.severity == "error"]
            why = errors[0] if _errors(after) > _errors(before) else "another name would hide it"
            return f"`{name}` cannot be its name in {source.name}: {why}"
    return ""


def _errors(found: Snapshot) -> int:
    return sum(problem.severity == "error" for problem in found.problems)


def _uses(found: Snapshot) -> list[tuple[str, int]]:
    """Every name by its kind with the number of its uses, in the order of the text."""
    return [(symbol.kind, len(symbol.uses)) for symbol in found.symbols]


def _file(source: Source) -> str:
    """What a file is known by, however its path is written; a text in no file by its name."""
    return source.name if source.name.startswith("<") else str(Path(source.name).resolve())


def _place(span: Span) -> tuple[str, int]:
    return _file(span.source), span.start


def uses_file(found: Snapshot, file: Path) -> bool:
    """Returns whether a text uses a file, also by another one."""
    return "use" in found.source.text and any(
        symbol.kind == "file" and _file(symbol.definition.source) == str(file)
        for symbol in found.symbols
    )
