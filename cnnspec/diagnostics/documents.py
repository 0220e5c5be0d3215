"""Errors of documents beside specs: the IR as JSON, and the rules of an assignment."""

from typing import ClassVar

from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label


class RulesContradict(Diagnostic):
    """Each rule of an assignment can be kept together with every other one.

    `epochs <= 5` and `epochs >= 10` leave nothing, and neither does `budget params < 0`.
    """

    code: ClassVar[str] = "CNN402"

    rules: tuple[str, ...]
    first: Span | None = None

    @property
    def message(self) -> str:
        return f"no submission can keep {' and '.join(f'`{rule}`' for rule in self.rules)}"

    @property
    def related(self) -> tuple[Label, ...]:
        return (Label(self.first, "the other rule"),) if self.first else ()

    @property
    def help(self) -> str:
        return "keep one of the two" if self.first else "write a limit that can be kept"


class InvalidIR(Diagnostic):
    """The IR is JSON that `grammar/ir.schema.json` describes; `cnnspec ir` prints it."""

    code: ClassVar[str] = "CNN401"

    name: str
    place: str
    reason: str

    @property
    def message(self) -> str:
        place = f" at {self.place}" if self.place else ""
        return f"{self.name} is not a valid IR document{place}: {self.reason}"

    @property
    def help(self) -> str:
        return "`cnnspec ir FILE` prints a valid one"
