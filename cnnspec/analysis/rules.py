"""What an assignment demands, each rule as a value that judges a checked spec.

A rule holds what it says and no more: `optimizer adam` any Adam, `optimizer adam(1e-3)` this
learning rate too.
"""

from collections.abc import Iterator
from typing import Any

from cnnspec.analysis.check import CheckedSpec, forbidden, idle_fits
from cnnspec.analysis.costs import BudgetResult, refused
from cnnspec.analysis.lint import lint
from cnnspec.core.record import Record
from cnnspec.core.shapes import shape_of
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.files.paths import beside
from cnnspec.ir.claims import BYTES, RELATIONS, Budget, Expectation
from cnnspec.ir.spec import NO_DATA, Data, Spec
from cnnspec.ir.training import Training
from cnnspec.language.arg_types import ArgType
from cnnspec.language.constructs import Construct

WARNINGS = "warnings"
"""What `deny` calls all of them."""


class Verdict(Record):
    """What was found for a rule, and whether it holds; `None` where that is not known."""

    found: str
    holds: bool | None


class Wanted(Record):
    """What a value must be: one of some `items`, or a number with a relation to a limit."""

    items: "tuple[Item, ...]" = ()
    relation: str = ""
    limit: float = 0

    def holds(self, value: Any) -> bool:
        """Whether a value is as it is wanted."""
        if self.items:
            return any(item.is_met(value) for item in self.items)
        return isinstance(value, int | float) and RELATIONS[self.relation](value, self.limit)


class Item(Record):
    """A value that may be, of which only the fields `said` count where it has any."""

    value: Any
    said: tuple[str, ...] = ()

    def is_met(self, value: Any) -> bool:
        """Whether a value is this one in what is said of it."""
        if isinstance(self.value, Construct):
            same = type(value) is type(self.value)
            return same and all(getattr(value, f) == getattr(self.value, f) for f in self.said)
        if isinstance(self.value, tuple) and all(isinstance(part, str) for part in self.value):
            return isinstance(value, tuple) and set(value) == set(self.value)
        return bool(value == self.value)

    def agrees(self, other: "Item") -> bool:
        """Whether one value can be both."""
        if not isinstance(self.value, Construct):
            return self.is_met(other.value)
        both = tuple(set(self.said) & set(other.said))
        return self.replace(said=both).is_met(other.value)


class Rule(Record):
    """One demand, as it is written and where."""

    text: str
    span: Span

    def judge(self, checked: CheckedSpec) -> Verdict:
        """Whether a submission keeps it."""
        raise NotImplementedError

    def demands(self) -> Iterator[tuple[str, Wanted]]:
        """Yields what it wants of which quantity, for the search for contradictions."""
        return iter(())


class BudgetRule(Rule):
    """`budget params <= 6000`."""

    budget: Budget

    def judge(self, checked: CheckedSpec) -> Verdict:
        if checked.totals is None:
            return Verdict("", None)
        if error := refused(self.budget, checked.graph):
            return Verdict(error.label, False)
        result = BudgetResult(self.budget, checked.totals.of(self.budget))
        return Verdict(f"{result.value:,}", result.holds)

    def demands(self) -> Iterator[tuple[str, Wanted]]:
        name, unit = self.budget.quantity, 1
        if name in ("flash", "ram"):
            unit = BYTES[self.budget.dtype or "float32"]
        if self.budget.runtime or self.budget.subject == "flash int8":
            # Not a byte for each weight: biases take four, and there are tables.
            name, unit = self.budget.subject, 1
        elif name == "flash":
            name = "params"
        wanted = Wanted(relation=self.budget.relation, limit=self.budget.limit / unit)
        yield f"budget {name}", wanted


class ExpectRule(Rule):
    """`expect accuracy >= 0.9`: the submission claims this or more, and training measures it."""

    expectation: Expectation

    def judge(self, checked: CheckedSpec) -> Verdict:
        if "expect" in checked.expanded.poisoned:
            return Verdict("", None)
        claims = [c for c in checked.spec.expectations if c.subject == self.expectation.subject]
        found = ", ".join(str(claim) for claim in claims) or "no such claim"
        return Verdict(found, any(_implies(claim, self.expectation) for claim in claims))

    def demands(self) -> Iterator[tuple[str, Wanted]]:
        claim = self.expectation
        yield f"expect {claim.subject}", Wanted(relation=claim.relation, limit=claim.limit)


class AllowRule(Rule):
    """`allow conv pool dense`."""

    allowed: tuple[str, ...]

    def judge(self, checked: CheckedSpec) -> Verdict:
        words: dict[str, Any] = {}
        for fault in forbidden(checked.spec.nodes, self.allowed):
            words[getattr(fault, "word", "")] = None
        return Verdict(f"also {' '.join(words)}" if words else "only these", not words)


class DenyRule(Rule):
    """`deny CNN610`, `deny warnings`: warnings that count, also where the submission is silent."""

    codes: tuple[str, ...]

    def judge(self, checked: CheckedSpec) -> Verdict:
        if not checked.ok:
            return Verdict("", None)
        denied = [w for w in unsilenced(checked) if {w.code, WARNINGS} & {*self.codes}]
        found = " ".join(dict.fromkeys(warning.code for warning in denied))
        return Verdict(found or "none", not denied)


class SettingRule(Rule):
    """`data mnist`, `classes 10`, `train { epochs <= 15 }`: what a submission sets, or leaves.

    `home` is `train` for a setting of training. `folder` is where paths in the rules begin.
    """

    name: str
    home: str
    wanted: tuple[Wanted, ...]

    @property
    def kind(self) -> ArgType:
        """What its value is."""
        return (Training if self.home else Spec).specs[self.name].kind

    def judge(self, checked: CheckedSpec) -> Verdict:
        spec = checked.spec
        if {self.name, self.home} & checked.expanded.poisoned:
            return Verdict("", None)
        value = getattr(spec.train if self.home else spec, self.name)
        shown = "none" if value is None else self.kind.write(value)
        if isinstance(value, Data):
            wanted = self.wanted[0].items[0].value
            if wanted.dataset and value.dataset is not wanted.dataset:
                shown += f" ({spec.shape}, {spec.classes} classes)"
            value = located(value, checked.source.name)
        elif self.name == "input":
            value = spec.shape.dims
        return Verdict(shown, all(wanted.holds(value) for wanted in self.wanted))

    def demands(self) -> Iterator[tuple[str, Wanted]]:
        for wanted in self.wanted:
            yield f"{self.home} {self.name}".strip(), wanted


def located(data: Data, file: str) -> Data:
    """The data with the path that it has from anywhere, when it is named in this file."""
    if data.dataset or data.source == NO_DATA:
        return data
    return data.replace(source=str(beside(data.source, file).resolve()))


def full_shape(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of an image, with the one channel that a grey one may leave out."""
    return shape_of(sizes).dims


def unsilenced(checked: CheckedSpec) -> list[Diagnostic]:
    """The warnings of a submission without errors, also those that it silences."""
    spec = checked.spec.replace(silence=())
    return lint(spec, checked.graph, checked.expanded.spans, idle_fits(checked))


def _implies(claim: Expectation, wanted: Expectation) -> bool:
    """Whether whatever keeps a claim of the same quantity keeps another one."""
    if claim.relation == "==" or claim.relation[0] == wanted.relation[0]:
        strict = claim.relation in ("<", ">") and claim.limit == wanted.limit
        return strict or wanted.holds(claim.limit)
    return False
