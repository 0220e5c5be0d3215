"""Which random networks are tried: a few at every push, and many in the slow set."""

from collections.abc import Collection
from typing import Any

import pytest

MANY = 300
"""The seeds of the slow set end here."""


def seeds(few: int | Collection[int], many: int = MANY) -> list[Any]:
    """The seeds below `many`: the first few, or those given, unmarked; all others slow."""
    pushed = range(few) if isinstance(few, int) else few
    rest = (seed for seed in range(many) if seed not in pushed)
    return [*pushed, *(pytest.param(seed, marks=pytest.mark.slow) for seed in rest)]
