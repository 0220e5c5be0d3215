"""Every word of the language by its sort, for colours without a language server.

Read from the tables. A word can have several sorts: `relu` is a layer and a value; which one
is meant follows from its place in the statement.
"""

from collections.abc import Iterator

from cnnspec.expansion.search import LOG
from cnnspec.ir.claims import BYTES, METRIC_NAMES, ON, QUANTITIES, RUNTIMES
from cnnspec.ir.spec import INPUT_NAME, Spec
from cnnspec.ir.training import Training
from cnnspec.language.arg_types import ArgType
from cnnspec.language.constructs import Construct
from cnnspec.language.numbers import FUNCTIONS
from cnnspec.language.tables import Construction, OneOf
from cnnspec.layers.table import CONSTRUCTS
from cnnspec.service.meanings import Meaning, values_of
from cnnspec.service.tokens import Place
from cnnspec.service.words import statements_at

Words = dict[str, tuple[str, ...]]


def lexicon() -> Words:
    """Returns the words of each sort of `meanings.SORTS`, in the order of the alphabet."""
    found: dict[str, set[str]] = {}
    for meaning in _everything():
        found.setdefault(meaning.sort, set()).add(meaning.word)
    return {sort: tuple(sorted(words)) for sort, words in sorted(found.items())}


def _everything() -> Iterator[Meaning]:
    """Every word that a table of the language holds."""
    yield from statements_at(Place()).values()
    yield from (Meaning(word, "keyword") for word in ("branch", "in"))
    seen: set[type[Construct]] = set()
    for cls in CONSTRUCTS.values():
        yield from _arguments(cls, seen)
    for top in (Spec, Training):
        for name, spec in top.specs.items():
            yield Meaning(name, "setting")
            yield from _values(spec.kind, seen)
    for word in (
        *QUANTITIES,
        *METRIC_NAMES,
        *BYTES,
        ON,
        *RUNTIMES,
        INPUT_NAME,
        "shared",
        "none",
        LOG,
    ):
        yield Meaning(word, "value")
    yield from (Meaning(word, "function") for word in (*FUNCTIONS, "fit"))
    yield Meaning("name", "option")


def _arguments(cls: type[Construct], seen: set[type[Construct]]) -> Iterator[Meaning]:
    """The words among the arguments of a table entry, and among theirs."""
    if cls in seen:
        return
    seen.add(cls)
    for name, spec in cls.specs.items():
        yield Meaning(name, "option")
        yield from _values(spec.kind, seen)


def _values(kind: ArgType, seen: set[type[Construct]]) -> Iterator[Meaning]:
    for alone in (True, False):
        found = values_of(kind, "", alone=alone).values()
        yield from (meaning for meaning in found if meaning.sort in ("value", "call"))
    if isinstance(kind, OneOf):
        for cls in kind.table.values():
            yield from _arguments(cls, seen)
    elif isinstance(kind, Construction):
        yield from _arguments(kind.cls, seen)
