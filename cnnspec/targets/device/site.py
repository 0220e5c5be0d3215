"""Where an operation stands in a network for one image, and what a template makes of it.

A template is a function from a `Site` to a `Kernel`: the body of a C function and the
tables of constants that it reads. It differs from the templates of `targets/c`, which
work on sixteen images in the lanes of a vector with channels first, both ways: a
microcontroller has one image, no vectors, and memory for one value of each. Here values
lie as (row, column, channel), so that the inner loop of a convolution runs over
neighbours in memory.
"""

from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape
from cnnspec.operations.base import Rows
from cnnspec.targets.c.site import as_image


class Table(Record):
    """Constants of the file: `static const KIND NAME[]`, in the order in which they are read."""

    name: str
    kind: str
    values: np.ndarray
    about: str
    key: str = ""
    """The weight that it holds: calls of a layer that share it share the table."""

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return self.values.size * SIZES[self.kind]


SIZES = {"float": 4, "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4}
"""Bytes of each kind of number that a table can have."""


class Arithmetic(Record):
    """What differs between float32 and int8 in templates that do the same in both."""

    element: str
    """The type of a value in memory."""
    sum: str
    """The type of a sum of products."""
    lowest: str
    """Below or equal to every value."""


FLOAT = Arithmetic("float", "float", "-3.4028235e38f")
INT8 = Arithmetic("int8_t", "int32_t", "-128")


class Lines(Record):
    """The rows of its input that a step keeps, and has computed in time.

    `maker` computes row r by `maker(…, y, r)`; `passed` are its arguments before these two.
    """

    rows: Rows
    maker: str
    passed: tuple[str, ...]
    start: int
    """The row of the output that is computed first."""


class Order(Record):
    """In which order the rows of an output are computed."""

    backwards: bool = False
    """Whether the last row comes first: `MemoryPlan.backwards`."""
    by_row: bool = False
    """Whether a call computes one row, number `row`, and `y` is where that is."""
    lines: Lines | None = None
    """Where the input is never whole: `x` has the rows that a row of the output needs."""


class Site(Record):
    """What a template may ask.

    Names in its text: the inputs are `x` (`x0`, `x1`, … where there are several), the
    output `y`, and the tables have the names that the template gives them.
    """

    operation: Any
    inputs: tuple[Shape, ...]
    output: Shape
    arithmetic: Arithmetic
    weights: dict[str, np.ndarray]
    """By role, in the shapes that the operation names."""
    scales: Any = None
    """For integers: what `quantize` says of the step."""
    order: Order = Order()

    @property
    def image(self) -> Image:
        """The first input as an image; a vector is an image of one pixel."""
        return as_image(self.inputs[0])

    @property
    def out(self) -> Image:
        """The output as an image."""
        return as_image(self.output)

    def x(self, source: int = 0) -> str:
        """The name of an input."""
        return f"x{source}" if len(self.inputs) > 1 else "x"


class Kernel(Record):
    """What a template makes: what it computes in words, the text, and its tables."""

    formula: str
    text: str
    tables: tuple[Table, ...] = ()
