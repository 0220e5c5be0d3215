"""Syntax tree to IR: words get their meaning, names their values, defaults are filled in.

Values in, values or diagnostics out. Everything wrong is collected; what a fault
leaves unknown is marked by a `Gap`, so that the checker draws no conclusion from it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from cnnspec.diagnostics.base import Diagnostic, Refused, Traced
from cnnspec.diagnostics.structure import WrittenAs
from cnnspec.diagnostics.text import BlockMissing, BlockNotTaken, NothingToTrain
from cnnspec.diagnostics.words import (
    Incompatible,
    Misplaced,
    UnknownName,
    UnknownSetting,
    UnknownStatement,
)
from cnnspec.expansion.frames import Frame, Handler
from cnnspec.expansion.memory import Memory
from cnnspec.expansion.trials import Axis, Fit, Trials
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.claims import Budget, Claim, Expectation, read_claim
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.spec import Names, Spec
from cnnspec.ir.training import EarlyStop, Training
from cnnspec.language.entries import Entry
from cnnspec.language.expressions import Scope
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.suggest import SYNONYMS, nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Expression,
    Sequence,
    Statement,
)
from cnnspec.layers.table import LAYERS
from cnnspec.record import Record
from cnnspec.source import Source, Span


class Expanded(Record):
    """What a text says: the spec, with gaps for what could not be read, and the faults."""

    spec: Spec
    places: dict[str, Span]
    """Where each setting of the spec stands, `train.batch` for those of the train block,
    `silence.CNN601` for a code that is silenced."""
    doubtful: frozenset[str]
    """The settings and lets that could not be read."""
    problems: tuple[Diagnostic, ...]
    fit: Fit | None = None
    sweep: tuple[Axis, ...] = ()


Overrides = dict[str, Expression]
"""Values for names of the spec, as `--set` gives them."""


class Outline(Record):
    """What a text says with some values for its lets, before those for its settings.

    Nothing in it follows from an override that is no let's: texts under overrides that
    differ in others only have one outline, and `settled` tells them apart.
    """

    parsed: Parsed
    spec: Spec
    places: dict[str, Span]
    doubtful: frozenset[str]
    problems: tuple[Diagnostic, ...]
    fit: Fit | None
    sweep: tuple[Axis, ...]
    scope: Scope
    """The names that stand outside of every block, and their values."""
    lets: dict[str, Expression | None]
    """The names for which an override was looked for, and what was found."""

    def settled(self, overrides: Overrides) -> Expanded:
        """The text with the overrides that are left for its settings."""
        settings = {name: v for name, v in overrides.items() if name not in self.lets}
        values: dict[str, Any] = {}
        refused: list[Diagnostic] = []
        for name, value in settings.items():
            try:
                values[name] = self.setting(name, value)
            except Refused as fault:
                refused.append(fault.diagnostic)
        found = _distinct((*self.problems, *refused), self.doubtful)
        problems = [*self.parsed.problems, *found]
        if not self.spec.nodes and not problems:
            problems.append(NothingToTrain(self.parsed.source.span(0, 0)))
        problems.sort(key=lambda p: p.span.start if p.span else -1)
        return Expanded(
            self.spec.replace(train=self.spec.train.replace(**values)),
            self.places | {f"train.{name}": settings[name].span for name in values},
            self.doubtful,
            tuple(problems),
            self.fit,
            # A name that `--set` fixes is no longer swept.
            tuple(axis for axis in self.sweep if axis.name not in overrides),
        )

    def setting(self, name: str, value: Expression) -> Any:
        """The value of a training setting; raises `Refused`, also for what is no setting."""
        if name not in Training.specs:
            known = (*self.lets, *Training.specs)
            near = nearest(name, known)
            raise Refused(UnknownSetting(value.span, name=name, near=near, known=known))
        kind = Training.specs[name].kind
        return kind.read_arguments((value,), value.span, self.scope, f"`{name}`")


class _Expansion(Trials):
    """The expansion of a whole spec: structure, and the words that stand outside of it."""

    def __init__(self, overrides: Overrides, memory: Memory) -> None:
        super().__init__()
        self.memory = memory
        self.values: dict[str, Any] = {}
        self.training: dict[str, Any] = {}
        self.claims: list[Claim] = []
        self.overrides = overrides
        self.top = Frame({}, {}, Names())
        self.outer: dict[str, Handler] = {
            "model": self.setting,
            "data": self.setting,
            "input": self.setting,
            "classes": self.setting,
            "allow": self.setting,
            "silence": self.silence,
            "budget": self.budget,
            "expect": self.expect,
            "train": self.train,
            "sweep": self.sweep,
            **self.building,
        }
        self.blocky |= {"train", "sweep"}
        self.elsewhere = {
            **self.elsewhere,
            **dict.fromkeys(Training.specs, "in `train { … }`"),
        }

    def handlers(self, frame: Frame) -> dict[str, Handler]:
        return self.outer if frame is self.top else super().handlers(frame)

    def taken(self, word: str) -> tuple[tuple[str, ...], int]:
        settings = Training.specs | Spec.specs
        return (settings[word].kind.words, 1) if word in settings else super().taken(word)

    def unknown(self, statement: Statement, frame: Frame) -> None:
        word = statement.word
        if word in self.outer and frame is not self.top:
            home = "outside of every block"
            self.problems.append(Misplaced(statement.word_span, word=word, home=home))
        else:
            super().unknown(statement, frame)

    def value(self, name: str, value: Expression, frame: Frame) -> int | float:
        if frame is self.top:
            value = self.overrides.get(name, value)
            if isinstance(value, Call) and value.name == "fit":
                return self.to_fit(name, value, frame)
        return super().value(name, value, frame)

    def setting(self, statement: Statement, frame: Frame) -> None:
        """`model`, `data`, `input`, `classes`."""
        self.assign(Spec, self.values, "", statement)

    def silence(self, statement: Statement, frame: Frame) -> None:
        """`silence CNN601 CNN602`: warnings that are not wanted in this spec."""
        kind = Spec.specs["silence"].kind
        if not statement.arguments:
            kind.read_arguments((), statement.word_span, frame.values, "`silence`")
        for argument in _items(statement):
            try:
                (code,) = kind.read_arguments((argument,), argument.span, frame.values, "`silence`")
                self.once(f"silence.{code}", f"`{code}`", argument.span)
            except Refused as refused:
                self.problems.append(refused.diagnostic)
            else:
                self.values["silence"] = (*self.values.get("silence", ()), code)

    def assign(
        self, cls: type[Entry], values: dict[str, Any], prefix: str, statement: Statement
    ) -> None:
        """Sets a field of an entry from the statement that has its name."""
        name = statement.word
        self.once(prefix + name, f"`{name}`", statement.span)
        kind = cls.specs[name].kind
        values[name] = kind.read_arguments(
            statement.arguments, statement.word_span, self.top.values, f"`{name}`"
        )

    def budget(self, statement: Statement, frame: Frame) -> None:
        """`budget params <= 6000`: a limit of cost, which `check` proves."""
        self.claims.append(read_claim(Budget, statement, frame.values))

    def expect(self, statement: Statement, frame: Frame) -> None:
        """`expect accuracy >= 0.98`: a claim, which `train` measures."""
        self.claims.append(read_claim(Expectation, statement, frame.values))

    def train(self, statement: Statement, frame: Frame) -> None:
        """`train { … }`: how the network is trained; each statement in it is a setting."""
        self.once("train", "`train`", statement.word_span)
        if statement.block is None:
            raise Refused(BlockMissing(statement.word_span, word="train"))
        if statement.arguments:
            argument = statement.arguments[0]
            form = "train { … }"
            raise Refused(WrittenAs(argument.span, word="train", form=form, found=argument.kind))
        known = tuple(Training.specs)
        for whole in statement.block.statements:
            for inner in self.separated(whole, known, frame):
                if inner.word in Training.specs:
                    self.guarded(self.training_setting, inner, frame)
                    if inner.block and inner.block.closed:
                        self.problems.append(BlockNotTaken(inner.block.span, word=inner.word))
                elif inner.word in self.known(frame) and not statement.block.closed:
                    # The end of the block is missing before this statement.
                    self.statement(inner, frame)
                else:
                    self.unknown_setting(inner, frame)

    def unknown_setting(self, statement: Statement, frame: Frame) -> None:
        """Reports a word that is no training setting."""
        word, span = statement.word, statement.word_span
        if home := self.home(word):
            self.problems.append(Misplaced(span, word=word, home=home))
        elif word in self.known(frame):
            self.problems.append(Misplaced(span, word=word, home="outside of `train { … }`"))
        else:
            known = tuple(Training.specs)
            near = nearest(word, known)
            self.problems.append(
                UnknownStatement(span, word=word, near=near, known=known, where="`train`")
            )

    def home(self, word: str) -> str:
        """Where an option of another setting belongs, empty for a word that is none."""
        word = SYNONYMS.get(word, word)
        schedule = self.training.get("schedule")
        for cls in (EarlyStop, Augment):
            if word in cls.specs and not (schedule and word in type(schedule).specs):
                return f"to `{cls.word}`: `{cls.word} … {word}=…`"
        for setting, table in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            chosen = self.training.get(setting)
            takers = [name for name, cls in table.items() if word in cls.specs]
            if takers:
                taker = chosen.word if chosen and chosen.word in takers else takers[0]
                return f"to the {setting}: `{setting} {taker}({word}=…)`"
        return ""

    def training_setting(self, statement: Statement, frame: Frame) -> None:
        """A statement of the train block."""
        self.assign(Training, self.training, "train.", statement)

    def spec(self) -> Spec:
        """What has been understood, as one value."""
        known = (*self.top.places, *Training.specs)
        for axis in self.axes:
            if axis.name not in known:
                near = nearest(axis.name, known)
                fault = UnknownSetting(axis.span, name=axis.name, near=near, known=known)
                self.problems.append(fault)
        values = dict(self.values)
        self.follow_dataset(values)
        return Spec(
            **values,
            nodes=tuple(self.top.elements),
            budgets=tuple(c for c in self.claims if isinstance(c, Budget)),
            expectations=tuple(c for c in self.claims if isinstance(c, Expectation)),
            train=Training(**self.training),
        )

    def follow_dataset(self, values: dict[str, Any]) -> None:
        """Takes shape and classes from the dataset; a spec may repeat but not contradict them.

        Of data of the user's own a spec says them; what is there is looked at when
        training begins.
        """
        if "data" in self.doubtful:
            return
        dataset = values.get("data", Spec.fields["data"]).dataset
        if dataset is None:
            return
        fixed = {
            "input": (dataset.shape, "x".join(map(str, dataset.shape))),
            "classes": (dataset.classes, str(dataset.classes)),
        }
        for name, (value, shown) in fixed.items():
            given = values.setdefault(name, value)
            if given != value and not (name == "input" and (*given, 1) == value):
                reason = f"another `{name}` than the {shown} of its images"
                remedy = "leave this line out; a `resize` layer changes the size"
                if name == "classes":
                    reason = f"another number of classes than its {shown}"
                    remedy = "leave this line out"
                self.doubtful.add(name)
                self.problems.append(
                    Incompatible(
                        self.places[name], of=f"data {dataset.name}", reason=reason, remedy=remedy
                    )
                )
            values[name] = value


def words() -> dict[str, str]:
    """What every word that is no layer does outside of blocks, by the word."""
    handlers = _Expansion({}, Memory()).outer
    return {
        word: (handler.__doc__ or "").strip()
        for word, handler in handlers.items()
        if word not in LAYERS and word not in Spec.specs
    } | {"silence": (_Expansion.silence.__doc__ or "").strip()}


def _items(statement: Statement) -> Iterator[Argument]:
    """The arguments of a statement, those of a list one by one."""
    for argument in statement.arguments:
        yield from argument.items if isinstance(argument, Sequence) else (argument,)


def outline(parsed: Parsed, overrides: Overrides, memory: Memory) -> Outline:
    """Gives a parsed text its meaning; `overrides` replace its lets."""
    expansion = _Expansion(overrides, memory)
    expansion.run(parsed.statements, expansion.top)
    spec = expansion.spec()
    return Outline(
        parsed,
        spec,
        expansion.places,
        frozenset(expansion.doubtful),
        tuple(expansion.problems),
        expansion.fit,
        tuple(expansion.axes),
        expansion.top.values,
        {name: overrides.get(name) for name in expansion.top.places},
    )


def expand(parsed: Parsed, overrides: Overrides | None = None) -> Expanded:
    """Gives a parsed text its meaning; `overrides` replace lets and training settings."""
    return outline(parsed, overrides or {}, Memory()).settled(overrides or {})


def _distinct(problems: Iterable[Diagnostic], doubtful: frozenset[str]) -> Iterator[Diagnostic]:
    """Each fault once, however often its block was used, and none that follows from another."""
    seen = set()
    for problem in problems:
        found = problem.inner if isinstance(problem, Traced) else problem
        # A name whose definition is at fault is not called undefined as well.
        if isinstance(found, UnknownName) and f"let {found.name}" in doubtful:
            continue
        place = (problem.code, problem.span and (id(problem.span.source), problem.span.start))
        if place not in seen:
            seen.add(place)
            yield problem


def read(source: Source, overrides: Overrides | None = None) -> Expanded:
    """Parses and expands a text."""
    return expand(parse(source), overrides)
