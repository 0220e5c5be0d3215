"""The places at which a convolution is computed: those of its output, or of pooling windows."""

from collections.abc import Callable

from cnnspec.core.shapes import Image
from cnnspec.operations.windows import Convolution, PooledConvolution
from cnnspec.targets.c.text import block
from cnnspec.targets.device.kernels.rows import over_rows, start_of
from cnnspec.targets.device.kernels.runs import Run
from cnnspec.targets.device.kernels.wide_rows import WideRow
from cnnspec.targets.device.lanes import either
from cnnspec.targets.device.site import Site
from cnnspec.targets.device.text import Side, nested, side, times

Pooled = Callable[[str], str]
"""The loops over the places of a pooling window, given what is done at each."""


def sides(site: Site) -> tuple[Side, Side]:
    """The windows of a convolution along rows and columns."""
    op, image, out = site.operation, site.image, _convolved(site)
    sizes = (image.height, image.width), (out.height, out.width)
    rows, columns = (
        side(at, n, made, span, stride, dilation, pad)
        for at, n, made, span, stride, dilation, (pad, _) in zip(
            "ij", *sizes, op.size, op.stride, op.dilation, op.padding, strict=True
        )
    )
    name = "p" if _is_pooled(site) else "i"
    return rows.replace(start=start_of(site, rows.start, name)), columns


def _convolved(site: Site) -> Image:
    """What the convolution gives; pooled, it is never there as a whole."""
    shape = Convolution.shape(site.operation, (site.image,))
    assert isinstance(shape, Image)
    return shape


class Places:
    """The loops over the places of the output, or of a pooling window and the output."""

    def __init__(self, site: Site, rows: Side, columns: Side, several: bool) -> None:
        self._site, self._rows, self._columns = site, rows, columns
        self._window = site.operation.window if _is_pooled(site) else None
        skips = bool(rows.before or columns.before)
        self.again = skips or several or self._window is not None
        """Whether a block of filters does not read its kernel once and in order."""
        self.restart = "k = w;" if several and not skips and not self._window else ""
        self.pooled = self._pooled if self._window else None
        self._restarts = self._window is not None and not skips

    def step(self, run: Run, points: int) -> int:
        """How far apart filters are in a kernel that is read again, for windows of `points`."""
        if not self.again:
            return 0
        return 1 if run.row else points

    def text(self, wide: WideRow, *body: str) -> str:
        """The loops over the output around a text; `wide` is that of a row with vectors."""
        element, out = self._site.arithmetic.element, self._site.out
        pointer = (
            f"const {element} *w = kernel, *k;" if self.again else f"const {element} *k = kernel;"
        )
        if self._window:
            row = nested([("q", out.width)], pointer, *filter(None, body))
            return self._over("p", wide, row)
        row = nested([("j", out.width)], self._columns.before, pointer, *body)
        return self._over("i", wide, row, self._rows.before)

    def _over(self, name: str, wide: WideRow, row: str, before: str = "") -> str:
        """The loop over the rows, with vectors or without."""
        both = either(wide.text, row) if wide.text else row
        text = over_rows(self._site, name, *filter(None, [before, both]))
        return f"{either(wide.before, '')}\n{text}" if wide.before else text

    def _pooled(self, body: str) -> str:
        """The loops over the places of a window; the last one may be cut off."""
        assert self._window is not None
        made, out = _convolved(self._site), self._site.out
        heads = []
        for at, name, window, there, count in (
            ("i", "p", self._window[0], made.height, out.height),
            ("j", "q", self._window[1], made.width, out.width),
        ):
            first = times(name, window)
            cut = f" && {at} < {there}" if count * window > there else ""
            heads.append(f"for (int {at} = {first}; {at} < {first} + {window}{cut}; {at}++)")
        restart = "k = w;" if self._restarts else ""
        return block(
            heads[0],
            self._rows.before,
            block(heads[1], self._columns.before, restart, body),
        )


def _is_pooled(site: Site) -> bool:
    return isinstance(site.operation, PooledConvolution)
