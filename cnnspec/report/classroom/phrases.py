"""What is said of a submission in tables and pages. Light."""

from cnnspec.analysis.rules import AllowRule, DenyRule, Rule, SettingRule, Verdict
from cnnspec.classes.results import KEPT, Results, Row
from cnnspec.diagnostics.base import many
from cnnspec.report.phrases import NONE

HELD = {True: "held", False: "not held", None: "not judged"}
"""What became of a rule."""


def standing(row: Row) -> tuple[str, str]:
    """The state of a submission: a style and a few words."""
    if row.state == KEPT:
        return "good", "keeps every rule"
    broken = sum(verdict.holds is False for verdict in row.verdicts)
    if row.trained or (broken and not row.entry.problems):
        return "bad", f"breaks {many(broken, 'rule')}"
    return "bad", row.state


def broken(results: Results, row: Row) -> list[str]:
    """The rules that a submission breaks, each with what was found."""
    pairs = zip(results.rules, row.verdicts, strict=True)
    return [f"{rule.text}: {shown(rule, v)}" for rule, v in pairs if v.holds is False]


def shown(rule: Rule, verdict: Verdict) -> str:
    """What was found for a rule; nothing where it only repeats a rule that is held."""
    if not verdict.found:
        return NONE
    repeats = isinstance(rule, AllowRule | DenyRule)
    repeats |= isinstance(rule, SettingRule) and not rule.home
    return "" if verdict.holds and repeats else verdict.found


def wrong(results: Results, row: Row) -> str:
    """Everything that is wrong with a submission, in a line."""
    if row.trained:
        return "; ".join(broken(results, row))
    errors = [p.sentence for p in row.entry.problems if p.data["severity"] == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return "; ".join([*filter(None, [row.reason]), *(first + more for first in errors[:1])])


def headline(results: Results) -> str:
    """How a class has fared, in a line."""
    rows, kept = results.rows, results.count(KEPT)
    return f"{kept:,} of {len(rows):,} keep every rule, {len(results.trained):,} were trained"
