"""The way back of a convolution by tiles, of the transposed steps of `winograd.py`.

The gradients of the kernel and of the input share the gradient of the products. That of the
kernel is a sum over tiles and images, so there the lanes are filters: the gradient of the output
is turned into rows of one image each, and nothing has to be summed over lanes.
"""

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image
from cnnspec.operations.base import Pair
from cnnspec.targets.c.kernels.tiles import Spread, by_lots, most_sums, multiply_adds, pieces
from cnnspec.targets.c.kernels.winograd import NUMBERS, PLACES, Tiles, apart
from cnnspec.targets.c.text import block, loop


class TileGradients(Record):
    """The gradients of the kernel and, if it is wanted, of the input."""

    tiles: Tiles
    image: Image
    """The input as it is, without the zeros around it."""
    padding: Pair
    """What lies above and left of it."""

    @property
    def _together(self) -> int:
        return self.tiles.together(*self._vectors)

    @property
    def _vectors(self) -> tuple[int, int, int]:
        """Of each number of a tile: the inputs, the gradients, and these by images."""
        of = self.tiles.of
        return of.inputs, of.outputs, 16 * self.tiles.wide

    @property
    def scratch(self) -> int:
        """Vectors that the way back works in."""
        return self._sums + NUMBERS * sum(apart(n * self._together) for n in self._vectors)

    @property
    def _sums(self) -> int:
        return NUMBERS * apart(self.tiles.of.inputs * self.tiles.wide)

    def text(self, x: str, d: str, lies: Spread, free: int) -> str:
        """Returns the text that adds to `d_kernel` and, if wanted, to `dx`.

        `d` is the gradient of the output, `free` the first vector of `scratch` that is free.
        """
        tiles, together = self.tiles, self._together
        inputs, outputs, rows = (apart(n * together) for n in self._vectors)
        body = [
            tiles.take_inputs(x, together),
            self._take_gradients(d, lies),
            loop(
                "t",
                NUMBERS,
                f"const float *from = (const float *)(tiles + t * {inputs});",
                f"const V *with = rows + t * {rows};",
                f"V *into = sums + t * {apart(tiles.of.inputs * tiles.wide)};",
                self._kernel_sums(),
            ),
        ]
        if tiles.wanted:
            channels, filters = tiles.of.inputs, tiles.of.outputs
            weights = f"prepared + {NUMBERS * channels * filters}"
            body += [
                tiles.products(filters, channels, together, weights, "products", "tiles"),
                self._put_inputs(),
            ]
        return "\n".join(
            (
                f"V *sums = scratch + {free}, *tiles = sums + {self._sums};",
                f"V *products = tiles + {NUMBERS * inputs}, "
                f"*rows = products + {NUMBERS * outputs};",
                f"memset(sums, 0, {self._sums} * sizeof(V));",
                tiles.over_groups(together, *body),
                self._put_kernel(),
            )
        )

    def _take_gradients(self, d: str, lies: Spread) -> str:
        """The gradients of the products: `products` by filters, `rows` by images."""
        tiles, together, filters = self.tiles, self._together, self.tiles.of.outputs
        _, products, rows = (apart(n * together) for n in self._vectors)
        taken = [
            "V four[4];",
            f"const V *ds = {d} + f * {lies.plane} + {lies.first} "
            f"+ 2 * i * {lies.row} + 2 * j * {lies.column};",
        ]
        for place, (row, column) in enumerate(PLACES):
            value = f"ds[{row * lies.row + column * lies.column}]"
            inside = [*self._once(), *tiles.inside(row, column)]
            if inside:
                value = f"{' && '.join(inside)} ? {value} : fill(0)"
            taken.append(f"four[{place}] = turned[n][{place}][f - begin] = {value};")
        if tiles.wanted:
            taken.append(f"gradient_tile(four, 1, products + f * {together} + n, {products});")
        return block(
            f"for (int begin = 0; begin < {filters}; begin += 16)",
            f"V turned[{together}][4][16] = {{0}};",
            f"int end = begin + 16 < {filters} ? begin + 16 : {filters};",
            block("for (int f = begin; f < end; f++)", tiles.over(together, *taken)),
            loop(
                "n",
                together,
                "for (int place = 0; place < 4; place++) turn(turned[n][place]);",
                "for (int l = 0; l < LANES; l++)",
                f"    gradient_tile(&turned[n][0][l], 16, rows + (n * LANES + l) * {tiles.wide} "
                f"+ begin / 16, {rows});",
            ),
        )

    def _once(self) -> list[str]:
        """The condition under which a tile of a group is not the last one once more."""
        return ["tile + n == at"] if self.tiles.count % self._together else []

    def _kernel_sums(self) -> str:
        """For one number of the tiles: the inputs times the gradients, over tiles and images."""
        channels, wide, images = self.tiles.of.inputs, self.tiles.wide, 16 * self._together
        found = []
        for begin, stop, vectors in pieces(wide, min(4, wide)):
            most = max(1, min(most_sums() // vectors, 12))
            inner = [
                block(
                    f"for (int c = {first}; c < {end}; c += {size})",
                    _kernel_tile(size, vectors, wide, images),
                )
                for first, end, size in pieces(channels, -(-channels // -(-channels // most)))
            ]
            found.append(block(f"for (int o = {begin}; o < {stop}; o += {vectors})", *inner))
        return "\n".join(found)

    def _put_inputs(self) -> str:
        """Adds the gradients of tiles, which overlap, to that of the input."""
        image, together = self.image, self._together
        sizes = image.height, image.width
        inside = [
            f"{name} + {step} >= 0 && {name} + {step} < {size}"
            for name, step, size, rows in zip(
                ("row", "column"), "rs", sizes, self.tiles.of.rows, strict=True
            )
            # All of a tile is within an image that has an even side and no zeros around it.
            if rows != size or rows % 2
        ]
        put = f"to[r * {image.width} + s] += sixteen[4 * r + s];"
        once = self._once()
        return loop(
            "c",
            self.tiles.of.inputs,
            self.tiles.over(
                together,
                f"if (!({once[0]})) continue;" if once else "",
                f"int row = 2 * i - {self.padding[0]}, column = 2 * j - {self.padding[1]};",
                "V sixteen[16];",
                f"input_gradient_tile(tiles + c * {together} + n, "
                f"{apart(self.tiles.of.inputs * together)}, sixteen);",
                f"V *to = dx + (c * {image.height} + row) * {image.width} + column;",
                "for (int r = 0; r < 4; r++)",
                "    for (int s = 0; s < 4; s++) "
                + (f"if ({' && '.join(inside)}) {put}" if inside else put),
            ),
        )

    def _put_kernel(self) -> str:
        channels, filters, wide = self.tiles.of.inputs, self.tiles.of.outputs, self.tiles.wide
        return loop(
            "c",
            channels,
            loop(
                "o",
                wide,
                "V nine[9];",
                f"kernel_gradient_tile(sums + c * {wide} + o, {apart(channels * wide)}, nine);",
                "for (int r = 0; r < 9; r++)",
                f"    add_row(d_kernel + (r * {channels} + c) * {filters} + 16 * o, nine[r], "
                f"{filters} - 16 * o);",
            ),
        )


def _kernel_tile(channels: int, vectors: int, wide: int, images: int) -> str:
    """Sums of a few channels and vectors of filters, in registers over all images of a group."""

    def at(n: int, v: int) -> str:
        return f"into[(c + {n}) * {wide} + o + {v}]"

    sums = [[f"a{n}_{v} = LOT({at(n, v)})" for v in range(vectors)] for n in range(channels)]
    loads = ", ".join(f"g{v} = gs[{v} * LOTS]" for v in range(vectors))
    over = loop(
        "m",
        images,
        f"const T *gs = (const T *)(with + m * {wide} + o) + lot;",
        f"const float *xs = from + c * {images} + m;",
        f"T {loads}, k;",
        *multiply_adds(channels, vectors, lambda n: f"xs[{images * n}]", "g"),
    )
    stores = [f"{at(n, v)} = a{n}_{v};" for n in range(channels) for v in range(vectors)]
    return "\n".join((by_lots(sums, over), *stores))
