"""What tests of sweeps share: a small sweep, a driver as a process, what a sweep ended with."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnnspec.runs.run import HISTORY, METRICS
from cnnspec.sweeps.folder import Sweep

TEXT = """
model small
let filters = 4
pool 4; conv (filters)x2 relu; dropout 0.2; dense 10 softmax
budget params <= 3000
train { batch 100; epochs 3; metrics accuracy f1 }
sweep { filters in 2, 4, 9; loss in categorical_crossentropy, poisson }
"""
"""Six points, of which the budget drops two."""


def start(folder, *arguments, **options):
    """`cnnspec sweep` in a process of its own, without the page at its end."""
    return subprocess.Popen(
        [sys.executable, "-m", "cnnspec", "sweep", "--no-report", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(condition, process=None, seconds=100):
    """Waits until a condition holds; fails where the process ends before, with what it said."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        if process and process.poll() is not None:
            pytest.fail(f"ended with {process.poll()}: {process.communicate()[1]}")
        if time.monotonic() > until:
            pytest.fail("waited too long")
        time.sleep(0.01)
    return found


def outcomes(folder):
    """What every training of a sweep has reached: all its figures but times, by its name."""
    return {trial.name: figures(trial.run) for trial in Sweep.open(folder).trials()}


def figures(run):
    if not run.finished:
        return None
    metrics, history = run.read_json(METRICS), run.read_json(HISTORY)
    return _timeless(metrics), [_timeless(epoch) for epoch in history]


def _timeless(figures):
    return {name: value for name, value in figures.items() if name != "seconds"}


def states(folder):
    """The state of every training by its name."""
    return {trial.name: trial.state for trial in Sweep.open(folder).trials()}


def written_at(folder):
    """When each result was written, by the name of its training."""
    trials = Sweep.open(folder).trials()
    files = {trial.name: trial.run.folder / METRICS for trial in trials}
    return {name: file.stat().st_mtime_ns for name, file in files.items() if file.exists()}


def workers(process):
    """The processes of the workers of a driver, with the log that each writes to now."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == process.pid and stat[0] != "Z":
                found[int(entry.name)] = (entry / "fd/2").readlink()
        except OSError:
            continue
    return found
