"""Faults of cost and of claims: budgets that do not hold, claims nothing can measure."""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic


class OverBudget(Diagnostic):
    """A budget is proved from the layers alone, before anything is trained.

    Where a single change of one layer would fit, the help names it: fewer filters or
    units, at least half of what they are, or a global pooling in place of a flatten.
    """

    code: ClassVar[str] = "CNN301"
    bad: ClassVar[str] = "dense 10 softmax; budget params <= 6000"
    good: ClassVar[str] = "dense 10 softmax; budget params <= 8k"

    quantity: str
    value: str
    relation: str
    limit: str
    costliest: str = ""
    advice: str = ""
    """A change that would fit."""

    @property
    def message(self) -> str:
        return f"{self.quantity} is {self.value}, and the budget is {self.relation} {self.limit}"

    @property
    def help(self) -> str:
        most = f"most of it: {self.costliest}" if self.costliest else ""
        return "; ".join(part for part in (most, self.advice) if part)


class NothingValidates(Diagnostic):
    """Figures of the validation set need one."""

    code: ClassVar[str] = "CNN302"
    bad: ClassVar[str] = "dense 10 softmax; expect val_accuracy >= 0.9; train { validation none }"
    good: ClassVar[str] = "dense 10 softmax; expect val_accuracy >= 0.9; train { validation 0.1 }"

    what: str

    @property
    def message(self) -> str:
        return f"{self.what} needs a validation set, and this spec trains without one"

    @property
    def help(self) -> str:
        return "write `validation 0.1` in the train block"


class InvalidIR(Diagnostic):
    """The IR is JSON that `grammar/ir.schema.json` describes; `cnnspec ir` prints it."""

    code: ClassVar[str] = "CNN401"

    name: str
    place: str
    reason: str

    @property
    def message(self) -> str:
        place = f" at {self.place}" if self.place else ""
        return f"{self.name} is no valid IR{place}: {self.reason}"

    @property
    def help(self) -> str:
        return "`cnnspec ir FILE` prints a valid one"
