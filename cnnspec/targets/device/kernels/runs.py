"""The inner loop of sums of products: numbers that are neighbours, times a block of filters.

In int8 four numbers at a time are taken where there are as many: processors with the DSP
extension of Arm (Cortex-M4, M7, M33, M55) add two products in one instruction. The kernel
lies so that this loads a word of four for each filter.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.targets.c.text import block
from cnnspec.targets.device.endings import Ending
from cnnspec.targets.device.site import Site


class Block(Record):
    """So many filters at once, `count` times."""

    width: int
    count: int


def blocks_of(filters: int, most: int) -> list[Block]:
    """Returns how filters are divided: equal blocks if possible, else a rest."""
    if filters <= most:
        return [Block(filters, 1)]
    for width in range(most, most // 2 - 1, -1):
        if filters % width == 0:
            return [Block(width, filters // width)]
    return [Block(most, filters // most), Block(filters % most, 1)]


class Run(Record):
    """Neighbours in the image that are neighbours in the kernel, and how they are taken."""

    length: int
    """Numbers of a whole run."""
    fours: bool
    """Whether four are taken at a time; then a part of a run is a multiple of four."""
    row: int = 0
    """In float32 the filters of a group, whose numbers are neighbours in the kernel; in int8 those
    of a block are."""

    @property
    def most(self) -> int:
        """Filters of a block: as many sums as there are registers for."""
        return 4 if self.fours else 8

    def apart(self, width: int) -> int:
        """How far apart numbers of a filter are in the kernel, for blocks of so many filters."""
        return self.row or width

    def text(self, site: Site, ends: Ending, at: str, count: str, width: int) -> str:
        """Returns the loop over `count` numbers from the pointer `at` on."""
        offset = ends.offset
        single = [
            f"const {site.arithmetic.sum} v = {ends.load(f'{at}[n]')};",
            *(f"s{n} += v * k[{n}];" for n in range(width)),
            f"k += {self.apart(width)};",
        ]
        if count.isdecimal() and int(count) <= UNROLLED:
            return self._unrolled(site, ends, at, int(count), width)
        if not self.fours:
            return block(f"for (int n = 0; n < {count}; n++)", *single)
        known = count.isdecimal()
        whole = str(int(count) // 4) if known else f"({count}) / 4"
        lines = [
            block(
                f"for (int n = 0; n < {whole}; n++)",
                f"const four v = four_of({at} + n * 4, {offset});",
                *(f"s{n} = add_four(s{n}, v, k + {4 * n});" for n in range(width)),
                f"k += {4 * width};",
            )
        ]
        if known and int(count) % 4:
            lines.append(block(f"for (int n = {4 * int(whole)}; n < {count}; n++)", *single))
        return "\n".join(lines)

    def _unrolled(self, site: Site, ends: Ending, at: str, count: int, width: int) -> str:
        """A few numbers without a loop, all of them for one filter after another."""
        kind = site.arithmetic.sum
        numbers = [f"const {kind} v{m} = {ends.load(f'{at}[{m}]')};" for m in range(count)]
        step = (1, count) if self.fours else (self.apart(width), 1)
        sums = []
        for n in range(width):
            terms = [f"v{m} * k[{m * step[0] + n * step[1]}]" for m in range(count)]
            sums.append(f"s{n} = s{n} + {' + '.join(terms)};")
        return "\n".join([*numbers, *sums, f"k += {count * self.apart(width)};"])


def several(run: Run, filters: int, most: int) -> bool:
    """Returns whether filters that are neighbours in the kernel are taken in more than one block.

    Then each block reads the kernel from its own filter on.
    """
    return bool(run.row) and filters > most


UNROLLED = 4
"""Numbers that are taken without a loop."""


def packed(kernel: np.ndarray, groups: int, run: Run, most: int) -> np.ndarray:
    """Returns a kernel (..., filters) in the order in which it is read.

    By groups, by blocks of at most `most` filters, then by runs; in a run by fours of each
    filter where these are taken, and by single numbers of all filters of the block. In float32 by
    groups alone.
    """
    each = kernel.shape[-1] // groups
    if run.row:
        return np.concatenate([part.reshape(-1) for part in np.split(kernel, groups, -1)])
    parts = []
    for group in range(groups):
        at = group * each
        for piece in blocks_of(each, most):
            for _ in range(piece.count):
                parts.append(_block(kernel[..., at : at + piece.width], run))
                at += piece.width
    return np.concatenate(parts)


def _block(kernel: np.ndarray, run: Run) -> np.ndarray:
    """The kernel of a block of filters."""
    width = kernel.shape[-1]
    rows = kernel.reshape(-1, run.length, width)
    if not run.fours:
        return rows.reshape(-1)
    whole = run.length // 4 * 4
    fours = rows[:, :whole].reshape(len(rows), -1, 4, width).swapaxes(2, 3)
    pieces = [fours.reshape(len(rows), -1), rows[:, whole:].reshape(len(rows), -1)]
    together: np.ndarray = np.concatenate(pieces, 1).reshape(-1)
    return together
