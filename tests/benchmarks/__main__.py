"""`python -m tests.benchmarks [GROUP…] [--repeats N] [--epochs N] [--out FILE]`.

Every comparison runs the two sides in alternation, each run in a process of its own,
and prints medians, their spread and the median of the pairwise ratios. Machines are
noisy: the ratios are what counts. Training needs the published MNIST.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import (
    backends,
    checks,
    classroom,
    data,
    image,
    native,
    page,
    service,
    sweeps,
    training,
)
from tests.benchmarks.measuring import Row, say

GROUPS = (
    "check",
    "points",
    "service",
    "page",
    "train",
    "native",
    "image",
    "backends",
    "data",
    "class",
    "grid",
)


def main() -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "groups", nargs="*", help=f"{', '.join(GROUPS)}; all but the last by themselves"
    )
    parser.add_argument("--epochs", type=int, default=1, help="of each network of the grid (1)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks.json"))
    args = parser.parse_args()
    few = min(args.repeats, 3)
    groups: dict[str, Callable[[], list[Row]]] = {
        "check": lambda: checks.rows(args.repeats),
        "points": lambda: sweeps.points(few),
        "service": lambda: service.rows(args.repeats),
        "page": lambda: page.rows(few),
        "train": lambda: training.rows(few),
        "native": lambda: native.rows(few),
        "image": image.rows,
        "backends": backends.rows,
        "data": lambda: data.rows(few),
        "class": lambda: classroom.rows(few),
        "grid": lambda: sweeps.grid(args.epochs),
    }
    rows: list[Row] = []
    for group in args.groups or GROUPS[:-1]:
        rows += groups[group]()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processors": os.cpu_count(), "python": platform.python_version()}
    args.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    say(f"written to {args.out}")


if __name__ == "__main__":
    main()
