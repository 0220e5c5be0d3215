"""Trains every network of the five notebooks on the real data: `make results`.

    python -m tests.results [SPEC…] [--seeds N] [--table]

What has been trained is kept in `docs/results.json` and never trained again unless
the spec has changed; so this can be stopped and called again. Each run is a process
of its own, as a user would start it. `--table` trains nothing and writes the table of
the README again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.results.table import RESULTS, kept, key, path, write_table

SPECIFIED = (
    "mlp_64", "mlp_conv", "grid_2", "lenet5", "budget", "four_2", "four_4", "grid_1",
    "grid_3", "mlp_l2", "four_1", "fashion_best", "four_3", "fashion_l2",
)  # fmt: skip
"""The specs, the shortest first, so that a run that is stopped has most of them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("specs", nargs="*", metavar="SPEC", default=SPECIFIED)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    for seed in range(1, args.seeds + 1):
        for name in () if args.table else args.specs:
            if seed == 1 or name not in LONG:
                add(name, seed)
                write_table()
    write_table()


LONG = ("fashion_best", "fashion_l2", "four_3")
"""Trained with one seed: a run of theirs takes more than ten minutes."""


def add(name: str, seed: int) -> None:
    """Trains a spec with a seed, unless that has been done."""
    done = {(r["spec"], r["text"], r["seed"]) for r in kept()}
    if (name, key(name), seed) in done:
        return
    sys.stderr.write(f"{name}, seed {seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        command = ["train", path(name), "--seed", str(seed), "--out", folder]
        ended = subprocess.run(
            [sys.executable, "-m", "cnnspec", *command, "--json"], stdout=subprocess.PIPE
        )
        found = json.loads(ended.stdout)
        if "test" not in found:
            raise SystemExit(f"{name} did not train: {ended.stdout.decode()}")
        environment = json.loads(next(Path(folder).glob("*/environment.json")).read_text())
    figures = {
        split: {m: found[split][m] for m in ("accuracy", "f1", "loss")}
        for split in ("test", "validation", "train")
        if split in found
    }
    result = {
        "spec": name,
        "text": key(name),
        "seed": seed,
        **figures,
        **{fact: found[fact] for fact in ("params", "epochs", "best_epoch", "seconds")},
        **{fact: environment[fact] for fact in ("cnnspec", "keras", "backend", "processors")},
    }
    rows = [r for r in kept() if (r["spec"], r["seed"]) != (name, seed)]
    rows = sorted([*rows, result], key=lambda r: (r["spec"], r["seed"]))
    RESULTS.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
