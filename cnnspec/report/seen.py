"""A picture of what a network was given and what it saw, with its answer."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnnspec.core.terminal import safe
from cnnspec.report.answers import done, doubt_of, top_three
from cnnspec.runs.answers import Answer

_SIDE = 280
"""The longer side of each of the two pictures in a row, in pixels."""
_GAP = 20
_TEXT = 420
_INK, _DIM, _ALARM, _PAPER, _FRAME = "#1a1a1a", "#666666", "#b00020", "#ffffff", "#999999"


def sheet(answers: Sequence[Answer]) -> bytes:
    """A PNG with a row for each picture: given, seen, and the top three."""
    row = _SIDE + _GAP
    width = 2 * row + _GAP + _TEXT
    page = Image.new("RGB", (width, len(answers) * row + 2 * _GAP), _PAPER)
    pen = ImageDraw.Draw(page)
    small = ImageFont.load_default(13)
    for column, title in enumerate(("given", "what the network saw")):
        pen.text((_GAP + column * row, 6), title, _DIM, small)
    for number, answer in enumerate(answers):
        top = number * row + _GAP + 10
        _paste(page, pen, answer.given, _GAP, top, Image.Resampling.BOX)
        _paste(page, pen, answer.seen, _GAP + row, top, Image.Resampling.NEAREST)
        _write(pen, answer, _GAP + 2 * row, top)
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


def _paste(
    page: Image.Image,
    pen: ImageDraw.ImageDraw,
    pixels: np.ndarray,
    left: int,
    top: int,
    how: Image.Resampling,
) -> None:
    """Pastes pixels (h, w, 1, 3 or 4) into a square, with a frame unlike both grounds."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    scale = _SIDE / max(image.size)
    if scale > 1:
        how = Image.Resampling.NEAREST
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    at = (left + (_SIDE - size[0]) // 2, top + (_SIDE - size[1]) // 2)
    page.paste(image.resize(size, how), at)
    pen.rectangle((at[0] - 1, at[1] - 1, at[0] + size[0], at[1] + size[1]), outline=_FRAME)


def _write(pen: ImageDraw.ImageDraw, answer: Answer, left: int, top: int) -> None:
    """Writes the name, the answer and the preparation below each other."""
    lines = [(safe(answer.name), 16, _DIM), (safe(answer.label), 26, _INK)]
    lines += [(safe(text), 16, _INK) for text in top_three(answer)]
    lines += [(doubt_of(answer), 16, _ALARM), (done(answer), 13, _DIM)]
    for text, size, colour in lines:
        font = ImageFont.load_default(size)
        for part in _wrapped(text, font):
            pen.text((left, top), part, colour, font)
            top += round(size * 1.4)


def _wrapped(text: str, font: "ImageFont.FreeTypeFont | ImageFont.ImageFont") -> list[str]:
    """Wraps a text into lines; none for an empty text."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= _TEXT - _GAP:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines if text else []
