"""Figures of a report, drawn with matplotlib: curves, confusion matrices, classes, images.

Each is a `Figure` of its own, so nothing of pyplot is touched, and the user's settings of
matplotlib neither count nor change. Lengths are points; a page shows one as one pixel.
Colours are those of Okabe and Ito, which are told apart with any colour vision.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cnnspec.record import Record
from cnnspec.report.contents import Measured
from cnnspec.report.pictures import Pictures, stacked, strip
from cnnspec.terminal import safe

INK, SOFT, LINE, PAPER = "#1a1d21", "#59616b", "#d9dde2", "#fefefe"
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072b2", "#d55e00", "#007a5a", "#a8558a", "#3a8dbb"
SHADE = "#00527f"
"""The colour of a full cell of a confusion matrix."""
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
"""The names under which a page gives these colours other values, as in a dark scheme."""

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, INK)
MOST_NAMED = 20
"""Up to so many classes each has its name, and a cell its number."""
MOST_DRAWN = 200
"""Up to so many classes there is a picture of the confusion matrix."""

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
    """A figure as files and for a page, with what it shows in words."""

    name: str
    title: str
    alt: str
    png: bytes
    svg: str
    inline: str
    """An `<svg>` element in the colours of the page, with no name of its own clashing."""


class Series(Record):
    """A line of a plot: its label, colour and points; a value that is `None` is left out."""

    label: str
    points: tuple[tuple[int, float | None], ...]
    colour: str = BLUE
    dashed: bool = False
    width: float = 1.8


@contextmanager
def _style() -> Iterator[None]:
    """Our settings of matplotlib, whatever the user's are; they come back afterwards."""
    defaults = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith("backend")}
    with warnings.catch_warnings(), mpl.rc_context():
        # A name in a script that the font lacks: the page has other fonts. Settings that
        # matplotlib is about to drop warn when they are set, ours or not.
        warnings.simplefilter("ignore")
        mpl.rcParams.update(defaults)
        mpl.rcParams.update(_STYLE)
        yield


def drawn(name: str, title: str, alt: str, draw: Any, *given: Any) -> Drawn:
    """Draws with one of the functions below and keeps the figure in every form."""
    with _style():
        figure = draw(*given)
        png, svg = io.BytesIO(), io.BytesIO()
        # The fastest compression is a quarter larger and takes a third of the time.
        fast = {"compress_level": 3}
        figure.savefig(png, format="png", facecolor="white", pil_kwargs=fast)
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", svg.getvalue().decode(), flags=re.S)
    alt = safe(alt)
    head = f'<svg role="img" aria-label={_quoted(alt)} '
    text = text.replace("<svg ", head, 1)
    return Drawn(name, title, alt, png.getvalue(), text, _inline(text, name))


def _quoted(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(text)


def _inline(svg: str, name: str) -> str:
    """The element alone, in the colours and the font of the page."""
    text = svg[svg.index("<svg") :]
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r'(<svg[^>]*? width="[\d.]+)pt" height="[\d.]+pt"', r'\1"', text, count=1)
    text = re.sub(r"font-family: [^;\"]*", "font-family: var(--font)", text)
    text = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.S)
    text = re.sub(r"#[0-9a-f]{6}\b", lambda m: _role(m.group()), text)
    return text.strip()


def _role(colour: str) -> str:
    return f"var(--{ROLES[colour]})" if colour in ROLES else colour


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width / 72, height / 72))


def _axes(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes with margins in points."""
    width, height = figure.get_size_inches() * 72
    box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    return figure.add_axes(box)


def lines(
    title: str, series: Sequence[Series], kept: int | None = None, wide: bool = False
) -> Figure:
    """Lines over epochs, each named at its end; `kept` marks the epoch whose weights stay."""
    width, height = (512, 320) if wide else (344, 240)
    figure = _figure(width, height)
    known = [y for s in series for _, y in s.points if y is not None]
    ticks = MaxNLocator(5)
    low, high = min(known), max(known)
    # What never changes is drawn at half of the height, not with a range of its own.
    flat = (min(0, 2 * low), max(0, 2 * low)) if low == high and low else None
    left = 16 + 7 * max(len(_tick(y)) for y in ticks.tick_values(*(flat or (low, high))))
    named = [s for s in series if s.label]
    right = 10 + 7 * max((len(_short(s.label)) for s in named), default=0)
    axes = _axes(figure, left, 34, right, 34)
    axes.grid(axis="y")
    for line in series:
        xs = [x for x, y in line.points]
        ys = [np.nan if y is None else y for _, y in line.points]
        dash = (0, (4, 2.2)) if line.dashed else "-"
        axes.plot(xs, ys, color=line.colour, linestyle=dash, linewidth=line.width)
        if len(xs) == 1:
            axes.plot(xs, ys, "o", color=line.colour, markersize=4)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(ticks)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _tick(y)))
    axes.margins(x=0.02, y=0.08)
    if flat:
        axes.set_ylim(*flat)
    axes.set_xlabel("epoch", loc="right")
    figure.text(6 / width, 1 - 20 / height, title, fontweight="bold", fontsize=13)
    if kept is not None:
        axes.axvline(kept, color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        low, high = axes.get_xlim()
        late = (kept - low) / (high - low) > 0.5
        axes.annotate(
            f"epoch {kept} kept",
            (kept, 1),
            (-4 if late else 4, 1),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if late else "left",
            color=SOFT,
            fontsize=11,
        )
    _name_ends(axes, named, height - 68)
    return figure


def _tick(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def _name_ends(axes: Axes, series: Sequence[Series], height: float) -> None:
    """Names at the ends of the lines, moved apart where they would cover each other."""
    low, high = axes.get_ylim()
    ends = []
    for line in series:
        known = [(x, y) for x, y in line.points if y is not None]
        if known:
            ends.append(((known[-1][1] - low) / (high - low) * height, known[-1][0], line))
    ends.sort(key=lambda end: end[0])
    places: list[float] = []
    for at, _, _ in ends:
        places.append(max(at, places[-1] + 13) if places else at)
    over = max(0.0, places[-1] - height) if places else 0.0
    for place, (_, x, line) in zip(places, ends, strict=True):
        axes.annotate(
            _short(line.label),
            (x, (place - over) / height),
            (6, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="center",
            color=line.colour,
            annotation_clip=False,
        )


def _short(text: str, most: int = 22) -> str:
    """A name that leaves room for the plot."""
    text = safe(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def confusion(title: str, measured: Measured, labels: Sequence[str]) -> Figure:
    """Counts of true classes (rows) by predicted ones; the shade is the share of the row."""
    counts = np.array(measured.confusion)
    size = len(labels)
    named = size <= MOST_NAMED
    longest = max(len(_short(label)) for label in labels) if named else len(str(size))
    cell = max(32, 6.6 * len(f"{counts.max():,}") + 8) if named else max(2.4, 400 / size)
    cell = max(cell, 140 / size)
    upright = named and longest * 7 > cell
    margin = 12 + 7 * longest
    top = 54 + (margin - 6 if upright else 12)
    side = cell * size
    figure = _figure(margin + 18 + side + 6, top + side + 8)
    axes = _axes(figure, margin + 18, 8, 6, top)
    axes.spines[:].set_visible(False)
    sums = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(sums, 1)
    shade = np.zeros((size, size, 4))
    shade[..., :3] = mpl.colors.to_rgb(SHADE)
    shade[..., 3] = shares
    axes.imshow(shade, interpolation="none", aspect="auto")
    ticks = range(size) if named else range(0, size, max(1, size // 10))
    names = [_short(labels[i]) if named else str(i) for i in ticks]
    axes.set_xticks(ticks, names, rotation=90 if upright else 0)
    axes.set_yticks(ticks, names)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("predicted", loc="left", labelpad=6)
    axes.set_ylabel("true", loc="top", labelpad=6)
    width, height = figure.get_size_inches() * 72
    figure.text(6 / width, 1 - 20 / height, title, fontweight="bold", fontsize=13)
    if named:
        edges = np.arange(size + 1) - 0.5
        axes.hlines(edges, -0.5, size - 0.5, color=LINE, linewidth=0.6, clip_on=False)
        axes.vlines(edges, -0.5, size - 0.5, color=LINE, linewidth=0.6, clip_on=False)
        for row, column in zip(*np.nonzero(counts), strict=True):
            # Above this share white is read more easily on the shade, below it black.
            colour = ON_DARK if shares[row, column] > 0.72 else ON_LIGHT
            count = f"{counts[row, column]:,}"
            axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=11)
    else:
        axes.spines[:].set_visible(True)
    return figure


SPLIT_COLOURS = {"train": BLUE, "validation": ORANGE, "test": GREEN}


def histogram(pictures: Pictures, labels: Sequence[str], names: dict[str, str]) -> Figure:
    """How many images of each class there are: a bar a class, a part of it a split."""
    size = len(labels)
    named = size <= 2 * MOST_NAMED
    row = 22 if named else max(4.0, 480 / size)
    longest = max(len(_short(label)) for label in labels) if named else len(str(size))
    margin = 14 + 7 * longest
    height = 70 + row * size
    figure = _figure(560, height)
    axes = _axes(figure, margin, 28, 64, 42)
    axes.grid(axis="x")
    at = np.arange(size)
    left = np.zeros(size)
    shift = 6.0
    for split, counts in pictures.counts.items():
        colour = SPLIT_COLOURS[split]
        axes.barh(at, counts, left=left, height=0.62 if named else 0.9, color=colour)
        left += counts
        label = f"{names[split]} {sum(counts):,}"
        figure.text(shift / 560, 1 - 20 / height, label, color=colour, fontweight="bold")
        shift += 7.2 * len(label) + 16
    if named:
        for index, total in enumerate(left):
            axes.annotate(
                f"{total:,.0f}", (total, index), (5, 0), textcoords="offset points",
                va="center", color=SOFT, fontsize=10,
            )  # fmt: skip
    ticks = range(size) if named else range(0, size, max(1, size // 10))
    axes.set_yticks(ticks, [_short(labels[i]) if named else str(i) for i in ticks])
    axes.set_ylim(size - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    return figure


def samples(pictures: Pictures, labels: Sequence[str]) -> Figure:
    """Training images, a row for each class."""
    rows = list(pictures.samples.values())
    unit = (32 if len(rows) <= MOST_NAMED else 18) / max(rows[0].shape[1:3])
    sheet = stacked([strip(images) for images in rows], 2)
    margin = 14 + 7 * max(len(_short(labels[i])) for i in pictures.samples)
    height, width = (size * unit for size in sheet.shape[:2])
    figure = _figure(margin + width + 6, height + 12)
    _image(figure, sheet, (margin, 6, width, height))
    each = (rows[0].shape[1] + 2) * unit
    for index, label in enumerate(pictures.samples):
        y = height + 6 - index * each - (each - 2 * unit) / 2
        _text(figure, margin - 8, y, _short(labels[label]), ha="right", va="center")
    return figure


def mistakes(pictures: Pictures, labels: Sequence[str]) -> Figure:
    """The worst mistakes, six in a row, each with what it was taken for and what it is."""
    found = pictures.mistakes
    across = min(6, len(found))
    unit = 72 / max(found[0].image.shape[:2])
    gap, below = round(48 / unit), round(42 / unit)
    rows = [found[i : i + across] for i in range(0, len(found), across)]
    sheet = stacked([strip(np.stack([m.image for m in row]), gap) for row in rows], below)
    height, width = (size * unit for size in sheet.shape[:2])
    figure = _figure(width + 56, height + 60)
    _image(figure, sheet, (8, 52, width, height))
    tall, wide = (size * unit for size in found[0].image.shape[:2])
    for index, mistake in enumerate(found):
        x = 8 + (wide + gap * unit) * (index % across)
        y = height + 52 - (tall + below * unit) * (index // across) - tall
        wrong = f"{_short(labels[mistake.predicted], 12)} {mistake.output_predicted:.2f}"
        true = f"is {_short(labels[mistake.true], 10)} {mistake.output_true:.2f}"
        _text(figure, x, y - 13, wrong, fontsize=9, color=ORANGE)
        _text(figure, x, y - 25, true, fontsize=9, color=SOFT)
    return figure


def _image(figure: Figure, image: np.ndarray, box: tuple[float, float, float, float]) -> None:
    """An image in a box of points: left, bottom, width, height."""
    width, height = figure.get_size_inches() * 72
    x, y, wide, high = box
    axes = figure.add_axes((x / width, y / height, wide / width, high / height))
    axes.imshow(image, interpolation="none", aspect="auto")
    axes.set_axis_off()


def _text(figure: Figure, x: float, y: float, text: str, **style: Any) -> None:
    width, height = figure.get_size_inches() * 72
    figure.text(x / width, y / height, text, **style)
