"""What can be written at a place, and what it means: read from the tables of the language.

Completion, hover, signature help and semantic tokens ask here, so that they know a new layer
or setting as soon as its table does.
"""

from collections.abc import Iterable

from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.expansion.search import LOG
from cnnspec.expansion.symbols import Symbol
from cnnspec.expansion.vocabulary import VOCABULARY, words
from cnnspec.ir.claims import (
    BYTES,
    IN_INTEGERS,
    METRIC_NAMES,
    ON,
    ON_RUNTIME,
    OURS,
    QUANTITIES,
    RUNTIMES,
)
from cnnspec.ir.spec import INPUT_NAME, Spec
from cnnspec.ir.training import Training
from cnnspec.language.arg_types import ArgType
from cnnspec.language.constructs import Construct, Field
from cnnspec.language.numbers import FUNCTIONS
from cnnspec.language.tables import Construction, OneOf
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import CONSTRUCTS
from cnnspec.service.meanings import (
    Meaning,
    Meanings,
    default_of,
    fields_of,
    is_number,
    layer_word,
    measure,
    values_of,
)
from cnnspec.service.tokens import Place


class Names(Record):
    """The names that a person gave which can be used at a character of a text."""

    symbols: tuple[Symbol, ...] = ()
    source: Source | None = None
    offset: int = 0

    def visible(self, *kinds: str) -> Meanings:
        """Returns those of some kinds; of other files only the blocks can be used."""
        return {
            symbol.name: named(symbol)
            for symbol in self.symbols
            if symbol.kind in kinds and (self.source is not symbol.scope.source or self._in(symbol))
        }

    def _in(self, symbol: Symbol) -> bool:
        return symbol.scope.start < self.offset <= symbol.scope.end

    @property
    def numbers(self) -> Meanings:
        """Names of numbers, and the functions of numbers."""
        return {word: _function(word) for word in FUNCTIONS} | self.visible(*NUMBERS)

    def block(self, word: str) -> Symbol | None:
        """Returns the block of a name."""
        return next((s for s in self.symbols if (s.kind, s.name) == ("block", word)), None)


NUMBERS = ("let", "parameter", "variable")
"""The kinds of symbols that are names of numbers."""
_NONE = Names()


def statements_at(place: Place, names: Names = _NONE) -> Meanings:
    """Returns the words with which a statement can begin at a place."""
    inner = place.blocks[-1] if place.blocks else ""
    if inner == "train":
        return _settings(Training)
    if inner == "sweep":
        return names.visible("let") | _settings(Training)
    outside = not place.blocks
    found = {
        word: _statement(word) for word in (VOCABULARY.outside if outside else VOCABULARY.inside)
    }
    if inner in MERGES:
        found["branch"] = Meaning(
            "branch", "keyword", "branch { … }", VOCABULARY.elsewhere["branch"], True
        )
    return found | names.visible("block")


def _statement(word: str) -> Meaning:
    """A word that starts a statement of a spec."""
    if word in CONSTRUCTS:
        return layer_word(word, takes_block=VOCABULARY.outside[word].takes_block)
    if word in Spec.specs:
        return _setting(word, Spec.specs[word])
    return Meaning(word, "keyword", "", words()[word], VOCABULARY.outside[word].takes_block)


def _settings(cls: type[Construct]) -> Meanings:
    return {name: _setting(name, spec) for name, spec in cls.specs.items()}


def _setting(word: str, spec: Field) -> Meaning:
    return Meaning(word, "setting", f"{word}: {spec.kind.expected}{default_of(spec)}", spec.help)


def named(symbol: Symbol) -> Meaning:
    """Returns a name that a person gave."""
    return Meaning(symbol.name, "name", f"{symbol.kind} {symbol.name}")


def setting_at(place: Place) -> Field | None:
    """Returns the setting that a statement is, such as `epochs`; `None` for others."""
    inner = place.blocks[-1] if place.blocks else ""
    cls = Training if inner in ("train", "sweep") else Spec
    return cls.specs.get(place.statement)


def construct_at(place: Place) -> type[Construct] | None:
    """Returns the table entry whose arguments are at a place: that of the call or statement."""
    setting = setting_at(place)
    kinds = [setting.kind] if setting else []
    cls = CONSTRUCTS.get(place.statement) if setting is None else None
    if setting and isinstance(setting.kind, Construction):
        cls = setting.kind.cls
    for call in place.calls:
        if cls:
            kinds = [*kinds, *(spec.kind for spec in cls.specs.values())]
        cls, kinds = _called(call, kinds), []
    return cls


def _called(word: str, kinds: Iterable[ArgType]) -> type[Construct] | None:
    """The entry that a word with parentheses means among values of these kinds."""
    for kind in kinds:
        if isinstance(kind, OneOf) and word in kind.table:
            return kind.table[word]
        if isinstance(kind, Construction) and word == kind.cls.word:
            return kind.cls
    return None


def arguments_at(place: Place, names: Names = _NONE) -> Meanings:
    """Returns the words that can be written as an argument at a place within a statement."""
    if place.option:
        return _of_option(place, names)
    if place.calls and not place.calls[-1]:
        return names.numbers
    cls = construct_at(place)
    if cls is not None:
        found = fields_of(cls)
        if not place.calls and place.statement in CONSTRUCTS:
            found["name"] = _LAYER_NAME
        return found
    if place.calls:
        return names.numbers
    setting = setting_at(place)
    behind_range = place.relation and place.blocks[-1:] == ("sweep",)
    found = {LOG: _LOG} if behind_range else {}
    if setting is None:
        return found | _of_statement(place, names)
    found |= values_of(setting.kind, setting.help)
    return found | (names.numbers if is_number(setting.kind) else {})


_LOG = Meaning(LOG, "value", "rate in 1e-4..1e-1 log", "each factor is as likely as every other")


_LAYER_NAME = Meaning("name", "option", "name=a name", "the name of the layer")


def _of_option(place: Place, names: Names) -> Meanings:
    """The values of `stride=`; a `let` and the default of a parameter are numbers."""
    if place.option == "name":
        return {}
    cls = construct_at(place)
    spec = cls.specs.get(place.option) if cls else None
    if spec:
        found = values_of(spec.kind, spec.help)
        return found | (names.numbers if is_number(spec.kind) else {})
    fit = {"fit": _FIT} if place.statement == "let" else {}
    return fit | names.numbers


_FIT = Meaning("fit", "function", "fit(1..64)", "the largest value for which every budget holds")


LIMITED = ("budget", "maximize", "minimize")
"""The words that a quantity follows, and after `flash` and `ram` the type of a value."""


def _of_statement(place: Place, names: Names) -> Meanings:
    """What the words of structure and claims take."""
    match place.statement:
        case word if word in LIMITED and place.relation:
            return names.numbers
        case word if word in LIMITED and ON in place.given:
            return _runtimes(place)
        case word if word in LIMITED and {"flash", "ram"} & {*place.given}:
            return {
                w: Meaning(w, "value", "", f"{size} bytes a value") for w, size in BYTES.items()
            } | {ON: Meaning(ON, "value", "on tflm", "on another runtime than ours")}
        case word if word in LIMITED:
            return {w: Meaning(w, "value", "", text) for w, text in QUANTITIES.items()}
        case "expect" if place.relation:
            return names.numbers
        case "expect" if {*IN_INTEGERS} & {*place.given}:
            return {"int8": Meaning("int8", "value", "", "of the network in whole numbers")}
        case "expect":
            return {word: measure(word) for word in METRIC_NAMES}
        case "from":
            return names.visible("layer") | {
                INPUT_NAME: Meaning(INPUT_NAME, "value", "", "the image")
            }
        case "repeat":
            shared = Meaning("shared", "value", "repeat 3 shared { … }", "with one set of weights")
            return {"shared": shared} | names.numbers
        case "let" | "block" | "use" | "branch" | "train" | "sweep":
            return {}
    return _of_block(place, names)


def _runtimes(place: Place) -> Meanings:
    """The runtimes that the quantity of a place is known for."""
    known = {name for word in place.given for name in ON_RUNTIME.get(word, ())}
    ours = {OURS: Meaning(OURS, "value", "", "of the C export, as without `on`")}
    return ours | {w: Meaning(w, "value", "", t) for w, t in RUNTIMES.items() if w in known}


def _of_block(place: Place, names: Names) -> Meanings:
    """The parameters of a block that is used, and numbers for them."""
    block = names.block(place.statement)
    if block is None:
        return {}
    found = names.numbers | {p.name: _parameter(p, block) for p in parameters(block, names.symbols)}
    return found | {"name": _LAYER_NAME}


def parameters(block: Symbol, names: Iterable[Symbol]) -> list[Symbol]:
    """Returns the parameters of a block, in their order: those defined right behind its name."""
    source, found = block.definition.source, []
    text = source.text
    closing = text.find(")", block.definition.end)
    if text[block.definition.end : block.definition.end + 1] != "(" or closing < 0:
        return []
    for name in names:
        place = name.definition
        inside = block.definition.end < place.start < closing
        if name.kind == "parameter" and place.source is source and inside:
            found.append(name)
    return found


def _parameter(name: Symbol, block: Symbol) -> Meaning:
    return Meaning(name.name, "option", f"{name.name}: a parameter of {block.name}")


def _function(word: str) -> Meaning:
    _, count, text = FUNCTIONS[word]
    return Meaning(word, "function", f"{word}({'value' if count == 1 else 'values'})", text)


def meaning_at(place: Place, word: str, names: Names = _NONE) -> Meaning | None:
    """Returns what a word at a place means; `None` for one that no table holds."""
    if not place.statement:
        return statements_at(place, names).get(word)
    # In `stride=2` the place of `stride` is before its `=`; `padding` may be one that has a word.
    cls = construct_at(place)
    found = arguments_at(place, names)
    if word in found:
        return found[word]
    return _field(cls, word) if cls and word in cls.specs else None


def _field(cls: type[Construct], name: str) -> Meaning:
    spec = cls.specs[name]
    return Meaning(name, "option", f"{name}: {spec.kind.expected}{default_of(spec)}", spec.help)
