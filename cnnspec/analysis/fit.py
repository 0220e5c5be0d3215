"""The values for every `fit` of a text: the best for which each shape and budget holds.

Without an objective the first `fit` is as large as possible, then the second with that value
of the first, and so on. With `maximize macs` the quantity comes before that. Values are
tried by checking the text with them; nothing is assumed of a network that was not looked at,
except that more filters or units cost no less (`expansion/widths.py`). Where a name is only
such a width, its values are halved; else they are tried one by one, up to a limit that speaks
(`search.py`).
"""

from collections.abc import Iterator

from cnnspec.analysis.check import CheckedSpec, Checker
from cnnspec.analysis.costs import BudgetResult, FittedValue
from cnnspec.analysis.search import MAX_TRIED, Outcome, Search, TooManyError, Values
from cnnspec.diagnostics.claims import NothingFits, OverBudget
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.state import Overrides

_MENDED = ("CNN007", "CNN010", "CNN105", "CNN106", "CNN109", "CNN113", "CNN120")
"""Errors of the text that another number may not have."""


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
            return best.replace(expanded=expanded, fits=tuple(_limits(search, found.values)))
    except TooManyError:
        if not search.common:
            span = search.fits[0].span
            what = f"this fit would look at more than {len(search.outcomes):,} networks"
            limit = f"{MAX_TRIED:,} layers in all"
            remedy = "make the ranges shorter, or write `let` with a number for some of the names"
            error = TooLarge(span, what=what, limit=limit, remedy=remedy)
            return _without_costs(result.replace(problems=(error,)))
    return _failed(search)


def _limits(search: Search, values: Values) -> Iterator[FittedValue]:
    """The values that were found, each with what keeps it from the next larger one."""
    for place, fit in enumerate(search.fits):
        found = values[place]
        larger = [v for v in search.values(values[:place]) if v > found]
        if not larger:
            yield FittedValue(fit.name, found, {}, (), "")
            continue
        tried = [*values[:place], larger[0], *values[place + 1 :]]
        for after in range(place + 1, len(tried)):
            if search.rising[after] and not search.objective:
                tried[after] = search.values(tuple(tried[:after]))[0]
        result = search.result(tuple(tried))
        broken = tuple(v.budget for v in result.budget_results if not v.holds)
        named = {f.name: v for f, v in zip(search.fits[place:], tried[place:], strict=True)}
        shown = named if not search.objective else {fit.name: larger[0]}
        yield FittedValue(fit.name, found, shown, broken, _reasons(result))


def _failed(search: Search) -> CheckedSpec:
    """The text with the error that no values fit, or what is wrong whatever they are."""
    values = search.nearest[1] if search.nearest else next(reversed(search.outcomes))
    result = search.result(values)
    if search.common:
        # The values are not to blame.
        return _without_costs(result)
    named = {fit.name: value for fit, value in zip(search.fits, values, strict=True)}
    first = search.fits[0]
    fault = NothingFits(
        first.span,
        ranges={fit.name: (min(fit.values), max(fit.values)) for fit in search.fits},
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


def _reasons(result: CheckedSpec) -> str:
    """What is wrong with a choice, and by how much it misses its budgets."""
    excess = {v.budget.span: _excess(v) for v in result.budget_results if not v.holds}
    reasons = [
        p.message + (excess.get(p.span, "") if isinstance(p, OverBudget) else "")
        for p in result.problems
        if p.severity == "error"
    ]
    return "; ".join(dict.fromkeys(reasons))


def _excess(result: BudgetResult) -> str:
    excess = result.value - result.budget.limit
    return f" ({abs(excess):,.12g} {'over' if excess > 0 else 'under'})" if excess else ""
