"""Prepares a picture that a user gives like the images that a network was trained on.

The steps follow from the framing of the training images: see `Framing`. Pure numpy.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.framing import (
    Framing,
    border,
    boxes,
    mass_centres,
    stroke_widths,
)
from cnnspec.datasets.ink import Ink, find_ink, grown
from cnnspec.datasets.resample import placed, resized

_NEAR = 32
"""The largest difference from the ground that still counts as ground, in levels of 255."""


class Prepared(Record):
    """An image for a network, uint8 (height, width, channels), and the steps that made it."""

    image: np.ndarray
    steps: tuple[str, ...]


def prepare(pixels: np.ndarray, framing: Framing) -> Prepared:
    """Turns a picture, uint8 (h, w, 1 or 3), into an image like those that were measured.

    Images that need nothing, such as test images, stay the same bit for bit.
    """
    channels = len(framing.ground)
    if _alike(pixels, framing):
        return Prepared(_bytes(_channels(pixels, channels)), ())
    values = pixels.astype(np.float64)
    if not framing.has_ground:
        return _photo(values, framing)
    ink = find_ink(values, shades=not framing.drawn)
    if ink is None or not ink.sole:
        because = "nothing on its ground" if ink is None else "no plain ground"
        whole = _photo(values, framing)
        return whole.replace(steps=(f"{because}: nothing cut out", *whole.steps))
    return (
        _drawn(ink, framing) if framing.drawn and channels == 1 else _shaded(values, ink, framing)
    )


def _alike(pixels: np.ndarray, framing: Framing) -> bool:
    """Whether a picture is framed as the training images are."""
    if pixels.shape[:2] != framing.frame:
        return False
    if not framing.has_ground:
        return True
    image = _channels(pixels, len(framing.ground))[None]
    contrast = np.abs(image - np.array(framing.ground)).max(axis=3)
    seen = contrast > _NEAR
    ring = border(image)
    if (np.abs(ring - np.array(framing.ground)).max(axis=2) > _NEAR).mean() > 0.5:
        return False
    if not seen.any():
        return True
    top, left, bottom, right = (float(each[0]) for each in boxes(seen))
    low, _, high = framing.side
    if framing.fitted and not low - 1 <= max(bottom - top, right - left) <= high + 1:
        return False
    if framing.centred == "mass":
        (row, column), wanted = (float(each[0]) for each in mass_centres(contrast)), framing.mass
    else:
        row, column, wanted = (top + bottom) / 2, (left + right) / 2, framing.box
    off = float(np.hypot(row - wanted[0], column - wanted[1]))
    return framing.centred is None or off <= max(1.5, 5 * wanted[2])


def _photo(values: np.ndarray, framing: Framing) -> Prepared:
    """For networks of photos: the largest middle part with the shape of the frame.

    It is the whole picture where the training pictures were stretched.
    """
    height, width = values.shape[:2]
    rows, columns = framing.frame
    scale = max(rows / height, columns / width)
    across, down = min(width, round(columns / scale)), min(height, round(rows / scale))
    top, left = (height - down) // 2, (width - across) // 2
    cut = values if framing.stretched else values[top : top + down, left : left + across]
    steps = []
    if cut.shape != values.shape:
        steps.append(f"cut to its middle, {down}x{across} of {height}x{width}")
    if cut.shape[:2] != framing.frame:
        steps.append(f"scaled to {rows}x{columns}")
    image = resized(_channels(cut, len(framing.ground)), framing.frame)
    return Prepared(_bytes(image), tuple(steps))


def _drawn(ink: Ink, framing: Framing) -> Prepared:
    """For networks of drawings in one tone: only the ink, on the ground of the network."""
    contrast, cropped = _cropped(ink.contrast[..., None], ink.mask, framing)
    image, fitted = _thickened(contrast, framing)
    image = image / max(image.max(), 1e-6)
    (ground,) = framing.ground
    steps = (*_exchanged(ink, framing), *cropped, *fitted)
    return Prepared(_bytes(ground + (framing.ink - ground) * image), steps)


def _shaded(values: np.ndarray, ink: Ink, framing: Framing) -> Prepared:
    """For networks of things with shades or colours: the thing, on the ground of the network."""
    own = np.median(border(values[None])[0], axis=0)
    sign = -1 if _other_ground(ink, framing) else 1
    channels = len(framing.ground)
    things = sign * (_channels(values, channels) - _channels(own[None, None], channels))
    things, cropped = _cropped(things, ink.mask, framing)
    image, fitted = _fitted(things, framing)
    steps = (*_exchanged(ink, framing), *cropped, *fitted)
    return Prepared(_bytes(np.array(framing.ground) + image), steps)


def _other_ground(ink: Ink, framing: Framing) -> bool:
    """Whether ground and ink must be swapped."""
    return ink.bright_ground != (float(np.mean(framing.ground)) > framing.ink)


def _exchanged(ink: Ink, framing: Framing) -> list[str]:
    steps = ["light evened out"] if ink.uneven and framing.drawn else []
    return [*steps, "inverted"] if _other_ground(ink, framing) else steps


def _cropped(
    things: np.ndarray, mask: np.ndarray, framing: Framing
) -> tuple[np.ndarray, list[str]]:
    """Things (h, w, c) cut to the box of the drawing, where the training images were fitted."""
    top, left, bottom, right = (int(each[0]) for each in boxes(mask[None]))
    height, width = mask.shape
    if framing.fitted is None or (bottom - top, right - left) == (height, width):
        return things, []
    said = f"cropped to {bottom - top}x{right - left} of {height}x{width}"
    return things[top:bottom, left:right], [said]


def _thickened(contrast: np.ndarray, framing: Framing) -> tuple[np.ndarray, list[str]]:
    """Fits ink into a frame and widens strokes thinner than nearly all of training.

    They are widened to the 25 % quantile of the training images.
    """
    thinnest, usual, _ = framing.stroke
    image, steps = _fitted(contrast, framing)
    width = stroke_widths(image[None, ..., 0])[0]
    if width >= thinnest:
        return image, steps
    by, most = 0, max(contrast.shape) // 8
    while width < usual and by < most:
        # Half of the missing width on each side, in pixels of the picture.
        missing = (usual - width) / 4 * max(contrast.shape) / max(framing.frame)
        by = min(most, by + max(1, int(missing)))
        edge = [(by, by), (by, by), (0, 0)]
        image, steps = _fitted(grown(np.pad(contrast, edge), by), framing)
        width = stroke_widths(image[None, ..., 0])[0]
    return image, ["strokes widened", *steps]


def _fitted(things: np.ndarray, framing: Framing) -> tuple[np.ndarray, list[str]]:
    """Things (h, w, c), 0 for ground, scaled and placed in the frame as in training."""
    size = things.shape[:2]
    if framing.fitted is None:
        scale = min(framing.frame[0] / size[0], framing.frame[1] / size[1])
        steps = [f"scaled to {round(size[0] * scale)}x{round(size[1] * scale)}"]
    else:
        scale = framing.fitted / max(size)
        steps = [f"scaled to a longer side of {framing.fitted:g}"]
    middle = [side / 2 for side in framing.frame]
    if framing.centred:
        *middle, _ = framing.mass if framing.centred == "mass" else framing.box
        steps.append(f"centred by its {framing.centred}")
    at = [place - side * scale / 2 for place, side in zip(middle, size, strict=True)]
    image = placed(things, framing.frame, scale, (at[0], at[1]))
    if framing.centred == "mass":
        # Measured on the fitted image, whose edges are soft, not on the picture.
        now = mass_centres(np.abs(image).max(axis=2)[None])
        at = [each + wanted - is_at[0] for each, wanted, is_at in zip(at, middle, now, strict=True)]
        image = placed(things, framing.frame, scale, (at[0], at[1]))
    return image, steps


def _channels(pixels: np.ndarray, count: int) -> np.ndarray:
    """Pixels (h, w, 1 or 3) converted to so many channels; grey by the weights of ITU-R BT.601."""
    if pixels.shape[2] == count:
        return pixels
    if count == 1:
        grey: np.ndarray = pixels @ np.array([[0.299], [0.587], [0.114]])
        return grey
    repeated: np.ndarray = np.repeat(pixels[..., :1], count, axis=2)
    return repeated


def _bytes(values: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded
