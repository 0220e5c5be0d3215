"""The kinds of layers that a picture distinguishes, and their colours.

The colours are those of Okabe and Ito, "Color Universal Design" (2008), which people with every
kind of colour vision can distinguish. No text of a picture depends on them.
"""

from cnnspec.operations.base import Operation

COLOURS = {
    "input": "#F2F2F2",
    "convolution": "#56B4E9",
    "pooling": "#D55E00",
    "dense": "#009E73",
    "normalization, dropout": "#F0E442",
    "activation": "#E69F00",
    "merge": "#CC79A7",
    "reshape": "#BBBBBB",
}
"""Every kind with its colour, in the order of the legend."""


def kind_of(operations: tuple[Operation, ...]) -> str:
    """Returns the kind of a layer: that of its first operation."""
    return operations[0].kind


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share of another in it, both as `#RRGGBB`."""
    parts = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in parts)
