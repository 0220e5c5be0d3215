"""Digits drawn by a pen: strokes through points, in the forms that people photograph and scan.

None comes from a data set. Each digit is one or more strokes in a box of 1 x 1; a hand makes
them a little askew. Forms are functions from a drawn digit to the bytes of a picture file.
"""

import io
from collections.abc import Callable
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.support.digit_strokes import STROKES

Form = Callable[[int, np.random.Generator], bytes]


def drawn(
    digit: int,
    random: np.random.Generator,
    size: tuple[int, int],
    box: tuple[float, float, float, float],
    width: float,
) -> Image.Image:
    """A mask, `L` of `size` (width, height): 255 where the pen went, smooth at its edges.

    `box` is the left, top, width and height of the digit, `width` that of the pen; pixels.
    """
    scale = 3
    mask = Image.new("L", (size[0] * scale, size[1] * scale))
    pen = ImageDraw.Draw(mask)
    turn, slant = random.uniform(-0.12, 0.12), random.uniform(-0.05, 0.2)
    left, top, across, down = box
    radius = width * scale / 2
    for stroke in STROKES[digit]:
        points = _smooth(stroke + random.normal(0, 0.012, stroke.shape))
        x, y = points[:, 0] - 0.5, points[:, 1] - 0.5
        x = x - slant * y
        x, y = cos(turn) * x - sin(turn) * y, sin(turn) * x + cos(turn) * y
        x, y = (left + (x + 0.5) * across) * scale, (top + (y + 0.5) * down) * scale
        for px, py in zip(x, y, strict=True):
            pen.ellipse((px - radius, py - radius, px + radius, py + radius), fill=255)
    return mask.resize(size, Image.Resampling.BOX)


def _smooth(points: np.ndarray) -> np.ndarray:
    """Points closely along a Catmull-Rom curve through some."""
    p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, 60, endpoint=False)[:, None]
    parts = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.concatenate([*parts, points[-1:]])


def png(image: Image.Image) -> bytes:
    """A picture as the bytes of a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _jpeg(image: Image.Image, quality: int = 85, orientation: int = 1) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


def _inked(paper: np.ndarray, mask: Image.Image, ink: tuple[int, int, int]) -> np.ndarray:
    """Paper, float (h, w, 3), with ink where the pen went; light falls on both alike."""
    share = np.asarray(mask)[..., None] / 255
    return paper * (1 - share * (1 - np.array(ink) / 255))


def _noisy(pixels: np.ndarray, random: np.random.Generator, by: float) -> Image.Image:
    grain = random.normal(0, by, (*pixels.shape[:2], 1)) + random.normal(0, by / 2, pixels.shape)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def _light(size: tuple[int, int], random: np.random.Generator, low: float) -> np.ndarray:
    """Uneven light over a sheet, (h, w, 1), from `low` to 1, from a side by chance."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    angle = random.uniform(0, 2 * pi)
    along = (x / width - 0.5) * cos(angle) + (y / height - 0.5) * sin(angle)
    light: np.ndarray = low + (1 - low) * (along - along.min()) / np.ptp(along)
    return light[..., None]


def _paper(size: tuple[int, int]) -> np.ndarray:
    return np.full((size[1], size[0], 3), (238.0, 236.0, 228.0))


def clean(digit: int, random: np.random.Generator) -> bytes:
    """White on black, square, in the middle: a drawing made for the purpose."""
    return png(drawn(digit, random, (280, 280), (70, 45, 140, 190), 24))


def scanned(digit: int, random: np.random.Generator) -> bytes:
    """Dark ink on white paper."""
    mask = drawn(digit, random, (320, 320), (85, 50, 150, 220), 22)
    return png(Image.fromarray(255 - np.asarray(mask) // 8 * 7))


def photographed(digit: int, random: np.random.Generator) -> bytes:
    """A photo of paper: uneven light, grain, a lens that is not sharp, JPEG."""
    size = (640, 480)
    mask = drawn(digit, random, size, (230, 100, 180, 270), 20)
    light = _light(size, random, 0.45)
    photo = _noisy(_inked(_paper(size) * light, mask, (40, 40, 46)), random, 4)
    return _jpeg(photo.filter(ImageFilter.GaussianBlur(1.5)))


def off_centre(digit: int, random: np.random.Generator) -> bytes:
    """Small, in a corner of a white page."""
    size = (600, 420)
    left, top = random.uniform(30, 120), random.uniform(30, 120)
    mask = drawn(digit, random, size, (left, top, 80, 110), 9)
    return png(Image.fromarray(255 - np.asarray(mask)))


def transparent(digit: int, random: np.random.Generator) -> bytes:
    """Black ink on nothing, as drawing programs save it."""
    mask = drawn(digit, random, (400, 400), (120, 70, 170, 250), 26)
    picture = Image.new("RGBA", mask.size, (0, 0, 0, 0))
    picture.putalpha(mask)
    return png(picture)


def rotated(digit: int, random: np.random.Generator) -> bytes:
    """A photo whose pixels lie on their side, and whose EXIF says how it was held."""
    size = (480, 640)
    mask = drawn(digit, random, size, (140, 170, 190, 290), 24)
    photo = _noisy(_inked(_paper(size) * _light(size, random, 0.7), mask, (30, 30, 34)), random, 3)
    return _jpeg(photo.transpose(Image.Transpose.ROTATE_90), orientation=6)


def thin_pen(digit: int, random: np.random.Generator) -> bytes:
    """A ball pen, a hundredth of the height of the digit, on white paper with grain."""
    size = (500, 500)
    mask = drawn(digit, random, size, (130, 90, 200, 300), 4)
    return _jpeg(_noisy(_inked(_paper(size), mask, (50, 50, 60)), random, 4))


def shadowed(digit: int, random: np.random.Generator) -> bytes:
    """The shadow of a hand with a hard edge falls over half of the sheet."""
    size = (640, 480)
    mask = drawn(digit, random, size, (240, 90, 170, 260), 14)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    edge = size[0] * random.uniform(0.35, 0.65) + (y - 240) * random.uniform(-0.5, 0.5)
    shadow = 1 - 0.45 / (1 + np.exp(-(x - edge) / 6))
    light = _light(size, random, 0.75) * shadow[..., None]
    photo = _noisy(_inked(_paper(size) * light, mask, (45, 45, 50)), random, 4)
    return _jpeg(photo.filter(ImageFilter.GaussianBlur(1)))


def blue_on_lines(digit: int, random: np.random.Generator) -> bytes:
    """Blue ink on lined paper with a red margin, photographed a little askew."""
    size = (600, 600)
    paper = _paper(size)
    paper[40::62] = paper[41::62] = (150, 180, 225)
    paper[:, 60:63] = (225, 130, 130)
    mask = drawn(digit, random, size, (230, 150, 180, 280), 9)
    sheet = Image.fromarray(_inked(paper, mask, (35, 60, 160)).astype(np.uint8))
    turned = sheet.rotate(
        random.uniform(-2, 2), Image.Resampling.BICUBIC, fillcolor=(238, 236, 228)
    )
    photo = np.asarray(turned, float) * _light(size, random, 0.75)
    return _jpeg(_noisy(photo, random, 3))


SIX: dict[str, Form] = {
    "clean": clean,
    "scanned": scanned,
    "photographed": photographed,
    "off-centre": off_centre,
    "transparent": transparent,
    "rotated": rotated,
}
"""Six forms of a digit, and how the files of each end."""

THREE: dict[str, Form] = {
    "thin pen": thin_pen,
    "shadow": shadowed,
    "blue on lines": blue_on_lines,
}
"""Forms that are harder to read."""


def no_digits() -> dict[str, list[Image.Image]]:
    """Pictures that are no digit, by what they show: ten of each."""
    made: dict[str, list[Image.Image]] = {}
    for number in range(10):
        random = np.random.default_rng([99, number])
        two = [
            np.asarray(drawn(int(digit), random, (400, 300), (left, 60, 120, 190), 18))
            for digit, left in zip(random.integers(0, 10, 2), (40, 210), strict=True)
        ]
        made.setdefault("two digits", []).append(Image.fromarray(255 - np.maximum(*two)))
        noise = random.integers(0, 256, (120, 120, 3), np.uint8)
        made.setdefault("noise", []).append(Image.fromarray(noise))
        made.setdefault("a scene", []).append(_scene(random))
        made.setdefault("a house", []).append(_house(random))
    return made


def _scene(random: np.random.Generator) -> Image.Image:
    """Hills under a sky with clouds, as smooth as a photo and as full of shades."""
    y, x = np.mgrid[0:240, 0:320] / 240
    sky = np.stack([120 + 90 * y, 150 + 70 * y, 220 - 20 * y], axis=2)
    for _ in range(12):
        cx, cy, size = random.uniform(0, 1.3), random.uniform(0, 0.5), random.uniform(0.03, 0.12)
        sky += 70 * np.exp(-(((x - cx) / 2) ** 2 + (y - cy) ** 2) / size**2)[..., None]
    for shade in (0.8, 0.55, 0.35):
        phase, speed = random.uniform(0, 6), random.uniform(2, 7)
        hill = y > 1 - shade / 2 + 0.1 * np.sin(speed * x + phase)
        texture = 30 * random.normal(size=(240, 320, 1)).cumsum(axis=1) / 20
        sky = np.where(hill[..., None], np.array((90, 140, 60)) * shade + texture, sky)
    return Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))


def _house(random: np.random.Generator) -> Image.Image:
    """A house of strokes on white paper."""
    image = Image.new("L", (300, 300), 255)
    pen = ImageDraw.Draw(image)
    wall, roof = int(random.integers(130, 160)), int(random.integers(30, 60))
    width = int(random.integers(8, 14))
    pen.rectangle((70, wall, 230, 260), outline=0, width=width)
    pen.line((45, wall, 150, roof, 255, wall), fill=0, width=width, joint="curve")
    pen.rectangle((125, 200, 170, 260), outline=0, width=width)
    return image
