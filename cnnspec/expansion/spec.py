"""A spec as a whole: structure, and the words that stand outside of it, training among them."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import (
    Incompatible,
    Misplaced,
    UnknownSetting,
    UnknownStatement,
)
from cnnspec.diagnostics.structure import WrittenAs
from cnnspec.diagnostics.syntax import BlockMissing, BlockNotTaken
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.scopes import Handler, Scope
from cnnspec.expansion.search import Trials
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.claims import Budget, Claim, Expectation, read_claim
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.spec import Names, Spec
from cnnspec.ir.training import EarlyStop, Training
from cnnspec.language.constructs import Construct
from cnnspec.language.suggest import SYNONYMS, nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Expression,
    Sequence,
    Statement,
)


class Expansion(Trials):
    """The expansion of a whole spec: structure, and the words that stand outside of it."""

    blocky = Trials.blocky | {"train", "sweep"}
    elsewhere: Mapping[str, str] = {
        **Trials.elsewhere,
        **dict.fromkeys(Training.specs, "in `train { … }`"),
    }

    def __init__(self, overrides: dict[str, Expression], memory: ExpansionCache) -> None:
        super().__init__()
        self.memory = memory
        self.values: dict[str, Any] = {}
        self.training: dict[str, Any] = {}
        self.claims: list[Claim] = []
        self.overrides = overrides
        self.top = Scope({}, {}, Names())

    def handlers(self, frame: Scope) -> dict[str, Handler]:
        return self.outer if frame is self.top else super().handlers(frame)

    def taken(self, word: str) -> tuple[tuple[str, ...], int]:
        setting = Training.specs.get(word) or Spec.specs.get(word)
        return (setting.kind.words, 1) if setting else super().taken(word)

    def unknown(self, statement: Statement, frame: Scope) -> None:
        word = statement.word
        if word in self.outer and frame is not self.top:
            home = "outside of every block"
            self.problems.append(Misplaced(statement.word_span, word=word, home=home))
        else:
            super().unknown(statement, frame)

    def value(self, name: str, value: Expression, frame: Scope) -> int | float:
        if frame is self.top:
            value = self.overrides.get(name, value)
            if isinstance(value, Call) and value.name == "fit":
                return self.to_fit(name, value, frame)
        return super().value(name, value, frame)

    def setting(self, statement: Statement, frame: Scope) -> None:
        """`model`, `data`, `input`, `classes`."""
        self.assign(Spec, self.values, "", statement)

    def silence(self, statement: Statement, frame: Scope) -> None:
        """`silence CNN601 CNN602`: warnings that are not wanted in this spec."""
        kind = Spec.specs["silence"].kind
        if not statement.arguments:
            kind.read_arguments((), statement.word_span, frame.values, "`silence`")
        for argument in _items(statement):
            try:
                (code,) = kind.read_arguments((argument,), argument.span, frame.values, "`silence`")
                self.once(f"silence.{code}", f"`{code}`", argument.span)
            except DiagnosticError as refused:
                self.problems.append(refused.diagnostic)
            else:
                self.values["silence"] = (*self.values.get("silence", ()), code)

    def assign(
        self, cls: type[Construct], values: dict[str, Any], prefix: str, statement: Statement
    ) -> None:
        """Sets a field of an entry from the statement that has its name."""
        name = statement.word
        self.once(prefix + name, f"`{name}`", statement.span)
        kind = cls.specs[name].kind
        values[name] = kind.read_arguments(
            statement.arguments, statement.word_span, self.top.values, f"`{name}`"
        )

    def budget(self, statement: Statement, frame: Scope) -> None:
        """`budget params <= 6000`: a limit of cost, which `check` proves."""
        self.claims.append(read_claim(Budget, statement, frame.values))

    def expect(self, statement: Statement, frame: Scope) -> None:
        """`expect accuracy >= 0.98`: a claim, which `train` measures."""
        self.claims.append(read_claim(Expectation, statement, frame.values))

    def train(self, statement: Statement, frame: Scope) -> None:
        """`train { … }`: how the network is trained; each statement in it is a setting."""
        self.once("train", "`train`", statement.word_span)
        if statement.block is None:
            raise DiagnosticError(BlockMissing(statement.word_span, word="train"))
        if statement.arguments:
            argument = statement.arguments[0]
            form = "train { … }"
            raise DiagnosticError(
                WrittenAs(argument.span, word="train", form=form, found=argument.kind)
            )
        for whole in statement.block.statements:
            for inner in self.separated(whole, Training.specs, frame):
                if inner.word in Training.specs:
                    self.guarded(Expansion.training_setting, inner, frame)
                    if inner.block and inner.block.closed:
                        self.problems.append(BlockNotTaken(inner.block.span, word=inner.word))
                elif inner.word in self.known(frame) and not statement.block.closed:
                    # The end of the block is missing before this statement.
                    self.statement(inner, frame)
                else:
                    self.unknown_setting(inner, frame)

    def unknown_setting(self, statement: Statement, frame: Scope) -> None:
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

    def training_setting(self, statement: Statement, frame: Scope) -> None:
        """A statement of the train block."""
        self.assign(Training, self.training, "train.", statement)

    def spec(self) -> Spec:
        """What has been understood, as one value."""
        known = (*self.top.spans, *Training.specs)
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
        if "data" in self.poisoned:
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
                self.poisoned.add(name)
                self.problems.append(
                    Incompatible(
                        self.spans[name], of=f"data {dataset.name}", reason=reason, remedy=remedy
                    )
                )
            values[name] = value

    outer: ClassVar[dict[str, Handler]] = {
        "model": setting,
        "data": setting,
        "input": setting,
        "classes": setting,
        "allow": setting,
        "silence": silence,
        "budget": budget,
        "expect": expect,
        "train": train,
        "sweep": Trials.sweep,
        **Trials.building,
    }
    """What may stand outside of every block."""


def _items(statement: Statement) -> Iterator[Argument]:
    """The arguments of a statement, those of a list one by one."""
    for argument in statement.arguments:
        yield from argument.items if isinstance(argument, Sequence) else (argument,)
