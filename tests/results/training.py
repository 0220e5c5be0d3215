"""A training as a user starts it, in a process of its own, and what is kept of it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.results.kept import Row

Facts = Callable[[Path], Row]
"""What more is kept of a run, from its folder."""


def train(path: str, seed: int, *options: str, facts: Facts = lambda run: {}) -> Row:
    """Runs `cnnspec train` and returns what it reached."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["train", path, "--seed", str(seed), "--out", folder, "--no-report", *options]
        ended = subprocess.run(
            [sys.executable, "-m", "cnnspec", *command, "--json"], stdout=subprocess.PIPE
        )
        found = json.loads(ended.stdout)
        if "test" not in found:
            raise SystemExit(f"{path} did not train: {ended.stdout.decode()}")
        run = next(Path(folder).glob("*/environment.json")).parent
        environment = json.loads((run / "environment.json").read_text("utf-8"))
        more = facts(run)
    kept = ("cnnspec", "keras", "backend", "processors")
    return {
        **{
            split: {m: found[split][m] for m in ("accuracy", "f1", "loss")}
            for split in ("test", "validation", "train")
            if split in found
        },
        **{fact: found[fact] for fact in ("params", "epochs", "best_epoch", "seconds")},
        **{fact: environment[fact] for fact in kept if fact in environment},
        **more,
    }
