"""Sets `cnnspec search` beside points drawn at random, with as many trainings: docs/search.md.

    python -m tests.results.search FOLDER [--seeds N] [--points N] [--jobs N] [--table]

For each seed `specs/search.cnn` is searched and swept (`--sample`) with one training at a time, by
native code; `--jobs` is how many of these run at once. Both draw from the same ranges, drop what
the checker rejects and choose by validation images; the table has the test accuracy of the points
chosen. What is in FOLDER is not trained again; a search or a sweep that was stopped goes on.
`--table` trains nothing.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from cnnspec.core.table import Table
from tests.results.table import path

SPEC = "search"
METHODS = {"search": ("search", "--points"), "sweep": ("sweep", "--sample")}
"""Each method with its command and the option for the number of trainings."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    seeds = range(1, args.seeds + 1)
    todo = [] if args.table else [(method, seed) for seed in seeds for method in METHODS]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda each: do(args.folder, args.points, *each), todo))
    ended = [seed for seed in seeds if complete(args.folder, seed)]
    sys.stdout.write(f"{table(args.folder, ended)}\n" if ended else "no seed has ended yet\n")


def folder_of(parent: Path, method: str, seed: int) -> Path:
    """The folder of the one search or sweep with a seed."""
    return parent / f"{method}-{seed}" / f"search-{method}-1"


def complete(parent: Path, seed: int) -> bool:
    """Whether both methods have ended with a seed."""
    return all((folder_of(parent, method, seed) / "results.json").is_file() for method in METHODS)


def do(parent: Path, points: int, method: str, seed: int) -> None:
    """Searches or sweeps with a seed, or goes on with what was begun, unless it has ended."""
    folder = folder_of(parent, method, seed)
    command, number = METHODS[method]
    if (folder / "results.json").is_file():
        return
    told = ["--resume", str(folder)]
    if not folder.is_dir():
        told = [path(SPEC), number, str(points), "--set", f"seed={seed}", "--backend", "native"]
        told += ["--out", str(folder.parent)]
    told += ["--jobs", "1", "--no-report"]
    told += ["--by", "val_accuracy"] if command == "sweep" else []
    subprocess.run([sys.executable, "-m", "cnnspec", command, *told], check=False)


def chosen(folder: Path) -> dict[str, Any]:
    """The point that a search or a sweep has chosen."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    named = {point["name"]: point for point in results["points"]}
    found: dict[str, Any] = named[results["winners"]["chosen"]]
    return found


def table(parent: Path, seeds: list[int]) -> str:
    """The validation and test accuracy of what each method chose, and their differences."""
    reached = {
        (method, key): [
            100 * chosen(folder_of(parent, method, seed))["metrics"][key]["mean"] for seed in seeds
        ]
        for method in METHODS
        for key in ("val_accuracy", "accuracy")
    }
    columns = {
        f"{method}, {split}": reached[method, key]
        for method in METHODS
        for split, key in (("validation", "val_accuracy"), ("test", "accuracy"))
    }
    for split, key in (("validation", "val_accuracy"), ("test", "accuracy")):
        pairs = zip(reached["search", key], reached["sweep", key], strict=True)
        columns[f"difference, {split}"] = [one - other for one, other in pairs]
    rows = [
        (str(seed), *(f"{values[place]:.1f}" for values in columns.values()))
        for place, seed in enumerate(seeds)
    ]
    ends = (f"{fmean(v):.2f} ± {stdev(v):.2f}" for v in columns.values())
    if len(seeds) > 1:
        rows.append(("mean ± sd", *ends))
    return Table(("seed", *columns), tuple(rows), "lrrrrrr").markdown()


if __name__ == "__main__":
    main()
