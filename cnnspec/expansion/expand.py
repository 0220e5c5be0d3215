"""Syntax tree to IR: words get their meaning, names their values, defaults are filled in.

Values in, values or diagnostics out. Everything wrong is collected; what a fault
leaves unknown is marked by a `ErrorNode`, so that the checker draws no conclusion from it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic, Traced
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import (
    UnknownName,
    UnknownSetting,
)
from cnnspec.diagnostics.syntax import NothingToTrain
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.expansion.search import Axis, Fit
from cnnspec.expansion.spec import Expansion
from cnnspec.ir.spec import Spec
from cnnspec.ir.training import Training
from cnnspec.language.expressions import Bindings
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Expression,
)
from cnnspec.layers.table import LAYERS


class Expanded(Record):
    """What a text says: the spec, with gaps for what could not be read, and the faults."""

    spec: Spec
    spans: dict[str, Span]
    """Where each setting of the spec stands, `train.batch` for those of the train block,
    `silence.CNN601` for a code that is silenced."""
    poisoned: frozenset[str]
    """The settings and lets that could not be read."""
    problems: tuple[Diagnostic, ...]
    fit: Fit | None = None
    sweep: tuple[Axis, ...] = ()


Overrides = dict[str, Expression]
"""Values for names of the spec, as `--set` gives them."""


class PartialSpec(Record):
    """What a text says with some values for its lets, before those for its settings.

    Nothing in it follows from an override that is no let's: texts under overrides that
    differ in others only have one outline, and `with_overrides` tells them apart.
    """

    parsed: Parsed
    spec: Spec
    spans: dict[str, Span]
    poisoned: frozenset[str]
    problems: tuple[Diagnostic, ...]
    fit: Fit | None
    sweep: tuple[Axis, ...]
    scope: Bindings
    """The names that stand outside of every block, and their values."""
    lets: dict[str, Expression | None]
    """The names for which an override was looked for, and what was found."""

    def with_overrides(self, overrides: Overrides) -> Expanded:
        """The text with the overrides that are left for its settings."""
        settings = {name: v for name, v in overrides.items() if name not in self.lets}
        values: dict[str, Any] = {}
        refused: list[Diagnostic] = []
        for name, value in settings.items():
            try:
                values[name] = self.setting(name, value)
            except DiagnosticError as fault:
                refused.append(fault.diagnostic)
        found = _distinct((*self.problems, *refused), self.poisoned)
        problems = [*self.parsed.problems, *found]
        if not self.spec.nodes and not problems:
            problems.append(NothingToTrain(self.parsed.source.span(0, 0)))
        problems.sort(key=lambda p: p.span.start if p.span else -1)
        return Expanded(
            self.spec.replace(train=self.spec.train.replace(**values)),
            self.spans | {f"train.{name}": settings[name].span for name in values},
            self.poisoned,
            tuple(problems),
            self.fit,
            # A name that `--set` fixes is no longer swept.
            tuple(axis for axis in self.sweep if axis.name not in overrides),
        )

    def setting(self, name: str, value: Expression) -> Any:
        """The value of a training setting; raises `DiagnosticError`, also for an unknown one."""
        if name not in Training.specs:
            known = (*self.lets, *Training.specs)
            near = nearest(name, known)
            raise DiagnosticError(UnknownSetting(value.span, name=name, near=near, known=known))
        kind = Training.specs[name].kind
        return kind.read_arguments((value,), value.span, self.scope, f"`{name}`")


def words() -> dict[str, str]:
    """What every word that is no layer does outside of blocks, by the word."""
    return {
        word: (handler.__doc__ or "").strip()
        for word, handler in Expansion.outer.items()
        if word not in LAYERS and word not in Spec.specs
    } | {"silence": (Expansion.silence.__doc__ or "").strip()}


def partial_spec(parsed: Parsed, overrides: Overrides, memory: ExpansionCache) -> PartialSpec:
    """Gives a parsed text its meaning; `overrides` replace its lets."""
    expansion = Expansion(overrides, memory)
    expansion.run(parsed.statements, expansion.top)
    spec = expansion.spec()
    return PartialSpec(
        parsed,
        spec,
        expansion.spans,
        frozenset(expansion.poisoned),
        tuple(expansion.problems),
        expansion.fit,
        tuple(expansion.axes),
        expansion.top.values,
        {name: overrides.get(name) for name in expansion.top.spans},
    )


def expand(parsed: Parsed, overrides: Overrides | None = None) -> Expanded:
    """Gives a parsed text its meaning; `overrides` replace lets and training settings."""
    return partial_spec(parsed, overrides or {}, ExpansionCache()).with_overrides(overrides or {})


def _distinct(problems: Iterable[Diagnostic], poisoned: frozenset[str]) -> Iterator[Diagnostic]:
    """Each fault once, however often its block was used, and none that follows from another."""
    seen = set()
    for problem in problems:
        found = problem.inner if isinstance(problem, Traced) else problem
        # A name whose definition is at fault is not called undefined as well.
        if isinstance(found, UnknownName) and f"let {found.name}" in poisoned:
            continue
        place = (problem.code, problem.span and (id(problem.span.source), problem.span.start))
        if place not in seen:
            seen.add(place)
            yield problem


def read(source: Source, overrides: Overrides | None = None) -> Expanded:
    """Parses and expands a text."""
    return expand(parse(source), overrides)
