"""What the lowering of an operation sees of its place, and what it gives: text for PyTorch.

An expression has `VALUE` where its input goes. Images are (n, channels, rows, columns) there.
"""

from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.operations.base import Pair, Sides

VALUE = "§"
"""Stands in an expression for the value that it is applied to."""


class Part(Record):
    """Something of a network that has weights: how `__init__` makes it, and the weights."""

    made: str
    state: dict[str, np.ndarray]
    """The arrays by their names below that of the part; the empty name is the part itself."""


class Lowered(Record):
    """An expression; `SELF` and a number in it are the parts, in their order."""

    expression: str
    parts: tuple[Part, ...] = ()
    helper: str = ""
    """The name of a function that the module must have."""


SELF = "$"


class Site(Record):
    """An operation, its shapes and its weights by their roles (float32)."""

    operation: Any
    shapes: tuple[Shape, ...]
    output: Shape
    weights: dict[str, np.ndarray]
    inputs: tuple[str, ...]
    """What the values that it takes are called."""


def pair(sides: Pair) -> str:
    """Two numbers as PyTorch takes them: one for two that are equal."""
    return str(sides[0]) if sides[0] == sides[1] else str(tuple(sides))


def keywords(**given: Any) -> str:
    """Arguments with their names, those that are `None` left out."""
    return "".join(f", {name}={value}" for name, value in given.items() if value is not None)


def symmetric(sides: Sides) -> bool:
    """Whether there is as much before as behind, along both sides."""
    return all(before == behind for before, behind in sides)


def padding(sides: Sides) -> str | None:
    """Symmetric padding as an argument; `None` for none."""
    before = sides[0][0], sides[1][0]
    return pair(before) if any(before) else None


def around(sides: Sides) -> str:
    """Padding as `F.pad` takes it: left, right, above, below."""
    (top, bottom), (left, right) = sides
    return f"({left}, {right}, {top}, {bottom})"
