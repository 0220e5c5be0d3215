"""Successive halving: after a part of the epochs only the best third of the points continues.

Deterministic: which points continue depends on the metrics only, not on the order in which they
finish. So it is the same with any number of workers, and after a crash. (Jamieson and Talwalkar,
"Non-stochastic Best Arm Identification", AISTATS 2016.)
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any, Self

from cnnspec.core.record import Record

HALVING = "halving"
ASHA = "asha"
"""The same without waiting for the others of a round, so it depends on the order of finishing
(Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020)."""

SHARE = 3
"""One of so many points continues after each round; the epochs grow by the same factor."""

_METRICS = ("val_accuracy", "val_f1", "accuracy", "f1")


class Round(Record):
    """The decision after an epoch: the metric of every point, and which points continue.

    A point whose trainings have all failed has no metric and does not continue.
    """

    epoch: int
    metric: str
    values: dict[str, float | None]
    on: tuple[str, ...]

    def dump(self) -> dict[str, Any]:
        """The decision as JSON, under the names that sweeps have always had."""
        return {
            "epoch": self.epoch,
            "figure": self.metric,
            "figures": self.values,
            "on": list(self.on),
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The decision from its JSON."""
        return cls(data["epoch"], data["figure"], data["figures"], tuple(data["on"]))


def rungs(epochs: int) -> list[int]:
    """The epochs after which points are dropped: a ninth and a third of all."""
    found = {epochs // SHARE**power for power in (2, 1)}
    return sorted(epoch for epoch in found if 0 < epoch < epochs)


def metric_of(history: Sequence[Mapping[str, float]]) -> str:
    """The metric that points are compared by: of validation where there is one."""
    return next((name for name in _METRICS if name in history[-1]), "")


def decide(epoch: int, histories: Mapping[str, Iterable[Sequence[Mapping[str, float]]]]) -> Round:
    """The best third of some points, at least one, by the mean over their seeds at an epoch.

    `histories` has for each point the metrics of the epochs of every seed that has not
    failed. Of equal points the first continues.
    """
    known = {name: [h for h in found if h] for name, found in histories.items()}
    metric = next((metric_of(h) for found in known.values() for h in found), "")
    values = {
        name: fmean(h[min(epoch, len(h)) - 1].get(metric, 0.0) for h in found) if found else None
        for name, found in known.items()
    }
    ranked = sorted(
        (-value, place, name)
        for place, (name, value) in enumerate(values.items())
        if value is not None
    )
    on = {name for _, _, name in ranked[: max(1, -(-len(values) // SHARE))]}
    return Round(epoch, metric, values, tuple(name for name in values if name in on))
