"""The names of a sweep as dimensions: each value has a place between 0 and 1, and back.

Places drawn at random give every value of a list the same probability, and in a `log` range every
factor. Values of a range are short decimals, so that the names of points and their specs stay
readable, and so that there are finitely many.
"""

import math
from typing import TYPE_CHECKING, ClassVar

from cnnspec.core.record import Record
from cnnspec.expansion.state import Axis, Interval
from cnnspec.language.numbers import Exact, largest, quotient, read_number, smallest
from cnnspec.language.syntax import Expression, Number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

LOG_DIGITS = 3
"""Significant digits of a value of a continuous `log` range."""

LINEAR_STEPS = 100
"""A linear range has steps of the power of ten that its length reaches, divided by this."""


def text_of(value: Expression) -> str:
    """A value of a sweep as text: `16`, `poisson`, `adam(1e-3)`."""
    return str(value.value) if hasattr(value, "value") else value.span.text


class Dimension(Record):
    """A name of a sweep and its values in their order."""

    memos: ClassVar[tuple[str, ...]] = ("_places",)

    axis: Axis

    @property
    def name(self) -> str:
        """The name that is varied."""
        return self.axis.name

    @property
    def size(self) -> int:
        """How many values there are."""
        interval = self.axis.interval
        return len(self.axis.values) if interval is None else _count(interval)

    @property
    def ordered(self) -> bool:
        """Whether neighbours are alike: a range, or numbers that rise or fall."""
        if self.axis.interval:
            return True
        numbers = [float(v.value) for v in self.axis.values if isinstance(v, Number)]
        rising = sorted(numbers)
        return len(numbers) == len(self.axis.values) and numbers in (rising, rising[::-1])

    def at(self, place: float) -> Expression:
        """The value at a place from 0 to 1."""
        interval = self.axis.interval
        if interval is not None:
            return Number(interval.span, _rounded(interval, place))
        last = len(self.axis.values) - 1
        return self.axis.values[min(int(place * (last + 1)), last)]

    def value(self, text: str) -> Expression:
        """The value that is written so. Raises `KeyError` or `ValueError` where there is none."""
        interval = self.axis.interval
        if interval is None:
            return self.axis.values[self.index(text)]
        found = read_number(text.removeprefix("-"))
        if text.startswith("-"):
            found = quotient(-found.numerator, found.denominator)
        return Number(interval.span, found)

    def index(self, text: str) -> int:
        """Where a value is in the list. Raises `KeyError`."""
        places: dict[str, int] = self.memo(
            "_places", lambda: {text_of(v): place for place, v in enumerate(self.axis.values)}
        )
        return places[text]

    def place(self, text: str) -> float:
        """The place of a value, from 0 to 1. Raises `KeyError` or `ValueError`."""
        interval = self.axis.interval
        if interval is None:
            return (self.index(text) + 0.5) / len(self.axis.values)
        low, high = _ends(interval)
        value = float(text)
        if interval.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return min(1.0, max(0.0, (value - low) / (high - low)))


def dimensions(axes: tuple[Axis, ...]) -> tuple[Dimension, ...]:
    """The dimensions of some axes."""
    return tuple(map(Dimension, axes))


def size(axes: tuple[Axis, ...]) -> int:
    """How many points the axes span."""
    return math.prod(dimension.size for dimension in dimensions(axes))


def has_ranges(axes: tuple[Axis, ...]) -> bool:
    """Whether some values are drawn from a range and not listed."""
    return any(axis.interval for axis in axes)


MOST_REPEATED = 1_000
"""So many points in a row that were drawn before, and there are probably no others."""


def drawn(axes: tuple[Axis, ...], chance: "Random") -> "Iterator[tuple[Expression, ...]]":
    """Yields combinations of values at random, each once; with a range, as long as there are new.

    Without a range every combination comes in the end.
    """
    if not has_ranges(axes):
        yield from _shuffled(axes, chance)
        return
    spanned = dimensions(axes)
    seen: set[tuple[str, ...]] = set()
    repeated = 0
    while repeated < MOST_REPEATED:
        values = tuple(dimension.at(chance.random()) for dimension in spanned)
        texts = tuple(map(text_of, values))
        repeated = repeated + 1 if texts in seen else 0
        if not repeated:
            seen.add(texts)
            yield values


def _shuffled(axes: tuple[Axis, ...], chance: "Random") -> "Iterator[tuple[Expression, ...]]":
    """Yields each combination of listed values once, in random order."""
    count = size(axes)
    seen: dict[int, int] = {}
    # A Fisher-Yates shuffle that stores only the places it has touched.
    for place in range(count):
        other = chance.randrange(place, count)
        number = seen.get(other, other)
        seen[other] = seen.pop(place, place)
        values = []
        for axis in reversed(axes):
            number, index = divmod(number, len(axis.values))
            values.append(axis.values[index])
        yield tuple(reversed(values))


def _ends(interval: Interval) -> tuple[float, float]:
    """The numbers at the places 0 and 1: whole numbers have half a step more."""
    margin = 0.5 if interval.whole else 0.0
    return float(interval.low) - margin, float(interval.high) + margin


def _rounded(interval: Interval, place: float) -> Exact:
    """The value at a place: a whole number, or a short decimal."""
    low, high = _ends(interval)
    if interval.log:
        value = math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
    else:
        value = low + place * (high - low)
    if interval.whole:
        near: Exact = math.floor(value + 0.5)
    elif interval.log:
        near = read_number(f"{value:.{LOG_DIGITS - 1}e}")
    else:
        step = _step(interval)
        count = round(value / float(step))
        near = quotient(count * step.numerator, step.denominator)
    return largest(interval.low, smallest(interval.high, near))


def _step(interval: Interval) -> Exact:
    """The step of a linear range: 0.001 for `0.1..0.5`."""
    power = math.floor(math.log10(float(interval.high) - float(interval.low)))
    return read_number(f"1e{power - round(math.log10(LINEAR_STEPS))}")


def _count(interval: Interval) -> int:
    """How many values `_rounded` can give."""
    if interval.whole:
        return interval.high.numerator - interval.low.numerator + 1
    first, last = (_place_in_grid(interval, end) for end in (interval.low, interval.high))
    inside = math.floor(last) - math.ceil(first) + 1
    # An end that is not a short decimal itself is one more value.
    return inside + (first != math.ceil(first)) + (last != math.floor(last))


def _place_in_grid(interval: Interval, value: Exact) -> float:
    """The number of a value among all short decimals, whole for those themselves."""
    if interval.log:
        power = math.floor(math.log10(float(value)))
        lead: float = float(value) / 10.0**power * 10.0 ** (LOG_DIGITS - 1)
        found = power * 9 * 10.0 ** (LOG_DIGITS - 1) + lead
    else:
        found = float(value) / float(_step(interval))
    return round(found, 6)
