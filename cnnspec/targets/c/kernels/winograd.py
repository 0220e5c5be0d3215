"""Convolutions of 3x3 by tiles of 4x4 inputs: 16 products in place of 36.

Winograd's minimal filtering F(2x2, 3x3); `runtime/winograd.h` has its formulas. A few tiles at
a time are taken apart into their 16 numbers; for each of these the channels of all tiles meet
the filters in a product of matrices; then the tiles are put together again. The way back is in
`winograd_gradients.py`.
"""

from typing import ClassVar

from cnnspec.core.record import Record
from cnnspec.operations.base import Pair
from cnnspec.targets.c.kernels.tiles import Correlation, correlate
from cnnspec.targets.c.text import block, loop

NUMBERS = 16
"""Of a tile: products for each channel and filter."""
PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Row and column of the outputs of a tile."""
_CACHE = 10_000
"""Vectors that fit into the second cache beside the weights."""
_TILES = (6, 4, 2, 1)
"""How many tiles are worked on at once: what fits into registers beside a few filters."""
_TRANSFORMS = 60
"""Cycles that a tile of a channel takes in each of three transforms, beside one for a product."""
_WORTH = 0.85
"""A part of the cycles of the direct convolution; at more, its shorter code is taken."""


def pays(of: Correlation) -> bool:
    """Whether a convolution can be computed by tiles, and takes clearly fewer cycles then."""
    if (of.groups, of.size, of.stride, of.dilation) != (1, (3, 3), (1, 1), (1, 1)):
        return False
    tiles = Tiles(of, True)
    channels, filters = of.inputs, of.outputs
    products = NUMBERS * channels * (2 * filters + 16 * tiles.wide)
    transforms = 3 * _TRANSFORMS * (channels + filters)
    direct = 3 * 9 * channels * filters * of.out[0] * of.out[1]
    return (products + transforms) * tiles.count < _WORTH * direct


def apart(vectors: int) -> int:
    """Returns how far the 16 numbers of a tile lie apart: an odd number.

    If it were a multiple of the sets of a cache, all of them would compete for the places of one.
    """
    return vectors | 1


class Tiles(Record):
    """A convolution by tiles: where what lies, and the texts that both directions need."""

    runtime: ClassVar[str] = "winograd.h"

    of: Correlation
    wanted: bool
    """Whether the gradient of the input is asked for."""

    @property
    def grid(self) -> Pair:
        """Rows and columns of tiles; the last ones may have outputs that do not exist."""
        return -(-self.of.out[0] // 2), -(-self.of.out[1] // 2)

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return self.grid[0] * self.grid[1]

    @property
    def wide(self) -> int:
        """Vectors of the filters of one image."""
        return -(-self.of.outputs // 16)

    def together(self, *vectors: int) -> int:
        """Returns how many tiles are worked on at once, if each number takes so many vectors."""
        fitting = (n for n in _TILES if NUMBERS * n * sum(vectors) <= _CACHE)
        return min(next(fitting, 1), self.count)

    @property
    def prepared(self) -> int:
        """Floats that are made of the kernel before a step."""
        return (1 + self.wanted) * NUMBERS * self.of.inputs * self.of.outputs

    @property
    def prepare(self) -> str:
        """The text that takes the kernel apart: [t][c][f], then for the way back [t][f][c]."""
        channels, filters = self.of.inputs, self.of.outputs
        size = channels * filters
        take = f"kernel_tile(kernel + c * {filters} + f, {size}, prepared + "
        put = f"{take}c * {filters} + f, {size});"
        found = [loop("c", channels, loop("f", filters, put))]
        if self.wanted:
            put = f"{take}{NUMBERS * size} + f * {channels} + c, {size});"
            found.append(loop("f", filters, loop("c", channels, put)))
        return "\n".join(found)

    @property
    def scratch(self) -> int:
        """Vectors that the way forward works in."""
        together = self._forwards
        return NUMBERS * sum(apart(n * together) for n in (self.of.inputs, self.of.outputs))

    @property
    def _forwards(self) -> int:
        return self.together(self.of.inputs, self.of.outputs)

    def inside(self, row: int, column: int) -> list[str]:
        """Returns the conditions under which an output of a tile exists."""
        return [
            f"2 * {name} + 1 < {size}"
            for name, size, step in zip("ij", self.of.out, (row, column), strict=True)
            if step and size % 2
        ]

    def over(self, together: int, *body: str) -> str:
        """Returns a loop over the tiles of a group: row `i` and column `j` of the tile `at`.

        Past the end it is the last tile once more, and `at` is not `tile + n`.
        """
        last = self.count - 1
        return loop(
            "n",
            together,
            f"int at = tile + n < {last} ? tile + n : {last};",
            f"int i = at / {self.grid[1]}, j = at % {self.grid[1]};",
            *body,
        )

    def over_groups(self, together: int, *body: str) -> str:
        """Returns a loop over the groups of tiles, which begin with `tile`."""
        return block(f"for (int tile = 0; tile < {self.count}; tile += {together})", *body)

    def take_inputs(self, x: str, together: int) -> str:
        """Returns the text that takes the inputs of a group apart, into `tiles`."""
        rows, columns = self.of.rows
        ends = [
            f"2 * {name} + 3 < {size} ? 3 : 2" if size % 2 else "3"
            for name, size in zip("ij", self.of.rows, strict=True)
        ]
        return loop(
            "c",
            self.of.inputs,
            self.over(
                together,
                f"int down = {ends[0]}, right = {ends[1]};",
                f"const V *from = {x} + (c * {rows} + 2 * i) * {columns} + 2 * j;",
                f"input_tile(from, {columns}, down, right, tiles + c * {together} + n, "
                f"{apart(self.of.inputs * together)});",
            ),
        )

    def products(
        self, inputs: int, outputs: int, together: int, weights: str, source: str, to: str
    ) -> str:
        """Returns the text that for each number multiplies all inputs by the weights."""
        of = Correlation(1, inputs, outputs, (1, 1), (1, 1), (1, 1), (1, together), (1, together))

        def store(output: str, row: str, column: str, value: str) -> str:
            return f"into[({output}) * {together} + ({column})] = {value};"

        return loop(
            "t",
            NUMBERS,
            f"const V *from = {source} + t * {apart(inputs * together)};",
            f"const float *weights = {weights} + t * {inputs * outputs};",
            f"V *into = {to} + t * {apart(outputs * together)};",
            correlate(of, "from", "weights", lambda f: "fill_lot(0)", store),
        )

    def forward(self, x: str, finish: str) -> str:
        """Returns the text of the convolution.

        `finish` takes the four `outputs` of filter `f` and the tile in row `i` and column `j`
        of tiles, to which the bias is still to be added.
        """
        channels, filters, together = self.of.inputs, self.of.outputs, self._forwards
        put = self.over(
            together,
            "V outputs[4];",
            f"output_tile(sums + f * {together} + n, {apart(filters * together)}, outputs);",
            finish,
        )
        return "\n".join(
            (
                f"V *tiles = scratch, *sums = tiles + {NUMBERS * apart(channels * together)};",
                self.over_groups(
                    together,
                    self.take_inputs(x, together),
                    self.products(channels, filters, together, "prepared", "tiles", "sums"),
                    loop("f", filters, put),
                ),
            )
        )
