"""Texts of C for any compiler: numbers, tables, and loops over a window that may be cut off."""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.targets.c.text import block, comment, indent
from cnnspec.targets.device.site import Table

_WIDTH = 96


def literal(value: float) -> str:
    """Returns a float32 as the shortest decimal number that is read as the same bits."""
    return f"{np.float32(value)}f"


def table_text(table: Table) -> str:
    """Returns the definition of a table, lines filled."""
    flat = table.values.reshape(-1)
    if table.kind == "float":
        words = [literal(value) for value in flat]
    else:
        words = list(map(str, flat.tolist()))
    # The least int32 is not a literal: the minus is an operator on a number too large.
    words = ["(-2147483647 - 1)" if word == "-2147483648" else word for word in words]
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) + 2 > _WIDTH:
            lines.append(line)
            line = ""
        line += f"{word}, "
    lines.append(line)
    body = "\n".join(each.rstrip() for each in lines)
    head = f"static const {table.kind} {table.name}[{len(words)}] = {{"
    return f"{comment(table.about)}\n{head}\n{indent(body)}\n}};"


def times(expression: str, factor: int) -> str:
    """Returns a product as an expression that can be added to another."""
    if factor == 1:
        return expression
    if expression.isdecimal():
        return str(int(expression) * factor)
    return f"({expression}) * {factor}" if " " in expression else f"{expression} * {factor}"


def plus(expression: str, more: str) -> str:
    """Returns a sum as an expression, without a zero at its beginning."""
    return more if expression == "0" else f"{expression} + {more}"


def nested(loops: list[tuple[str, int]], *body: str) -> str:
    """Returns loops in one another, the outermost first: `[("i", 24), ("j", 24)]`."""
    text = "\n".join(body)
    for name, count in reversed(loops):
        text = block(f"for (int {name} = 0; {name} < {count}; {name}++)", text)
    return text


class Side(Record):
    """The points of a window along one side that lie in an image, at one output position.

    `before` has the lines that work them out and `first`, `end` the bounds of a loop;
    where nothing is padded these are constants.
    """

    before: str
    first: str
    end: str
    start: str
    """Where the window begins in the image, possibly before it."""

    @property
    def count(self) -> str:
        """How many points these are."""
        return self.end if self.first == "0" else f"{self.end} - {self.first}"


def side(at: str, n: int, out: int, span: int, stride: int, dilation: int, pad: int) -> Side:
    """Returns the side of a window of `span` points at the output position named `at`.

    `n` is the size of the image and `out` that of the output.
    """
    axis = {"i": "u", "j": "v"}[at]
    moved = times(at, stride)
    start = f"{moved} - {pad}" if pad else moved
    last = (out - 1) * stride - pad + (span - 1) * dilation
    lines = []
    first, end = "0", str(span)
    if pad:
        first = f"{axis}0"
        # Rounded up to a whole number of points.
        outside = f"{pad} - {moved}"
        if dilation > 1:
            outside = f"({pad + dilation - 1} - {moved}) / {dilation}"
        lines.append(f"const int {first} = {moved} < {pad} ? {outside} : 0;")
    if last >= n:
        end = f"{axis}1"
        left = f"{n + pad} - {moved}"
        if dilation > 1:
            left = f"({n + pad - 1} - {moved}) / {dilation} + 1"
        inside = n + pad - (span - 1) * dilation
        lines.append(f"const int {end} = {moved} < {inside} ? {span} : {left};")
    return Side("\n".join(lines), first, end, start)
