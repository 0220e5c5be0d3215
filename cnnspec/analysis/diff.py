"""What changed between two checked specs: layers, costs, budgets, claims and settings.

Values in, a value out; layers are aligned by what they are, not by their place.
"""

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.graph.graph import INPUT, LayerCall
from cnnspec.ir.spec import Spec, is_automatic

COSTS = ("params", "trainable", "macs", "flash", "ram", "depth")
"""The totals that are compared; `flash` and `ram` in bytes of float32."""


class Pair(Record):
    """A layer on both sides, or on one: `None` stands for none."""

    before: LayerCall | None
    after: LayerCall | None
    rewired: bool = False
    """Whether it takes its input from other layers than before."""

    @property
    def change(self) -> str:
        """`same`, `changed`, `added` or `removed`. A new number in a given name is no change."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        same = not self.rewired and facts(self.before) == facts(self.after)
        return "same" if same else "changed"

    def dump(self) -> dict[str, Any]:
        """The pair as JSON."""
        return {
            "change": self.change,
            "rewired": self.rewired,
            "before": self.before.dump() if self.before else None,
            "after": self.after.dump() if self.after else None,
        }


class Change(Record):
    """A setting, budget or claim that differs; empty text where there is none."""

    what: str
    before: str
    after: str

    def dump(self) -> dict[str, str | None]:
        """The change as JSON, `None` where there is no value."""
        return {"what": self.what, "before": self.before or None, "after": self.after or None}


class Difference(Record):
    """All that differs. `pairs` holds every layer, those that are the same included."""

    pairs: tuple[Pair, ...]
    totals: dict[str, tuple[int, int]]
    claims: tuple[Change, ...]
    settings: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether the two say the same of the network and its training."""
        layers = all(pair.change == "same" for pair in self.pairs)
        return layers and not (self.claims or self.settings)

    def dump(self) -> dict[str, Any]:
        """What differs as JSON, and how many layers are the same."""
        changed = [pair for pair in self.pairs if pair.change != "same"]
        return {
            "same": self.same,
            "layers": [pair.dump() for pair in changed],
            "same_layers": len(self.pairs) - len(changed),
            "totals": {
                name: {"before": old, "after": new} for name, (old, new) in self.totals.items()
            },
            "claims": [change.dump() for change in self.claims],
            "settings": [change.dump() for change in self.settings],
        }


def facts(call: LayerCall) -> tuple[object, ...]:
    """What makes a layer the same as another: what it is, its name if given, shapes and costs."""
    return (
        call.layer,
        _given(call.name),
        call.input_shape,
        call.output_shape,
        call.params,
        call.trainable,
        call.macs,
        bool(call.weights_from),
    )


def compare(before: CheckedSpec, after: CheckedSpec) -> Difference:
    """Compares two specs whose totals are known."""
    pairs = tuple(_pairs(before.layers, after.layers))
    assert before.totals is not None
    assert after.totals is not None
    costs = before.totals.dump(), after.totals.dump()
    totals = {name: (costs[0][name], costs[1][name]) for name in COSTS}
    return Difference(
        _wired(before.layers, after.layers, pairs),
        totals,
        tuple(_claims(before.spec, after.spec)),
        tuple(_settings(before.spec, after.spec)),
    )


def _given(name: str) -> str:
    """The part of a name that a person gave; numbers move when a layer comes in between."""
    last = name.partition("@")[0].rpartition(".")[2]
    return "" if is_automatic(last) else last


def _pairs(before: tuple[LayerCall, ...], after: tuple[LayerCall, ...]) -> Iterator[Pair]:
    """The layers of both sides in order: first those alike, then in between those of a word."""

    def alike(call: LayerCall) -> object:
        return call.layer, _given(call.name), call.implicit

    def of_a_word(call: LayerCall) -> object:
        return call.layer.word, call.implicit

    for same, left, right in _aligned(before, after, alike):
        if same:
            yield from map(Pair, left, right)
            continue
        for paired, old, new in _aligned(left, right, of_a_word):
            if paired:
                yield from map(Pair, old, new)
            else:
                yield from (Pair(call, None) for call in old)
                yield from (Pair(None, call) for call in new)


Rows = tuple[LayerCall, ...]


def _aligned(
    left: Rows, right: Rows, key: Callable[[LayerCall], object]
) -> list[tuple[bool, Rows, Rows]]:
    """The stretches in which two sequences agree, and those in between in which they do not."""
    keys = [key(call) for call in left], [key(call) for call in right]
    # What both begin and end with is found at once; the rest is short as a rule.
    head = _common(*keys)
    tail = _common(keys[0][head:][::-1], keys[1][head:][::-1])
    ends = len(left) - tail, len(right) - tail
    found = [(True, left[:head], right[:head])]
    matcher = SequenceMatcher(None, keys[0][head : ends[0]], keys[1][head : ends[1]])
    for tag, a, b, c, d in matcher.get_opcodes():
        found.append((tag == "equal", left[head + a : head + b], right[head + c : head + d]))
    return [*found, (True, left[ends[0] :], right[ends[1] :])]


def _common(left: list[object], right: list[object]) -> int:
    """How many elements two lists begin with that are the same."""
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _wired(before: Rows, after: Rows, pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """The pairs, marked where a layer takes its input from elsewhere.

    Where a layer came or went, those that follow it do so of necessity; then only the
    inputs that are on both sides are compared, and only of layers with several.
    """
    indices: dict[int, int] = {INPUT: INPUT}
    old = {id(call): index for index, call in enumerate(before, 1)}
    new = {id(call): index for index, call in enumerate(after, 1)}
    for pair in pairs:
        if pair.before and pair.after:
            indices[old[id(pair.before)]] = new[id(pair.after)]
    complete = all(pair.before and pair.after for pair in pairs)
    kept = set(indices.values())
    marked = []
    for pair in pairs:
        if pair.before and pair.after and (complete or len(pair.after.inputs) > 1):
            was = [indices.get(source) for source in pair.before.inputs]
            now = [source if source in kept else None for source in pair.after.inputs]
            known = complete or None not in (*was, *now)
            pair = pair.replace(rewired=known and was != now)
        marked.append(pair)
    return tuple(marked)


def _claims(before: Spec, after: Spec) -> Iterator[Change]:
    """Budgets and expectations that are on one side only, paired by what they speak of."""
    old = [str(claim) for claim in (*before.budgets, *before.expectations)]
    new = [str(claim) for claim in (*after.budgets, *after.expectations)]
    gone = [text for text in old if text not in new]
    come = [text for text in new if text not in old]
    for text in gone:
        subject = _subject(text)
        other = next((other for other in come if _subject(other) == subject), "")
        if other:
            come.remove(other)
        yield Change(subject, text, other)
    for text in come:
        yield Change(_subject(text), "", text)


def _subject(claim: str) -> str:
    """`budget flash int8` of `budget flash int8 <= 8192`."""
    return claim.rsplit(" ", 2)[0]


def _settings(before: Spec, after: Spec) -> Iterator[Change]:
    """The statements of the header and of the train block that differ."""
    sides = (("", before, after), ("train.", before.train, after.train))
    for prefix, old, new in sides:
        for name, spec in type(old).specs.items():
            values = getattr(old, name), getattr(new, name)
            if values[0] != values[1]:
                texts = ["" if value in (None, ()) else spec.kind.write(value) for value in values]
                yield Change(f"{prefix}{name}", *texts)
