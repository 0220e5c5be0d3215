"""`python -m tests.benchmarks [check] [points] [train] [grid] [--repeats N] [--out FILE]`.

Every comparison runs the two sides in alternation, each run in a process of its own,
and prints medians, their spread and the median of the pairwise ratios. Machines are
noisy: the ratios are what counts. Training needs the published MNIST.
"""

import argparse
import json
import os
import platform
from pathlib import Path

from tests.benchmarks import checks, sweeps, training
from tests.benchmarks.measuring import Row, say


def main() -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "groups", nargs="*", help="check, points, train, grid; the first three by themselves"
    )
    parser.add_argument("--epochs", type=int, default=1, help="of each network of the grid (1)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks.json"))
    args = parser.parse_args()
    few = min(args.repeats, 3)
    groups = {
        "check": lambda: checks.rows(args.repeats),
        "points": lambda: sweeps.points(few),
        "train": lambda: training.rows(few),
        "grid": lambda: sweeps.grid(args.epochs),
    }
    rows: list[Row] = []
    for group in args.groups or ("check", "points", "train"):
        rows += groups[group]()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processors": os.cpu_count(), "python": platform.python_version()}
    args.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    say(f"written to {args.out}")


if __name__ == "__main__":
    main()
