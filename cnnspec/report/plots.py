"""The figures of a report: curves, matrices, classes, images. Lengths are in points."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from cnnspec.core.record import Record
from cnnspec.report.canvas import (
    BLUE,
    DASHES,
    GREEN,
    LINE,
    ON_DARK,
    ON_LIGHT,
    ORANGE,
    SHADE,
    SOFT,
    WRONG,
    Look,
    blank,
    heading,
    placed,
    short,
    tick_text,
    tip,
)
from cnnspec.report.contents import Measured
from cnnspec.report.phrases import signed
from cnnspec.report.pictures import Pictures, stacked, strip

MOST_NAMED = 20
"""With up to so many classes, each class has its name and each cell its number."""
MOST_DRAWN = 200
"""With up to so many classes there is a figure of the confusion matrix."""


class Series(Record):
    """A line of a plot: its label, look and points; a value that is `None` is left out."""

    label: str
    points: tuple[tuple[int, float | None], ...]
    colour: str = BLUE
    dashed: bool = False
    width: float = 1.8
    look: Look | None = None
    """Colour, dashes and marker of one among many lines, in place of `colour` and `dashed`."""
    tip: str = ""
    """What the pointer shows of a line without a label."""

    @property
    def known(self) -> list[tuple[int, float]]:
        """The points with a value."""
        return [(x, y) for x, y in self.points if y is not None]


def lines(
    title: str,
    series: Sequence[Series],
    kept: int | None = None,
    wide: bool = False,
    log: bool = False,
) -> Figure:
    """Lines over epochs, each named at its end; `kept` marks the epoch whose weights are kept.

    Of many lines (`wide`) the axis leaves out what is far from most of them, and marks it at the
    edge. `log` makes the axis logarithmic where all values are positive.
    """
    width, height = (440, 320) if wide else (344, 240)
    figure = blank(width, height)
    values = [y for s in series for _, y in s.known]
    log = log and min(values) > 0
    low, high = _most(values, log) if wide else (min(values), max(values))
    # A constant line is drawn at half height; it has no range of its own.
    flat = (min(0, 2 * low), max(0, 2 * low)) if low == high and low else None
    shown = flat or _roomy(low, high, log)
    ticks = _ticks(*shown, log)
    left = 16 + 7 * max(len(tick_text(y)) for y in ticks)
    named = [s for s in series if s.label]
    longest = max((len(short(s.label, 16 if s.look else 24)) for s in named), default=0)
    right = 10 + 7 * longest + (14 if any(s.look for s in named) else 0)
    axes = placed(figure, left, 34, right, 34)
    axes.grid(axis="y")
    if log:
        axes.set_yscale("log")
    for place, line in enumerate(series):
        _line(axes, line, place)
    epochs = [x for s in series for x, _ in s.points]
    _epochs(axes, min(epochs), max(epochs), width - left - right)
    axes.set_yticks(ticks, map(tick_text, ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(*shown)
    _outside(axes, series, shown)
    heading(figure, title)
    if kept is not None:
        axes.axvline(kept, color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        first, last = axes.get_xlim()
        late = (kept - first) / (last - first) > 0.5
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


def _line(axes: Axes, line: Series, place: int) -> None:
    xs = [x for x, _ in line.points]
    ys = [np.nan if y is None else y for _, y in line.points]
    look = line.look or Look(line.colour, DASHES[1] if line.dashed else "-", "o")
    style: dict[str, Any] = {"color": look.colour, "linestyle": look.dash, "linewidth": line.width}
    if line.look:
        # A few markers, at other places than those of the next lines.
        step = max(1, -(-len(xs) // 5))
        style |= {
            "marker": look.marker,
            "markersize": 6,
            "mew": 0,
            "markevery": (place % step, step),
        }
    elif len(xs) == 1:
        style |= {"marker": "o", "markersize": 4}
    (drawn,) = axes.plot(xs, ys, **style)
    if line.label or line.tip:
        tip(drawn, line.tip or line.label)


def _most(values: Sequence[float], log: bool) -> tuple[float, float]:
    """The range of most values: what is further than three ranges of quartiles away is not in it.

    Tukey's fences for what is far out (Exploratory Data Analysis, 1977).
    """
    scaled = np.log(values) if log else np.asarray(values)
    lower, upper = np.quantile(scaled, (0.25, 0.75))
    reach = 3 * (upper - lower)
    near = scaled[(scaled >= lower - reach) & (scaled <= upper + reach)]
    low, high = (np.exp(near) if log else near)[[near.argmin(), near.argmax()]]
    return float(low), float(high)


def _roomy(low: float, high: float, log: bool) -> tuple[float, float]:
    """A range with some room on either side."""
    if log:
        room = (high / low) ** 0.06 if high > low else 1.1
        return low / room, high * room
    room = 0.06 * (high - low) or 0.1
    return low - room, high + room


def _ticks(low: float, high: float, log: bool) -> list[float]:
    """Round numbers in a range, as many as can be read."""
    found = MaxNLocator(5).tick_values(low, high)
    if log and high / low > 4:
        few = high / low > 100
        found = LogLocator(10, (1.0,) if few else (1.0, 2.0, 5.0)).tick_values(low, high)
    return [y for y in found if low <= y <= high] or [low, high]


def _epochs(axes: Axes, first: int, last: int, width: float) -> None:
    """Whole epochs at the axis, as many as fit."""
    room = max(2, int(width // 40))
    steps = (n * 10**power for power in range(9) for n in (1, 2, 5))
    step = next(n for n in steps if (last - first) / n <= room)
    start = first if step == 1 else -(-first // step) * step
    axes.set_xticks(range(start, last + 1, step))
    beside = 0.02 * (last - first) or 0.5
    axes.set_xlim(first - beside, last + beside)
    axes.set_xlabel("epoch", loc="right")


def _outside(axes: Axes, series: Sequence[Series], shown: tuple[float, float]) -> None:
    """Marks values outside the range at the edge of the axis."""
    for line in series:
        colour = line.look.colour if line.look else line.colour
        for x, y in line.known:
            if shown[0] <= y <= shown[1]:
                continue
            above = y > shown[1]
            (mark,) = axes.plot(
                x, 1 if above else 0, "^" if above else "v", color=colour, markersize=6, mew=0,
                transform=axes.get_xaxis_transform(), clip_on=False,
            )  # fmt: skip
            tip(mark, f"{line.label or line.tip} {tick_text(y)} in epoch {x}".strip())


def _name_ends(axes: Axes, series: Sequence[Series], height: float) -> None:
    """Writes names at the ends of the lines, moved apart where they would overlap."""
    to_axes = axes.transScale + axes.transLimits
    ends = []
    for line in series:
        if line.known:
            x, y = line.known[-1]
            place = float(np.clip(to_axes.transform((x, y))[1], 0, 1))
            ends.append((place * height, place, x, line))
    ends.sort(key=lambda end: end[0])
    places: list[float] = []
    for at, *_ in ends:
        places.append(max(at, places[-1] + 13) if places else at)
    over = max(0.0, places[-1] - height) if places else 0.0
    last = max((x for _, _, x, _ in ends), default=0)
    for place, (_, at, x, line) in zip(places, ends, strict=True):
        colour = line.look.colour if line.look else line.colour
        y = (place - over) / height
        axes.annotate(
            short(line.label, 16) if line.look else short(line.label),
            (last if line.look else x, y),
            (20 if line.look else 6, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
        if line.look:
            _key(axes, line.look, (x, at), (last, y))


def _key(axes: Axes, look: Look, end: tuple[float, float], at: tuple[float, float]) -> None:
    """The marker of a line beside its name, joined to where the line ends."""
    mixed = axes.get_xaxis_transform()
    beside = mixed + ScaledTranslation(12 / 72, 0, axes.figure.dpi_scale_trans)
    axes.plot(
        *at, look.marker, color=look.colour, markersize=look.size, mew=0, clip_on=False,
        transform=beside,
    )  # fmt: skip
    axes.annotate(
        "", at, end, xycoords=mixed, textcoords=mixed, annotation_clip=False,
        arrowprops={"arrowstyle": "-", "color": LINE, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


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
