"""The way back of a convolution."""

from collections.abc import Callable

from cnnspec.core.shapes import Image
from cnnspec.operations.base import Pair, Sides
from cnnspec.operations.windows import Convolution
from cnnspec.targets.c.kernels.relu import masked
from cnnspec.targets.c.kernels.strided import Strided
from cnnspec.targets.c.kernels.tiles import (
    Correlation,
    Spread,
    correlate,
    correlate_kernel,
    turned,
)
from cnnspec.targets.c.kernels.winograd import Tiles
from cnnspec.targets.c.kernels.winograd_gradients import TileGradients
from cnnspec.targets.c.site import Site
from cnnspec.targets.c.text import block, loop


def tops(sides: Sides) -> Pair:
    """What lies above and left."""
    return sides[0][0], sides[1][0]


def place(
    image: Image, source: str, to: str, rows: Pair, step: Pair, first: Pair, value: str = ""
) -> str:
    """Returns the text that copies an image into a larger one of zeros, `step` apart.

    Row i of the image becomes row `first + i * step`. What would be outside is left out.
    """
    (top, bottom), (left, right) = (
        _inside(count, size, by, start)
        for count, size, by, start in zip(
            (image.height, image.width), rows, step, first, strict=True
        )
    )
    taken = f"{source}[(c * {image.height} + i) * {image.width} + j]"
    put = (
        f"{to}[(c * {rows[0]} + {first[0]} + i * {step[0]}) * {rows[1]} "
        f"+ {first[1]} + j * {step[1]}] = {value or taken};"
    )
    copy = loop(
        "c",
        image.channels,
        block(
            f"for (int i = {top}; i < {bottom}; i++)",
            block(f"for (int j = {left}; j < {right}; j++)", put),
        ),
    )
    return f"memset({to}, 0, {image.channels * rows[0] * rows[1]} * sizeof(V));\n{copy}"


def _inside(count: int, size: int, by: int, start: int) -> Pair:
    """The first and the last but one of `count` places `start + i * by` within `size`."""
    low = max(0, -(start // by))
    return low, min(count, (size - 1 - start) // by + 1)


class Back:
    """The way back of a convolution: the gradients of its bias, its kernel and its input.

    `expand` writes the gradient of the convolution where the output is something else, made of
    it: a text that sets all of it, for where it shall lie. `tiles` are those of a convolution
    that is computed by them.
    """

    def __init__(
        self,
        site: Site,
        of: Correlation,
        op: Convolution,
        image: Image,
        out: Image,
        expand: Callable[[Spread], str] | None = None,
        tiles: Tiles | None = None,
    ) -> None:
        self._by_tiles: TileGradients | None = None
        self._site, self._of, self._op, self._image, self._out = site, of, op, image, out
        self._expand = expand
        self._wanted = site.wanted[0]
        # The gradient of the input is a correlation of the gradient of the output with the
        # kernel turned round; of a stride, one for each phase, and with a dilation as well that
        # of gradients which are set `stride` apart among zeros.
        spans, (top, left) = op.spans, tops(op.padding)
        self._margin = spans[0] - 1 - top, spans[1] - 1 - left
        self._strided: Strided | None = None
        self._spread = False
        if self._wanted and op.stride != (1, 1):
            self._spread = op.dilation != (1, 1)
            self._strided = None if self._spread else Strided(of, image, (top, left))
        self._rows = image.height + spans[0] - 1, image.width + spans[1] - 1
        self._copied = self._spread or bool(op.then) or expand is not None
        height, width = self._rows if self._spread else (out.height, out.width)
        self._copy = out.channels * height * width if self._copied else 0
        self.scratch = self._copy
        self.prepared = 0
        self.prepare = ""
        if tiles:
            self._by_tiles = TileGradients(tiles, image, tops(op.padding))
            self.scratch = max(tiles.scratch, self._copy + self._by_tiles.scratch)
            self.prepared, self.prepare = tiles.prepared, tiles.prepare
        elif self._wanted:
            self.prepared = op.size[0] * op.size[1] * of.inputs * of.groups * of.outputs
            self.prepare = (
                self._strided.prepare
                if self._strided
                else turned(of, of.size, (of.size[0] - 1, of.size[1] - 1))
            )

    def text(self, source: str) -> str:
        op, out, of = self._op, self._out, self._of
        d, lies = "dy", Spread(out.height * out.width, out.width, 1)
        found: list[str] = []
        at = f"(c * {out.height} + i) * {out.width} + j"
        taken = masked(op.then, f"y[{at}]", f"dy[{at}]")
        if self._spread:
            d = "scratch"
            lies = Spread(
                self._rows[0] * self._rows[1],
                op.stride[0] * self._rows[1],
                op.stride[1],
                self._margin[0] * self._rows[1] + self._margin[1],
            )
        elif self._copied:
            d = "scratch"
        if self._expand:
            if self._spread:
                found.append(f"memset(scratch, 0, {self._copy} * sizeof(V));")
            found.append(self._expand(lies))
        elif self._spread:
            found.append(place(out, "dy", "scratch", self._rows, op.stride, self._margin, taken))
        elif self._copied:
            put = f"scratch[(c * {out.height} + i) * {out.width} + j] = {taken};"
            over = loop("i", out.height, loop("j", out.width, put))
            found.append(loop("c", out.channels, over))
        if op.bias:
            found.append(bias_gradient(out.channels, (out.height, out.width), d, lies))
        if self._by_tiles:
            if self._wanted and self._site.into() == "=":
                found.append(f"memset(dx, 0, {self._image.size} * sizeof(V));")
            found.append(self._by_tiles.text(source, d, lies, self._copy))
            return "\n".join(found)
        if self._spread:
            found.append(correlate_kernel(of, source, d, lies, "d_kernel"))
        else:
            found.append(correlate_kernel(of.flat(), source, d, _flat(of, lies), "d_kernel"))
        if self._wanted:
            found.append(self._of_input(d))
        return "\n".join(found)

    def _of_input(self, d: str) -> str:
        if self._strided:
            return self._strided.text(d, self._site.into())
        of, image, site = self._of, self._image, self._site
        turned = Correlation(
            of.groups,
            of.outputs,
            of.inputs,
            of.size,
            (1, 1),
            of.dilation,
            self._rows if self._spread else (self._out.height, self._out.width),
            (image.height, image.width),
            (0, 0) if self._spread else self._margin,
        )

        def store(filter: str, row: str, column: str, value: str) -> str:
            at = f"({filter}) * {image.height * image.width} + ({row}) * {image.width} + {column}"
            return f"dx[{at}] {site.into()} {value};"

        return correlate(turned, d, "prepared", lambda f: "fill_lot(0)", store)


def _flat(of: Correlation, lies: Spread) -> Spread:
    """Positions in one row, where the correlation has them so."""
    return lies.replace(row=0) if of.flat() is not of else lies


def bias_gradient(filters: int, out: Pair, d: str, lies: Spread, to: str = "d_bias") -> str:
    """Returns the text that adds the sums of a gradient over its positions to `to`.

    Four sums beside each other, for an addition has to wait for the one before.
    """
    runs = []
    for first, end, size in _fours(out[1]):
        adds = " ".join(f"a{n} += dt[(j + {n}) * {lies.column}];" for n in range(size))
        runs.append(block(f"for (int j = {first}; j < {end}; j += {size})", adds))
    rows = loop("i", out[0], f"const V *dt = ds + i * {lies.row};", *runs)
    return loop(
        "f",
        filters,
        f"const V *ds = {d} + f * {lies.plane} + {lies.first};",
        "V a0 = fill(0), a1 = fill(0), a2 = fill(0), a3 = fill(0);",
        rows,
        f"{to}[f] += sum16((a0 + a1) + (a2 + a3));",
    )


def _fours(count: int) -> list[tuple[int, int, int]]:
    full = count // 4 * 4
    found = [(0, full, 4)] if full else []
    return found + ([(full, count, count - full)] if full < count else [])
