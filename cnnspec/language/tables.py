"""Kinds whose values are entries: a word of a table, or the arguments of a statement."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from cnnspec.core.edits import write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import Misplaced, UnknownWord
from cnnspec.language.arg_types import ArgType
from cnnspec.language.binding import bind
from cnnspec.language.choices import quoted
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings
from cnnspec.language.forms import references
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Expression,
    Sequence,
    String,
    Word,
)


def tagged(key: str, table: Mapping[str, type[Construct]]) -> dict[str, Any]:
    """The JSON Schema of an object whose `key` holds a word of the table.

    Written with `if` and `then`, so that a validator complains about the entry that
    was meant and not about all the others.
    """
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": list(table)}},
        "allOf": [
            {"if": {"properties": {key: {"const": word}}}, "then": cls.schema(key)}
            for word, cls in table.items()
        ],
    }


class OneOf(ArgType):
    """A word of a table, alone or as a call with arguments: `adam(1e-3)`.

    `what` is what its entries are called; the JSON Schema defines them once, under
    that name.
    """

    takes_words = True

    def __init__(self, what: str, table: Mapping[str, type[Construct]], *, usual: str = "") -> None:
        self.what = what
        self.table = table
        self.usual = usual
        """The word that a number without one is most likely meant for; by default the first."""
        self.words = tuple(table)

    @property
    def expected(self) -> str:
        plural = f"{self.what}es" if self.what.endswith("s") else f"{self.what}s"
        return f"one of the {plural} " + ", ".join(f"`{word}`" for word in self.words)

    @property
    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.what}"}

    def read(self, value: Expression, bindings: Bindings, what: str) -> Construct:
        match value:
            case Word(text=name, span=span):
                arguments: tuple[Argument, ...] = ()
            case Call(name=name, word_span=span, arguments=inside):
                arguments = inside
            case String():
                raise quoted(value, self.words, self.expected, what)
            case _:
                from cnnspec.language.wrong_types import without_word

                remedy, fix = without_word(self.table, self.usual, value, bindings)
                raise self._wrong(value, what, remedy, fix)
        if name not in self.table:
            near = nearest(name, self.table)
            raise DiagnosticError(
                UnknownWord(span, word=name, of=what, near=near, known=self.words)
            )
        problems: list[Diagnostic] = []
        bound = bind(self.table[name], arguments, span, bindings, problems)
        if problems:
            raise DiagnosticError(problems[0])
        entry: Construct = bound.entry
        return entry

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings, what: str
    ) -> Construct:
        match arguments:
            # `adam, 0.01`, of which a comma makes a list.
            case (Sequence(items=(Word() | Call(), *_) as items), *after):
                listed: tuple[Argument, ...] = (*items, *after)
            case _:
                listed = arguments
        match listed:
            # `adam 0.01`, and `adam(0.01) ema=0.9`.
            case (Word(text=name) | Call(name=name), extra, *_) if name in self.table:
                from cnnspec.language.slips import called

                inside = listed[0].arguments if isinstance(listed[0], Call) else ()
                entry, given = self.table[name], (*inside, *listed[1:])
                written = called(entry, given, bindings)
                if written is None:
                    problems: list[Diagnostic] = []
                    bind(entry, given, span, bindings, problems)
                    raise DiagnosticError(problems[0])
                text, safe = written
                place = listed[0].span.to(listed[-1].span)
                fix = write(place, text, safe=safe, title="put it in parentheses")
                home = f"in parentheses: `{text}`"
                raise DiagnosticError(
                    Misplaced(extra.span, word=extra.span.text, home=home, fix=fix)
                )
        read: Construct = super().read_arguments(arguments, span, bindings, what)
        return read

    def fields_in(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings
    ) -> tuple[str, ...]:
        match arguments:
            case (Call(name=name, arguments=inside),):
                return tuple(bind(self.table[name], inside, span, bindings, []).spans)
        return ()

    def references_in(self, value: Expression, known: Container[str]) -> Iterator[Word]:
        match value:
            case Call(name=name, arguments=inside) if name in self.table:
                yield from references(self.table[name], inside, known)

    def write(self, value: Construct) -> str:
        return value.called()

    def write_full(self, value: Construct) -> str:
        return value.called(full=True)

    def dump(self, value: Construct) -> dict[str, Any]:
        return {"name": value.word, **value.dump()}

    def load(self, data: Any) -> Construct:
        return self.table[data["name"]].load(data)


class Construction(ArgType):
    """The arguments of a statement bound to an entry: `early_stop val_f1 patience=5`.

    As a single value, for `--set` and `sweep`, it is written as a call with the word:
    `early_stop(val_f1, patience=5)`. An `optional` one can be `none`.
    """

    def __init__(self, cls: type[Construct], *, optional: bool = False) -> None:
        self.cls = cls
        self.optional = optional
        self.words = (*cls.words(), *(["none"] if optional else []))

    @property
    def expected(self) -> str:
        return f"`{self.cls.usage()}`{' or `none`' if self.optional else ''}"

    @property
    def schema(self) -> dict[str, Any]:
        return self.cls.schema("")

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings, what: str
    ) -> Construct | None:
        match arguments:
            case (Word(text="none"),) if self.optional:
                return None
            case (Call(name=name, word_span=span, arguments=inside),) if name == self.cls.word:
                arguments = inside
        problems: list[Diagnostic] = []
        bound = bind(self.cls, arguments, span, bindings, problems)
        if problems:
            raise DiagnosticError(problems[0])
        entry: Construct = bound.entry
        return entry

    def read(self, value: Expression, bindings: Bindings, what: str) -> Construct | None:
        return self.read_arguments((value,), value.span, bindings, what)

    def fields_in(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings
    ) -> tuple[str, ...]:
        match arguments:
            case (Word(text="none"),) if self.optional:
                return ()
            case (Call(name=name, arguments=inside),) if name == self.cls.word:
                arguments = inside
        return tuple(bind(self.cls, arguments, span, bindings, []).spans)

    def references(self, arguments: tuple[Argument, ...], known: Container[str]) -> Iterator[Word]:
        match arguments:
            case (Call(name=name, arguments=inside),) if name == self.cls.word:
                arguments = inside
        return references(self.cls, arguments, known)

    def references_in(self, value: Expression, known: Container[str]) -> Iterator[Word]:
        return self.references((value,), known)

    def write(self, value: Construct) -> str:
        return " ".join(value.arguments())

    def write_full(self, value: Construct) -> str:
        return " ".join(value.arguments(full=True))

    def dump(self, value: Construct) -> dict[str, Any]:
        return value.dump()

    def load(self, data: Any) -> Construct:
        return self.cls.load(data)
