"""Trains every network of the five notebooks on the real data: `make results`.

    python -m tests.results [SPEC…] [--seeds N] [--jobs N] [--native | --keras] [--table]

What has been trained is kept in `docs/results.json` and never trained again unless
the spec has changed; so this can be stopped and called again. Each run is a process
of its own, as a user would start it; of several at once each computes with one thread.
`--native` trains in machine code, and `--keras` with Keras's own `fit`, to
tell what is the network's from what is ours. `--table` trains nothing and writes the
table of the README again.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.results.table import KERAS, NATIVE, OURS, RESULTS, write_table
from tests.results.training import train

SPECIFIED = (
    "mlp_64", "mlp_conv", "grid_2", "lenet5", "budget", "four_2", "four_4", "grid_1",
    "grid_3", "mlp_l2", "four_1", "fashion_best", "four_3", "fashion_l2",
)  # fmt: skip
"""The specs, the shortest first, so that a run that is stopped has most of them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("specs", nargs="*", metavar="SPEC", default=SPECIFIED)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    by = parser.add_mutually_exclusive_group()
    by.add_argument("--native", dest="by", action="store_const", const=NATIVE)
    by.add_argument("--keras", dest="by", action="store_const", const=KERAS)
    parser.set_defaults(by=OURS)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    trainings = [
        (name, seed, args.by)
        for seed in range(1, args.seeds + 1)
        for name in args.specs
        if not args.table and (seed == 1 or name not in LONG or args.by == NATIVE)
    ]
    threads = ["--threads", "1"] if args.jobs > 1 else []
    with ThreadPoolExecutor(args.jobs) as pool:
        for _ in pool.map(lambda each: add(*each, threads), trainings):
            pass
    write_table()


LONG = ("fashion_best", "fashion_l2", "four_3")
"""Trained with one seed on TensorFlow: a run of theirs takes more than ten minutes."""


def add(name: str, seed: int, by: str, threads: list[str]) -> None:
    """Trains a spec with a seed by one of the three, unless that has been done."""
    if RESULTS.has(name, seed, by):
        return
    sys.stderr.write(f"{name}, seed {seed}, by {by}\n")
    if by == KERAS:
        reached = by_keras(name, seed)
    else:
        how = ["--backend", "native"] if by == NATIVE else []
        reached = train(RESULTS.path(name), seed, *how, *threads)
    RESULTS.add(name, seed, by, reached)
    write_table()


def by_keras(name: str, seed: int) -> dict[str, Any]:
    """Keras's `fit` in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.results.keras_fit", name, str(seed)],
        stdout=subprocess.PIPE,
        check=True,
    )
    return {"test": json.loads(ended.stdout)}


if __name__ == "__main__":
    main()
