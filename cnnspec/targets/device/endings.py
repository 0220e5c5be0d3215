"""How the sum of a block of filters begins and ends: in float32 here, in int8 by its scales."""

from cnnspec.operations.base import Function
from cnnspec.targets.device.site import Site, Table
from cnnspec.targets.device.text import literal


class Ending:
    """In float32: begins with the bias, and ends with the function of the operation."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._bias = site.weights.get("bias")
        self._then: Function | None = getattr(site.operation, "then", None)

    lowest = "-3.4028235e38f"
    """Below or equal to every sum."""

    @property
    def offset(self) -> int:
        """What is added to a value of the image before it is a factor."""
        return 0

    def load(self, value: str) -> str:
        """A value of the image as a factor."""
        return value

    def pointers(self) -> str:
        """What is declared before the first block: pointers that move on with the filters."""
        return "" if self._bias is None else "const float *add = bias;"

    def begin(self, n: int) -> str:
        """What the n-th sum of a block begins with."""
        return "0" if self._bias is None else f"add[{n}]"

    def end(self, name: str, n: int) -> str:
        """What is written of the n-th sum of a block."""
        return applied(self._then, name)

    def move(self, width: int) -> str:
        """What moves the pointers on by a block."""
        return "" if self._bias is None else f"add += {width};"

    def tables(self) -> tuple[Table, ...]:
        """The tables beside the kernel."""
        if self._bias is None:
            return ()
        key = self._site.operation.bias
        return (Table("bias", "float", self._bias, "the bias of each filter", key),)

    def formula(self, total: str) -> str:
        """The whole in words."""
        text = total if self._bias is None else f"bias[f] + {total}"
        return f"{self._then}({text})" if self._then else text


def ending(site: Site) -> Ending:
    """Returns the ending for the arithmetic of a site."""
    if site.scales is not None:
        return site.scales.ending(site)  # type: ignore[no-any-return]
    return Ending(site)


def applied(function: Function | None, value: str) -> str:
    """Returns a function of a float as an expression; the value alone where there is none."""
    if function is None or function.name == "linear":
        return value
    if function.name == "elu":
        return f"f_elu({value}, {literal(function.alpha)})"
    if function.name != "relu":
        return f"f_{function.name}({value})"
    if function.slope:
        inner = f"f_leaky_relu({value}, {literal(function.slope)}"
        return f"{inner})" if function.ceiling is None else _least(f"{inner})", function, value)
    inner = f"f_relu({value})"
    return inner if function.ceiling is None else _least(inner, function, value)


def _least(inner: str, function: Function, value: str) -> str:
    return (
        f"({value} < {literal(function.ceiling or 0)} ? {inner} : {literal(function.ceiling or 0)})"
    )


def last(site: Site, value: str) -> str:
    """Returns what an operation without a bias writes: its function of a value."""
    if site.scales is not None:
        return site.scales.last(value)  # type: ignore[no-any-return]
    return applied(getattr(site.operation, "then", None), value)
