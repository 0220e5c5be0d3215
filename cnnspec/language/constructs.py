"""Table entries: records whose fields are their syntax.

A layer, an optimizer or a setting is one `Construct` class. Its fields say, in order,
what it takes, of which kind, with which default and what for. From that one
declaration come the binding of arguments, the printed form, the JSON form, the
schema and the reference pages.

Knows syntax and kinds; no layer and no setting by name.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from cnnspec.core.record import MISSING, Record
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.language.arg_types import ArgType


class Field:
    """One argument of an entry: its kind, place, default and purpose."""

    __slots__ = ("default", "help", "joined", "kind", "place")

    def __init__(self, kind: ArgType, place: str, default: Any, help: str, joined: bool) -> None:
        self.kind = kind
        self.place = place
        self.default = default
        self.help = help
        self.joined = joined


def positional(kind: ArgType, help: str, *, default: Any = MISSING, joined: bool = False) -> Any:
    """A value known by its position.

    A `joined` one stands in the same size as the one before: the kernel of `32x3`.
    """
    return Field(kind, "positional", default, help, joined)


def flag(kind: ArgType, help: str, *, default: Any) -> Any:
    """A value whose words may stand alone: `relu`, `same`, `no_bias`."""
    return Field(kind, "flag", default, help, False)


def option(kind: ArgType, help: str, *, default: Any) -> Any:
    """A value given as `name=value`."""
    return Field(kind, "option", default, help, False)


class Construct(Record):
    """A record whose fields are the arguments of a word of the language."""

    word: ClassVar[str] = ""
    """The word in the language."""
    specs: ClassVar[dict[str, Field]] = {}
    """The fields with their kinds, in order."""
    without_values: ClassVar[str] = ""
    """What it does without values, for who gives it one that elsewhere it would take."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.specs = dict(cls.specs)
        for name, default in cls.fields.items():
            if isinstance(default, Field):
                cls.specs[name] = default
                cls.fields[name] = default.default

    @classmethod
    @cache
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
            elif spec.place == "flag" and spec.kind.is_word(value):
                flags.append(spec.kind.words[0])
            else:
                options.append(f"{name}={text}")
        return sizes + flags + options

    def written(self, *, full: bool = False) -> str:
        """The canonical statement."""
        return " ".join([self.word, *self.arguments(full=full)])

    def called(self, *, full: bool = False) -> str:
        """The canonical value, as within another statement: `adam(0.001, amsgrad)`."""
        arguments = self.arguments(full=full)
        return f"{self.word}({', '.join(arguments)})" if arguments else self.word

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
