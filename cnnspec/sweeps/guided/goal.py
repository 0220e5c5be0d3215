"""What a search looks for: the best metric, alone or against a cost."""

from typing import Any

from cnnspec.analysis.costs import Totals
from cnnspec.core.record import Record
from cnnspec.ir.claims import BYTES, QUANTITIES, read_subject
from cnnspec.runs.metrics import METRICS
from cnnspec.sweeps.rows import STOPPED, PointResult

OBJECTIVES = ("val_accuracy", "val_f1", "val_loss")
"""The metrics to look for: those of the validation images, so that the test images only judge."""

COSTS = tuple(
    subject
    for quantity in QUANTITIES
    for subject in (
        (quantity, *(f"{quantity} {dtype}" for dtype in BYTES if dtype != "float32"))
        if quantity in ("flash", "ram")
        else (quantity,)
    )
)
"""What a metric can be weighed against, as a budget names it: `params`, `flash int8`, …"""


def cost_of(totals: Totals, subject: str) -> int:
    """A cost of a network by its name in `COSTS`, or by the subject of a budget."""
    return totals.of(read_subject(subject))


class Goal(Record):
    """A metric of `OBJECTIVES`, and a cost of `COSTS` to weigh it against (empty: none)."""

    metric: str
    against: str = ""

    def score(self, row: PointResult) -> float | None:
        """How good a point is, the more the better; `None` for one without a result.

        A point that was stopped early counts with what it had reached.
        """
        value = row.mean(self.metric) if row.finished or row.state == STOPPED else None
        if value is None:
            return None
        return value if METRICS[self.metric].more else -value

    def __str__(self) -> str:
        return f"{self.metric} against {self.against}" if self.against else self.metric

    def dump(self) -> dict[str, Any]:
        """The goal as JSON."""
        return {"objective": self.metric, "against": self.against or None}
