"""Processes timed side by side: the one place that measures and prints.

Machines are noisy: two sides run in alternation, each run in a process of its own, and
what counts is the median of the ratios of pairs.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

from cnnspec.core.record import Record
from tests.support.paths import ROOT, full_data

Row = dict[str, Any]
"""A comparison or a figure, as it is written to JSON."""


class Taken(Record):
    """What a run took: seconds, and the most memory in MB; of a training, what it reached."""

    seconds: float
    megabytes: float
    accuracy: float | None = None
    """Of the test images after the last epoch."""


class Ended(Record):
    """A process that has ended: wall time in seconds, peak memory in MB, what it printed."""

    seconds: float
    megabytes: float
    printed: str


Measure = Callable[[], Taken]


def ended(*arguments: str, codes: tuple[int, ...] = (0,)) -> Ended:
    """Runs a program, which has to end with one of some codes."""
    with tempfile.TemporaryFile("w+") as printed:
        began = time.perf_counter()
        child = subprocess.Popen(
            arguments, cwd=ROOT, stdout=printed, stderr=subprocess.DEVNULL, env=_surroundings()
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in codes:
            raise SystemExit(f"{' '.join(arguments)} ended with {child.returncode}")
        printed.seek(0)
        return Ended(seconds, usage.ru_maxrss / 1024, printed.read())


def program(name: str) -> str:
    """A program that is installed beside this Python."""
    return os.path.join(os.path.dirname(sys.executable), name)  # noqa: PTH118, PTH120 - a string


def python(*arguments: str) -> tuple[str, ...]:
    """The command line of a Python process."""
    return sys.executable, *arguments


def process(*arguments: str) -> Measure:
    """A program: its wall time and peak memory."""

    def run() -> Taken:
        done = ended(*arguments)
        return Taken(done.seconds, done.megabytes)

    return run


def compare(name: str, ours: Measure, theirs: Measure, repeats: int, *, warm: bool = True) -> Row:
    """Runs two measures in alternation; if `warm`, after one run each that is not counted."""
    (row,) = beside({name: theirs}, ours, repeats, warm=warm)
    return row


def beside(
    others: dict[str, Measure], ours: Measure, repeats: int, *, warm: bool = True
) -> list[Row]:
    """Runs our measure and others in turn; a row for each other one, by its name."""
    measures = [ours, *others.values()]
    if warm:
        for measure in measures:
            measure()
    rounds = [[measure() for measure in measures] for _ in range(repeats)]
    return [
        _compared(name, [(taken[0], taken[place]) for taken in rounds])
        for place, name in enumerate(others, 1)
    ]


def _compared(name: str, pairs: list[tuple[Taken, Taken]]) -> Row:
    ratios = [mine.seconds / other.seconds for mine, other in pairs]
    row: Row = {
        "comparison": name,
        "ours_s": statistics.median(mine.seconds for mine, _ in pairs),
        "theirs_s": statistics.median(other.seconds for _, other in pairs),
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "ours_mb": max(mine.megabytes for mine, _ in pairs),
        "theirs_mb": max(other.megabytes for _, other in pairs),
    }
    say(
        f"{name:<48} {row['ours_s']:8.3f} s {row['theirs_s']:8.3f} s   ratio {row['ratio']:.3f} "
        f"({row['ratio_low']:.3f} to {row['ratio_high']:.3f})  "
        f"{row['ours_mb']:.0f} / {row['theirs_mb']:.0f} MB"
    )
    if pairs[0][0].accuracy is not None:
        row["ours_accuracy"], row["theirs_accuracy"] = (
            [taken.accuracy for taken in side] for side in zip(*pairs, strict=True)
        )
        ours, theirs = (
            " ".join(f"{value:.4f}" for value in row[side])
            for side in ("ours_accuracy", "theirs_accuracy")
        )
        say(f"{'':<48} test accuracy {ours} / {theirs}")
    return row


def figure(name: str, values: Iterable[float], unit: str) -> Row:
    """Something that is compared with nothing: median and spread."""
    found = list(values)
    row = {
        "measured": name,
        "unit": unit,
        "median": statistics.median(found),
        "low": min(found),
        "high": max(found),
    }
    say(f"{name:<48} {row['median']:8.3f} {unit}  ({row['low']:.3f} to {row['high']:.3f})")
    return row


def say(line: str) -> None:
    """A line of the table, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _surroundings() -> dict[str, str]:
    """The environment of a measured process; bytecode may be kept, as it is when installed."""
    own = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CNNSPEC_DATA": str(full_data() or "")}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return own
