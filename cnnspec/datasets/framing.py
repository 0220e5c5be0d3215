"""How the images of a training set are framed, measured from the images themselves.

For MNIST the measurements give what its page says in words: a black ground, digits whose longer
side is 20 pixels, the centre of mass in the middle, drawn in one tone.
"""

from typing import Any, Self

import numpy as np

from cnnspec.core.record import Record

_IMAGES = 5000
"""How many images are measured, evenly over the set: enough for quantiles of 1 %."""
_PLAIN = 0.8
"""The share of the border that must have the colour of the ground for there to be one.

MNIST has 1.00, Fashion-MNIST, whose clothes touch the border, 0.89; photos have 0.2 to 0.4.
"""
_STEADY = 0.1
"""Boxes were fitted if the longer sides of 90 % of them are within this share of the frame."""
_CENTRED = 0.05
"""Images were centred by a centre if its spread is at most this share of the frame."""
_ONE_TONE = 0.5
"""Images are ink, not shaded things, if this share of drawn pixels is near full strength."""

Centre = tuple[float, float, float]


class Framing(Record):
    """How training images are framed. Lengths are in pixels, brightness is from 0 to 255.

    A box is the smallest rectangle around what differs from the ground.
    """

    frame: tuple[int, int]
    """Height and width of the images."""
    ground: tuple[float, ...]
    """The median of the border, for each channel."""
    plain: float
    """The share of the border that has this colour."""
    ink: float
    """The brightness of what is drawn: 255 on black, 0 on white."""
    one_tone: float
    """The share of the drawn pixels whose contrast is more than 3/4 of the highest."""
    side: tuple[float, float, float]
    """The longer side of the box: quantiles of 5, 50 and 95 %."""
    box: Centre
    """Row and column of the centre of the box, as means, and the spread about them."""
    mass: Centre
    """Row and column of the centre of mass, as means, and the spread about them."""
    stroke: tuple[float, float, float]
    """The width of strokes (see `stroke_widths`): quantiles of 5, 25 and 95 %."""
    stretched: bool = False
    """Whether pictures of another shape were stretched to the frame before training."""

    @property
    def has_ground(self) -> bool:
        """Whether things are on a ground of one colour, so that they can be cut out."""
        return self.plain >= _PLAIN

    @property
    def drawn(self) -> bool:
        """Whether the images are drawings in one tone, whose shades have no meaning."""
        return self.has_ground and self.one_tone >= _ONE_TONE

    @property
    def fitted(self) -> float | None:
        """The longer side to which everything was scaled; `None` where sizes differ."""
        low, middle, high = self.side
        steady = high - low <= _STEADY * max(self.frame)
        return middle if self.has_ground and steady else None

    @property
    def centred(self) -> str | None:
        """What is in the middle: the centre of `mass` or of the `box`; `None` for neither."""
        name, centre = min((("mass", self.mass), ("box", self.box)), key=lambda each: each[1][2])
        return name if self.has_ground and centre[2] <= _CENTRED * max(self.frame) else None

    def dump(self) -> dict[str, Any]:
        """The measurements as JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name in type(self).fields
            for value in [getattr(self, name)]
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """Reads what `dump` wrote. Raises `TypeError` where a field is missing."""
        values = {name: data[name] for name in cls.fields if name in data}
        made: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**made)


def measure(images: np.ndarray) -> Framing:
    """Measures the framing of uint8 images (n, height, width, channels)."""
    rows = np.linspace(0, len(images) - 1, min(len(images), _IMAGES)).astype(int)
    pixels = images[rows]
    ring = border(pixels)  # (n, pixels of the border, channels)
    ground = np.median(ring, axis=(0, 1))
    contrast = np.abs(pixels - ground.astype(np.float32)).max(axis=3)  # (n, h, w)
    highest = contrast.max(axis=(1, 2))
    near = max(8.0, float(np.quantile(highest, 0.9)) / 8)
    plain = float((np.abs(ring - ground).max(axis=2) <= near).mean())
    seen = contrast > near
    some = seen.any(axis=(1, 2))
    if not some.any():
        # All images are blank, so any box is as right as another.
        some[:], seen[:], contrast[:] = True, True, 1.0
    seen, contrast, highest = seen[some], contrast[some], highest[some]
    top, left, bottom, right = boxes(seen)
    sides = np.maximum(bottom - top, right - left)
    strong = contrast > 0.75 * highest[:, None, None]
    brightness = pixels[some].mean(axis=3)[strong]
    return Framing(
        frame=(images.shape[1], images.shape[2]),
        ground=tuple(ground.tolist()),
        plain=round(plain, 4),
        ink=float(np.median(brightness)) if brightness.size else 255.0 - float(ground.mean()),
        one_tone=round(float((strong & seen).sum() / seen.sum()), 4),
        side=_quantiles(sides, 0.05, 0.5, 0.95),
        box=_centre((top + bottom) / 2, (left + right) / 2),
        mass=_centre(*mass_centres(contrast)),
        stroke=_quantiles(stroke_widths(contrast), 0.05, 0.25, 0.95),
    )


def border(images: np.ndarray) -> np.ndarray:
    """The outermost pixels of images (n, h, w, c) as (n, pixels, c)."""
    sides = images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]
    return np.concatenate(sides, axis=1)


def boxes(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Top, left, bottom, right of the true pixels in each of (n, h, w); the last two exclusive."""
    height, width = seen.shape[1:]
    rows = np.asarray(seen.any(axis=2))
    columns = np.asarray(seen.any(axis=1))
    return (
        rows.argmax(axis=1),
        columns.argmax(axis=1),
        height - rows[:, ::-1].argmax(axis=1),
        width - columns[:, ::-1].argmax(axis=1),
    )


def mass_centres(contrast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the centre of mass of each of (n, h, w); the middle of a pixel is .5."""
    mass = contrast.sum(axis=(1, 2))
    rows, columns = (np.arange(side) + 0.5 for side in contrast.shape[1:])
    return contrast.sum(axis=2) @ rows / mass, contrast.sum(axis=1) @ columns / mass


def stroke_widths(contrast: np.ndarray) -> np.ndarray:
    """The mean width of the strokes in each of (n, h, w).

    Twice the area divided by the length of the outline, both from grey values: a stroke of
    length L, width w and contrast c has an area of cLw, and its two edges differ by 2cL from
    their neighbours. An oblique stroke counts up to a third thinner.
    """
    down, across = (np.abs(np.diff(contrast, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    widths: np.ndarray = 2 * contrast.sum(axis=(1, 2)) / np.maximum(down + across, 1e-9)
    return widths


def _quantiles(values: np.ndarray, *shares: float) -> tuple[float, float, float]:
    low, middle, high = (round(float(each), 3) for each in np.quantile(values, shares))
    return low, middle, high


def _centre(rows: np.ndarray, columns: np.ndarray) -> Centre:
    spread = float(np.hypot(rows.std(), columns.std()) / 2**0.5)
    return round(float(rows.mean()), 3), round(float(columns.mean()), 3), round(spread, 3)
