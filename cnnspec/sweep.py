"""The points of a sweep: which there are, and which of them the checker lets through.

Knows the checker; runs nothing.
"""

import itertools
from collections import Counter
from collections.abc import Iterator

from cnnspec.check import Checked, check_parsed
from cnnspec.expand import Overrides
from cnnspec.expansion.trials import Axis
from cnnspec.language.parse import parse
from cnnspec.record import Record
from cnnspec.source import Source

MAX_RUNS = 1_000
"""Points of a sweep, unless a person asks for more."""


class Point(Record):
    """One choice of a value for every name of a sweep, and its check."""

    values: dict[str, str]
    checked: Checked

    @property
    def label(self) -> str:
        """The choice in words: `depth=2, filters=16`."""
        return ", ".join(f"{name}={value}" for name, value in self.values.items())


class Survey(Record):
    """How the points of a sweep fare: how many there are, and why some are dropped.

    `reasons` counts the points dropped by their first fault. `smallest` and `largest`
    are the points left with the fewest and the most parameters.
    """

    points: int
    reasons: dict[str, int]
    smallest: Point | None
    largest: Point | None

    @property
    def left(self) -> int:
        """How many points are not dropped."""
        return self.points - sum(self.reasons.values())


def size(axes: tuple[Axis, ...]) -> int:
    """How many points some axes span."""
    points = 1
    for axis in axes:
        points *= len(axis.values)
    return points


def points(source: Source, axes: tuple[Axis, ...], overrides: Overrides) -> Iterator[Point]:
    """Every point, the last name varying fastest."""
    parsed = parse(source)
    for chosen in itertools.product(*(axis.values for axis in axes)):
        named = {axis.name: value for axis, value in zip(axes, chosen, strict=True)}
        texts = {
            name: str(value.value) if hasattr(value, "value") else value.span.text
            for name, value in named.items()
        }
        yield Point(texts, check_parsed(parsed, {**overrides, **named}))


def survey(source: Source, axes: tuple[Axis, ...], overrides: Overrides) -> Survey:
    """Checks every point, keeping no more than two of them."""
    count = 0
    reasons: Counter[str] = Counter()
    smallest: Point | None = None
    largest: Point | None = None
    for point in points(source, axes, overrides):
        count += 1
        if not point.checked.ok:
            worst = next(p for p in point.checked.problems if p.severity == "error")
            reasons[f"{worst.code} {worst.topic}"] += 1
            continue
        if smallest is None or _params(point) < _params(smallest):
            smallest = point
        if largest is None or _params(point) > _params(largest):
            largest = point
    return Survey(count, dict(reasons.most_common()), smallest, largest)


def _params(point: Point) -> int:
    assert point.checked.totals is not None
    return point.checked.totals.params
