"""A rules file: a spec without layers, whose every word is a rule that is judged.

Raises where a word cannot be enforced, and where no submission could keep two rules.
"""

from collections.abc import Iterator
from math import ceil, floor

from cnnspec.analysis.rules import (
    WARNINGS,
    AllowRule,
    BudgetRule,
    DenyRule,
    ExpectRule,
    Item,
    Rule,
    SettingRule,
    Wanted,
    full_shape,
    located,
)
from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.documents import RulesContradict
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError, DiagnosticError
from cnnspec.diagnostics.names import Misplaced
from cnnspec.diagnostics.silence import SILENCEABLE
from cnnspec.diagnostics.statements import NothingToTrain
from cnnspec.diagnostics.values import WrongType
from cnnspec.expansion import lets, settings, training
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.expand import partial_spec
from cnnspec.expansion.state import Keyword, Scope, State, Vocabulary
from cnnspec.expansion.vocabulary import VOCABULARY
from cnnspec.ir.claims import RELATIONS
from cnnspec.ir.conflicts import check_settings
from cnnspec.ir.spec import Data, Spec
from cnnspec.ir.training import Training
from cnnspec.language.arg_types import ArgType, Float, Int, number_text
from cnnspec.language.choices import WordSet
from cnnspec.language.parse import parse
from cnnspec.language.syntax import Range, Relation, Sequence, Statement

_SUBMISSION = "in a submission; a rules file says what every submission must keep"
_CODES = WordSet(*SILENCEABLE, WARNINGS)


class Rules(Record):
    """What every submission must keep."""

    source: Source
    rules: tuple[Rule, ...]

    @property
    def names(self) -> list[str]:
        """Every rule, as it is written."""
        return [rule.text for rule in self.rules]


def read_rules(source: Source) -> Rules:
    """The rules in a text; raises `CnnspecError` where it has anything else, or none."""
    parsed = parse(source)
    reader = _Reader(source)
    partial = partial_spec(parsed, {}, ExpansionCache(), reader.vocabulary())
    problems = [p for p in partial.with_overrides({}).problems if not isinstance(p, NothingToTrain)]
    problems += [Misplaced(fit.span, word="fit", home=_SUBMISSION) for fit in partial.fits]
    if not problems:
        problems += contradictions(reader.rules)
        # Settings that are equal in all submissions can be at odds with what is expected.
        problems += check_settings(_settled(partial.spec, partial.spans), partial.spans)
    if problems:
        raise CnnspecError(*sorted(problems, key=lambda p: p.span.start if p.span else -1))
    if not reader.rules:
        fault = f"{source.name} has no rule that can be judged"
        raise CnnspecError(
            CannotRead(None, fault, "write `budget params <= 6000` or `allow conv dense`")
        )
    return Rules(source, tuple(reader.rules))


def _settled(spec: Spec, spans: dict[str, Span]) -> Spec:
    """The spec with those settings of training alone that decide what can be measured."""
    names = ("validation", "measure", "early_stop", "target")
    given = {name: getattr(spec.train, name) for name in names if f"train.{name}" in spans}
    return spec.replace(train=Training(**given))


class _Reader:
    """The rules read so far. Its functions expand the statements of a rules file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.rules: list[Rule] = []

    def vocabulary(self) -> Vocabulary:
        """What starts a statement of a rules file, and where everything else belongs."""
        outside = {
            **lets.KEYWORDS,
            **dict.fromkeys(("model", "data", "input", "classes"), Keyword(self.setting)),
            "allow": Keyword(self.allow),
            "budget": Keyword(self.budget),
            "expect": Keyword(self.expect),
            "deny": Keyword(self.deny),
            "train": Keyword(self.train, takes_block=True),
        }
        others = dict.fromkeys((*VOCABULARY.outside, "branch"), _SUBMISSION)
        return Vocabulary(
            outside=outside,
            inside={},
            elsewhere={
                **{w: _SUBMISSION for w in others if w not in outside},
                **training.ELSEWHERE,
            },
            defined=VOCABULARY.defined,
        )

    def budget(self, state: State, statement: Statement, scope: Scope) -> None:
        settings.budget(state, statement, scope)
        rule = state.budgets[-1]
        self.rules.append(BudgetRule(str(rule), statement.span, rule))

    def expect(self, state: State, statement: Statement, scope: Scope) -> None:
        settings.expect(state, statement, scope)
        rule = state.expectations[-1]
        self.rules.append(ExpectRule(str(rule), statement.span, rule))

    def allow(self, state: State, statement: Statement, scope: Scope) -> None:
        settings.setting(state, statement, scope)
        words = state.settings["allow"]
        self.rules.append(AllowRule(_text(statement), statement.span, words))

    def deny(self, state: State, statement: Statement, scope: Scope) -> None:
        """`deny CNN610 CNN602`, `deny warnings`: warnings that break a rule."""
        codes = _CODES.read_arguments(
            statement.arguments, statement.word_span, scope.values, "`deny`"
        )
        self.rules.append(DenyRule(_text(statement), statement.span, codes))

    def setting(self, state: State, statement: Statement, scope: Scope) -> None:
        settings.setting(state, statement, scope)
        name = statement.word
        kind, value = Spec.specs[name].kind, state.settings[name]
        fields = kind.fields_in(statement.arguments, statement.word_span, scope.values)
        if isinstance(value, Data):
            value = located(value, self.source.name)
        if name == "input":
            value = full_shape(value)
        self.add(statement, "", (Wanted((Item(value, fields),)),))

    def add(
        self, statement: Statement, home: str, wanted: tuple[Wanted, ...], text: str = ""
    ) -> None:
        rule = SettingRule(text or _text(statement), statement.span, statement.word, home, wanted)
        self.rules.append(rule)

    def train(self, state: State, statement: Statement, scope: Scope) -> None:
        """`train { epochs <= 15; validation 0.1 }`: settings that every submission has."""
        training.read_settings(state, statement, scope, self.training_setting)

    def training_setting(self, state: State, statement: Statement, scope: Scope) -> None:
        name, values = statement.word, scope.values
        kind, what, text = Training.specs[name].kind, f"`{name}`", ""
        match statement.arguments:
            case (Relation(operator="in", value=Range(low=low, high=high)),):
                ends = [kind.read(end, values, what) for end in (low, high)]
                wanted = tuple(
                    Wanted(relation=relation, limit=_number(end, relation, name, statement))
                    for relation, end in zip((">=", "<="), ends, strict=True)
                )
            case (Relation(operator="in", value=value),):
                several = value.items if isinstance(value, Sequence) else (value,)
                items = [
                    Item(kind.read(v, values, what), kind.fields_in((v,), v.span, values))
                    for v in several
                ]
                wanted = (Wanted(tuple(items)),)
            case (Relation(operator=relation, value=value),) if relation in RELATIONS:
                limit = _number(kind.read(value, values, what), relation, name, statement)
                wanted = (Wanted(relation=relation, limit=limit),)
                text = f"{name} {relation} {number_text(limit)}"
            case _:
                settings.assign(state, Training, state.training, "train.", statement)
                fields = kind.fields_in(statement.arguments, statement.word_span, values)
                wanted = (Wanted((Item(state.training[name], fields),)),)
        self.add(statement, "train", wanted, text)


def _number(value: object, relation: str, name: str, statement: Statement) -> float:
    """The limit of a setting; raises `DiagnosticError` for a value that is not a number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    (argument,) = statement.arguments
    assert isinstance(argument, Relation)
    what = f"the limit of `{name}`"
    remedy = f"write `{name} {argument.value.span.text}`, or `{name} in …` with a list"
    raise DiagnosticError(
        WrongType(
            argument.value.span,
            what=what,
            expected="a number",
            found=argument.value.kind,
            remedy=remedy,
        )
    )


def _text(statement: Statement) -> str:
    """A statement as it is written, on one line."""
    return " ".join([statement.word, *(" ".join(a.span.text.split()) for a in statement.arguments)])


def contradictions(rules: list[Rule]) -> Iterator[Diagnostic]:
    """Yields the rules that no submission can keep, alone or with another one."""
    found: dict[str, list[tuple[Rule, Wanted]]] = {}
    for rule in rules:
        for name, wanted in rule.demands():
            whole = _is_whole(name)
            limits = [] if wanted.items else _domain(name)
            before = found.setdefault(name, [])
            if not all(_meet(wanted, limit, whole=whole) for limit in limits):
                yield RulesContradict(rule.span, rules=(rule.text,))
                continue
            other = next((o for o, was in before if not _meet(wanted, was, whole=whole)), None)
            if other is rule:
                yield RulesContradict(rule.span, rules=(rule.text,))
            elif other:
                both = (other.text, rule.text)
                yield RulesContradict(rule.span, rules=both, first=other.span)
            before.append((rule, wanted))


def _kind(name: str) -> ArgType | None:
    """What the numbers of a setting are."""
    home, _, setting = name.rpartition(" ")
    specs = (Training if home == "train" else Spec).specs
    kind = specs[setting].kind if setting in specs and home in ("", "train") else None
    return getattr(kind, "kind", kind)


def _is_whole(name: str) -> bool:
    return name.startswith("budget") or isinstance(_kind(name), Int)


def _domain(name: str) -> list[Wanted]:
    """What a number is whatever the rules say."""
    if name.startswith("budget"):
        return [Wanted(relation=">=", limit=0)]
    kind = _kind(name)
    if name.startswith("expect"):
        high = [] if name.endswith("loss") else [Wanted(relation="<=", limit=1)]
        return [Wanted(relation=">=", limit=0), *high]
    if not isinstance(kind, Int | Float):
        return []
    return [Wanted(relation=">=", limit=kind.low), Wanted(relation="<=", limit=kind.high)]


def _meet(one: Wanted, other: Wanted, *, whole: bool) -> bool:
    """Whether a value can be as both want it."""
    if one.items and other.items:
        return any(a.agrees(b) for a in one.items for b in other.items)
    if one.items or other.items:
        items, limit = (one.items, other) if one.items else (other.items, one)
        return any(limit.holds(item.value) for item in items)
    ends = (one.limit, other.limit)
    tried = [*ends, sum(ends) / 2]
    tried += [end + step for end in ends for step in ((-1, 1) if whole else (-1e-9, 1e-9))]
    if whole:
        tried = [rounded for value in tried for rounded in (floor(value), ceil(value))]
    return any(one.holds(value) and other.holds(value) for value in tried)
