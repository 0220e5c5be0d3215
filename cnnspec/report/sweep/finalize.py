"""The end of a sweep: its results as files beside the runs, and the spec of its best point.

Light to import; what draws and fills the page is imported when it is called.
"""

from pathlib import Path

from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import Warn, many, silent
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import cannot_write, json_text, write_atomically
from cnnspec.files.paths import seen_from
from cnnspec.report.sweep.writing import csv
from cnnspec.report.write_report import write_point_reports, write_sweep_report
from cnnspec.runs.metrics import MEASURED_METRICS, split_of
from cnnspec.sweeps.folder import BEST, RESULTS, TABLE, Sweep
from cnnspec.sweeps.points import label
from cnnspec.sweeps.results import Results
from cnnspec.sweeps.rows import PointResult


def finalize(
    sweep: Sweep,
    by: str = "accuracy",
    warn: Warn = silent,
    *,
    page: bool = True,
    best_points: bool = False,
) -> Results:
    """Writes the results of a sweep into its folder, and the page about it.

    `by` is the metric that points are chosen by, as an expectation names it. `best_points` also
    writes the reports of the winners and of the points that are best for their cost. A page that
    cannot be written is a warning. Raises `CnnspecError` where the other files cannot be written.
    """
    results = Results.read(sweep, by)
    keep(results, sweep.folder)
    if page and best_points:
        write_point_reports(results, results.notable, warn)
    if page:
        write_sweep_report(results, warn)
    return results


def keep(results: Results, folder: Path) -> None:
    """Writes `results.json`, `results.csv` and, where there is a winner, `best.cnn`.

    Raises `CnnspecError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not results.winners.chosen:
            # An old file, by another metric, is no longer valid.
            (folder / BEST).unlink(missing_ok=True)
    except OSError as error:
        raise CnnspecError(cannot_write(folder, error)) from None
    write_atomically(folder / RESULTS, json_text(results.dump()))
    write_atomically(folder / TABLE, csv(results))
    if results.winners.chosen:
        write_atomically(folder / BEST, best(results, results.winners.chosen, folder))


def best(results: Results, row: PointResult, folder: Path) -> str:
    """The spec of a point as a file, with comments that say where it comes from.

    The path of the user's own data is relative to the folder of the file.
    """
    plan = results.plan
    spec = row.spec
    if plan.data and not spec.data.dataset:
        seen = seen_from(Path(plan.data), folder.resolve())
        spec = spec.replace(data=spec.data.replace(source=seen))
    backend = f" --backend {plan.backend}" if plan.backend else ""
    told = [
        f"The best of {many(len(results.finished), 'point')} of {plan.source} by "
        f"{MEASURED_METRICS[results.by].words}: {label(row.values)}",
        *_reached(row),
        f"The same again: cnnspec train {BEST} --threads {plan.threads}{backend}",
    ]
    return "".join(f"# {safe(line)}\n" for line in told) + f"\n{spec}"


def _reached(row: PointResult) -> list[str]:
    """The metrics of a point, a line for each split that was held back from training."""
    of = {split: [k for k in row.metrics if split_of(k) == split] for split in ("", "val_")}
    return [
        ", ".join(f"{MEASURED_METRICS[key].words} {row.metrics[key]:.4f}" for key in keys)
        for keys in of.values()
        if keys
    ]
