"""What the arguments of a word may be: positions, flags and options, by the fields of its entry."""

from collections.abc import Container, Iterator
from functools import cache

from cnnspec.core.record import MISSING, Record
from cnnspec.language.arg_types import ArgType
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import names_in
from cnnspec.language.syntax import Argument, Call, Expression, Option, Relation, Word

Extra = tuple[tuple[str, ArgType], ...]
"""Options that a word takes beside the fields of its entry."""


class Form(Record):
    """What the fields of an entry take: their kinds, those with a position, the words of flags.

    A `joined` field stands in the same size as the one before it.

    The kinds are also those of the options that it takes beside its fields.
    """

    kinds: dict[str, ArgType]
    positional: tuple[str, ...]
    joined: frozenset[str]
    bare: dict[str, str]
    needed: tuple[str, ...]


@cache
def form_of(cls: type[Construct], extra: Extra) -> Form:
    """The form of a word of the language, with the options that it takes beside its fields."""
    specs = cls.specs
    return Form(
        {name: spec.kind for name, spec in specs.items()} | dict(extra),
        tuple(name for name, spec in specs.items() if spec.place == "positional"),
        frozenset(name for name, spec in specs.items() if spec.joined),
        {
            word: name
            for name, spec in specs.items()
            if spec.place == "flag"
            for word in spec.kind.words
        },
        tuple(name for name, default in cls.fields.items() if default is MISSING),
    )


def references(
    cls: type[Construct],
    arguments: tuple[Argument, ...],
    known: Container[str],
    extra: Extra = (),
) -> Iterator[Word]:
    """Yields the words in the arguments of a word of the language that name numbers.

    It follows `bind` in `binding.py`, without values: arguments that `bind` refuses have what
    can be found.
    """
    form = form_of(cls, extra)
    words = [form.kinds[name] for name in form.positional if form.kinds[name].takes_words]
    for argument in arguments:
        match argument:
            case Option(name=name, value=value):
                kinds = [form.kinds[name]] if name in form.kinds else []
            case Word(text=name) | Call(name=name) if name in form.bare:
                kinds, value = [form.kinds[form.bare[name]]], argument
            case Word():
                # A word in a position is a choice, or a name where a choice may also be a number.
                kinds, value = words[:1], argument
            case Expression():
                yield from names_in(argument)
                continue
            case Relation(value=value):
                kinds = []
        for kind in kinds:
            yield from kind.references_in(value, known)
