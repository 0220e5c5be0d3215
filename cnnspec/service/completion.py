"""What can be typed next, and what a word takes: completion and signature help."""

from cnnspec.core.record import MISSING, Record
from cnnspec.language.choices import Bool, Choice
from cnnspec.language.constructs import Construct, Field
from cnnspec.service.meanings import Meaning
from cnnspec.service.snapshot import Snapshot
from cnnspec.service.tokens import Place, place_at
from cnnspec.service.words import (
    Names,
    arguments_at,
    construct_at,
    parameters,
    setting_at,
    statements_at,
)


class Completions(Record):
    """The words that can be typed, and the characters that one of them replaces."""

    start: int
    end: int
    items: tuple[Meaning, ...]


def complete(snapshot: Snapshot, offset: int) -> Completions:
    """Returns what can be typed at a character: words, options, values and names.

    What has been typed of the word does not narrow the choice; editors do that as they like.
    """
    text = snapshot.source.text
    found = place_at(text, offset)
    if found is None:
        return Completions(offset, offset, ())
    place, start = found
    if text[start:offset][:1].isdigit():
        return Completions(start, offset, ())
    names = names_at(snapshot, start)
    at = arguments_at if place.statement else statements_at
    items = [item for item in at(place, names).values() if item.word not in _taken(place)]
    return Completions(start, offset, tuple(items))


def _taken(place: Place) -> tuple[str, ...]:
    """Options and flags that are given already."""
    return () if place.option else place.given


def names_at(snapshot: Snapshot, offset: int) -> Names:
    """Returns the names that can be used at a character."""
    return Names(snapshot.symbols, snapshot.source, offset)


class Parameter(Record):
    """An argument as the signature shows it, and its help."""

    label: str
    help: str = ""
    joined: bool = False
    """Whether no blank is before it, as in `32x3`."""


class Signature(Record):
    """How a word is written: its arguments, of which one is being typed, and its help."""

    word: str
    parameters: tuple[Parameter, ...]
    active: int | None
    help: str = ""

    @property
    def label(self) -> str:
        """The word with its arguments."""
        return self.word + "".join(
            each.label if each.joined else f" {each.label}" for each in self.parameters
        )


def signature(snapshot: Snapshot, offset: int) -> Signature | None:
    """Returns what the word takes whose arguments are at a character, `None` where none are."""
    found = place_at(snapshot.source.text, offset)
    if found is None or not found[0].statement:
        return None
    place, start = found
    cls = construct_at(place)
    if cls is not None:
        return _of_construct(cls, place)
    names = names_at(snapshot, start)
    block = names.block(place.statement)
    if block is not None and not place.calls:
        shown = [Parameter(p.name.upper()) for p in parameters(block, names.symbols)]
        active = min(place.values, len(shown) - 1) if shown else None
        return Signature(block.name, tuple(shown), active, f"block {block.name}")
    setting = setting_at(place)
    if setting is not None and not place.calls:
        expected = Parameter(setting.kind.expected, setting.help)
        return Signature(place.statement, (expected,), 0, setting.help)
    return None


def _of_construct(cls: type[Construct], place: Place) -> Signature:
    # As they are written: sizes first.
    fields = sorted(cls.specs.items(), key=lambda item: item[1].place != "positional")
    shown = tuple(Parameter(_label(name, spec), spec.help, spec.joined) for name, spec in fields)
    help = (cls.__doc__ or "").strip().partition("\n")[0]
    return Signature(cls.word, shown, _active(fields, place), help)


def _label(name: str, spec: Field) -> str:
    """`FILTERS`, `xKERNEL`, `[relu …]`, `[no_bias]`, `[stride=…]`."""
    if spec.place == "positional":
        text = ("x" if spec.joined else "") + name.upper()
        return text if spec.default is MISSING else f"[{text}]"
    if isinstance(spec.kind, Bool):
        return f"[{spec.kind.words[0]}]"
    return f"[{name}]" if isinstance(spec.kind, Choice) else f"[{name}=…]"


def _active(fields: list[tuple[str, Field]], place: Place) -> int | None:
    """Which argument is being typed: the option that is named, or the next without a name."""
    names = [name for name, _ in fields]
    if place.option:
        return names.index(place.option) if place.option in names else None
    sizes = [spec for _, spec in fields if spec.place == "positional"]
    words = sum(word in spec.kind.words for spec in sizes for word in place.given)
    reached = place.values + words
    return reached if reached < len(sizes) else None
