"""The figures of a report, each with a description for people who cannot see it."""

from cnnspec.report import plots
from cnnspec.report.canvas import BLUE, ORANGE, Drawn, drawn
from cnnspec.report.contents import SPLIT_NAMES, Contents, Measured
from cnnspec.report.line_plots import Series, lines
from cnnspec.report.phrases import count, number
from cnnspec.report.pictures import Pictures
from cnnspec.report.seeds import Trained

CURVES = {"loss": "Loss", "accuracy": "Accuracy", "f1": "Macro F1"}
"""The figures drawn over the epochs, with their titles."""


def figures(trained: Trained, pictures: Pictures | None) -> dict[str, Drawn]:
    """Every figure for which there is data, by name."""
    run = trained.middle
    found: list[Drawn | None] = [*curves(trained)]
    found.append(_learning_rate(run))
    if len(run.labels) <= plots.MOST_DRAWN:
        found += [confusion(run, score) for score in run.scores.values()]
    if pictures:
        found += _images(run, pictures)
    return {figure.name: figure for figure in found if figure}


def curves(trained: Trained) -> list[Drawn]:
    """The figures over the epochs for which there is data."""
    found = (_curve(trained, name, title) for name, title in CURVES.items())
    return [figure for figure in found if figure]


def _curve(trained: Trained, name: str, title: str) -> Drawn | None:
    """A figure of training and validation; several seeds are thin lines, with their mean."""
    series = []
    told = []
    pairs = (("training", name, BLUE, False), ("validation", f"val_{name}", ORANGE, True))
    for label, key, colour, dashed in pairs:
        if trained.several:
            for run in trained.runs:
                series.append(Series("", run.series(key), colour, dashed, 0.5))
        points = tuple((int(e["epoch"] or 0), e.get(key)) for e in trained.history)
        if any(value is not None for _, value in points):
            series.append(Series(label, points, colour, dashed))
            told.append(f"{label} {_course(points)}")
    if not told:
        return None
    kept = None if trained.several else trained.middle.best_epoch
    marked = f". The weights of epoch {kept} are kept" if kept else ""
    mean = f", mean of {len(trained.runs)} seeds" if trained.several else ""
    alt = f"{title} over {count(len(trained.history))} epochs{mean}: {'; '.join(told)}{marked}."
    return drawn(name, title, alt, lines, title, series, kept)


def _course(points: tuple[tuple[int, float | None], ...]) -> str:
    values = [value for _, value in points if value is not None]
    return f"from {values[0]:.4g} to {values[-1]:.4g}"


def _learning_rate(run: Contents) -> Drawn | None:
    points = run.series("learning_rate")
    if not points:
        return None
    alt = f"Learning rate over {count(len(points))} epochs: {_course(points)}."
    line = Series("", points)
    return drawn("learning_rate", "Learning rate", alt, lines, "Learning rate", [line])


def confusion(run: Contents, score: Measured) -> Drawn:
    """The confusion matrix of a split."""
    title = f"{SPLIT_NAMES[score.name].capitalize()} images"
    wrong = [
        (images, true, put)
        for true, row in enumerate(score.confusion)
        for put, images in enumerate(row)
        if true != put and images
    ]
    most = max(wrong, default=None)
    alt = f"Confusion matrix of {count(score.images)} {SPLIT_NAMES[score.name]} images, "
    alt += f"{number(score.accuracy)} of them right."
    if most:
        images, true, put = most
        alt += f" Most often, {images:,} of class {run.labels[true]} are put in {run.labels[put]}."
    name = f"confusion_{score.name}"
    return drawn(name, title, alt, plots.confusion, title, score, run.labels)


def _images(run: Contents, pictures: Pictures) -> list[Drawn]:
    labels = run.labels
    found = []
    if pictures.counts:
        parts = ", ".join(f"{count(sum(n))} {SPLIT_NAMES[s]}" for s, n in pictures.counts.items())
        whole = [sum(column) for column in zip(*pictures.counts.values(), strict=True)]
        alt = f"Images of each class: {parts}. From {min(whole):,} to {max(whole):,} a class."
        title = "Images of each class"
        found.append(drawn("classes", title, alt, plots.histogram, pictures, labels, SPLIT_NAMES))
    if pictures.samples:
        alt = f"Training images of {len(pictures.samples)} classes, a row for each."
        found.append(drawn("samples", "Training images", alt, plots.samples, pictures, labels))
    if pictures.mistakes:
        split = SPLIT_NAMES[pictures.judged]
        alt = f"The {len(pictures.mistakes)} worst mistakes on the {split} images."
        found.append(drawn("mistakes", "Worst mistakes", alt, plots.mistakes, pictures, labels))
    return found
