"""Compares the expectations of a spec with metrics. Light."""

from collections.abc import Mapping
from typing import Any

from cnnspec.core.record import Record
from cnnspec.ir.claims import Expectation
from cnnspec.ir.spec import Spec


class ExpectationResult(Record):
    """An expectation and what was measured."""

    claim: Expectation
    value: float

    @property
    def holds(self) -> bool:
        """Whether the claim is true."""
        return self.claim.holds(self.value)

    def dump(self) -> dict[str, Any]:
        """The claim and its result as JSON."""
        return {**self.claim.dump(), "value": self.value, "holds": self.holds}


STORED = {"test": "test", "validation": "validation", "training": "train"}
"""What metrics call the split that a claim speaks of."""

Metrics = Mapping[str, Mapping[str, float]]
"""Values by split and measure."""


def judge_expectations(
    spec: Spec, metrics: Metrics, integers: Metrics
) -> tuple[ExpectationResult, ...]:
    """Returns every expectation with its measured value; `integers` has those of int8."""

    def value(claim: Expectation) -> float:
        measured = integers if claim.dtype else metrics
        return measured[STORED[claim.split]][claim.quantity.rpartition("_")[2]]

    return tuple(ExpectationResult(claim, value(claim)) for claim in spec.expectations)
