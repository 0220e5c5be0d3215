"""Pooling, means and single values with vectors of channels or of neighbours."""

from math import gcd

from cnnspec.operations.base import Function
from cnnspec.operations.values import Affine, Join, Map
from cnnspec.targets.c.text import block
from cnnspec.targets.device.endings import Ending
from cnnspec.targets.device.kernels.wide import Ended, blocks
from cnnspec.targets.device.lanes import WIDTHS, Lanes, lanes_for
from cnnspec.targets.device.site import Site
from cnnspec.targets.device.text import literal


class WideWindow:
    """The values of a window with vectors of channels: the largest of them, or their mean."""

    def __init__(self, site: Site) -> None:
        channels = site.image.channels
        lanes = lanes_for(channels) if site.scales is None else None
        self.possible = lanes is not None
        self._lanes = lanes or Lanes(4, channels, channels)
        self._largest = site.operation.function == "max"
        self._ended = Ended(site, self._lanes, site.operation.then)
        self._values = site.out.width * channels

    def take(self, at: str) -> str:
        """Takes the values from a place on into account."""
        name = "take_larger" if self._largest else "take_more"
        return self._lanes.call(name, "s", "span", f"{at} + at")

    def text(self, body: str, to: str, count: str, first: str = "") -> str:
        """The channels of an output, at `to`: `body` takes the values of a window.

        `count` is how many they are, and `first` where those are with which it begins.
        """
        call = self._lanes.call
        begin = call("fill", "s", 1, "span", Ending.lowest if self._largest else "0.0f")
        if first:
            begin = call("begin", "s", 1, "span", f"{first} + at")
        mean = "" if self._largest else call("divide", "s", "span", _as_float(count))
        end = self._ended.end(1, "span", to, 0)
        sums = f"lanes_{self._lanes.width} s[8];"
        return "\n".join(blocks(self._lanes, 8, sums, begin, body, mean, *end))

    def after(self, to: str) -> str:
        """What is done when a row is written."""
        return "\n".join([*self._ended.after(to, self._values), f"{to} += {self._values};"])


def _as_float(count: str) -> str:
    return f"{count}.0f" if count.isdecimal() else f"(float)({count})"


def _lanes_of(count: int, then: Function | None, site: Site) -> Lanes | None:
    """Vectors without a rest, because values may lie where others are read; `None`: none fit."""
    width = gcd(count, WIDTHS[0])
    if site.scales is not None or width < WIDTHS[-1] or (then and then.name not in _KNOWN):
        return None
    return Lanes(width, count, count)


_KNOWN = ("relu", "linear")
"""Functions that vectors have."""


def _written(site: Site, lanes: Lanes, then: Function | None, made: str, at: str) -> list[str]:
    """A vector of values, its function, and where it goes."""
    ended = Ended(site, lanes, then, "")
    one = lanes.one
    return [f"lanes_{lanes.width} s[1] = {{{made}}};", *ended.end(1, one, f"y + {at}", 0)]


def affine(site: Site, count: int) -> str:
    """Returns the loop over `count` values, each channel times a number; empty for others."""
    op: Affine = site.operation
    channels = site.output.dims[-1]
    lanes = _lanes_of(channels, op.then, site)
    if lanes is None:
        return ""
    load = f"load_{lanes.width}"
    made = f"{load}(x + n + c) * {load}(scale + c) + {load}(offset + c)"
    return block(
        f"for (int n = 0; n < {count}; n += {channels})",
        block(
            f"for (int c = 0; c < {channels}; c += {lanes.one})",
            *_written(site, lanes, op.then, made, "n + c"),
        ),
    )


def function_of_values(site: Site, count: int) -> str:
    """Returns the loop over `count` values for a function that vectors have; empty for others."""
    op: Map = site.operation
    lanes = _lanes_of(count, op.function, site)
    if lanes is None:
        return ""
    head = f"for (int n = 0; n < {count}; n += {lanes.one})"
    return block(head, *_written(site, lanes, op.function, f"load_{lanes.width}(x + n)", "n"))


def join(site: Site, places: list[str]) -> str:
    """Returns the loops over the values of several inputs; empty for those that do not fit.

    `places` are where value n is in each: n, or its channel.
    """
    op: Join = site.operation
    channels, size = site.output.dims[-1], site.output.size
    flat = all(place == "n" for place in places)
    lanes = _lanes_of(size if flat else channels, op.then, site)
    if lanes is None or not all(place in ("n", f"n % {channels}") for place in places):
        return ""
    width = lanes.width
    at = {"n": "n" if flat else "n + c"}
    values = [f"load_{width}(x{n} + {at.get(place, 'c')})" for n, place in enumerate(places)]
    if op.function == "maximum":
        made = values[0]
        for value in values[1:]:
            made = f"larger_{width}({value}, {made})"
    else:
        made = (" * " if op.function == "multiply" else " + ").join(values)
        if op.function == "average":
            made = f"({made}) / {literal(len(values))}"
    body = _written(site, lanes, op.then, made, at["n"])
    if flat:
        return block(f"for (int n = 0; n < {size}; n += {lanes.one})", *body)
    inner = block(f"for (int c = 0; c < {channels}; c += {lanes.one})", *body)
    return block(f"for (int n = 0; n < {size}; n += {channels})", inner)
