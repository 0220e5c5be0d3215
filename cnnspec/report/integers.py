"""What a report says of the network in int8."""

from typing import Any

from cnnspec.core.record import Record
from cnnspec.runs.run import AGREEMENT, INTEGERS


class InIntegers(Record):
    """What the network in int8 reaches on a split; `None` where an older version did not say."""

    name: str
    images: int
    accuracy: float | None
    agreement: float | None
    """The share of images that it puts in the class in which the network in float32 puts them."""


def read_integers(metrics: dict[str, Any]) -> tuple[InIntegers, ...]:
    """Returns what `metrics.json` has of int8, by split."""
    return tuple(
        InIntegers(
            name, sum(map(sum, each["confusion"])), each.get("accuracy"), each.get(AGREEMENT)
        )
        for name, each in metrics.get(INTEGERS, {}).items()
        if "confusion" in each
    )
