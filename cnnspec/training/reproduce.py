"""Whether two runs are the same: weights bit for bit, every figure, and what they ran on."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.runs.run import ENVIRONMENT, HISTORY, METRICS, Run
from cnnspec.runs.weights import HASH, read_weights

_IGNORED = {"seconds", "started", "command", "origin", "path", HASH}
"""Fields that say nothing of what was trained; the weights are compared by themselves."""


class Differing(Record):
    """A field that is not the same in both runs."""

    field: str
    before: str
    after: str


def surroundings(before: Run, after: Run) -> list[Differing]:
    """What the two ran on and with, where that differs."""
    return list(_fields("", before.read_json(ENVIRONMENT), after.read_json(ENVIRONMENT)))


def results(before: Run, after: Run) -> list[Differing]:
    """Weights, figures of epochs and scores that differ; none if the runs are bit-equal."""
    found = list(_weights(before, after))
    for name in (HISTORY, METRICS):
        part = name.removesuffix(".json")
        found += _fields(part, before.read_json(name), after.read_json(name))
    return found


def _weights(before: Run, after: Run) -> Iterator[Differing]:
    first, second = read_weights(before), read_weights(after)
    for name, a in first.items():
        b = second[name]
        if not np.array_equal(a, b):
            count = f"{np.count_nonzero(a != b):,} of {a.size:,} values"
            most = f"by at most {np.abs(a - b).max():.2g}"
            yield Differing(f"weights.{name}", count, most)


def _fields(place: str, before: Any, after: Any) -> Iterator[Differing]:
    """Every field, however deep, that differs."""
    match before, after:
        case dict(), dict():
            for key in dict.fromkeys([*before, *after]):
                if key not in _IGNORED:
                    here = f"{place}.{key}" if place else key
                    yield from _fields(here, before.get(key), after.get(key))
        case list(), list() if len(before) == len(after):
            for index, (left, right) in enumerate(zip(before, after, strict=True)):
                yield from _fields(f"{place}[{index}]", left, right)
        case _ if before != after:
            yield Differing(place, str(before), str(after))
