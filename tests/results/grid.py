"""The 81 networks of the grid notebook: what a sweep of specs/grid.cnn reached, beside it.

    python -m tests.results.grid SWEEP [REFERENCE.csv]

Prints Markdown, as it stands in docs/notebook_sweeps.md: the published and our own test accuracy of
every point, and for each loss function the rank correlation (Spearman, ties by their mean
rank), how far ours lie from the published on average, and how many of the ten best agree.
The reference is `../shared/reference/grid_81.csv` by itself.
"""

import csv
import sys
from pathlib import Path
from statistics import correlation, fmean, stdev

from cnnspec.core.table import Cell, Table
from tests.support.paths import ROOT

REFERENCE = ROOT.parent / "shared" / "reference" / "grid_81.csv"
NAMES = ("depth", "filters", "kernel", "loss")
BEST = 10
"""So many of the best are compared."""

Accuracies = dict[tuple[str, ...], float]
"""The test accuracy of every point, by its values."""


def read(path: Path) -> Accuracies:
    """The points of a table that have an accuracy."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            tuple(row[name] for name in NAMES): float(row["test_accuracy"])
            for row in csv.DictReader(file)
            if row["test_accuracy"]
        }


def ranks(values: list[float]) -> list[float]:
    """The rank of each value, of equal ones their mean."""
    ordered = sorted(values)
    return [fmean((ordered.index(v) + 1, len(ordered) - ordered[::-1].index(v))) for v in values]


def agreement(published: Accuracies, own: Accuracies) -> tuple[str, ...]:
    """The cells of a row about the points that both have."""
    both = [key for key in own if key in published]
    theirs, ours = ([found[key] for key in both] for found in (published, own))
    apart = [mine - other for mine, other in zip(ours, theirs, strict=True)]
    top = [sorted(both, key=lambda k: -found[k])[:BEST] for found in (published, own)]
    return (
        str(len(both)),
        f"{correlation(ranks(theirs), ranks(ours)):.3f}",
        f"{fmean(apart):+.4f} ± {stdev(apart):.4f}",
        f"{min(apart):+.4f} to {max(apart):+.4f}",
        f"{len({*top[0]} & {*top[1]})} of {BEST}",
    )


def main() -> None:
    """Prints the comparison."""
    published = read(Path(sys.argv[2]) if len(sys.argv) > 2 else REFERENCE)
    own = read(Path(sys.argv[1]) / "results.csv")
    losses = tuple(dict.fromkeys(key[-1] for key in own))
    agreements = [("all", *agreement(published, own))]
    for loss in losses:
        mine = {key: value for key, value in own.items() if key[-1] == loss}
        agreements.append((Cell(loss, "code"), *agreement(published, mine)))
    header = (
        "loss",
        "points",
        "rank correlation",
        "ours minus published",
        "from",
        "best in common",
    )
    sys.stdout.write(Table(header, tuple(agreements), "lrrrrr").markdown() + "\n\n")
    rows = []
    for network in dict.fromkeys(key[:-1] for key in own):
        cells = ["-".join(network)]
        for loss in losses:
            cells += [
                f"{found[(*network, loss)]:.4f}" if (*network, loss) in found else ""
                for found in (published, own)
            ]
        rows.append(tuple(cells))
    columns = (cell for loss in losses for cell in (Cell(loss, "code"), "ours"))
    align = "l" + "r" * 2 * len(losses)
    sys.stdout.write(Table(("network", *columns), tuple(rows), align).markdown() + "\n")


if __name__ == "__main__":
    main()
