"""Table entries: records whose fields are their syntax.

A layer, an optimizer or a setting is one `Entry` class. Its fields say, in order,
what it takes, of which kind, with which default and what for. From that one
declaration come the binding of arguments, the printed form, the JSON form, the
schema and the reference pages.

Knows syntax and kinds; no layer and no setting by name.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from cnnspec.diagnostics.base import Diagnostic, Refused
from cnnspec.diagnostics.text import Twice
from cnnspec.diagnostics.words import (
    Misplaced,
    MissingValue,
    TooManyValues,
    UnknownOption,
    UnknownWord,
    WrongKind,
)
from cnnspec.language.expressions import Scope
from cnnspec.language.kinds import Kind
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Dims,
    Expression,
    Option,
    Relation,
    Word,
)
from cnnspec.record import MISSING, Record
from cnnspec.source import Span


class Field:
    """One argument of an entry: its kind, place, default and purpose."""

    __slots__ = ("default", "help", "joined", "kind", "place")

    def __init__(self, kind: Kind, place: str, default: Any, help: str, joined: bool) -> None:
        self.kind = kind
        self.place = place
        self.default = default
        self.help = help
        self.joined = joined


def positional(kind: Kind, help: str, *, default: Any = MISSING, joined: bool = False) -> Any:
    """A value known by its position.

    A `joined` one stands in the same size as the one before: the kernel of `32x3`.
    """
    return Field(kind, "positional", default, help, joined)


def flag(kind: Kind, help: str, *, default: Any) -> Any:
    """A value whose words may stand alone: `relu`, `same`, `no_bias`."""
    return Field(kind, "flag", default, help, False)


def option(kind: Kind, help: str, *, default: Any) -> Any:
    """A value given as `name=value`."""
    return Field(kind, "option", default, help, False)


class Entry(Record):
    """A record whose fields are the arguments of a word of the language."""

    word: ClassVar[str] = ""
    """The word in the language."""
    specs: ClassVar[dict[str, Field]] = {}
    """The fields with their kinds, in order."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.specs = dict(cls.specs)
        for name, default in cls.fields.items():
            if isinstance(default, Field):
                cls.specs[name] = default
                cls.fields[name] = default.default

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """The words that may stand alone among its arguments."""
        alone = [spec.kind for spec in cls.specs.values() if spec.place != "option"]
        return tuple(word for kind in alone for word in kind.words)

    @classmethod
    def usage(cls) -> str:
        """How it is written: `conv FILTERSxKERNEL`."""
        text = cls.word
        for name, spec in cls.specs.items():
            if spec.place == "positional":
                shown = name.upper() if spec.default is MISSING else f"[{name.upper()}]"
                text += ("x" if spec.joined else " ") + shown
        return text

    def conflict(self) -> "tuple[str, Diagnostic] | None":
        """A field at fault although each is fine by itself, and what is wrong with it."""
        return None

    def arguments(self, *, full: bool = False) -> list[str]:
        """The canonical arguments: sizes, then flags and options that are not at their default.

        With `full`, everything that has a value, also within values.
        """
        sizes: list[str] = []
        flags: list[str] = []
        options: list[str] = []
        for name, spec in type(self).specs.items():
            value = getattr(self, name)
            if value is None or (value == spec.default and not full and spec.place != "positional"):
                continue
            text = spec.kind.write_full(value) if full else spec.kind.write(value)
            if spec.place == "positional" and spec.joined:
                sizes[-1] += f"x{text}"
            elif spec.place == "positional":
                sizes.append(text)
            elif spec.place == "flag" and text in spec.kind.words:
                flags.append(text)
            elif spec.place == "flag" and isinstance(value, bool) and value != spec.default:
                flags.append(spec.kind.words[0])
            else:
                options.append(f"{name}={text}")
        return sizes + flags + options

    def written(self, *, full: bool = False) -> str:
        """The canonical statement."""
        return " ".join([self.word, *self.arguments(full=full)])

    def __str__(self) -> str:
        return self.written()

    def dump(self) -> dict[str, Any]:
        """Its fields as JSON, every default filled in."""
        specs = type(self).specs
        values = {name: getattr(self, name) for name in specs}
        return {n: None if v is None else specs[n].kind.dump(v) for n, v in values.items()}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The entry from JSON that the schema allows."""
        named = {
            name: None if value is None else cls.specs[name].kind.load(value)
            for name, value in data.items()
            if name in cls.specs
        }
        return cls(**named)

    @classmethod
    def schema(cls, key: str) -> dict[str, Any]:
        """The JSON Schema of its JSON form, `key` holding the word."""
        properties: dict[str, Any] = {key: {"const": cls.word}} if key else {}
        required = [key] if key else []
        for name, spec in cls.specs.items():
            schema = spec.kind.schema
            if spec.default is None:
                schema = {"anyOf": [schema, {"type": "null"}]}
            properties[name] = {"description": spec.help, **schema}
            if spec.default is MISSING:
                required.append(name)
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }


def tagged(key: str, table: Mapping[str, type[Entry]]) -> dict[str, Any]:
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


class Bound(Record):
    """What binding gave: the entry, unless a fault forbids one, and where each field stood.

    `extra` holds the options that are not fields of the entry.
    """

    entry: Any
    places: dict[str, Span]
    extra: dict[str, Any]


class _Binding:
    """One binding under way."""

    def __init__(
        self, cls: type[Entry], scope: Scope, problems: list[Diagnostic], extra: Mapping[str, Kind]
    ) -> None:
        self.cls = cls
        self.scope = scope
        self.problems = problems
        self.before = len(problems)
        self.values: dict[str, Any] = {}
        self.places: dict[str, Span] = {}
        self.kinds = {name: spec.kind for name, spec in cls.specs.items()} | dict(extra)
        self.queue = [n for n, spec in cls.specs.items() if spec.place == "positional"]
        self.lost = False
        """Whether a word was refused, so that what follows may have been meant for it."""
        self.bare = {
            word: name
            for name, spec in cls.specs.items()
            if spec.place == "flag"
            for word in spec.kind.words
        }

    def what(self, name: str) -> str:
        return f"the {name.replace('_', ' ')} of `{self.cls.word}`"

    def take(self, argument: Argument) -> None:
        match argument:
            case Option():
                self.option(argument)
            case Word(text=text) if text in self.bare:
                self.store(self.bare[text], argument, argument.span)
            case Call(name=name) if name in self.bare:
                self.store(self.bare[name], argument, argument.span)
            case Call(name=name, word_span=span):
                raise self.unknown(Word(span, name))
            case Relation():
                raise Refused(
                    WrongKind(
                        argument.span,
                        what=f"an argument of `{self.cls.word}`",
                        expected="a value, a word or an option",
                        found=argument.kind,
                    )
                )
            case _:
                self.position(argument)

    def option(self, option: Option) -> None:
        if option.name not in self.kinds:
            known = tuple(self.kinds)
            raise Refused(
                UnknownOption(
                    option.word_span,
                    option=option.name,
                    of=self.cls.word,
                    near=nearest(option.name, known),
                    known=known,
                    alone=option.name in self.bare,
                )
            )
        self.store(option.name, option.value, option.span)
        if option.name in self.queue:
            self.queue.remove(option.name)

    def position(self, value: Expression) -> None:
        if not self.queue or self.cls.specs[self.queue[0]].joined:
            if isinstance(value, Word) and (self.bare or self.queue):
                raise self.unknown(value)
            self.queue.clear()
            if not self.lost:
                raise self.too_many(value.span)
            return
        name = self.queue[0]
        kind = self.cls.specs[name].kind
        if isinstance(value, Word) and not kind.takes_words:
            raise self.unknown(value)
        if kind.many:
            read = kind.read(value, self.scope, self.what(name))
            self.values[name] = (*self.values.get(name, ()), *read)
            self.places[name] = self.places.get(name, value.span).to(value.span)
            return
        if isinstance(value, Dims) and (kind.parts > 1 or self.joined_next()):
            parts = value.parts
            while parts and self.queue:
                name = self.queue.pop(0)
                kind = self.cls.specs[name].kind
                mine, parts = parts[: kind.parts], parts[kind.parts :]
                span = mine[0].span.to(mine[-1].span)
                self.store_parts(name, mine, span)
                if parts and not (self.queue and self.cls.specs[self.queue[0]].joined):
                    break
            if parts:
                raise self.too_many(parts[0].span)
            return
        self.queue.pop(0)
        self.store(name, value, value.span)

    def joined_next(self) -> bool:
        return len(self.queue) > 1 and self.cls.specs[self.queue[1]].joined

    def too_many(self, span: Span) -> Refused:
        usage = self.cls.usage()
        return Refused(TooManyValues(span, of=f"`{self.cls.word}`", usage=usage))

    def unknown(self, word: Word) -> Refused:
        self.lost = True
        known = tuple(self.bare)
        needed = bool(self.queue) and self.cls.specs[self.queue[0]].default is MISSING
        if self.queue:
            known += self.cls.specs[self.queue[0]].kind.words
        near = nearest(word.text, known)
        if word.text in self.scope:
            near = f"({word.text})"
        if needed and not near and not self.cls.specs[self.queue[0]].joined:
            name = self.queue[0]
            expected = self.cls.specs[name].kind.expected
            what = self.what(name)
            return Refused(WrongKind(word.span, what=what, expected=expected, found=word.kind))
        of = f"`{self.cls.word}`"
        return Refused(UnknownWord(word.span, word=word.text, of=of, near=near, known=known))

    def store(self, name: str, value: Expression, span: Span) -> None:
        self.once(name, span)
        self.values[name] = self.kinds[name].read(value, self.scope, self.what(name))

    def store_parts(self, name: str, values: tuple[Expression, ...], span: Span) -> None:
        self.once(name, span)
        self.values[name] = self.kinds[name].read_parts(values, self.scope, self.what(name))

    def once(self, name: str, span: Span) -> None:
        if name in self.places:
            raise Refused(Twice(span, what=self.what(name), first=self.places[name]))
        self.places[name] = span


def bind(
    cls: type[Entry],
    arguments: tuple[Argument, ...],
    span: Span,
    scope: Scope,
    problems: list[Diagnostic],
    *,
    extra: Mapping[str, Kind] | None = None,
    broken: bool = False,
) -> Bound:
    """Binds the arguments of a word to the fields of its entry.

    Every fault is appended to `problems`. `span` is the word's own, for what is
    missing; `extra` are options that every word of a kind takes beside its fields,
    such as `name=` of layers, and come back apart. A `broken` statement gives no entry
    and no fault besides the one that broke it.
    """
    binding = _Binding(cls, scope, problems, extra or {})
    for argument in arguments:
        try:
            binding.take(argument)
        except Refused as refused:
            problems.append(refused.diagnostic)
    entry = None
    if broken:
        del problems[binding.before :]
    elif len(problems) == binding.before:
        missing = [n for n, d in cls.fields.items() if d is MISSING and n not in binding.values]
        if missing:
            last = arguments[-1].span if arguments else span
            names = " and its ".join(name.replace("_", " ") for name in missing)
            problems.append(
                MissingValue(span.to(last), of=cls.word, value=names, usage=cls.usage())
            )
        else:
            own = {n: v for n, v in binding.values.items() if n in cls.specs}
            entry = cls(**own)
            conflict = entry.conflict()
            if conflict:
                field, fault = conflict
                problems.append(fault.replace(span=binding.places.get(field, span)))
                entry = None
    named = {n: v for n, v in binding.values.items() if n not in cls.specs}
    return Bound(entry, binding.places, named)


class OneOf(Kind):
    """A word of a table, alone or as a call with arguments: `adam(1e-3)`.

    `what` is what its entries are called; the JSON Schema defines them once, under
    that name.
    """

    takes_words = True

    def __init__(self, what: str, table: Mapping[str, type[Entry]]) -> None:
        self.what = what
        self.table = table
        self.words = tuple(table)

    @property
    def expected(self) -> str:
        plural = f"{self.what}es" if self.what.endswith("s") else f"{self.what}s"
        return f"one of the {plural} " + ", ".join(f"`{word}`" for word in self.words)

    @property
    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.what}"}

    def read(self, value: Expression, scope: Scope, what: str) -> Entry:
        match value:
            case Word(text=name, span=span):
                arguments: tuple[Argument, ...] = ()
            case Call(name=name, word_span=span, arguments=inside):
                arguments = inside
            case _:
                raise self._wrong(value, what)
        if name not in self.table:
            near = nearest(name, self.table)
            raise Refused(UnknownWord(span, word=name, of=what, near=near, known=self.words))
        problems: list[Diagnostic] = []
        bound = bind(self.table[name], arguments, span, scope, problems)
        if problems:
            raise Refused(problems[0])
        entry: Entry = bound.entry
        return entry

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, scope: Scope, what: str
    ) -> Entry:
        match arguments:
            case (Word(text=name), extra, *_) if name in self.table:
                inside = ", ".join(argument.span.text for argument in arguments[1:])
                home = f"in parentheses: `{name}({inside})`"
                raise Refused(Misplaced(extra.span, word=extra.span.text, home=home))
        entry: Entry = super().read_arguments(arguments, span, scope, what)
        return entry

    def write(self, value: Entry) -> str:
        return _called(value.word, value.arguments())

    def write_full(self, value: Entry) -> str:
        return _called(value.word, value.arguments(full=True))

    def dump(self, value: Entry) -> dict[str, Any]:
        return {"name": value.word, **value.dump()}

    def load(self, data: Any) -> Entry:
        return self.table[data["name"]].load(data)


def _called(word: str, arguments: list[str]) -> str:
    return f"{word}({', '.join(arguments)})" if arguments else word


class Made(Kind):
    """The arguments of a statement bound to an entry: `early_stop val_f1 patience=5`."""

    def __init__(self, cls: type[Entry]) -> None:
        self.cls = cls
        self.words = cls.words()

    @property
    def expected(self) -> str:
        return f"written `{self.cls.usage()}`"

    @property
    def schema(self) -> dict[str, Any]:
        return self.cls.schema("")

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, scope: Scope, what: str
    ) -> Entry:
        problems: list[Diagnostic] = []
        bound = bind(self.cls, arguments, span, scope, problems)
        if problems:
            raise Refused(problems[0])
        entry: Entry = bound.entry
        return entry

    def read(self, value: Expression, scope: Scope, what: str) -> Entry:
        return self.read_arguments((value,), value.span, scope, what)

    def write(self, value: Entry) -> str:
        return " ".join(value.arguments())

    def write_full(self, value: Entry) -> str:
        return " ".join(value.arguments(full=True))

    def dump(self, value: Entry) -> dict[str, Any]:
        return value.dump()

    def load(self, data: Any) -> Entry:
        return self.cls.load(data)
