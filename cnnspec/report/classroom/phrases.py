"""What is said of a submission in tables and pages. Light."""

from cnnspec.analysis.rules import Rule, SettingRule, Verdict
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
    """What was found for a rule, as it is shown: without the name of the setting."""
    if not verdict.found:
        return NONE
    # The name of the data is enough; its shape is the same for all that keep the rule.
    short = isinstance(rule, SettingRule) and rule.name == "data" and verdict.holds
    return verdict.found.partition(" (")[0] if short else verdict.found


def wrong(results: Results, row: Row) -> str:
    """Everything that is wrong with a submission, in a line."""
    first = [problem.sentence for problem in row.entry.problems[:1] if not row.trained]
    more = len(row.entry.problems) - 1
    if first and more > 0:
        first = [f"{first[0]} (and {more} more)"]
    reason = [row.reason] if row.reason else []
    rules = broken(results, row) if row.trained else []
    return "; ".join([*reason, *rules, *first])


def headline(results: Results) -> str:
    """How a class has fared, in a line."""
    rows, kept = results.rows, results.count(KEPT)
    return f"{kept:,} of {len(rows):,} keep every rule, {len(results.trained):,} were trained"
