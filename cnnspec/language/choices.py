"""Kinds of words: a choice, a switch, a value or a word, several words."""

from collections.abc import Container, Iterator
from typing import Any

from cnnspec.core.edits import write
from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import UnknownWord
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.diagnostics.values import WrongType
from cnnspec.language.arg_types import ArgType
from cnnspec.language.expressions import Bindings
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Argument,
    Expression,
    Option,
    Relation,
    Sequence,
    String,
    Word,
)


class Choice(ArgType):
    """One word of a closed set."""

    takes_words = True

    def __init__(self, *words: str) -> None:
        self.words = words

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(f"`{word}`" for word in self.words)

    @property
    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}

    def read(self, value: Expression, bindings: Bindings, what: str) -> str:
        if isinstance(value, String):
            raise quoted(value, self.words, self.expected, what)
        if not isinstance(value, Word):
            raise self._wrong(value, what)
        if value.text in self.words:
            return value.text
        near = nearest(value.text, self.words)
        raise DiagnosticError(
            UnknownWord(value.span, word=value.text, of=what, near=near, known=self.words)
        )


def quoted(value: String, words: tuple[str, ...], expected: str, what: str) -> DiagnosticError:
    """The error of a word in quotes, as it is written in Python."""
    near = value.value if value.value in words else nearest(value.value, words)
    remedy = f"write `{near}`, without quotes" if near else "words are written without quotes"
    fix = near and write(value.span, near, safe=near == value.value, title=f"write `{near}`")
    return DiagnosticError(
        WrongType(
            value.span,
            what=what,
            expected=expected,
            found=value.kind,
            remedy=remedy,
            fix=fix or None,
        )
    )


class Bool(ArgType):
    """Yes or no; `word` standing alone says the one that is not the default."""

    takes_words = True

    def __init__(self, word: str, *, means: bool) -> None:
        self.words = (word,)
        self.means = means

    @property
    def expected(self) -> str:
        return "`yes` or `no`"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, value: Expression, bindings: Bindings, what: str) -> bool:
        if isinstance(value, Word):
            if value.text in self.words:
                return self.means
            if value.text in ("yes", "no", "true", "false"):
                return value.text in ("yes", "true")
        python = {"True": "yes", "False": "no"}.get(value.span.text, "")
        raise self._wrong(value, what, python and f"write `{python}`")

    def write(self, value: bool) -> str:
        return "yes" if value else "no"

    def is_word(self, value: Any) -> bool:
        return value is self.means


class Union(ArgType):
    """A value of another kind, or one of a few words."""

    takes_words = True

    def __init__(self, kind: ArgType, *words: str) -> None:
        self.kind = kind
        self.choice = Choice(*words)
        self.words = words
        self.parts = kind.parts

    @property
    def expected(self) -> str:
        return f"{self.kind.expected}, or {self.choice.expected}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.kind.schema, self.choice.schema]}

    def read(self, value: Expression, bindings: Bindings, what: str) -> Any:
        if isinstance(value, Word) and value.text not in bindings:
            return self.choice.read(value, bindings, what)
        return self.kind.read(value, bindings, what)

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings, what: str
    ) -> Any:
        if self.kind.many and len(arguments) > 1:
            return self.kind.read_arguments(arguments, span, bindings, what)
        return super().read_arguments(arguments, span, bindings, what)

    def references_in(self, value: Expression, known: Container[str]) -> Iterator[Word]:
        if not isinstance(value, Word) or value.text in known:
            yield from self.kind.references_in(value, known)

    def read_parts(self, values: tuple[Expression, ...], bindings: Bindings, what: str) -> Any:
        if isinstance(values[0], Word):
            return self.read(values[0], bindings, what)
        return self.kind.read_parts(values, bindings, what)

    def write(self, value: Any) -> str:
        return value if value in self.words else self.kind.write(value)

    def dump(self, value: Any) -> Any:
        return value if value in self.words else self.kind.dump(value)

    def load(self, data: Any) -> Any:
        return data if data in self.words else self.kind.load(data)


class WordSet(ArgType):
    """One or more words of a closed set, each once."""

    many = True
    takes_words = True

    def __init__(self, *words: str) -> None:
        self.choice = Choice(*words)
        self.words = words

    @property
    def expected(self) -> str:
        return "some of " + ", ".join(f"`{word}`" for word in self.words)

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.choice.schema, "uniqueItems": True}

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings, what: str
    ) -> tuple[str, ...]:
        if not arguments:
            fault = WrongType(span, what=what, expected=self.expected, found="nothing")
            raise DiagnosticError(fault)
        places: dict[str, Span] = {}
        for argument in arguments:
            if isinstance(argument, Option | Relation):
                raise self._wrong(argument, what)
            for item in argument.items if isinstance(argument, Sequence) else (argument,):
                word = self.choice.read(item, bindings, what)
                if word in places:
                    raise DiagnosticError(
                        GivenTwice(item.span, what=f"`{word}`", first=places[word])
                    )
                places[word] = item.span
        return tuple(places)

    def read(self, value: Expression, bindings: Bindings, what: str) -> tuple[str, ...]:
        return self.read_arguments((value,), value.span, bindings, what)

    def references_in(self, value: Expression, known: Container[str]) -> Iterator[Word]:
        return iter(())

    def write(self, value: tuple[str, ...]) -> str:
        return " ".join(value)

    def dump(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def load(self, data: Any) -> tuple[str, ...]:
        return tuple(data)
