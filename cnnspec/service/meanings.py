"""Words with what they mean, and the words that are values of a kind."""

from inspect import cleandoc

from cnnspec.core.record import MISSING, Record
from cnnspec.diagnostics.catalog import catalog, story
from cnnspec.ir.claims import MEASURES, METRIC_NAMES, SPLIT_PREFIXES
from cnnspec.ir.datasets import DATASETS
from cnnspec.language.arg_types import ArgType
from cnnspec.language.choices import Bool, Union, WordSet
from cnnspec.language.constructs import Construct, Field
from cnnspec.language.tables import Construction, OneOf
from cnnspec.layers.table import CONSTRUCTS


class Meaning(Record):
    """A word with what it is: its sort, how it is written or what it can be, and its help.

    The sort is one of `SORTS`. `takes_block` says whether a block follows it.
    """

    word: str
    sort: str
    detail: str = ""
    help: str = ""
    takes_block: bool = False


SORTS = (
    "layer",
    "keyword",
    "setting",
    "option",
    "value",
    "call",
    "function",
    "name",
)
"""Layers and merges; words of structure; settings; names before `=`; words of closed sets;
words that take arguments in parentheses; functions of numbers; names that a person gave."""

Meanings = dict[str, Meaning]


def layer_word(word: str, *, takes_block: bool = False) -> Meaning:
    """Returns what a layer or a merge is."""
    cls = CONSTRUCTS[word]
    return Meaning(word, "layer", cls.usage(), doc_of(cls), takes_block)


def measure(word: str) -> Meaning:
    """Returns what a metric is, such as `val_accuracy`."""
    plain = next(m for m in MEASURES if word.endswith(m))
    split = SPLIT_PREFIXES[word.removesuffix(plain)]
    return Meaning(word, "value", "", f"{MEASURES[plain]}, of the {split} images")


def fields_of(cls: type[Construct]) -> Meanings:
    """Returns the flags and options of a table entry, and the words of its values without name."""
    found: Meanings = {}
    for name, spec in cls.specs.items():
        if spec.place != "option":
            found |= values_of(spec.kind, spec.help, alone=True)
        # What has to be given is written by its place.
        if spec.default is not MISSING and not isinstance(spec.kind, Bool):
            detail = f"{name}={spec.kind.expected}{default_of(spec)}"
            found.setdefault(name, Meaning(name, "option", detail, spec.help))
    return found


def values_of(kind: ArgType, text: str, *, alone: bool = False) -> Meanings:
    """Returns the words that are values of a kind; `text` is the help of what takes them.

    `alone` means without a name before them, where a switch is one word.
    """
    if isinstance(kind, OneOf):
        return {word: _entry(word, cls, text) for word, cls in kind.table.items()}
    if isinstance(kind, Construction):
        found = fields_of(kind.cls)
        return found | ({"none": Meaning("none", "value", "", text)} if kind.optional else {})
    if isinstance(kind, Bool) and not alone:
        return {word: Meaning(word, "value", "", text) for word in ("yes", "no")}
    layers = isinstance(kind, WordSet) and kind.words[0] in CONSTRUCTS
    found = {word: layer_word(word) if layers else _value(word, text) for word in kind.words}
    return values_of(kind.kind, text) | found if isinstance(kind, Union) else found


def _entry(word: str, cls: type[Construct], text: str) -> Meaning:
    usage = f"{cls.word}({', '.join(cls.specs)})" if cls.specs else cls.word
    doc = doc_of(cls)
    help = f"{text[:1].upper()}{text[1:]}: {doc}" if text else doc
    return Meaning(word, "call" if cls.specs else "value", usage, help)


def _value(word: str, text: str) -> Meaning:
    """A word of a closed set; of some it is known what they mean by themselves."""
    if word in DATASETS:
        data = DATASETS[word]
        shape = "x".join(map(str, data.shape))
        train, test = data.counts
        detail = f"{word}: {shape}, {data.classes} classes, {train:,} + {test:,} images"
        return Meaning(word, "value", detail, data.title)
    if word in METRIC_NAMES:
        return measure(word)
    if word.startswith("CNN"):
        return Meaning(word, "value", "", story(catalog()[word])[0])
    return Meaning(word, "value", "", text)


def is_number(kind: ArgType) -> bool:
    """Returns whether a name of a number can be a value of a kind."""
    return not kind.takes_words or (isinstance(kind, Union) and is_number(kind.kind))


def default_of(spec: Field) -> str:
    """Returns what is taken where nothing is said, in parentheses."""
    if spec.default is MISSING or spec.default is None or spec.default == ():
        return ""
    return f" (default: {spec.kind.write(spec.default)})"


def doc_of(cls: type[Construct]) -> str:
    """Returns the help of a table entry."""
    return cleandoc(cls.__doc__ or "")
