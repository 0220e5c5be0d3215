"""What is wrong with a submission by the rules, as diagnostics at its own lines, with a fix."""

from collections.abc import Iterator

from cnnspec.analysis.advice import advice
from cnnspec.analysis.assignment import Judgement
from cnnspec.analysis.check import CheckedSpec, forbidden
from cnnspec.analysis.costs import BudgetResult, over_budget, refused
from cnnspec.analysis.kept_values import statement_that_keeps
from cnnspec.analysis.rules import (
    WARNINGS,
    AllowRule,
    BudgetRule,
    DenyRule,
    Rule,
    SettingRule,
    unsilenced,
)
from cnnspec.analysis.rules_file import Rules
from cnnspec.diagnostics.assignments import BreaksRule
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import OverBudget


def rule_problems(rules: Rules, judgement: Judgement) -> tuple[Diagnostic, ...]:
    """Returns a diagnostic or more for each rule that a submission breaks, in its order of lines.

    Rules about what training reaches are left out: no text shows why they are broken.
    """
    found: dict[tuple[object, ...], Diagnostic] = {}
    checked = _with_budgets(rules, judgement.checked)
    for rule, verdict in zip(rules.rules, judgement.verdicts, strict=True):
        if verdict.holds is False:
            for each in _problems(rule, verdict.found, checked):
                found.setdefault((each.span, each.code, each.message), each)
    return tuple(sorted(found.values(), key=lambda p: p.span.start if p.span else -1))


def _with_budgets(rules: Rules, checked: CheckedSpec) -> CheckedSpec:
    """The submission with the budgets of the rules too, so that advice keeps them all."""
    if checked.totals is None:
        return checked
    budgets = [rule.budget for rule in rules.rules if isinstance(rule, BudgetRule)]
    results = tuple(BudgetResult(budget, checked.totals.of(budget)) for budget in budgets)
    return checked.replace(budget_results=(*checked.budget_results, *results))


def _problems(rule: Rule, found: str, checked: CheckedSpec) -> Iterator[Diagnostic]:
    match rule:
        case BudgetRule():
            yield _budget(rule, checked)
        case AllowRule(allowed=allowed):
            yield from forbidden(checked.spec.nodes, allowed)
        case DenyRule(codes=codes):
            yield from (w for w in unsilenced(checked) if {w.code, WARNINGS} & {*codes})
        case SettingRule():
            yield _setting(rule, found, checked)


def _budget(rule: BudgetRule, checked: CheckedSpec) -> Diagnostic:
    """The error of a budget, at the layer whose change would keep it, if there is one."""
    assert checked.totals is not None
    if error := refused(rule.budget, checked.graph):
        # Its own place is in the rules, which are not the text of the submission.
        return error.replace(span=error.related[0].span if error.related else None)
    result = BudgetResult(rule.budget, checked.totals.of(rule.budget))
    fault = over_budget(result, checked.graph)
    fix = advice(checked, result)
    assert isinstance(fault, OverBudget)
    # Its own place is in the rules, which are not the text of the submission.
    return fault.replace(span=fix.edits[0].span if fix else None, advice=fix)


def _setting(rule: SettingRule, found: str, checked: CheckedSpec) -> Diagnostic:
    spec = checked.spec
    key = f"{rule.home}.{rule.name}" if rule.home else rule.name
    present = getattr(spec.train if rule.home else spec, rule.name)
    return BreaksRule(
        checked.expanded.spans.get(key),
        rule=rule.text,
        found=f"{rule.name} {found}",
        statement=statement_that_keeps(rule, present),
    )
