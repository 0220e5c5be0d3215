"""Class mode: which submission keeps which rule of an assignment."""

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.analysis.rules import Verdict
from cnnspec.analysis.rules_file import Rules, read_rules
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic

__all__ = ["Judgement", "Rules", "judge", "judge_checked", "read_rules"]


class Judgement(Record):
    """A submission and what became of every rule, in the order of `Rules.names`.

    What cannot be judged, as the budgets of a network whose costs are unknown, is neither held
    nor not held: `None`.
    """

    checked: CheckedSpec
    verdicts: tuple[Verdict, ...]

    @property
    def found(self) -> tuple[str, ...]:
        """What was found for each rule: the value of a budget, the layers that are not allowed."""
        return tuple(verdict.found for verdict in self.verdicts)

    @property
    def held(self) -> tuple[bool | None, ...]:
        """Whether each rule holds."""
        return tuple(verdict.holds for verdict in self.verdicts)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings of the submission, without those that it silences."""
        return tuple(p for p in self.checked.problems if p.severity == "warning")

    @property
    def ok(self) -> bool:
        """Whether the submission is a right spec and keeps every rule."""
        return self.checked.ok and all(self.held)


def judge(rules: Rules, source: Source) -> Judgement:
    """Checks a submission and holds it against the rules."""
    return judge_checked(rules, check(source))


def judge_checked(rules: Rules, checked: CheckedSpec) -> Judgement:
    """Holds a submission that is checked already against the rules."""
    return Judgement(checked, tuple(rule.judge(checked) for rule in rules.rules))
