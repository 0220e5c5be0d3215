"""Syntax tree to IR: words get their meaning, names their values, defaults are filled in.

Values in, values or diagnostics out. Everything wrong is collected; what an error leaves
unknown is marked by an `ErrorNode`, so that the checker draws no conclusion from it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic, Traced
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import Misplaced, UnknownName, UnknownSetting
from cnnspec.diagnostics.statements import GivenTwice, NothingToTrain
from cnnspec.diagnostics.syntax import TooLarge, UnexpectedText
from cnnspec.diagnostics.values import Incompatible
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.state import Axis, Fit, Let, Objective, Overrides, Scope, State, Vocabulary
from cnnspec.expansion.statements import run
from cnnspec.expansion.vocabulary import VOCABULARY
from cnnspec.ir.datasets import Dataset
from cnnspec.ir.spec import NO_DATA, Data, Spec
from cnnspec.ir.training import Training
from cnnspec.language.expressions import Bindings, evaluate
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Expression


class Expanded(Record):
    """What a text says: the spec, with gaps for what could not be read, and the errors."""

    spec: Spec
    spans: dict[str, Span]
    """Where each setting of the spec stands, `train.batch` for those of the train block,
    `silence.CNN601` for a code that is silenced."""
    poisoned: frozenset[str]
    """The settings and lets that could not be read."""
    problems: tuple[Diagnostic, ...]
    fits: tuple[Fit, ...] = ()
    objective: Objective | None = None
    sweep: tuple[Axis, ...] = ()
    lets: tuple[Let, ...] = ()
    """Those outside of every block, as far as they have a value."""


class PartialSpec(Record):
    """What a text says with some values for its lets, before those for its settings.

    An override of a setting changes nothing in it: texts under overrides that differ in
    settings only have one partial spec, and `with_overrides` tells them apart.
    """

    source: Source
    spec: Spec
    spans: dict[str, Span] = {}  # noqa: RUF012 - a record never changes its defaults
    poisoned: frozenset[str] = frozenset()
    problems: tuple[Diagnostic, ...] = ()
    """Those of the syntax first."""
    fits: tuple[Fit, ...] = ()
    objective: Objective | None = None
    sweep: tuple[Axis, ...] = ()
    bindings: Bindings = {}  # noqa: RUF012 - a record never changes its defaults
    """The names defined outside of every block, and their values."""
    lets: dict[str, Expression | None] = {}  # noqa: RUF012 - a record never changes its defaults
    """The names for which an override was looked for, and what was found."""
    defined: tuple[Let, ...] = ()
    """Those of them that have a value."""

    def with_overrides(self, overrides: Overrides) -> Expanded:
        """The text with the overrides that are left for its settings."""
        spec, spans, problems = self.spec, self.spans, [*self.problems]
        sweep = self.sweep
        if overrides:
            values: dict[str, Any] = {}
            for name, value in overrides.items():
                if name not in self.lets:
                    try:
                        values[name] = self._setting(name, value)
                    except DiagnosticError as error:
                        problems.append(error.diagnostic)
            spec = spec.replace(train=spec.train.replace(**values))
            spans = spans | {f"train.{name}": overrides[name].span for name in values}
            # A name that `--set` fixes is no longer swept.
            sweep = tuple(axis for axis in sweep if axis.name not in overrides)
        if problems:
            problems.sort(key=lambda p: p.span.start if p.span else -1)
            # Of lets that use each other, each error follows from another: one is the first.
            problems = [*_distinct(problems, self.poisoned)] or problems[:1]
        elif not spec.nodes:
            problems = [NothingToTrain(self.source.span(0, 0))]
        return Expanded(
            spec,
            spans,
            self.poisoned,
            tuple(problems),
            self.fits,
            self.objective,
            sweep,
            self.defined,
        )

    def _setting(self, name: str, value: Expression) -> Any:
        """The value of a training setting; raises `DiagnosticError`, also for an unknown one."""
        if name not in Training.specs:
            known = (*self.lets, *Training.specs)
            near = nearest(name, known)
            place = _name_before(value.span, name)
            raise DiagnosticError(UnknownSetting(place, name=name, near=near, known=known))
        kind = Training.specs[name].kind
        return kind.read_arguments((value,), value.span, self.bindings, f"`{name}`")


def _name_before(value: Span, name: str) -> Span:
    """Where the name of an override is, right before its value."""
    head = value.source.text[: value.start].rstrip("= \t")
    if not head.endswith(name):
        return value
    return value.source.span(len(head) - len(name), len(head))


def partial_spec(
    parsed: Parsed,
    overrides: Overrides,
    cache: ExpansionCache,
    vocabulary: Vocabulary = VOCABULARY,
) -> PartialSpec:
    """Gives a parsed text its meaning; `overrides` replace its lets."""
    state = State(vocabulary, overrides, cache)
    run(state, parsed.statements, state.top)
    if state.axes:
        _require_known_axes(state)
    if state.objective and not state.searches and "let" not in state.poisoned:
        from cnnspec.diagnostics.claims import NothingToFit

        error = NothingToFit(state.objective.span, objective=str(state.objective))
        state.problems.append(error)
    spec = _spec(state)
    if state.steps > MAX_SHORT and not state.problems:
        _require_written(state, spec, parsed.source)
    return PartialSpec(
        parsed.source,
        spec,
        state.spans,
        frozenset(state.poisoned),
        (*parsed.problems, *_apart(state.problems, parsed.problems)),
        tuple(state.fits),
        state.objective,
        tuple(state.axes),
        state.top.values,
        {name: overrides.get(name) for name in state.top.spans},
        tuple(_defined(state.top)),
    )


def _apart(problems: list[Diagnostic], syntax: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """The problems that are not about words whose syntax is wrong already."""
    if not (problems and syntax):
        return problems
    wrong = [error.span for error in syntax if error.span]
    return [
        problem
        for problem in problems
        if not (problem.span and any(_within(problem.span, span) for span in wrong))
    ]


def _within(inner: Span, outer: Span) -> bool:
    same = inner.source is outer.source and inner.start < inner.end
    return same and outer.start <= inner.start and inner.end <= outer.end


def _defined(top: Scope) -> Iterator[Let]:
    """The names that the text itself gives a value, in their order."""
    for name, span in top.spans.items():
        if name in top.values:
            yield Let(name, top.values[name], span)


def expand(parsed: Parsed, overrides: Overrides | None = None) -> Expanded:
    """Gives a parsed text its meaning; `overrides` replace lets and training settings."""
    return partial_spec(parsed, overrides or {}, ExpansionCache()).with_overrides(overrides or {})


def read(source: Source, overrides: Overrides | None = None) -> Expanded:
    """Parses and expands a text."""
    return expand(parse(source), overrides)


def _require_known_axes(state: State) -> None:
    """Reports the names of a sweep that are neither a `let` nor a training setting."""
    for axis in state.axes:
        known = (*state.top.spans, *Training.specs)
        if axis.name not in known:
            near = nearest(axis.name, known)
            error = UnknownSetting(axis.span, name=axis.name, near=near, known=known)
            state.problems.append(error)
        else:
            _require_distinct_values(state, axis)


def _require_distinct_values(state: State, axis: Axis) -> None:
    """Reports a value that a sweep has twice, however it is written: it would be trained twice."""
    if len({value.span.start for value in axis.values}) < len(axis.values):
        # The numbers of a range, which are all of its place, are distinct.
        return
    what, bindings = f"`{axis.name}`", state.top.values
    first: dict[Any, Span] = {}
    for value in axis.values:
        try:
            if axis.name in state.top.spans:
                read: Any = evaluate(value, bindings, what)
            else:
                kind = Training.specs[axis.name].kind
                read = kind.read_arguments((value,), value.span, bindings, what)
        except DiagnosticError:
            # Each point tells what is wrong with its value.
            continue
        if read in first:
            what = f"the value {value.span.text} of `{axis.name}`"
            state.problems.append(GivenTwice(value.span, what=what, first=first[read]))
            return
        first[read] = value.span


MAX_SHORT = 500
"""Statements that can always be written out."""


def _require_written(state: State, spec: Spec, source: Source) -> None:
    """Reports a network whose canonical text, with every default, would be too long to read."""
    # Few texts are long.
    from cnnspec.ir.limits import can_be_written

    if not can_be_written(spec):
        what = "this spec is too long with every layer and default written out"
        limit = "2 MiB and 30,000 statements"
        state.problems.append(TooLarge(source.span(0, 0), what=what, limit=limit))


def _spec(state: State) -> Spec:
    """What has been understood, as one value."""
    return Spec(
        **_with_dataset(state),
        nodes=tuple(state.top.elements),
        budgets=tuple(state.budgets),
        expectations=tuple(state.expectations),
        train=Training(**state.training),
    )


def _with_dataset(state: State) -> dict[str, Any]:
    """The settings with shape and classes of the dataset, which a spec may only repeat.

    Of data of the user's own a spec says them; the files are looked at when training begins.
    A spec that says others and names no data is a network for any images.
    """
    settings = state.settings
    dataset = settings.get("data", Spec.fields["data"]).dataset
    if "data" in state.poisoned or dataset is None:
        return settings
    fixed = {"input": dataset.shape, "classes": dataset.classes}
    others = [name for name, value in fixed.items() if not _is(settings.get(name, value), value)]
    if others and "data" not in settings:
        return {**settings, "data": Data(NO_DATA)}
    for name in others:
        state.poisoned.add(name)
        error = _contradiction(name, dataset)
        state.problems.append(error.replace(span=state.spans[name]))
    return {**settings, **fixed}


def _is(given: Any, value: Any) -> bool:
    """Whether a setting repeats that of the dataset; grey images may leave their channel out."""
    return given == value or (isinstance(given, tuple) and (*given, 1) == value)


def _contradiction(name: str, dataset: Dataset) -> Incompatible:
    """The error of an `input` or `classes` that is not that of the dataset."""
    if name == "input":
        shown = "x".join(map(str, dataset.shape))
        reason = f"another `input` than the {shown} of its images"
        remedy = "remove this line; a `resize` layer changes the size"
    else:
        reason = f"another number of classes than its {dataset.classes}"
        remedy = "remove this line"
    return Incompatible(None, of=f"data {dataset.name}", reason=reason, remedy=remedy)


def _follows(word: Span | None, span: Span | None) -> bool:
    """Whether only blanks are between a word and what is behind it."""
    if word is None or span is None or word.source is not span.source:
        return False
    return word.end <= span.start and not word.source.text[word.end : span.start].strip(" \t")


def _distinct(problems: Iterable[Diagnostic], poisoned: frozenset[str]) -> Iterator[Diagnostic]:
    """Each error once, however often its block was used, and none that follows from another."""
    seen = set()
    misplaced: Span | None = None
    for problem in problems:
        found = problem.inner if isinstance(problem, Traced) else problem
        # A name whose definition is wrong is not called undefined as well.
        if isinstance(found, UnknownName) and f"let {found.name}" in poisoned:
            continue
        if isinstance(found, Misplaced):
            misplaced = found.span
        elif isinstance(found, UnexpectedText) and _follows(misplaced, found.span):
            # The `=` of `lr=0.05`, which the help writes elsewhere.
            continue
        place = (problem.code, problem.span and (id(problem.span.source), problem.span.start))
        if place not in seen:
            seen.add(place)
            yield problem
