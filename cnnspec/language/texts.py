"""Kinds of texts that a person makes up: a name, a path, a known name or a path."""

import re
from typing import Any

from cnnspec.core.edits import write
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import UnknownWord
from cnnspec.diagnostics.values import WrongType
from cnnspec.language.arg_types import ArgType
from cnnspec.language.choices import Choice
from cnnspec.language.expressions import Bindings
from cnnspec.language.scan import MAX_WORD
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Binary, Expression, Number, String, Word

_NAME = (
    # Not dots and blanks alone; nothing that a path, a quote or a terminal would read.
    r"(?=.*[^ .])"
    r'[^"/\\\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+'
)
_WORD = r"[^\W\d]\w*"


class Name(ArgType):
    """A name a person gives: letters, digits, `_`; in quotes also `-`, `.` and spaces."""

    takes_words = True

    @property
    def expected(self) -> str:
        return "a name"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": MAX_WORD, "pattern": f"^{_NAME}$"}

    def read(self, value: Expression, bindings: Bindings, what: str) -> str:
        match value:
            case Word(text=text):
                return text
            case String(value=text) if re.fullmatch(_NAME, text) and len(text) <= MAX_WORD:
                return text
            case String():
                remedy = "use a short name without `/`, `\\` and tabs"
                raise self._wrong(value, what, remedy)
        text = value.span.text
        if isinstance(value, Binary) and re.fullmatch(_NAME, text):
            remedy = f'write the name in quotes: "{text}"'
            fix = write(value.span, f'"{text}"', safe=True, title=remedy)
            fault = WrongType(
                value.span,
                what=what,
                expected=self.expected,
                found="an expression",
                remedy=remedy,
                fix=fix,
            )
            raise DiagnosticError(fault)
        raise self._wrong(value, what)

    def write(self, value: str) -> str:
        return value if re.fullmatch(_WORD, value) and value != "in" else f'"{value}"'


_TEXT = (
    # Not blanks alone; nothing that a string or a terminal could not carry.
    r"(?=.*[^ ])"
    r'[^"\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+'
)
MAX_TEXT = 4096
"""As long as a path can be on Linux."""


class Text(ArgType):
    """A text that only its reader understands, such as a path: in quotes, or a word."""

    takes_words = True

    def __init__(self, expected: str, not_a_number: str = "") -> None:
        self._expected = expected
        self._not_a_number = not_a_number
        """The remedy where a number is given."""

    @property
    def expected(self) -> str:
        return self._expected

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": MAX_TEXT, "pattern": f"^{_TEXT}$"}

    def read(self, value: Expression, bindings: Bindings, what: str) -> str:
        match value:
            case Word(text=text):
                return text
            case String(value=text) if re.fullmatch(_TEXT, text) and len(text) <= MAX_TEXT:
                return text
            case String():
                remedy = "write a path that is not empty and has no tab in it"
                raise self._wrong(value, what, remedy)
            case Number():
                remedy = self._not_a_number or f'write it in quotes: `"{value.span.text}"`'
                raise self._wrong(value, what, remedy)
        raise self._wrong(value, what)

    def write(self, value: str) -> str:
        return value if re.fullmatch(_WORD, value) and value != "in" else f'"{value}"'


class Source(ArgType):
    """One of some known names, or a path in quotes.

    A path that reads like a known name is kept as one in the folder at hand: `./mnist`.
    """

    takes_words = True

    def __init__(self, *words: str) -> None:
        self.words = words
        self.choice = Choice(*words)
        self.path = Text("a path")

    @property
    def expected(self) -> str:
        return f"{self.choice.expected}, or a path in quotes"

    @property
    def schema(self) -> dict[str, Any]:
        return self.path.schema

    def read(self, value: Expression, bindings: Bindings, what: str) -> str:
        if isinstance(value, String):
            path = self.path.read(value, bindings, what)
            return f"./{path}" if path in self.words else path
        if not isinstance(value, Word):
            raise self._wrong(value, what)
        if value.text in self.words:
            return value.text
        from cnnspec.diagnostics.dialects import find

        # `kmnist` is a set of its own, and not a misspelled `mnist`.
        known = find(value.text, "word")
        near = "" if known and not known.words else nearest(value.text, self.words)
        raise DiagnosticError(
            UnknownWord(
                value.span, word=value.text, of=what, near=near, known=self.words, path=True
            )
        )

    def write(self, value: str) -> str:
        return value if value in self.words else f'"{value}"'
