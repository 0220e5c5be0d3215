"""The values for every `fit` of a text: the best for which each shape and budget holds.

Without an objective the first `fit` is as large as possible, then the second with that value
of the first, and so on. With `maximize macs` the quantity comes before that. Values are
tried by checking the text with them; nothing is assumed of a network that was not looked at,
except that more filters or units cost no less (`expansion/widths.py`). Where a name is only
such a width, its values are halved; else they are tried one by one, up to a limit that speaks.
"""

from collections.abc import Iterator
from enum import Enum

from cnnspec.analysis.check import CheckedSpec, Checker
from cnnspec.analysis.costs import FittedValue
from cnnspec.core.record import Record
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import NothingFits, OverBudget
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.state import Overrides
from cnnspec.expansion.widths import only_widen
from cnnspec.ir.claims import BYTES, UPPER, Budget
from cnnspec.ir.spec import Merge, every
from cnnspec.language.syntax import Number
from cnnspec.layers.merging import Add
from cnnspec.program.arena import least_of

MAX_TRIED = 20_000
"""Layers of networks that are looked at in all; about a second."""
MAX_LOOKS = 200_000
"""Choices that are looked at in all, those included of which the outcome follows from others."""
MAX_OVER = 100
"""Choices over budget that are remembered, so that what costs more is not looked at."""

Values = tuple[int, ...]

_MENDED = ("CNN007", "CNN010", "CNN105", "CNN106", "CNN109", "CNN113", "CNN120")
"""Errors of the text that another number may not have."""


class Outcome(Enum):
    """What is known of a choice of values, or of all that begin with some."""

    FITS = "fits"
    OVER = "over"
    """It costs too much, and so does every one with larger widths."""
    WRONG = "wrong"
    """It does not fit, from which nothing follows for others."""


class Found(Record):
    """What came of a look for values that begin with some: with `FITS` all the values."""

    outcome: Outcome
    values: Values = ()


class _TooManyError(Exception):
    """The limit is reached."""


def solve(checker: Checker, result: CheckedSpec, overrides: Overrides) -> CheckedSpec:
    """The text with the best values for its fits; with an error where there are none.

    `result` is the text with every `fit` at its largest value.
    """
    if _hopeless(result):
        return _without_costs(result)
    search = Search(checker, result, overrides)
    try:
        found = search.optimum() if search.objective else search.best(())
        if found.outcome is Outcome.FITS:
            best = search.result(found.values)
            # The values are no overrides: a name that is also swept still is.
            expanded = best.expanded.replace(sweep=result.expanded.sweep)
            return best.replace(expanded=expanded, fits=tuple(search.limits(found.values)))
    except _TooManyError:
        if not search.common:
            span = search.fits[0].span
            what = f"this fit would look at more than {len(search.outcomes):,} networks"
            limit = f"{MAX_TRIED:,} layers in all"
            remedy = "make the ranges shorter, or write `let` with a number for some of the names"
            error = TooLarge(span, what=what, limit=limit, remedy=remedy)
            return _without_costs(result.replace(problems=(error,)))
    return search.failed()


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
        """Whether a choice fits. Raises `_TooManyError` at the limit."""
        if values in self.outcomes:
            return self.outcomes[values]
        self.looks += 1
        if self.layers > MAX_TRIED or self.looks > MAX_LOOKS:
            raise _TooManyError
        if any(self._costs_less(other, values) for other in self.over):
            return Outcome.OVER
        result = self.result(values)
        self.layers += len(result.layers) + 1
        outcome = self.outcomes[values] = self._judge(values, result)
        return outcome

    def _costs_less(self, one: Values, other: Values) -> bool:
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
            self.over = [values, *self.over[: MAX_OVER - 1]]
            return Outcome.OVER
        return Outcome.WRONG

    def some(self, prefix: Values) -> Found:
        """Any choice that begins with these values, the cheapest first."""
        if len(prefix) == len(self.fits):
            outcome = self.at(prefix)
            return Found(outcome, prefix if outcome is Outcome.FITS else ())
        rising = self.rising[len(prefix)]
        values = self.values(prefix)
        over = 0
        for value in values if rising else reversed(values):
            found = self.some((*prefix, value))
            if found.outcome is Outcome.FITS:
                return found
            over += found.outcome is Outcome.OVER
            if rising and found.outcome is Outcome.OVER:
                # So are all larger ones, and with them every choice if this is the smallest.
                return Found(Outcome.OVER if value == values[0] else Outcome.WRONG)
        return Found(Outcome.OVER if over == len(values) else Outcome.WRONG)

    def best(self, prefix: Values) -> Found:
        """The best choice that begins with these values."""
        if len(prefix) == len(self.fits):
            return self.some(prefix)
        value = self.largest(prefix)
        return self.best((*prefix, value)) if value is not None else Found(Outcome.WRONG)

    def largest(self, prefix: Values) -> int | None:
        """The largest value of the next name with which some choice fits."""
        left, rising = self.values(prefix), self.rising[len(prefix)]
        best = None
        while left:
            middle = len(left) // 2 if rising else len(left) - 1
            value = left[middle]
            outcome = self.some((*prefix, value)).outcome
            if outcome is Outcome.FITS:
                best, left = value, left[middle + 1 :]
            elif rising and outcome is Outcome.OVER:
                left = left[:middle]
            else:
                del left[middle]
        return best

    def optimum(self) -> Found:
        """The choice with the most or least of the objective; of equal ones the largest values."""
        assert self.objective
        sign = 1 if self.objective.word == "maximize" else -1
        budget = Budget(self.objective.quantity, "<=", 0, self.objective.dtype)
        best: tuple[int, Values] | None = None
        for values in self._candidates(()):
            totals = self.result(values).totals
            assert totals
            ranked = sign * totals.of(budget), values
            best = max(best, ranked) if best else ranked
        return Found(Outcome.FITS, best[1]) if best else Found(Outcome.WRONG)

    def _candidates(self, prefix: Values) -> Iterator[Values]:
        """The choices that fit, without those that another one is as good as for certain."""
        assert self.objective
        place = len(prefix)
        if place == len(self.fits):
            if self.at(prefix) is Outcome.FITS:
                yield prefix
            return
        # The largest width has the most of what grows with it; memory is found by trying.
        grows = self.objective.word == "maximize" and self.objective.quantity != "ram"
        if place == len(self.fits) - 1 and self.rising[place] and grows:
            value = self.largest(prefix)
            if value is not None:
                yield (*prefix, value)
            return
        for value in self.values(prefix):
            choice = (*prefix, value)
            if self.rising[place] and self.some(choice).outcome is Outcome.OVER:
                return
            yield from self._candidates(choice)

    def limits(self, values: Values) -> Iterator[FittedValue]:
        """The values that were found, each with what keeps it from the next larger one."""
        for place, fit in enumerate(self.fits):
            found = values[place]
            larger = [v for v in self.values(values[:place]) if v > found]
            if not larger:
                yield FittedValue(fit.name, found, {}, (), "")
                continue
            tried = [*values[:place], larger[0], *values[place + 1 :]]
            for after in range(place + 1, len(tried)):
                if self.rising[after] and not self.objective:
                    tried[after] = self.values(tuple(tried[:after]))[0]
            result = self.result(tuple(tried))
            broken = tuple(v.budget for v in result.budget_results if not v.holds)
            named = {f.name: v for f, v in zip(self.fits[place:], tried[place:], strict=True)}
            shown = named if not self.objective else {fit.name: larger[0]}
            yield FittedValue(fit.name, found, shown, broken, _reasons(result))

    def failed(self) -> CheckedSpec:
        """The text with the error that no values fit, or what is wrong whatever they are."""
        values = self.nearest[1] if self.nearest else next(reversed(self.outcomes))
        result = self.result(values)
        if self.common:
            # The values are not to blame.
            return _without_costs(result)
        named = {fit.name: value for fit, value in zip(self.fits, values, strict=True)}
        first = self.fits[0]
        fault = NothingFits(
            first.span,
            ranges={fit.name: (min(fit.values), max(fit.values)) for fit in self.fits},
            values=named,
            reasons=_reasons(result),
        )
        return result.replace(problems=(fault,))


def _without_costs(result: CheckedSpec) -> CheckedSpec:
    """The text with values that nobody chose: what it costs is not known."""
    kept = tuple(p for p in result.problems if not isinstance(p, OverBudget))
    return result.replace(problems=kept, budget_results=(), totals=None)


def _hopeless(result: CheckedSpec) -> bool:
    """Whether the text has an error that no number mends."""
    return any(problem.code not in _MENDED for problem in result.expanded.problems)


def _costs_grow(result: CheckedSpec) -> bool:
    """Whether wider layers never cost less: a projection is not there where widths are equal."""
    return not any(
        isinstance(element, Merge) and isinstance(element.layer, Add) and element.layer.project
        for element in every(result.spec.nodes)
    )


def _stays_over(result: CheckedSpec, budget: Budget) -> bool:
    """Whether a budget that does not hold cannot hold with wider layers either."""
    assert result.totals
    value = result.totals.of(budget)
    if budget.quantity == "ram":
        # The arena itself is found by trying, and may be smaller for a wider network.
        value = least_of(result.graph) * BYTES[budget.dtype or "float32"]
    if budget.relation in UPPER:
        return not budget.holds(value)
    return budget.relation == "==" and value > budget.limit


def _reasons(result: CheckedSpec) -> str:
    """What is wrong with a choice, and how much it is over its budgets."""
    excess = {
        v.budget.span: f" ({v.value - v.budget.limit:,.12g} over)"
        for v in result.budget_results
        if not v.holds and v.value > v.budget.limit
    }
    reasons = [
        p.message + (excess.get(p.span, "") if isinstance(p, OverBudget) else "")
        for p in result.problems
        if p.severity == "error"
    ]
    return "; ".join(dict.fromkeys(reasons))
