"""The search for the values of every `fit`: which choices fit, and which of those is the best.

Choices are tried by checking the text with them. Where a name is only a width of layers
(`expansion/widths.py`), more of it costs no less: from one choice that costs too much, or too
little, follows that all with larger, or smaller, widths do. Their values are halved. All others
are tried one by one, up to a limit.
"""

from collections.abc import Callable, Iterator
from enum import Enum

from cnnspec.analysis.check import CheckedSpec, Checker
from cnnspec.core.record import Record
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import OverBudget
from cnnspec.expansion.state import Overrides
from cnnspec.expansion.widths import only_widen
from cnnspec.ir.claims import UPPER, Budget
from cnnspec.ir.spec import ErrorNode, Merge, every
from cnnspec.language.syntax import Number
from cnnspec.layers.merging import Add
from cnnspec.program.inference import least_ram

MAX_TRIED = 20_000
"""Layers of networks that are looked at in all; about a second."""
MAX_LOOKS = 200_000
"""Choices that are looked at in all, those included of which the outcome follows from others."""
MAX_KEPT = 100
"""Choices over and under budgets that are remembered, so that others are not looked at."""

Values = tuple[int, ...]


class Outcome(Enum):
    """What is known of a choice of values, or of all that begin with some."""

    FITS = "fits"
    OVER = "over"
    """It costs too much, and so does every one with larger widths."""
    UNDER = "under"
    """It costs too little, and so does every one with smaller widths."""
    WRONG = "wrong"
    """It does not fit, from which nothing follows for others."""


class Found(Record):
    """What came of a look for values that begin with some: with `FITS` all the values."""

    outcome: Outcome
    values: Values = ()


class TooManyError(Exception):
    """The limit is reached."""


class Search:
    """One search under way, with every choice that was looked at."""

    def __init__(self, checker: Checker, result: CheckedSpec, overrides: Overrides) -> None:
        self.checker = checker
        self.overrides = overrides
        self.fits = result.expanded.fits
        self.objective = result.expanded.objective
        names = [fit.name for fit in self.fits]
        self.numbers = {
            (fit.name, value): number for fit in self.fits for value, number in fit.values.items()
        }
        """The values as syntax: the checker knows a network by these pieces."""
        statements = checker.parsed.statements
        rising = only_widen(statements, overrides, names) if _costs_grow(result) else frozenset()
        self.rising = tuple(name in rising for name in names)
        self.outcomes: dict[Values, Outcome] = {}
        self.over: list[Values] = []
        """Choices that cost too much, the last ones first."""
        self.under: list[Values] = []
        """Choices that cost too little, the last ones first."""
        self.looks = 0
        self.layers = 0
        self.nearest: tuple[float, Values] | None = None
        """The choice that is least over its budgets, and how much: 1 for twice as much."""
        self.common: dict[tuple[str, str], Diagnostic] | None = None
        """The errors other than budgets that every choice so far has."""

    def values(self, prefix: Values) -> list[int]:
        """The values of the next name, in rising order."""
        fit = self.fits[len(prefix)]
        if prefix and not fit.fixed:
            # The ends of its range may be values of names before it.
            for other in self.checker.plain(self._with(prefix)).expanded.fits:
                fit = other if other.name == fit.name else fit
        return list(fit.values)

    def _with(self, values: Values) -> Overrides:
        """The overrides with values for the first names."""
        written: Overrides = {}
        for fit, value in zip(self.fits, values, strict=False):
            written[fit.name] = self.numbers.setdefault((fit.name, value), Number(fit.span, value))
        return {**self.overrides, **written}

    def result(self, values: Values) -> CheckedSpec:
        """The text with a value for every name."""
        return self.checker.plain(self._with(values))

    def at(self, values: Values) -> Outcome:
        """Whether a choice fits. Raises `TooManyError` at the limit."""
        if values in self.outcomes:
            return self.outcomes[values]
        self.looks += 1
        if self.layers > MAX_TRIED or self.looks > MAX_LOOKS:
            raise TooManyError
        if any(self._narrower(other, values) for other in self.over):
            return Outcome.OVER
        if any(self._narrower(values, other) for other in self.under):
            return Outcome.UNDER
        result = self.result(values)
        self.layers += len(result.layers) + 1
        outcome = self.outcomes[values] = self._judge(values, result)
        return outcome

    def _narrower(self, one: Values, other: Values) -> bool:
        """Whether a choice differs from another by nothing but smaller widths."""
        pairs = zip(one, other, self.rising, strict=True)
        return all(a <= b if rising else a == b for a, b, rising in pairs)

    def _judge(self, values: Values, result: CheckedSpec) -> Outcome:
        errors = [p for p in result.problems if p.severity == "error"]
        others = {(p.code, p.message): p for p in errors if not isinstance(p, OverBudget)}
        kept = others if self.common is None else self.common
        self.common = {key: p for key, p in kept.items() if key in others}
        if not errors:
            return Outcome.FITS
        if others:
            return Outcome.WRONG
        missed = [v for v in result.budget_results if not v.holds]
        excess = max(abs(v.value - v.budget.limit) / max(v.budget.limit, 1) for v in missed)
        if self.nearest is None or (excess, values) < self.nearest:
            self.nearest = excess, values
        if any(_stays_over(result, v.budget) for v in missed):
            self.over = [values, *self.over[: MAX_KEPT - 1]]
            return Outcome.OVER
        if any(_stays_under(result, v.budget) for v in missed):
            self.under = [values, *self.under[: MAX_KEPT - 1]]
            return Outcome.UNDER
        return Outcome.WRONG

    def some(self, prefix: Values) -> Found:
        """Any choice that begins with these values."""
        if len(prefix) == len(self.fits):
            outcome = self.at(prefix)
            return Found(outcome, prefix if outcome is Outcome.FITS else ())
        values = self.values(prefix)
        if self.rising[len(prefix)]:
            return self._some_width(prefix, values)
        outcomes = set()
        for value in reversed(values):
            found = self.some((*prefix, value))
            if found.outcome is Outcome.FITS:
                return found
            outcomes.add(found.outcome)
        return Found(outcomes.pop() if len(outcomes) == 1 else Outcome.WRONG)

    def _some_width(self, prefix: Values, values: list[int]) -> Found:
        """Any choice that begins with these values, of which the next is a width.

        The cheapest fits if any does, unless something else than a cost is wrong with it.
        """
        left, place = [*values], 0
        while left:
            value = left[place]
            found = self.some((*prefix, value))
            # What holds for the end of the range holds for all of it.
            end = {Outcome.OVER: values[0], Outcome.UNDER: values[-1]}.get(found.outcome)
            if found.outcome is Outcome.FITS or value == end:
                return found
            left = self._without(left, place, found.outcome)
            place = len(left) // 2
        return Found(Outcome.WRONG)

    def _without(self, left: list[int], place: int, outcome: Outcome) -> list[int]:
        """The values of a width that may fit when the one at a place does not."""
        if outcome is Outcome.OVER:
            return left[:place]
        if outcome is Outcome.UNDER:
            return left[place + 1 :]
        return left[:place] + left[place + 1 :]

    def best(self, prefix: Values) -> Found:
        """The best choice that begins with these values."""
        if len(prefix) == len(self.fits):
            return self.some(prefix)
        value = self.largest(prefix)
        return self.best((*prefix, value)) if value is not None else Found(Outcome.WRONG)

    def largest(
        self, prefix: Values, accept: Callable[[Values], bool] = lambda _: True
    ) -> int | None:
        """The largest value of the next name with which some choice fits.

        `accept` refuses choices that cost too much for another reason than a budget.
        """
        left, rising = self.values(prefix), self.rising[len(prefix)]
        best = None
        while left:
            place = len(left) // 2 if rising else len(left) - 1
            found = self.some((*prefix, left[place]))
            if found.outcome is Outcome.FITS and accept(found.values):
                best, left = left[place], left[place + 1 :]
            else:
                outcome = Outcome.OVER if found.outcome is Outcome.FITS else found.outcome
                left = self._without(left, place, outcome if rising else Outcome.WRONG)
        return best

    def smallest(self, prefix: Values) -> int | None:
        """The smallest value of the next name, a width, with which some choice fits."""
        left = self.values(prefix)
        best = None
        while left:
            place = len(left) // 2
            outcome = self.some((*prefix, left[place])).outcome
            if outcome is Outcome.FITS:
                best, left = left[place], left[:place]
            else:
                left = self._without(left, place, outcome)
        return best

    def optimum(self) -> Found:
        """The choice with the most or least of the objective; of equal ones the largest values."""
        assert self.objective
        sign = 1 if self.objective.word == "maximize" else -1
        ranked = ((sign * self.cost(values), values) for values in self._candidates(()))
        _, best = max(ranked, default=(0, ()))
        return Found(Outcome.FITS, best) if best else Found(Outcome.WRONG)

    def cost(self, values: Values) -> int:
        """How much a choice that fits has of what the objective names."""
        assert self.objective
        totals = self.result(values).totals
        assert totals
        return totals.of(self.objective.cost)

    def _candidates(self, prefix: Values) -> Iterator[Values]:
        """The choices that fit, without those that another one is as good as for certain."""
        assert self.objective
        place = len(prefix)
        if place == len(self.fits):
            yield prefix
            return
        # Memory is found by trying, and may be less for a wider network.
        if place == len(self.fits) - 1 and self.rising[place] and self.objective.quantity != "ram":
            yield from self._extreme(prefix)
            return
        for value in self.values(prefix):
            outcome = self.some((*prefix, value)).outcome
            if outcome is Outcome.FITS:
                yield from self._candidates((*prefix, value))
            elif self.rising[place] and outcome is Outcome.OVER:
                return

    def _extreme(self, prefix: Values) -> Iterator[Values]:
        """The best choice for the objective, where all but a last width is chosen."""
        assert self.objective
        if self.objective.word == "maximize":
            value = self.largest(prefix)
        else:
            value = self.smallest(prefix)
            if value is not None:
                least = self.cost((*prefix, value))
                value = self.largest(prefix, lambda values: self.cost(values) <= least)
        if value is not None:
            yield (*prefix, value)


def _costs_grow(result: CheckedSpec) -> bool:
    """Whether wider layers never cost less: a projection is not there where widths are equal."""
    return not any(
        isinstance(element, ErrorNode)
        or (isinstance(element, Merge) and isinstance(element.layer, Add) and element.layer.project)
        for element in every(result.spec.nodes)
    )


def _stays_over(result: CheckedSpec, budget: Budget) -> bool:
    """Whether a budget that does not hold cannot hold with wider layers either."""
    assert result.totals
    value = result.totals.of(budget)
    if budget.quantity == "ram":
        # The arena itself is found by trying, and may be smaller for a wider network. What is
        # whole in every plan of ours is whole on every other runtime.
        value = least_ram(result.graph, budget.dtype or "float32")
    if budget.relation in UPPER:
        return not budget.holds(value)
    return budget.relation == "==" and value > budget.limit


def _stays_under(result: CheckedSpec, budget: Budget) -> bool:
    """Whether a budget that does not hold cannot hold with narrower layers either."""
    assert result.totals
    if budget.quantity == "ram" or budget.relation in UPPER:
        return False
    return result.totals.of(budget) <= budget.limit
