"""The figures of a report: matrices, classes, images. Lengths are in points."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cnnspec.report.canvas import (
    BLUE,
    GREEN,
    LINE,
    ON_DARK,
    ON_LIGHT,
    ORANGE,
    SHADE,
    SOFT,
    WRONG,
    blank,
    heading,
    placed,
    short,
)
from cnnspec.report.contents import Measured
from cnnspec.report.phrases import signed
from cnnspec.report.pictures import Pictures, stacked, strip

MOST_NAMED = 20
"""With up to so many classes, each class has its name and each cell its number."""
MOST_DRAWN = 200
"""With up to so many classes there is a figure of the confusion matrix."""


def confusion(title: str, measured: Measured, labels: Sequence[str]) -> Figure:
    """Counts of true classes (rows) by predicted classes.

    The shade of the diagonal is the share of the row; that of the other cells, in another colour,
    goes up to the largest share among these, so that a few mistakes can be seen.
    """
    counts = np.array(measured.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(counts), dtype=bool)
    most = max(float(shares[~right].max(initial=0)), 1e-9)
    # A single mistake is still lighter than most and darker than none.
    wrong = np.where(counts > 0, np.minimum(0.08 + 0.92 * shares / most, 1), 0)
    shades = np.where(right, shares, -wrong)
    texts = [[f"{count:,}" if count else "" for count in row] for row in counts]
    # Many classes have numbers instead of names.
    shown = labels if len(labels) <= MOST_NAMED else range(len(labels))
    names = [str(label) for label in shown]
    return matrix(title, shades, texts, ("true", names), ("predicted", names))


def less(title: str, more: np.ndarray, labels: Sequence[str]) -> Figure:
    """The counts of one confusion matrix less those of another: blue is more, brown is less."""
    shades = more / max(int(abs(more).max()), 1)
    texts = [[signed(count, ",.0f") if count else "" for count in row] for row in more.tolist()]
    shown = labels if len(labels) <= MOST_NAMED else range(len(labels))
    names = [str(label) for label in shown]
    return matrix(title, shades, texts, ("true", names), ("predicted", names))


Side = tuple[str, Sequence[str]]
"""The title of a side of a matrix, and the name of each row or column."""


def matrix(
    title: str, shades: np.ndarray, texts: Sequence[Sequence[str]], down: Side, across: Side
) -> Figure:
    """Cells with a shade from -1 to 1 and a text; many cells have only shades.

    Negative shades are of another colour.
    """
    rows, columns = shades.shape
    size = max(rows, columns)
    named = size <= MOST_NAMED
    names = [list(map(short, labels)) for _, labels in (down, across)]
    longest = [max(map(len, each)) for each in names]
    widest = max(len(text) for row in texts for text in row)
    cell = max(32, 6.6 * widest + 8) if named else max(2.4, 400 / size)
    wide = max(cell, 140 / columns)
    high = wide if named else cell
    steps = [1 if named else max(1, count // 10) for count in shades.shape]
    upright = longest[1] * 7 > wide * steps[1]
    margin = 12 + 7 * longest[0]
    top = 54 + (6 + 7 * longest[1] if upright else 12)
    figure = blank(margin + 18 + wide * columns + 6, top + high * rows + 8)
    axes = placed(figure, margin + 18, 8, 6, top)
    axes.spines[:].set_visible(False)
    shade = np.zeros((rows, columns, 4))
    shade[..., :3] = np.where(
        shades[..., None] < 0, mpl.colors.to_rgb(WRONG), mpl.colors.to_rgb(SHADE)
    )
    shade[..., 3] = abs(shades)
    axes.imshow(shade, interpolation="none", aspect="auto")
    axes.set_yticks(range(0, rows, steps[0]), names[0][:: steps[0]])
    turned = 90 if upright else 0
    axes.set_xticks(range(0, columns, steps[1]), names[1][:: steps[1]], rotation=turned)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(short(across[0]), loc="left", labelpad=6)
    axes.set_ylabel(short(down[0]), loc="top", labelpad=6)
    heading(figure, title)
    if not named:
        axes.spines[:].set_visible(True)
        return figure
    right, below = columns - 0.5, rows - 0.5
    edges: dict[str, Any] = {"color": LINE, "linewidth": 0.6, "clip_on": False}
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, right, **edges)
    axes.vlines(np.arange(columns + 1) - 0.5, -0.5, below, **edges)
    for row, column in np.ndindex(rows, columns):
        # Above these shades white text is easier to read, below them black.
        dark = shades[row, column] > 0.72 or shades[row, column] < -0.85
        colour = ON_DARK if dark else ON_LIGHT
        text = texts[row][column]
        if text:
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=11)
    return figure


SPLIT_COLOURS = {"train": BLUE, "validation": ORANGE, "test": GREEN}


def histogram(pictures: Pictures, labels: Sequence[str], names: dict[str, str]) -> Figure:
    """How many images of each class there are: a bar for each class, divided by split."""
    size = len(labels)
    named = size <= 2 * MOST_NAMED
    row = 22 if named else max(4.0, 480 / size)
    longest = max(len(short(label)) for label in labels) if named else len(str(size))
    margin = 14 + 7 * longest
    height = 70 + row * size
    figure = blank(560, height)
    axes = placed(figure, margin, 28, 64, 42)
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
    axes.set_yticks(ticks, [short(labels[i]) if named else str(i) for i in ticks])
    axes.set_ylim(size - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    return figure


def samples(pictures: Pictures, labels: Sequence[str]) -> Figure:
    """Training images, a row for each class."""
    rows = list(pictures.samples.values())
    unit = (32 if len(rows) <= MOST_NAMED else 18) / max(rows[0].shape[1:3])
    sheet = stacked([strip(images) for images in rows], 2)
    margin = 14 + 7 * max(len(short(labels[i])) for i in pictures.samples)
    height, width = (size * unit for size in sheet.shape[:2])
    figure = blank(margin + width + 6, height + 12)
    _image(figure, sheet, (margin, 6, width, height))
    each = (rows[0].shape[1] + 2) * unit
    for index, label in enumerate(pictures.samples):
        y = height + 6 - index * each - (each - 2 * unit) / 2
        _text(figure, margin - 8, y, short(labels[label]), ha="right", va="center")
    return figure


def mistakes(pictures: Pictures, labels: Sequence[str]) -> Figure:
    """The worst mistakes, six in a row, each with the predicted and the true class."""
    found = pictures.mistakes
    across = min(6, len(found))
    unit = 72 / max(found[0].image.shape[:2])
    gap, below = round(48 / unit), round(42 / unit)
    rows = [found[i : i + across] for i in range(0, len(found), across)]
    sheet = stacked([strip(np.stack([m.image for m in row]), gap) for row in rows], below)
    height, width = (size * unit for size in sheet.shape[:2])
    figure = blank(width + 56, height + 60)
    _image(figure, sheet, (8, 52, width, height))
    tall, wide = (size * unit for size in found[0].image.shape[:2])
    for index, mistake in enumerate(found):
        x = 8 + (wide + gap * unit) * (index % across)
        y = height + 52 - (tall + below * unit) * (index // across) - tall
        wrong = f"{short(labels[mistake.predicted], 12)} {mistake.output_predicted:.2f}"
        true = f"is {short(labels[mistake.true], 10)} {mistake.output_true:.2f}"
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
