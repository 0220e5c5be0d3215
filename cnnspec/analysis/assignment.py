"""Rules files and class mode: what an assignment demands, and who keeps it.

A rules file is a spec without layers: budgets, expectations and `allow`.
"""

from typing import Any

from cnnspec.analysis.check import CheckedSpec, check, forbidden
from cnnspec.analysis.costs import BudgetResult
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.names import Misplaced
from cnnspec.diagnostics.syntax import NothingToTrain
from cnnspec.expansion.expand import expand
from cnnspec.ir.claims import Budget, Expectation
from cnnspec.language.parse import parse


class Rules(Record):
    """What every submission must keep."""

    source: Source
    budgets: tuple[Budget, ...]
    expectations: tuple[Expectation, ...]
    allow: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Every rule that can be judged before training, as it is written."""
        written = [str(budget) for budget in self.budgets]
        return written + ([f"allow {' '.join(self.allow)}"] if self.allow else [])


class Judgement(Record):
    """A submission and what became of every rule, in the order of `Rules.names`.

    `found` says what was found for each: the value of a budget, the layers that are
    not allowed. What cannot be judged, the budgets of a network whose costs are unknown,
    is neither held nor not held: `None`.
    """

    checked: CheckedSpec
    found: tuple[str, ...]
    held: tuple[bool | None, ...]

    @property
    def ok(self) -> bool:
        """Whether the submission is a right spec and keeps every rule."""
        return self.checked.ok and all(self.held)


def read_rules(source: Source) -> Rules:
    """The rules in a text; raises `CnnspecError` where it is none."""
    parsed = parse(source)
    expanded = expand(parsed)
    problems = [p for p in expanded.problems if not isinstance(p, NothingToTrain)]
    allowed = ("budget", "expect", "allow", "let", "data", "input", "classes", "model")
    for statement in parsed.statements:
        if statement.word not in allowed and not problems:
            home = "in a submission; a rules file holds `budget`, `expect` and `allow`"
            problems.append(Misplaced(statement.word_span, word=statement.word, home=home))
    if problems:
        raise CnnspecError(*problems)
    spec = expanded.spec
    if not (spec.budgets or spec.allow):
        fault = f"{source.name} has no rule that can be judged"
        raise CnnspecError(
            CannotRead(None, fault, "write `budget params <= 6000` or `allow conv dense`")
        )
    return Rules(source, spec.budgets, spec.expectations, spec.allow)


def judge(rules: Rules, source: Source) -> Judgement:
    """Checks a submission and holds it against the rules."""
    checked = check(source)
    found: list[str] = []
    held: list[bool | None] = []
    for budget in rules.budgets:
        verdict = BudgetResult(budget, checked.totals.of(budget)) if checked.totals else None
        found.append(f"{verdict.value:,}" if verdict else "")
        held.append(verdict.holds if verdict else None)
    if rules.allow:
        others: dict[str, Any] = {}
        for fault in forbidden(checked.spec.nodes, rules.allow):
            others[getattr(fault, "word", "")] = None
        found.append(f"also {' '.join(others)}" if others else "only these")
        held.append(not others)
    return Judgement(checked, tuple(found), tuple(held))
