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


def judge_expectations(
    spec: Spec, metrics: Mapping[str, Mapping[str, float]]
) -> tuple[ExpectationResult, ...]:
    """Returns every expectation with its measured value; `metrics` is by split and measure."""
    splits = {"training": "train"}
    return tuple(
        ExpectationResult(
            claim,
            metrics[splits.get(claim.split, claim.split)][claim.quantity.rpartition("_")[2]],
        )
        for claim in spec.expectations
    )
