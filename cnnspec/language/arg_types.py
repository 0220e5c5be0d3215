"""What an argument can be: a whole number, a pair, a word of a closed set, ...

A kind reads a value from syntax, writes it back as text, and carries it to and
from JSON. Layers and settings are declared with kinds, so that syntax, ranges,
printing, the JSON Schema and the documentation of a value have one source.
"""

import re
from collections.abc import Container, Iterator
from typing import Any

from cnnspec.core.edits import Fix, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import UnknownOption
from cnnspec.diagnostics.values import OutOfRange, TooManyValues, WrongType
from cnnspec.language.expressions import Bindings, evaluate, names_in
from cnnspec.language.numbers import MAX_WHOLE
from cnnspec.language.syntax import (
    Argument,
    Dims,
    Expression,
    Option,
    Relation,
    Sequence,
    String,
    Word,
)

_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
"""A number with its thousands apart, as reports print it: `6,000`."""


_DECIMAL = re.compile(r"[0-9]+,[0-9]+")
"""A number with a decimal comma."""


class ArgType:
    """The reading and writing of one value; a subclass for each sort of value."""

    parts = 1
    """How many parts of a size such as `32x3` it can take."""
    words: tuple[str, ...] = ()
    """Words that may stand alone for it."""
    takes_words = False
    """Whether a word can be its value."""
    many = False
    """Whether it takes every value that follows."""

    @property
    def expected(self) -> str:
        """What messages and documentation say it is."""
        raise NotImplementedError

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        raise NotImplementedError

    def read(self, value: Expression, bindings: Bindings, what: str) -> Any:
        """The value that a piece of syntax stands for; raises `DiagnosticError`."""
        raise NotImplementedError

    def read_parts(self, values: tuple[Expression, ...], bindings: Bindings, what: str) -> Any:
        """The value that some parts of a size stand for."""
        return self.read(values[0], bindings, what)

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings, what: str
    ) -> Any:
        """The value that a statement with these arguments sets; `span` is its word."""
        for argument in arguments:
            if isinstance(argument, Option):
                self._refuse_foreign(argument, what)
        match arguments:
            case ():
                raise DiagnosticError(
                    WrongType(span, what=what, expected=self.expected, found="nothing")
                )
            case (Option() | Relation(), *_):
                raise self._wrong(arguments[0], what)
            case (Expression() as value,):
                return self.read(value, bindings, what)
        raise DiagnosticError(TooManyValues(arguments[1].span, of=what, usage=""))

    def fields_in(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings
    ) -> tuple[str, ...]:
        """The fields that arguments without errors give, where the value is an entry."""
        return ()

    def references(self, arguments: tuple[Argument, ...], known: Container[str]) -> Iterator[Word]:
        """Yields the words in arguments that are read as names of numbers.

        `known` are the names that are defined; a word that is not one can be a choice.
        """
        for argument in arguments:
            if isinstance(argument, Expression):
                yield from self.references_in(argument, known)

    def references_in(self, value: Expression, known: Container[str]) -> Iterator[Word]:
        """Yields the words in one value that are read as names of numbers."""
        if not (self.takes_words and isinstance(value, Word)):
            yield from names_in(value)

    def write(self, value: Any) -> str:
        """The text that reads as the value."""
        return str(value)

    def is_word(self, value: Any) -> bool:
        """Whether the value can be written as the first of its words alone."""
        return False

    def write_full(self, value: Any) -> str:
        """The text that reads as the value and leaves no default unsaid."""
        return self.write(value)

    def dump(self, value: Any) -> Any:
        """The value as JSON."""
        return value

    def load(self, data: Any) -> Any:
        """The value from JSON that the schema allows."""
        return data

    @staticmethod
    def _refuse_foreign(option: Option, what: str) -> None:
        """Raises the error of an option that another tool has, which says what is written here."""
        from cnnspec.diagnostics.dialects import find

        if find(option.name, "option"):
            unknown = UnknownOption(
                option.word_span,
                option=option.name,
                of=what.strip("`"),
                near="",
                known=(),
                value=option.value.span,
            )
            raise DiagnosticError(unknown)

    def _wrong(
        self, value: Argument, what: str, remedy: str = "", fix: Fix | None = None
    ) -> DiagnosticError:
        if isinstance(value, Sequence) and not self.many and _THOUSANDS.fullmatch(value.span.text):
            number = value.span.text.replace(",", "_")
            remedy = f"write `{number}`"
            fix = write(value.span, number, safe=True, title=remedy)
        elif (
            isinstance(value, Sequence)
            and "a number" in self.expected
            and _DECIMAL.fullmatch(value.span.text)
        ):
            number = value.span.text.replace(",", ".")
            share = self.share(float(number)) if isinstance(self, Float) else ""
            remedy = f"write `{number}`, with a point"
            if share:
                remedy, number = f"write `{share}`, for {value.span.text} %", share
            fix = write(value.span, number, safe=number[0] == "0", title=remedy)
        elif isinstance(value, Sequence):
            remedy = "separate values by spaces, without a comma"
            spaced = " ".join(item.span.text for item in value.items)
            fix = write(value.span, spaced, safe=True, title="remove the commas")
        elif self.takes_words and not remedy and isinstance(value, Expression):
            from cnnspec.language.wrong_types import word_for

            fix = word_for(value, self.words)
            remedy = fix.title if fix else ""
        return DiagnosticError(
            WrongType(
                value.span,
                what=what,
                expected=self.expected,
                found=value.kind,
                remedy=remedy,
                fix=fix,
            )
        )


_NO_NUMBERS = (Dims, Sequence, String)


def number_text(value: int | float) -> str:
    """A number as it is written: `16`, `0.5`, `1e+10`, never with a needless point."""
    if abs(value) <= MAX_WHOLE and float(value).is_integer():
        return str(int(value))
    # With its point or exponent: digits alone would be a whole number, and too large a one.
    return repr(float(value))


class Int(ArgType):
    """A whole number in a range."""

    def __init__(self, low: int = 1, high: int = MAX_WHOLE) -> None:
        self.low = low
        self.high = high

    @property
    def expected(self) -> str:
        if self.high == MAX_WHOLE:
            return f"a whole number of at least {self.low}"
        return f"a whole number from {self.low} to {self.high}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def read(self, value: Expression, bindings: Bindings, what: str) -> int:
        if isinstance(value, _NO_NUMBERS):
            raise self._wrong(value, what)
        number = evaluate(value, bindings, what)
        if not isinstance(number, int):
            shown = f"the number {number_text(float(number))}"
            raise DiagnosticError(
                WrongType(value.span, what=what, expected=self.expected, found=shown)
            )
        if not self.low <= number <= self.high:
            allowed = self.expected
            if number > self.high:
                allowed = f"a whole number from {self.low} to {self.high}"
            nearest = str(self.low if number < self.low else self.high)
            raise _out_of_range(value, what, number, allowed, nearest)
        return number

    def load(self, data: Any) -> int:
        # To JSON Schema 84.0 is an integer as well.
        return int(data)


def _out_of_range(
    value: Expression, what: str, number: Any, allowed: str, nearest: str, *, share: bool = False
) -> DiagnosticError:
    """The error of a number outside its range; `nearest` is one inside, if any was meant.

    It may be the `share` that the number is in per cent.
    """
    shown = number_text(number)
    return DiagnosticError(
        OutOfRange(
            value.span, what=what, value=shown, allowed=allowed, nearest=nearest, share=share
        )
    )


MAX_REAL = 3.4e38
"""Weights and their arithmetic are float32, which ends a little above."""


class Float(ArgType):
    """A number in a range, of which either end may be left out."""

    def __init__(
        self,
        low: float = 0.0,
        high: float = MAX_REAL,
        *,
        above: bool = False,
        below: bool = False,
    ) -> None:
        self.low = low
        self.high = high
        self.above = above
        self.below = below

    @property
    def expected(self) -> str:
        if self.low == -MAX_REAL:
            return "a number"
        low = f"above {self.low:g}" if self.above else f"of at least {self.low:g}"
        if self.high == MAX_REAL:
            return f"a number {low}"
        high = f"below {self.high:g}" if self.below else f"at most {self.high:g}"
        return f"a number {low} and {high}"

    @property
    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "number"}
        if self.low != -MAX_REAL:
            schema["exclusiveMinimum" if self.above else "minimum"] = self.low
        if self.high != MAX_REAL:
            schema["exclusiveMaximum" if self.below else "maximum"] = self.high
        return schema

    def read(self, value: Expression, bindings: Bindings, what: str) -> float:
        if isinstance(value, _NO_NUMBERS):
            raise self._wrong(value, what)
        number = float(evaluate(value, bindings, what))
        if not self.contains(number):
            allowed = self.expected
            if abs(number) > MAX_REAL:
                allowed += f", at most {MAX_REAL:g}"
            share = self.share(number)
            nearest = share or self._nearest(number)
            raise _out_of_range(value, what, number, allowed, nearest, share=bool(share))
        return number

    def share(self, number: float) -> str:
        """The number in per cent, as a share; empty where none was meant: 1.5 is no per cent."""
        percent = self.high == 1 and 2 <= number <= 100
        # All of it may be out of range: `dropout 100`.
        if not percent or (number == 100 and self.below):
            return ""
        return number_text(round(number / 100, 12))

    def _nearest(self, number: float) -> str:
        """The number in the range that was most likely meant; empty where none is."""
        if self.high == 1 and 1 < number <= 100:
            return ""
        closed, end = (
            (not self.above, self.low) if number <= self.low else (not self.below, self.high)
        )
        return number_text(end) if closed and abs(number) <= MAX_REAL else ""

    def contains(self, number: float) -> bool:
        """Whether a number is in the range."""
        low = number > self.low if self.above else number >= self.low
        return low and (number < self.high if self.below else number <= self.high)

    def write(self, value: float) -> str:
        return number_text(value)

    def load(self, data: Any) -> float:
        return float(data)
