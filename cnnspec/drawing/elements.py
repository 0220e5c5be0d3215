"""Writes pictures: one SVG element, its colours, text and legend.

A picture refers to nothing else: it has no id, script, style sheet, font file or address. Text
comes from users and is escaped.
"""

from collections.abc import Iterable, Iterator
from html import escape

from cnnspec.core.terminal import safe
from cnnspec.drawing.labels import HEADING, SIZE, Words
from cnnspec.drawing.palette import COLOURS, mixed
from cnnspec.drawing.sheet import KEY, Key

INK, GREY, LINE, PAPER = "#1A1A1A", "#555555", "#666666", "#FFFFFF"
_FONTS = "Helvetica, Arial, sans-serif"
_STYLES = {
    "title": f'font-size="{HEADING}" font-weight="bold" fill="{INK}"',
    "shape": f'font-weight="bold" fill="{INK}"',
    "layer": f'fill="{INK}"',
    "name": f'font-style="italic" fill="{GREY}"',
    "detail": f'fill="{GREY}"',
}


def page(title: str, told: str, size: tuple[float, float], parts: Iterable[str]) -> str:
    """Returns a whole picture; `told` describes it for people who cannot see it."""
    width, height = round(size[0]), round(size[1])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}"'
            f' width="{width}" height="{height}" style="max-width:100%;height:auto">',
            f"<title>{escaped(title)}</title>",
            f"<desc>{escaped(told)}</desc>",
            f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
            f'<g font-family="{_FONTS}" font-size="{SIZE}" text-anchor="middle"'
            ' stroke-linejoin="round">',
            *parts,
            "</g>",
            "</svg>",
        ]
    )


def legend(keys: Iterable[Key]) -> Iterator[str]:
    """Yields the squares of the legend with their meanings."""
    for key in keys:
        colour = COLOURS[key.kind]
        yield (
            f'<rect x="{number(key.x)}" y="{number(key.y)}" width="{KEY}" height="{KEY}"'
            f' fill="{colour}" stroke="{mixed(colour, "#000000", 0.55)}" stroke-width="0.8"/>'
            f'<text x="{number(key.x + KEY + 6)}" y="{number(key.y + SIZE)}"'
            f' text-anchor="start" fill="{INK}">{key.kind}</text>'
        )


def words(x: float, y: float, line: Words, more: str = "") -> str:
    """Returns a line of text at the middle of its base line; `more` are further attributes."""
    text = f'<text x="{number(x)}" y="{number(y)}" {_STYLES[line.style]}{more}>'
    return f"{text}{escaped(line.text)}</text>"


def escaped(text: str) -> str:
    """Returns any text escaped for XML, without characters that XML does not allow."""
    return escape(safe(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd"))


def number(value: float) -> str:
    """Returns a number with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
