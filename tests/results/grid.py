"""The 81 networks of the grid notebook: what a sweep of specs/grid.cnn reached, beside it.

    python -m tests.results.grid SWEEP [REFERENCE.csv]

Prints each point with its published and its own test accuracy, the rank correlation
(Spearman, ties by their mean rank) of all and within each loss function, and where the
two lie furthest apart. The reference is `../shared/reference/grid_81.csv` by itself.
"""

import csv
import sys
from pathlib import Path
from statistics import correlation, fmean

from tests.places import ROOT

REFERENCE = ROOT.parent / "shared" / "reference" / "grid_81.csv"
NAMES = ("depth", "filters", "kernel", "loss")


def read(path: Path) -> dict[tuple[str, ...], float]:
    """The test accuracy of every point of a table that has one, by its values."""
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


def spearman(pairs: list[tuple[float, float]]) -> float:
    """The correlation of ranks."""
    published, own = zip(*pairs, strict=True)
    return correlation(ranks(list(published)), ranks(list(own)))


def main() -> None:
    """Prints the comparison."""
    sweep = Path(sys.argv[1])
    published = read(Path(sys.argv[2]) if len(sys.argv) > 2 else REFERENCE)
    own = read(sweep / "results.csv")
    both = {key: (published[key], own[key]) for key in own if key in published}
    for key, (theirs, ours) in both.items():
        print(f"{'-'.join(key):<45} {theirs:.4f}  {ours:.4f}  {ours - theirs:+.4f}")  # noqa: T201
    lines = [f"{len(both)} points, rank correlation {spearman(list(both.values())):.3f}"]
    for loss in dict.fromkeys(key[-1] for key in both):
        within = [pair for key, pair in both.items() if key[-1] == loss]
        better = fmean(ours - theirs for theirs, ours in within)
        lines.append(f"{loss}: rank correlation {spearman(within):.3f}, mean {better:+.4f}")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
