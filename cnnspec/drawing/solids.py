"""Shapes to solids: how high, long and deep the block of a value is.

Sides grow with the square root of the sizes, so that 28 and 1 are both visible, relative to the
largest of the network, so that every network fits.
"""

from collections.abc import Iterable
from math import fsum, sqrt

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape

_HEIGHT, _LENGTH, _BAR = 92.0, 64.0, 92.0
_LEAST = 7.0
_SLANT = (0.36, 0.3)
"""How far the width of an image reaches to the right and upwards, for each unit of height."""
_MOST_PLANES = 16
_SLAB = 6.0
"""The length of a layer that changes only values."""


class Solid(Record):
    """A block seen from the left: its front, and how far its depth goes right and up.

    `planes` are the places, as shares of the length, of the lines between its channels
    or, in a concatenation, between its branches.
    """

    length: float
    height: float
    right: float
    up: float
    planes: tuple[float, ...] = ()


class Scale:
    """The sizes of the blocks of one network."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        images: list[Image] = []
        units = 256
        for shape in shapes:
            if isinstance(shape, Image):
                images.append(shape)
            else:
                units = max(units, shape.units)
        self.side = max([16, *(max(image.height, image.width) for image in images)])
        self.channels = max([96, *(image.channels for image in images)])
        self.units = units

    def solid(self, shape: Shape, parts: tuple[int, ...] = ()) -> Solid:
        """The block of a value; `parts` are the channels that each branch gave to it."""
        if not isinstance(shape, Image):
            bar = _share(shape.units, self.units) * (_BAR - _LEAST) + _LEAST
            return Solid(10.0, bar, 5.0, 4.0, _cuts(parts))
        height, width = (
            _LEAST + (_HEIGHT - _LEAST) * _share(side, self.side)
            for side in (shape.height, shape.width)
        )
        length = max(_share(shape.channels, self.channels) * _LENGTH, 5.0)
        if not parts and length >= 2.5 * shape.channels:
            parts = (1,) * shape.channels
        # A line meets the middle of the left and right ends, so no end is above it.
        width = min(width, height / _SLANT[1])
        return Solid(length, height, width * _SLANT[0], width * _SLANT[1], _cuts(parts))

    def slab(self, shape: Shape) -> Solid:
        """The thin block of a layer that keeps the shape."""
        return self.solid(shape).replace(length=_SLAB, planes=())


def _share(size: int, largest: int) -> float:
    return sqrt(size / largest)


def _cuts(parts: tuple[int, ...]) -> tuple[float, ...]:
    if len(parts) > _MOST_PLANES:
        return ()
    ends = [fsum(parts[:number]) for number in range(1, len(parts))]
    return tuple(end / fsum(parts) for end in ends)
