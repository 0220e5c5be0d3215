"""Pieces of a text that differ in whole numbers alone: what a block with parameters can say.

A piece is a statement with all that is in it. Its `key` is all of it but the numbers, its `terms`
are those numbers in order. Two pieces with one key are one text with other numbers.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from cnnspec.core.record import Record
from cnnspec.ir.spec import Element, From, Merge, Node, SharedRepeat, is_automatic
from cnnspec.language.arg_types import Int
from cnnspec.language.several import Pair
from cnnspec.language.texts import Name
from cnnspec.layers.base import Layer
from cnnspec.layers.merging import Add, Residual

_NAME = Name()
_FIRST = 7_770_001
"""Stands for the first number that is not a plain one while a layer is written."""


class Term(Record):
    """A number, or a parameter of a block times a number."""

    factor: int
    parameter: str = ""

    def times(self, other: "Term") -> int | None:
        """The whole number above 1 that makes this term of the other; `None` without one."""
        if self.parameter != other.parameter or not other.factor:
            return None
        ratio, rest = divmod(self.factor, other.factor)
        return ratio if not rest and ratio > 1 else None

    def __str__(self) -> str:
        if not self.parameter:
            return str(self.factor)
        return f"({self.parameter})" if self.factor == 1 else f"({self.factor}*{self.parameter})"


Lines = list[str]
Key = tuple[object, ...]


class Piece(Record):
    """A statement. `hints` say what each number is: the name of its field, such as `filters`."""

    memos: ClassVar[tuple[str, ...]] = ("_lines",)

    key: Key
    terms: tuple[Term, ...]
    hints: tuple[str, ...]
    word: str
    bound: bool = False
    """Whether it has a name, or takes a value by its name: then it stays where it is."""

    def with_terms(self, terms: Iterator[Term]) -> "Piece":
        """The same statement with other numbers."""
        return self.replace(terms=tuple(next(terms) for _ in self.terms))

    def lines(self) -> Lines:
        """Its text."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """How many lines it takes."""
        return len(self.memo("_lines", self.lines))


Pieces = tuple[Piece, ...]


class Statement(Piece):
    """A layer."""

    layer: Layer | None = None
    name: str = ""

    def lines(self) -> Lines:
        assert self.layer is not None
        stands: dict[str, object] = {}
        texts: dict[str, str] = {}
        for number, (field, term) in enumerate(zip(self.hints, self.terms, strict=True), _FIRST):
            value = term.factor
            if term.parameter:
                value, texts[str(number)] = number, str(term)
            pair = isinstance(type(self.layer).specs[field].kind, Pair)
            stands[field] = (value, value) if pair else value
        line = self.layer.replace(**stands).written()
        for stand, text in texts.items():
            line = line.replace(stand, text)
        return [line + _named(self.name)]


class Route(Piece):
    """The beginning of a branch at a value by its name."""

    source: str = ""

    def lines(self) -> Lines:
        return [f"from {_NAME.write(self.source)}"]


class Nested(Piece):
    """A statement with others in it: a body, or a branch for each input of a merge."""

    head: str = ""
    bodies: "tuple[tuple[Piece, ...], ...]" = ()
    branches: bool = False

    @classmethod
    def of(
        cls,
        word: str,
        head: str,
        bodies: "tuple[tuple[Piece, ...], ...]",
        *,
        branches: bool = False,
        named: bool = False,
        own: tuple[tuple[Term, str], ...] = (),
    ) -> "Nested":
        """Makes one; `own` are numbers of its head, where that has `{}`."""
        inner = [piece for body in bodies for piece in body]
        return cls(
            (head, branches, tuple(tuple(piece.key for piece in body) for body in bodies)),
            (*(term for term, _ in own), *(term for piece in inner for term in piece.terms)),
            (*(hint for _, hint in own), *(hint for piece in inner for hint in piece.hints)),
            word,
            named or any(piece.bound for piece in inner),
            head,
            bodies,
            branches,
        )

    @property
    def own(self) -> int:
        """How many numbers its head has."""
        return self.head.count("{}")

    def with_bodies(self, bodies: "tuple[tuple[Piece, ...], ...]") -> "Nested":
        """The same statement with other pieces in it."""
        own = tuple(zip(self.terms, self.hints, strict=True))[: self.own]
        return Nested.of(
            self.word, self.head, bodies, branches=self.branches, named=self.bound, own=own
        )

    def with_terms(self, terms: Iterator[Term]) -> "Nested":
        own = tuple((next(terms), hint) for hint in self.hints[: self.own])
        bodies = tuple(tuple(piece.with_terms(terms) for piece in body) for body in self.bodies)
        return Nested.of(
            self.word, self.head, bodies, branches=self.branches, named=self.bound, own=own
        )

    def lines(self) -> Lines:
        head = self.head.format(*self.terms[: self.own])
        bodies = [[line for piece in body for line in piece.lines()] for body in self.bodies]
        if self.branches:
            bodies = [block("branch", body) for body in bodies]
        return block(head, [line for body in bodies for line in body])


def block(head: str, lines: Lines) -> Lines:
    """Lines in braces: on one line where it is only one."""
    if len(lines) < 2:
        return [f"{head} {{ {''.join(lines)} }}" if lines else f"{head} {{ }}"]
    return [f"{head} {{", *(f"  {line}" for line in lines), "}"]


def pieces(elements: Iterable[Element]) -> tuple[Piece, ...]:
    """Returns the pieces of some elements."""
    return tuple(map(_piece, elements))


def repeat(times: int, body: tuple[Piece, ...]) -> Nested:
    """Some pieces several times."""
    return Nested.of("repeat", "repeat {}", (body,), own=((Term(times), "times"),))


def _piece(element: Element) -> Piece:
    match element:
        case Node(name=name, layer=layer):
            return _statement(layer, "" if is_automatic(name) else name)
        case Merge(name=name, layer=layer, branches=branches):
            bodies = tuple(map(pieces, branches))
            named = not is_automatic(name)
            name = name if named else ""
            if layer == Add() and len(bodies) == 2 and bodies[0] and not bodies[1]:
                word = Residual.word
                return Nested.of(word, f"{word}{_named(name)}", bodies[:1], named=named)
            head = f"{layer.written()}{_named(name)}"
            return Nested.of(layer.word, head, bodies, branches=True, named=named)
        case SharedRepeat(times=times, body=body):
            return Nested.of("repeat", f"repeat {times} shared", (pieces(body),))
        case From(source=source):
            return Route(("from", source), (), (), "from", bound=True, source=source)
    raise TypeError(element)


def _statement(layer: Layer, name: str) -> Statement:
    """A layer; its whole numbers and its square pairs are terms."""
    fixed: list[tuple[str, object]] = []
    terms: list[Term] = []
    hints: list[str] = []
    for field, spec in type(layer).specs.items():
        value = getattr(layer, field)
        square = isinstance(spec.kind, Pair) and value is not None and value[0] == value[1]
        number = value[0] if square else value
        if isinstance(spec.kind, Int | Pair) and isinstance(number, int):
            terms.append(Term(number))
            hints.append(field)
        else:
            fixed.append((field, spec.kind.write(value) if value is not None else ""))
    key = (layer.word, tuple(fixed), tuple(hints), name)
    return Statement(
        key, tuple(terms), tuple(hints), layer.word, bound=bool(name), layer=layer, name=name
    )


def _named(name: str) -> str:
    return f" name={_NAME.write(name)}" if name else ""


def sequences(body: Pieces) -> Iterator[Pieces]:
    """A sequence, and those within its statements."""
    yield body
    for piece in body:
        if isinstance(piece, Nested):
            for inner in piece.bodies:
                yield from sequences(inner)
