"""The runs and sweeps in a folder as the page lists them, the newest first. Reads files only."""

from pathlib import Path
from typing import Any

from cnnspec.diagnostics.errors import CnnspecError, reason
from cnnspec.runs.named import begun, kept_in
from cnnspec.runs.run import HISTORY, METRICS, PAGE, Run
from cnnspec.runs.seeds import SERIES, SeedRuns
from cnnspec.sweeps.folder import FINISHED, Sweep

Json = dict[str, Any]
MOST = 200
"""How many are listed."""


def kept(folder: Path) -> list[Json]:
    """Returns a row for each run, group of seeds and sweep: its name, state and accuracy.

    One that is damaged is a row that says so.
    """
    if not folder.is_dir():
        return []
    found = sorted(((begun(path), path) for path in kept_in(folder)), reverse=True)
    return [
        {
            "name": path.name,
            "began": time // 1_000_000,
            "report": (path / PAGE).is_file(),
            **_row(path),
        }
        for time, path in found[:MOST]
    ]


def _row(path: Path) -> Json:
    try:
        if sweep := Sweep.find(path):
            return _sweep(sweep)
        if series := SeedRuns.find(str(path)):
            return _series(series)
        return _run(Run.open(str(path)))
    except (CnnspecError, OSError) as error:
        return {"kind": "run", "state": "damaged", "why": reason(error)}


def _run(run: Run) -> Json:
    metrics, why = run.salvage(METRICS)
    history, _ = run.salvage(HISTORY)
    best = (metrics.get("test") or {}).get("accuracy")
    return {
        "kind": "run",
        "state": "finished" if run.finished else "unfinished",
        "epochs": len(history),
        "accuracy": best,
        "params": metrics.get("params"),
        "macs": metrics.get("macs"),
        "why": why,
    }


def _series(series: SeedRuns) -> Json:
    metrics = series.metrics().get("test", {}).get("accuracy")
    return {
        "kind": "seeds",
        "state": "finished" if (series.folder / SERIES).is_file() else "unfinished",
        "count": len(series.runs()),
        "accuracy": metrics.mean if metrics else None,
        "why": "",
    }


def _sweep(sweep: Sweep) -> Json:
    states = [trial.state for trial in sweep.trials()]
    done = sum(state == FINISHED for state in states)
    return {
        "kind": "sweep",
        "state": "finished" if done == len(states) else "unfinished",
        "count": len(states),
        "done": done,
        "why": "",
    }
