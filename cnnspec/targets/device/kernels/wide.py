"""Sums with vectors of filters: how they begin and end, and matrix products."""

from collections.abc import Iterator

from cnnspec.operations.base import Function
from cnnspec.operations.windows import MatrixProduct
from cnnspec.targets.c.text import block
from cnnspec.targets.device.endings import applied
from cnnspec.targets.device.lanes import Lanes, lanes_for
from cnnspec.targets.device.site import Site
from cnnspec.targets.device.text import literal


def matrix_product(site: Site) -> str:
    """Returns the text of a matrix product with vectors; empty where it is too small for one."""
    op: MatrixProduct = site.operation
    lanes = None if site.scales is not None else lanes_for(op.units)
    if lanes is None:
        return ""
    inputs = site.inputs[0].size
    ended = Ended(site, lanes, op.then)
    products = lanes.call("add", "s", 1, "span", "x", 0, inputs, "kernel + at", op.units)
    begin = ended.begin(1, "span", "bias + at")
    sums = f"lanes_{lanes.width} s[8];"
    return "\n".join(
        [
            *blocks(lanes, 8, sums, begin, products, *ended.end(1, "span", "y", 0)),
            *ended.after("y", op.units),
        ]
    )


class Ended:
    """How sums begin and end in vectors."""

    def __init__(self, site: Site, lanes: Lanes, then: Function | None, at: str = " + at") -> None:
        self._lanes, self._then, self._at = lanes, then, at
        self._has_bias = "bias" in site.weights

    def begin(self, places: int, span: str, bias: str) -> str:
        """What the sums at some places begin with."""
        call = self._lanes.call
        if self._has_bias:
            return call("begin", "s", places, span, bias)
        return call("fill", "s", places, span, "0.0f")

    def end(self, places: int, span: str, to: str, step: int, name: str = "s") -> Iterator[str]:
        """The function, where vectors have it, and what is written."""
        call, then = self._lanes.call, self._then
        if then and then.name == "relu":
            if then.ceiling is not None:
                yield call("ceiling", name, places, span, literal(then.ceiling))
            slope = (literal(then.slope),) if then.slope else ()
            yield call("slope" if slope else "relu", name, places, span, *slope)
        if self._lanes.padded:
            yield call("write_part", name, places, self._lanes.filters, to, step)
        else:
            yield call("write", name, places, span, f"{to}{self._at}", step)

    def after(self, to: str, count: int) -> Iterator[str]:
        """Other functions, number by number when all sums are written."""
        if self._then and self._then.name not in ("relu", "linear"):
            value = applied(self._then, f"{to}[n]")
            yield block(f"for (int n = 0; n < {count}; n++)", f"{to}[n] = {value};")


def blocks(lanes: Lanes, most: int, *body: str) -> Iterator[str]:
    """Yields the loop over the filters, at most so many vectors of them at once."""
    if lanes.padded:
        yield from body
        return
    width, filters = lanes.width, lanes.row
    yield f"const int span = span_{width}({filters}, {most});"
    yield block(
        f"for (int f = 0; f < {filters}; f += span)",
        f"const int at = f + span <= {filters} ? f : {filters} - span;",
        *body,
    )
