"""The highest metrics that are possible where a split lacks classes.

Macro F1 is the mean over all classes, and one without an image counts 0. A class without training
images is never learned, so each of its images is wrong.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Split
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import SuspiciousData
from cnnspec.ir.claims import Expectation
from cnnspec.language.arg_types import number_text

SHOWN = 8
"""The most classes that a message names."""


class Ceiling(Record):
    """The highest metrics possible on a split, and why."""

    split: str
    reason: str
    accuracy: float
    f1: float

    def of(self, quantity: str) -> float:
        """Returns the highest possible value of a measure; infinite for a loss."""
        return {"accuracy": self.accuracy, "f1": self.f1}.get(quantity, np.inf)

    @property
    def text(self) -> str:
        """Both ceilings that are below 1, in words."""
        said = [
            f"{name} is at most {number_text(round(value, 3))}"
            for name, value in (("accuracy", self.accuracy), ("macro F1", self.f1))
            if value < 1
        ]
        return " and ".join(said)


def ceilings(train: Split, others: dict[str, Split], names: tuple[str, ...]) -> list[Ceiling]:
    """Returns the ceilings, by name, of the splits where a class is missing, or in training."""
    learned = _present(train, len(names))
    found = []
    for name, split in others.items():
        if split.labels is None or not len(split):
            continue
        there = _present(split, len(names))
        reasons = [
            f"{where} of {listed(np.flatnonzero(missing), names)}"
            for where, missing in (
                (f"the {name} set has no image", ~there),
                ("no training image is", ~learned & there),
            )
            if missing.any()
        ]
        if reasons:
            accuracy, f1 = float(learned[split.labels].mean()), float((there & learned).mean())
            found.append(Ceiling(name, ", and ".join(reasons), accuracy, f1))
    return found


def _present(split: Split, classes: int) -> np.ndarray:
    """Which classes (classes,) have an image in a split."""
    there: np.ndarray = np.bincount(split.known, minlength=classes) > 0
    return there


def listed(labels: np.ndarray, names: tuple[str, ...]) -> str:
    """Returns classes by their names: `class cat, dog and 3 more`."""
    more = f" and {len(labels) - SHOWN:,} more" if len(labels) > SHOWN else ""
    return f"class {', '.join(names[label] for label in labels[:SHOWN])}{more}"


def warnings(found: list[Ceiling], expectations: tuple[Expectation, ...] = ()) -> list[Diagnostic]:
    """Returns a warning for each ceiling, and one for each expectation that is above it."""
    warned: list[Diagnostic] = []
    for ceiling in found:
        remedy = "give each split images of every class, or read the metrics with that in mind"
        warned.append(SuspiciousData(None, f"{ceiling.reason}: {ceiling.text}", remedy))
        for claim in expectations:
            if claim.split != ceiling.split or claim.relation not in (">=", ">", "=="):
                continue
            most = ceiling.of(claim.quantity.rpartition("_")[2])
            if not (claim.limit < most or (claim.limit == most and claim.relation != ">")):
                cause = f"`{claim}` cannot hold: {ceiling.reason}"
                remedy = f"expect at most {number_text(round(most, 3))}, or add such images"
                warned.append(SuspiciousData(claim.span, cause, remedy))
    return warned
