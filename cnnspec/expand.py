"""Syntax tree to IR: words get their meaning, names their values, defaults are filled in.

Values in, values or diagnostics out. Everything wrong is collected; what a fault
leaves unknown is marked by a `Gap`, so that the checker draws no conclusion from it.
"""

from collections.abc import Callable, Generator, Iterator
from typing import Any

from cnnspec.datasets.catalog import DATASETS
from cnnspec.diagnostics.base import Diagnostic, Refused
from cnnspec.diagnostics.text import (
    BlockMissing,
    BlockNotTaken,
    MissingSeparator,
    NothingToTrain,
    Twice,
)
from cnnspec.diagnostics.words import (
    Incompatible,
    Misplaced,
    UnknownName,
    UnknownSetting,
    UnknownStatement,
    WrongKind,
)
from cnnspec.ir.claims import Budget, Claim, Expectation, read_claim
from cnnspec.ir.spec import NAME, Node, Spec, automatic_names, is_automatic
from cnnspec.ir.training import OPTIMIZERS, Training
from cnnspec.language.entries import Entry, bind
from cnnspec.language.expressions import Scope, evaluate
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.suggest import SYNONYMS, nearest
from cnnspec.language.syntax import Block, Expression, Option, Statement, Word
from cnnspec.layers.table import LAYERS
from cnnspec.record import Record
from cnnspec.source import Source, Span


class Gap(Record):
    """The place of a layer that could not be read."""

    span: Span


class Expanded(Record):
    """What a text says: the spec, with gaps for what could not be read, and the faults."""

    spec: Spec
    nodes: tuple[Node | Gap, ...]
    places: dict[str, Span]
    """Where each setting of the spec stands, `train.batch` for those of the train block."""
    doubtful: frozenset[str]
    """The settings and lets that could not be read."""
    problems: tuple[Diagnostic, ...]


Overrides = dict[str, Expression]
"""Values for names of the spec, as `--set` gives them."""


class _Expansion:
    """One expansion under way: a method for each word that is not a layer."""

    def __init__(self, overrides: Overrides) -> None:
        self.problems: list[Diagnostic] = []
        self.scope: Scope = {}
        self.places: dict[str, Span] = {}
        self.doubtful: set[str] = set()
        self.values: dict[str, Any] = {}
        self.training: dict[str, Any] = {}
        self.claims: list[Claim] = []
        self.nodes: list[Node | Gap] = []
        self.names: dict[str, Span] = {}
        self.overrides = overrides
        self.unused = dict(overrides)
        self.automatic: Generator[Any, str, None] = automatic_names()
        next(self.automatic)
        self.handlers: dict[str, Callable[[Statement], None]] = {
            "model": self.setting,
            "data": self.setting,
            "input": self.setting,
            "classes": self.setting,
            "let": self.let,
            "budget": self.budget,
            "expect": self.expect,
            "train": self.train,
        }
        self.known = (*self.handlers, *LAYERS)

    def run(self, statements: tuple[Statement, ...]) -> None:
        """Takes the statements of a spec one after another."""
        for statement in statements:
            for part in self.separated(statement, self.known, Spec):
                self.statement(part)

    def statement(self, statement: Statement) -> None:
        """A statement outside of every block."""
        word, block = statement.word, statement.block
        handler = self.handlers.get(word) or (self.layer if word in LAYERS else None)
        if handler is None:
            self.unknown(statement, self.known, Training.specs, "in `train { … }`", "")
            # The layer that was meant is unknown, and so are all shapes after it.
            if word not in Training.specs:
                self.nodes.append(Gap(statement.span))
            return
        self.guarded(handler, statement)
        if block and word != "train":
            self.no_block(statement, block)
            if not block.closed:
                self.run(block.statements)

    def no_block(self, statement: Statement, block: Block) -> None:
        """Refuses a block, unless it is at fault anyway for want of its end."""
        if block.closed:
            self.problems.append(BlockNotTaken(block.span, word=statement.word))

    def guarded(self, handler: Callable[[Statement], None], statement: Statement) -> None:
        """Runs a handler and keeps what it refuses."""
        if statement.broken:
            self.doubtful.add(statement.word)
        try:
            handler(statement)
        except Refused as refused:
            self.doubtful.add(statement.word)
            if not statement.broken:
                self.problems.append(refused.diagnostic)

    def separated(
        self, statement: Statement, known: tuple[str, ...], settings: type[Entry]
    ) -> Iterator[Statement]:
        """A statement that runs on into the next for want of a separator, as what was meant."""
        if statement.word not in known:
            yield statement
            return
        entry = LAYERS.get(statement.word)
        kind = settings.specs[statement.word].kind if statement.word in settings.specs else None
        taken = entry.words() if entry else kind.words if kind else ()
        # What a setting is set to can be any word; what a layer takes are its own.
        first = 0 if entry else 1
        for index, argument in enumerate(statement.arguments[first:], first):
            if not isinstance(argument, Word) or argument.text in (*taken, *self.scope):
                continue
            if argument.text in known:
                self.problems.append(MissingSeparator(argument.span, word=argument.text))
                head = statement.arguments[:index]
                end = head[-1].span if head else statement.word_span
                yield statement.replace(
                    span=statement.span.to(end), arguments=head, block=None, broken=False
                )
                rest = statement.replace(
                    span=Span(argument.span.source, argument.span.start, statement.span.end),
                    word=argument.text,
                    word_span=argument.span,
                    arguments=statement.arguments[index + 1 :],
                )
                yield from self.separated(rest, known, settings)
                return
        yield statement

    def unknown(
        self,
        statement: Statement,
        known: tuple[str, ...],
        elsewhere: Any,
        home: str,
        where: str,
    ) -> None:
        """Reports a word that has no meaning here."""
        word, span = statement.word, statement.word_span
        if word in elsewhere:
            self.problems.append(Misplaced(span, word=word, home=home))
            return
        near = nearest(word, known)
        self.problems.append(UnknownStatement(span, word=word, near=near, known=known, where=where))

    def once(self, name: str, what: str, span: Span) -> None:
        """Notes where a thing is said; a second time is a fault."""
        if name in self.places:
            raise Refused(Twice(span, what=what, first=self.places[name]))
        self.places[name] = span

    def setting(self, statement: Statement) -> None:
        """`model`, `data`, `input`, `classes`."""
        self.assign(Spec, self.values, "", statement)

    def assign(
        self, cls: type[Entry], values: dict[str, Any], prefix: str, statement: Statement
    ) -> None:
        """Sets a field of an entry from the statement that has its name."""
        name = statement.word
        self.once(prefix + name, f"`{name}`", statement.span)
        kind = cls.specs[name].kind
        values[name] = kind.read_arguments(
            statement.arguments, statement.word_span, self.scope, f"`{name}`"
        )

    def let(self, statement: Statement) -> None:
        """`let f = 16`: a name for a number."""
        for argument in statement.arguments:
            if isinstance(argument, Word):
                self.doubtful.add(f"let {argument.text}")
            if not isinstance(argument, Option):
                remedy = f"write `let {argument.span.text} = …`"
                raise Refused(
                    WrongKind(
                        argument.span,
                        what="`let`",
                        expected="written `let name = value`",
                        found=argument.kind,
                        remedy=remedy if isinstance(argument, Word) else "",
                    )
                )
            name = argument.name
            self.once(f"let {name}", f"the name `{name}`", argument.span)
            self.unused.pop(name, None)
            value = self.overrides.get(name, argument.value)
            self.doubtful.add(f"let {name}")
            self.scope[name] = evaluate(value, self.scope, f"`{name}`")
            self.doubtful.remove(f"let {name}")
        if not statement.arguments:
            raise Refused(
                WrongKind(
                    statement.span,
                    what="`let`",
                    expected="written `let name = value`",
                    found="nothing at all",
                )
            )

    def budget(self, statement: Statement) -> None:
        """`budget params <= 6000`."""
        self.claims.append(read_claim(Budget, statement, self.scope))

    def expect(self, statement: Statement) -> None:
        """`expect accuracy >= 0.98`."""
        self.claims.append(read_claim(Expectation, statement, self.scope))

    def train(self, statement: Statement) -> None:
        """`train { … }`: every statement in it sets one field of `Training`."""
        self.once("train", "`train`", statement.word_span)
        if statement.block is None:
            raise Refused(BlockMissing(statement.word_span, word="train"))
        if statement.arguments:
            argument = statement.arguments[0]
            raise Refused(
                WrongKind(
                    argument.span,
                    what="`train`",
                    expected="written `train { … }`",
                    found=argument.kind,
                )
            )
        known = tuple(Training.specs)
        for whole in statement.block.statements:
            for inner in self.separated(whole, known, Training):
                if inner.word in Training.specs:
                    self.guarded(self.training_setting, inner)
                    if inner.block:
                        self.no_block(inner, inner.block)
                elif inner.word in self.known and not statement.block.closed:
                    # The end of the block is missing before this statement.
                    self.statement(inner)
                elif home := _optimizer_home(inner.word):
                    self.problems.append(Misplaced(inner.word_span, word=inner.word, home=home))
                else:
                    home = "outside of `train { … }`"
                    self.unknown(inner, known, self.known, home, "`train`")

    def training_setting(self, statement: Statement) -> None:
        """A statement of the train block."""
        self.assign(Training, self.training, "train.", statement)

    def override_training(self) -> None:
        """Applies what `--set` says of training settings, and refuses what it says of nothing."""
        for name, value in self.unused.items():
            if name not in Training.specs:
                known = (*(n[4:] for n in self.places if n.startswith("let ")), *Training.specs)
                near = nearest(name, known)
                fault = UnknownSetting(value.span, name=name, near=near, known=known)
                self.problems.append(fault)
                continue
            try:
                kind = Training.specs[name].kind
                self.training[name] = kind.read_arguments(
                    (value,), value.span, self.scope, f"`{name}`"
                )
            except Refused as refused:
                self.problems.append(refused.diagnostic)

    def layer(self, statement: Statement) -> None:
        """A layer of the table."""
        cls = LAYERS[statement.word]
        bound = bind(
            cls,
            statement.arguments,
            statement.word_span,
            self.scope,
            self.problems,
            extra={"name": NAME},
            broken=statement.broken,
        )
        own = self.automatic.send(statement.word)
        name = bound.extra.get("name", own)
        span = bound.places.get("name", statement.span)
        if name != own and is_automatic(name):
            what, remedy = f"the name `{name}`", "names of this form are given by themselves"
            self.problems.append(Incompatible(span, of=statement.word, reason=what, remedy=remedy))
        if name in self.names:
            what = f"the layer name `{name}`"
            self.problems.append(Twice(span, what=what, first=self.names[name]))
        self.names[name] = span
        if bound.entry is None:
            self.nodes.append(Gap(statement.span))
        else:
            self.nodes.append(Node(name, bound.entry, statement.span, bound.places))

    def spec(self) -> Spec:
        """What has been understood, as one value."""
        self.override_training()
        values = dict(self.values)
        self.follow_dataset(values)
        return Spec(
            **values,
            nodes=tuple(node for node in self.nodes if isinstance(node, Node)),
            budgets=tuple(c for c in self.claims if isinstance(c, Budget)),
            expectations=tuple(c for c in self.claims if isinstance(c, Expectation)),
            train=Training(**self.training),
        )

    def follow_dataset(self, values: dict[str, Any]) -> None:
        """Takes shape and classes from the dataset; a spec may repeat but not contradict them."""
        data = values.get("data", Spec.fields["data"])
        dataset = DATASETS[data.source]
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
                        self.places[name], of=f"data {data.source}", reason=reason, remedy=remedy
                    )
                )
            values[name] = value


def _optimizer_home(word: str) -> str:
    """Where a setting of the optimizer belongs."""
    word = SYNONYMS.get(word, word)
    for name, cls in OPTIMIZERS.items():
        if word in cls.specs:
            return f"to the optimizer: `optimizer {name}({word}=…)`"
    return ""


def expand(parsed: Parsed, overrides: Overrides | None = None) -> Expanded:
    """Gives a parsed text its meaning; `overrides` replace lets and training settings."""
    expansion = _Expansion(overrides or {})
    expansion.run(parsed.statements)
    spec = expansion.spec()
    # A name whose definition is at fault is not called undefined as well.
    problems = [*parsed.problems]
    for problem in expansion.problems:
        if not (isinstance(problem, UnknownName) and f"let {problem.name}" in expansion.doubtful):
            problems.append(problem)
    if not expansion.nodes and not problems:
        problems.append(NothingToTrain(parsed.source.span(0, 0)))
    problems.sort(key=lambda p: p.span.start if p.span else -1)
    return Expanded(
        spec,
        tuple(expansion.nodes),
        expansion.places,
        frozenset(expansion.doubtful),
        tuple(problems),
    )


def read(source: Source, overrides: Overrides | None = None) -> Expanded:
    """Parses and expands a text."""
    return expand(parse(source), overrides)
