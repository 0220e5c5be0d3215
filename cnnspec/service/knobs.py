"""Numbers that a slider can set: each `let` whose value is written in digits."""

import math

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.language.syntax import Negative, Number, Option
from cnnspec.service.snapshot import Snapshot

_ROOM = 4
"""The end of a slider as a multiple of the power of two that its value reaches."""
_STEPS = 64
"""Steps of the slider of a number that is not whole."""


class Knob(Record):
    """A `let` with the place of its number, and the numbers that a slider offers for it."""

    name: str
    value: int | float
    span: Span
    low: int | float
    high: int | float
    step: int | float


def knobs(snapshot: Snapshot) -> tuple[Knob, ...]:
    """Returns the lets outside of every block that are numbers, in the order of the text.

    The ends of a slider follow from the power of two near the value, so that they stay where
    they are while the value changes a little.
    """
    return tuple(
        _knob(option.name, option.value)
        for statement in snapshot.parsed.statements
        if statement.word == "let"
        for option in statement.arguments
        if isinstance(option, Option) and isinstance(option.value, Number | Negative)
        if _value(option.value) is not None
    )


def _value(node: Number | Negative) -> int | float | None:
    """The number that is written, `None` for one that is worked out."""
    sign, written = (-1, node.inner) if isinstance(node, Negative) else (1, node)
    if not isinstance(written, Number):
        return None
    return sign * (written.value if isinstance(written.value, int) else float(written.value))


def _knob(name: str, node: Number | Negative) -> Knob:
    value = _value(node)
    assert value is not None
    if isinstance(value, int):
        reach = _ROOM * 2 ** max(abs(value).bit_length() - 1, 1)
        return Knob(name, value, node.span, -reach if value < 0 else min(value, 1), reach, 1)
    end = 2.0 ** (math.frexp(value)[1] + 1)
    return Knob(name, value, node.span, -end if value < 0 else 0.0, end, end / _STEPS)
