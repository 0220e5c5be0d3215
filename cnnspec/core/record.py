"""Frozen records, like `@dataclass(frozen=True, slots=True)` but without its start-up cost.

The standard decorator compiles four methods for every class, 0.9 ms each here; a
table of a hundred small classes would take longer to import than a spec takes to
check. `Record` does the same with one shared set of methods. Only a class of which
there are many records, as in a sweep, gets a compiled `__init__`.

Imports nothing of the package.
"""

import sys
from collections import Counter
from collections.abc import Callable
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

T = TypeVar("T")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()
"""Marks a field without a default."""


OFTEN = 100
"""After so many records of a class, a compiled `__init__` has saved the time to compile it."""

_made: Counter[type] = Counter()


@dataclass_transform(frozen_default=True)
class RecordMeta(type):
    """Turns the annotations of a class body into slots and their defaults."""

    fields: dict[str, Any]
    """Every field in order, with its default or `MISSING`."""
    compared: tuple[str, ...]
    """The fields that equality and hash look at."""
    key_of: Callable[[Any], Any]
    """What equal records have in common, which hash and equality compare: those fields."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        body: dict[str, Any],
        **options: Any,
    ) -> "RecordMeta":
        own = [n for n, kind in _annotations(body).items() if not _of_class(kind)]
        fields: dict[str, Any] = {}
        for base in bases:
            fields |= getattr(base, "fields", {})
        fields |= {n: body.pop(n, MISSING) for n in own}
        body["fields"] = fields
        # Each class gets its own, so that derived classes do not inherit a compiled one.
        body["__init__"] = _init
        body["__slots__"] = (*own, *body.get("memos", ()))
        cls = super().__new__(mcls, name, bases, body, **options)
        ignored = cls.ignored  # type: ignore[attr-defined]
        cls.compared = tuple([n for n in fields if n not in ignored] if ignored else fields)
        # In one call for all of them: a generator takes five times as long. Of one field it is a
        # tuple as well, for not every value equals itself.
        names = cls.compared * 2 if len(cls.compared) == 1 else cls.compared
        cls.key_of = attrgetter(*names) if names else _no_fields
        return cls


def _no_fields(record: Any) -> None:
    """What all records of a class without fields have in common."""


def _annotations(body: dict[str, Any]) -> dict[str, Any]:
    """Returns the annotations of a class body, by name.

    Up to Python 3.13 the body holds them, later under `from __future__ import annotations`.
    """
    found: dict[str, Any] = body.get("__annotations__", {})
    if sys.version_info >= (3, 14) and not found:
        return _evaluated(body)
    return found


if sys.version_info >= (3, 14):

    def _evaluated(body: dict[str, Any]) -> dict[str, Any]:
        """Returns the annotations by the function that evaluates them (PEP 649, PEP 749).

        `annotationlib` finds that function by the same two names, but importing it takes longer
        than making all our classes; so it is loaded only for annotations with names that are not
        defined yet.
        """
        annotate = body.get("__annotate__") or body.get("__annotate_func__")
        if annotate is None:
            return {}
        try:
            found: dict[str, Any] = annotate(_VALUE)
        except NameError:
            import annotationlib

            forward = annotationlib.Format.FORWARDREF
            found = annotationlib.call_annotate_function(annotate, forward)
        return found


_VALUE = 1
"""`annotationlib.Format.VALUE`."""


def _of_class(kind: Any) -> bool:
    """Whether an annotation is `ClassVar` or `ClassVar[...]`."""
    # Most are classes, of which `getattr` below would find out slowly that they have no origin.
    if isinstance(kind, type):
        return False
    if isinstance(kind, str):
        # A text where it is quoted, or under `from __future__ import annotations`.
        return kind.startswith(("ClassVar", "typing.ClassVar"))
    return getattr(kind, "__origin__", kind) is ClassVar


def _init(self: Any, *args: Any, **named: Any) -> None:
    """The `__init__` that classes share; one that has made `OFTEN` records gets its own."""
    fields = type(self).fields
    store = object.__setattr__
    if len(args) > len(fields):
        raise TypeError(f"{type(self).__name__} takes {len(fields)} values, not {len(args)}")
    rest = iter(fields.items())
    for value, (name, _) in zip(args, rest, strict=False):
        store(self, name, value)
    for name, default in rest:
        value = named.pop(name, default)
        if value is MISSING:
            raise _lacks(self, name)
        store(self, name, value)
    if named:
        raise TypeError(f"{type(self).__name__} has no field {next(iter(named))!r}")
    _made[type(self)] += 1
    if _made[type(self)] == OFTEN:
        type(self).__init__ = _compiled(type(self))


def _compiled(cls: Any) -> Any:
    """An `__init__` for one class, three times as fast."""
    given = False
    parameters = ""
    for name, default in cls.fields.items():
        # Python reports missing arguments itself as long as no field before has a default.
        given = given or default is not MISSING
        parameters += f", {name}=_default_{name}" if given else f", {name}"
    lines = [f"def __init__(self{parameters}):", "    pass"]
    names: dict[str, Any] = {"_MISSING": MISSING, "_lacks": _lacks}
    for name, default in cls.fields.items():
        names[f"_default_{name}"] = default
        # The slot's own setter, because `__setattr__` refuses.
        names[f"_store_{name}"] = getattr(cls, name).__set__
        if default is MISSING:
            lines.append(f"    if {name} is _MISSING: raise _lacks(self, {name!r})")
        lines.append(f"    _store_{name}(self, {name})")
    exec("\n".join(lines), names)
    return names["__init__"]


def _lacks(record: Any, name: str) -> TypeError:
    return TypeError(f"{type(record).__name__} needs a value for {name!r}")


class Record(metaclass=RecordMeta):
    """A frozen value with named fields; see `RecordMeta`.

    Fields are the annotations of the class body, in order, those of the base
    classes first. A default may be any value that is never changed. Fields named
    in `ignored` (source positions) take no part in equality.
    """

    ignored: ClassVar[tuple[str, ...]] = ()
    memos: ClassVar[tuple[str, ...]] = ()
    """Slots for values that `memo` computes once, when they are first needed."""

    def memo(self, slot: str, work: Callable[[], T]) -> T:
        """Returns what a slot of `memos` holds; the first time `work` computes it.

        It must follow from the fields, because equality and pickles ignore it.
        """
        try:
            found: T = object.__getattribute__(self, slot)
        except AttributeError:
            found = work()
            object.__setattr__(self, slot, found)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        key_of = type(self).key_of
        return bool(key_of(self) == key_of(other))

    def __hash__(self) -> int:
        cls = type(self)
        return hash((cls, cls.key_of(self)))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in type(self).fields)
        return f"{type(self).__name__}({values})"

    def replace(self, **changes: Any) -> Self:
        """Returns a copy with some fields changed."""
        return type(self)(**(self.as_dict() | changes))

    def as_dict(self) -> dict[str, Any]:
        """The values of the fields by their names; nested records stay records."""
        return {name: getattr(self, name) for name in type(self).fields}

    def __reduce__(self) -> Any:
        return type(self), tuple(getattr(self, name) for name in type(self).fields)
