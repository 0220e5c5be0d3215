"""Errors of a class: rules that a submission breaks, and rules that nothing keeps."""

from typing import ClassVar

from cnnspec.core.edits import Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, listing, many


class BreaksRule(Diagnostic):
    """A submission has another setting than its assignment asks for.

    `check --rules` and `class` judge every rule: docs/rules.md.
    """

    code: ClassVar[str] = "CNN403"

    rule: str
    found: str
    """What the submission says, or has by default."""
    statement: str = ""
    """A statement that keeps the rule; empty where none is known."""

    @property
    def message(self) -> str:
        return f"the rule `{self.rule}` is not kept: here it is `{self.found}`"

    @property
    def help(self) -> str:
        if not self.statement:
            return ""
        where = "" if self.span else " in the `train` block"
        where = (
            "" if self.rule.partition(" ")[0] in ("data", "input", "classes", "model") else where
        )
        return f"write `{self.statement}`{where}"

    def fixes_at(self, span: Span) -> Fixes:
        return (write(span, self.statement),) if self.statement else ()


class TestDecides(Diagnostic):
    """In a class the test images are kept for the grade: no setting of training may see them."""

    code: ClassVar[str] = "CNN404"

    setting: str
    instead: str
    """A statement that does the same with the validation images."""

    @property
    def message(self) -> str:
        return f"`{self.setting}` trains with a look at the test images, which are for the grade"

    @property
    def help(self) -> str:
        return f"write `{self.instead}`"

    def fixes_at(self, span: Span) -> Fixes:
        return (write(span, self.instead),)


class UsesOthers(Diagnostic):
    """A submission that lies beside those of others is one file, and uses no other one."""

    code: ClassVar[str] = "CNN405"

    @property
    def message(self) -> str:
        return "this submission lies beside others and uses a file"

    @property
    def help(self) -> str:
        return "hand it in as a folder of its own, with the files that it uses"


class NothingKeeps(Diagnostic):
    """None of the small networks that were tried keeps a rule, or two rules together.

    It is a search and no proof: a network that nobody tried may keep them.
    """

    code: ClassVar[str] = "CNN406"

    rules: tuple[str, ...]
    tried: int
    nearest: str = ""
    """What came nearest to a rule."""
    first: Span | None = None

    @property
    def message(self) -> str:
        rules = listing(self.rules, "and")
        together = " together" if len(self.rules) > 1 else ""
        return f"none of {many(self.tried, 'small network')} keeps {rules}{together}"

    @property
    def label(self) -> str:
        return f"the nearest has {self.nearest}" if self.nearest else ""

    @property
    def help(self) -> str:
        return "relax one of these limits" if len(self.rules) > 1 else "relax this rule"

    @property
    def related(self) -> tuple[Label, ...]:
        return (Label(self.first, "the other rule"),) if self.first else ()
