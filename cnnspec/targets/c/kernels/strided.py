"""The gradient of the input of a convolution with a stride, phase by phase.

Set `stride` apart among zeros the gradient of the output would meet the kernel in every place,
and most of the products would be with zeros. But only every `stride`-th tap of the kernel meets
a given input: those of one phase. So each phase is a correlation of the gradient, as it is, with
its part of the kernel:

    dx[first + stride * m] = sum over t of d[row + m - t] * w[phase + stride * t]
"""

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image
from cnnspec.operations.base import Pair
from cnnspec.targets.c.kernels.tiles import Correlation, correlate, turned
from cnnspec.targets.c.text import block, loop


class Phase(Record):
    """The inputs of one phase along a side, and the taps that they meet."""

    number: int
    taps: int
    first: int
    """The first input of the phase; the others follow `stride` apart."""
    count: int
    row: int
    """The output that the first input meets with the first tap."""


class Strided(Record):
    """The gradient of the input of a convolution with a stride, from that of its output."""

    of: Correlation
    """The convolution, whose dilation is 1."""
    image: Image
    """The input as it is, without the zeros around it."""
    padding: Pair
    """What lies above and left of it."""

    @property
    def phases(self) -> tuple[list[Phase], list[Phase]]:
        """The phases of rows and of columns."""
        sides = zip(
            self.of.size,
            self.of.stride,
            self.padding,
            (self.image.height, self.image.width),
            strict=True,
        )
        rows, columns = ([_phase(n, *side) for n in range(side[1])] for side in sides)
        return rows, columns

    @property
    def _pairs(self) -> list[tuple[Phase, Phase, int]]:
        """Phases of rows and columns, and where the kernel of both begins in `prepared`."""
        found, at = [], 0
        for row in self.phases[0]:
            for column in self.phases[1]:
                found.append((row, column, at))
                at += row.taps * column.taps * self._channels
        return found

    @property
    def _channels(self) -> int:
        return self.of.inputs * self.of.groups * self.of.outputs

    @property
    def prepare(self) -> str:
        """The text that turns the kernel of each phase round: [t][f][c], the last tap first."""
        found = []
        for row, column, at in self._pairs:
            if row.taps * column.taps:
                last = [
                    each.number + (each.taps - 1) * by
                    for each, by in zip((row, column), self.of.stride, strict=True)
                ]
                taps = row.taps, column.taps
                found.append(turned(self.of, taps, (last[0], last[1]), self.of.stride, at))
        return "\n".join(found)

    def text(self, d: str, into: str) -> str:
        """Returns the text that sets `dx`, or adds to it, from the gradient `d`."""
        return "\n".join(
            block("", self._phase(row, column, at, d, into))
            for row, column, at in self._pairs
            if row.count * column.count
        )

    def _phase(self, row: Phase, column: Phase, at: int, d: str, into: str) -> str:
        of, image, (down, right) = self.of, self.image, self.of.stride

        def store(channel: str, i: str, j: str, value: str) -> str:
            return (
                f"dx[(({channel}) * {image.height} + {row.first} + ({i}) * {down}) * {image.width} "
                f"+ {column.first} + ({j}) * {right}] {into} {value};"
            )

        if not row.taps * column.taps:
            # No tap meets these inputs.
            nothing = store("c", "i", "j", "fill(0)")
            over = loop("i", row.count, loop("j", column.count, nothing))
            return loop("c", of.groups * of.inputs, over) if into == "=" else ""
        part = Correlation(
            of.groups,
            of.outputs,
            of.inputs,
            (row.taps, column.taps),
            (1, 1),
            (1, 1),
            of.out,
            (row.count, column.count),
            (row.taps - 1 - row.row, column.taps - 1 - column.row),
        )
        kernel = f"(prepared + {at})"
        return correlate(part, d, kernel, lambda f: "fill_lot(0)", store, flat=False)


def _phase(number: int, size: int, stride: int, before: int, inputs: int) -> Phase:
    """The phase of the inputs i for which (i + before) % stride is `number`."""
    first = (number - before) % stride
    return Phase(
        number,
        len(range(number, size, stride)),
        first,
        len(range(first, inputs, stride)),
        (first + before - number) // stride,
    )
