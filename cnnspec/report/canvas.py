"""Draws figures in our style, in every format that a report needs.

The only module that configures matplotlib. Each figure is a separate `Figure`, so pyplot is not
used, and the user's settings of matplotlib are neither used nor changed. Lengths are in points; a
page shows a point as a pixel. Colours are those of Okabe and Ito, which people with any colour
vision can distinguish.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnnspec.core.record import Record
from cnnspec.core.terminal import safe

INK, SOFT, LINE, PAPER = "#1a1d21", "#59616b", "#d9dde2", "#fefefe"
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072b2", "#d55e00", "#007a5a", "#a8558a", "#3a8dbb"
SHADE, WRONG = "#00527f", "#a63c00"
"""The colours of a full cell of a matrix: of what is right or more, of what is wrong or less."""
ON_LIGHT, ON_DARK = "#000001", "#fffffe"
"""Text on a light and on a dark cell."""

ROLES = {
    INK: "ink",
    SOFT: "soft",
    LINE: "line",
    PAPER: "paper",
    BLUE: "blue",
    ORANGE: "orange",
    GREEN: "green",
    PURPLE: "purple",
    SKY: "sky",
    ON_LIGHT: "on-light",
    ON_DARK: "on-dark",
}
"""The CSS names of these colours, to which a page can give other values in a dark scheme."""

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, INK)
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (7, 2, 1.2, 2)))
MARKERS = ("o", "s", "^", "D", "v", "*", "P", "p", "<", ">", "h", "X")


class Look(Record):
    """How a line or point is told from others, also without colour."""

    colour: str
    dash: Any
    marker: str

    @property
    def size(self) -> float:
        """The size of the marker; a star of the same size looks smaller."""
        return 9.0 if self.marker == "*" else 6.0


LOOKS = tuple(
    Look(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)], MARKERS[i])
    for i in range(len(MARKERS))
)
"""As many looks as can be told apart: no two have the same marker, nor colour and dashes."""

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12,
    "text.color": INK,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "axes.labelcolor": SOFT,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "figure.dpi": 72,
    "savefig.dpi": 144,
    "figure.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "cnnspec",
    "svg.image_inline": True,
}


class Drawn(Record):
    """A figure as files and for a page, with a description in words."""

    name: str
    title: str
    alt: str
    png: bytes
    svg: str
    inline: str
    """An `<svg>` element in the colours of the page, with ids that do not clash with others."""


@contextmanager
def _style() -> Iterator[None]:
    """Sets our settings of matplotlib; the user's are restored afterwards."""
    defaults = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith("backend")}
    with warnings.catch_warnings(), mpl.rc_context():
        # Ignores warnings about letters that the font lacks, because the page has other fonts, and
        # about deprecated settings, which are also copied from the defaults.
        warnings.simplefilter("ignore")
        mpl.rcParams.update(defaults)
        mpl.rcParams.update(_STYLE)
        yield


def drawn(name: str, title: str, alt: str, draw: Any, *given: Any) -> Drawn:
    """Draws with a function that returns a `Figure`; returns the figure in every format."""
    with _style():
        figure = draw(*given)
        png, svg = io.BytesIO(), io.BytesIO()
        # The fastest compression: files are a quarter larger and take a third of the time.
        fast = {"compress_level": 3}
        figure.savefig(png, format="png", facecolor="white", pil_kwargs=fast)
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", svg.getvalue().decode(), flags=re.S)
    text = _tipped(text)
    alt = safe(alt)
    head = f'<svg role="img" aria-label={_quoted(alt)} '
    text = text.replace("<svg ", head, 1)
    return Drawn(name, title, alt, png.getvalue(), text, _inline(text, name))


def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(text)


_TIP = "tip-"


def tip(artist: Artist, text: str) -> None:
    """Gives a part of a figure a text that is shown where the pointer is over it."""
    artist.set_gid(_TIP + safe(text).encode().hex())


def _tipped(svg: str) -> str:
    """An SVG in which the parts with a tip have it as their title, and no id."""
    from xml.sax.saxutils import escape

    def titled(found: re.Match[str]) -> str:
        return f"<g><title>{escape(bytes.fromhex(found[1]).decode())}</title>"

    return re.sub(rf'<g id="{_TIP}([0-9a-f]*)">', titled, svg)


def _inline(svg: str, name: str) -> str:
    """The `<svg>` element alone, in the colours and the font of the page."""
    text = svg[svg.index("<svg") :]
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r'(<svg[^>]*? width="[\d.]+)pt" height="[\d.]+pt"', r'\1"', text, count=1)
    text = re.sub(r"font-family: [^;\"]*", "font-family: var(--font)", text)
    text = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.S)
    text = re.sub(r"#[0-9a-f]{6}\b", lambda m: _role(m.group()), text)
    return text.strip()


def _role(colour: str) -> str:
    return f"var(--{ROLES[colour]})" if colour in ROLES else colour


def blank(width: float, height: float) -> Figure:
    """An empty figure; sizes in points."""
    return Figure(figsize=(width / 72, height / 72))


def placed(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes with margins in points."""
    width, height = figure.get_size_inches() * 72
    box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    return figure.add_axes(box)


def heading(figure: Figure, title: str) -> None:
    """The title at the top left."""
    width, height = figure.get_size_inches() * 72
    figure.text(6 / width, 1 - 20 / height, title, fontweight="bold", fontsize=13)


def tick_text(value: float) -> str:
    """A number at an axis."""
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def short(text: str, most: int = 24) -> str:
    """A name, cut so that it leaves room for the plot."""
    text = safe(text)
    return text if len(text) <= most else text[: most - 1] + "…"
