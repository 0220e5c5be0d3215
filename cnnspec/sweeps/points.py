"""The points of a sweep, and which of them the checker accepts.

Knows the checker; runs nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from cnnspec.analysis.check import CheckedSpec, Checker
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.syntax import TooLarge
from cnnspec.expansion.state import Axis, Overrides
from cnnspec.language.parse import parse
from cnnspec.language.syntax import Expression
from cnnspec.sweeps.dimensions import Dimension, drawn, has_ranges, size, text_of

if TYPE_CHECKING:
    from random import Random


def label(values: Mapping[str, str]) -> str:
    """A combination of values as text: `depth=2, filters=16`."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


class Point(Record):
    """One combination of values for the names of a sweep, and its check."""

    values: dict[str, str]
    checked: CheckedSpec

    @property
    def label(self) -> str:
        """The combination as text."""
        return label(self.values)

    @property
    def error(self) -> Diagnostic | None:
        """Its first error, or the first thing that Keras cannot train; `None` if it is valid."""
        # Imported only for a sweep, because every `check` imports this module.
        from cnnspec.targets.table import KERAS, check_target

        first = next((p for p in self.checked.problems if p.severity == "error"), None)
        return first or next(iter(check_target(self.checked, KERAS)), None)


class Survey(Record):
    """The checks of all points of a sweep: how many there are, and why some are dropped.

    Of a sweep with ranges `points` were drawn of `total`.

    `reasons` counts the points dropped by their first error. `smallest` and `largest`
    are the points left with the fewest and the most parameters.
    """

    points: int
    reasons: dict[str, int]
    smallest: Point | None
    largest: Point | None
    total: int | None = None

    @property
    def drawn(self) -> bool:
        """Whether the points are some of many."""
        return self.total is not None and self.total > self.points

    @property
    def left(self) -> int:
        """How many points are not dropped."""
        return self.points - sum(self.reasons.values())

    def dump(self) -> dict[str, Any]:
        """The survey as JSON."""
        data: dict[str, Any] = {"points": self.points, "left": self.left, "dropped": self.reasons}
        if self.drawn:
            data["total"] = self.total
        for word, point in (("smallest", self.smallest), ("largest", self.largest)):
            if point and point.checked.totals:
                params = point.checked.totals.params
                data[word] = {"values": point.values, "params": params}
        return data


MAX_POINTS = 100_000
"""Points that are looked at one after another, unless a person asks for more; about a minute."""

MAX_LOOKED = 1_000_000
"""Points that are looked at whatever a person asks for: ten minutes of a small network."""

MAX_DRAWN = 10_000
"""Points that are drawn from more than that, in search of some that are right."""


def require_few(axes: tuple[Axis, ...], most: int, remedy: str) -> None:
    """Raises `CnnspecError` where some axes span more points than are looked at."""
    for axis in axes:
        if axis.interval:
            raise CnnspecError(_unlisted(axis))
    count = size(axes)
    if most >= MAX_LOOKED < count:
        most = MAX_LOOKED
        remedy = "`cnnspec sweep FILE --dry-run --sample 100` draws some of them"
    if count > most:
        what, limit = f"this sweep has {count:,} points", f"{most:,}; {remedy}"
        raise CnnspecError(TooLarge(axes[0].span, what=what, limit=limit))


def _unlisted(axis: Axis) -> CannotRead:
    """The error of a range whose values are drawn, where every point is asked for."""
    interval = axis.interval
    assert interval
    ends = dict.fromkeys(text_of(Dimension(axis).at(place)) for place in (0, 0.5, 1))
    cause = (
        f"`{axis.name} in {interval.span.text}{' log' if interval.log else ''}` is a range to draw "
        "values from, and every value is asked for"
    )
    remedy = (
        "`cnnspec sweep FILE --sample 40` draws points, `cnnspec search FILE` looks for the best "
        f"ones, and a list has every value: `{axis.name} in {', '.join(ends)}`"
    )
    return CannotRead(interval.span, cause, remedy)


def axes_of(checked: CheckedSpec) -> tuple[Axis, ...]:
    """The names that a spec sweeps; raises `CnnspecError` where there are none."""
    if not checked.expanded.sweep:
        remedy = "write what it is to try, as in `sweep { filters in 8, 16, 32 }`"
        raise CnnspecError(CannotRead(None, f"{checked.source.name} sweeps nothing", remedy))
    return checked.expanded.sweep


class PointChecker:
    """Checks the points of a text one by one; they share what they have in common."""

    def __init__(self, source: Source, overrides: Overrides) -> None:
        parsed = parse(source)
        # The `sweep` itself is left out: each point has its own values.
        said = tuple(s for s in parsed.statements if s.word != "sweep")
        self._checker = Checker(parsed.replace(statements=said))
        self._overrides = overrides

    def at(self, values: Mapping[str, Expression]) -> Point:
        """The point with some values for the names of the sweep."""
        texts = {name: text_of(value) for name, value in values.items()}
        return Point(texts, self._checker.check({**self._overrides, **values}))


def points(
    source: Source,
    axes: tuple[Axis, ...],
    overrides: Overrides,
    chance: "Random | None" = None,
) -> Iterator[Point]:
    """Yields every point, the last name varying fastest; with `chance`, in random order."""
    checker = PointChecker(source, overrides)
    chosen = drawn(axes, chance) if chance else product(*(axis.values for axis in axes))
    for values in chosen:
        yield checker.at({axis.name: value for axis, value in zip(axes, values, strict=True)})


def reason(error: Diagnostic) -> str:
    """The key by which dropped points are counted: code and topic."""
    return f"{error.code} {error.topic}"


MOST_SURVEYED = 200
"""Points drawn from ranges to see how they fare; about a fifth of a second."""


def survey(
    source: Source, axes: tuple[Axis, ...], overrides: Overrides, most: int = MOST_SURVEYED
) -> Survey:
    """Checks every point, of ranges `most` drawn at random; keeps at most two in memory."""
    count = 0
    reasons: Counter[str] = Counter()
    smallest: Point | None = None
    largest: Point | None = None
    ranges = has_ranges(axes)
    chance = None
    if ranges:
        # Here, for most sweeps are lists.
        from random import Random

        chance = Random(0)
    for point in islice(points(source, axes, overrides, chance), most if ranges else None):
        count += 1
        if point.error is not None:
            reasons[reason(point.error)] += 1
            continue
        if smallest is None or _params(point) < _params(smallest):
            smallest = point
        if largest is None or _params(point) > _params(largest):
            largest = point
    return Survey(count, dict(reasons.most_common()), smallest, largest, size(axes))


def _params(point: Point) -> int:
    assert point.checked.totals is not None
    return point.checked.totals.params
