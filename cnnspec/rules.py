"""Rules files and class mode: what an assignment demands, and who keeps it.

A rules file is a spec without layers: budgets, expectations and `allow`.
"""

from typing import Any

from cnnspec.check import Checked, Verdict, check, forbidden
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.text import NothingToTrain
from cnnspec.diagnostics.words import Misplaced
from cnnspec.expand import expand
from cnnspec.ir.claims import Budget, Expectation
from cnnspec.language.parse import parse
from cnnspec.record import Record
from cnnspec.source import Source


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
    not allowed. Where the submission has errors nothing is found.
    """

    checked: Checked
    found: tuple[str, ...]
    held: tuple[bool, ...]

    @property
    def ok(self) -> bool:
        """Whether the submission is a right spec and keeps every rule."""
        return self.checked.ok and all(self.held)


def read_rules(source: Source) -> Rules:
    """The rules in a text; raises `Problems` where it is none."""
    parsed = parse(source)
    expanded = expand(parsed)
    problems = [p for p in expanded.problems if not isinstance(p, NothingToTrain)]
    allowed = ("budget", "expect", "allow", "let", "data", "input", "classes", "model")
    for statement in parsed.statements:
        if statement.word not in allowed and not problems:
            home = "in a submission; a rules file holds `budget`, `expect` and `allow`"
            problems.append(Misplaced(statement.word_span, word=statement.word, home=home))
    if problems:
        raise Problems(*problems)
    spec = expanded.spec
    return Rules(source, spec.budgets, spec.expectations, spec.allow)


def judge(rules: Rules, source: Source) -> Judgement:
    """Checks a submission and holds it against the rules."""
    checked = check(source)
    if checked.totals is None or not checked.ok:
        names = rules.names
        return Judgement(checked, ("",) * len(names), (False,) * len(names))
    verdicts = [Verdict(budget, checked.totals.of(budget)) for budget in rules.budgets]
    found = [f"{verdict.value:,}" for verdict in verdicts]
    held = [verdict.holds for verdict in verdicts]
    if rules.allow:
        others: dict[str, Any] = {}
        for fault in forbidden(checked.spec.nodes, rules.allow):
            others[getattr(fault, "word", "")] = None
        found.append(" ".join(others) or "none else")
        held.append(not others)
    return Judgement(checked, tuple(found), tuple(held))
