"""How far the output of a step has to be from its input to grow into rows that are done with.

Sizes here are in numbers. The idea is that of Blacker, Bridges and Hadfield, "Diagonal memory
optimisation for machine learning on micro-controllers" (2020).
"""

from cnnspec.core.shapes import Image, Shape
from cnnspec.operations.base import Rows


def composed(outer: Rows, inner: Rows) -> Rows:
    """Returns which rows two steps need together, one behind the other."""
    first, last = (at * inner.step for at in (outer.first, outer.last))
    return Rows(outer.step * inner.step, first + inner.first, last + inner.last)


def left_over(outer: Rows, inner: Rows) -> Rows:
    """Returns which rows are still to be read when a row is written, if both are in one pass.

    All rows that a row of `outer` needs have been made by `inner` by then. What is still to be
    made begins with the next one; in the other order it ends before the first of them.
    """
    after = (outer.last + 1) * inner.step + inner.first
    before = (outer.first - 1) * inner.step + inner.last
    return Rows(outer.step * inner.step, after, before)


def distances(rows: Rows, given: Shape, made: Shape) -> tuple[int, int] | None:
    """Returns how far the output begins below its input, and how far it ends above it, at least.

    The first holds where rows are computed in order, the second where the last comes first. `None`
    where neither is possible.

    When row i is written, rows from `i * step + first` on are still to be read. So the output is
    at least `(i + 1) * row` numbers minus the rows before these below its input, for every i. Both
    terms are linear but for padding, so the largest is at an end or where padding ends.
    """
    if not (isinstance(given, Image) and isinstance(made, Image)):
        return None
    row, read = made.size // made.height, given.size // given.height

    def inside(at: int) -> int:
        return min(max(at, 0), given.height)

    top = -rows.first // rows.step
    bottom = (given.height - 1 - rows.last) // rows.step
    places = {
        min(max(at, 0), made.height - 1)
        for at in (0, top, top + 1, bottom, bottom + 1, made.height - 1)
    }
    below = max((i + 1) * row - inside(i * rows.step + rows.first) * read for i in places)
    above = max(inside(i * rows.step + rows.last + 1) * read - i * row for i in places)
    return max(below, 1), max(above, 1)
