"""Writes the report of trained runs: one self-contained page, plots, Markdown and JSON.

Everything comes from the files of the run folder, so a report can be written at any time,
also for a run of another machine or an unfinished one. A folder with the runs `seed-1`,
`seed-2`, … gets one report with mean and standard deviation. Each RUN gets `report.html`,
and `report/` with every plot as PNG and SVG, `report.md` and `report.json`; an existing
report is replaced. The report of a sweep has its winners and all of its points, and writes
`results.json`, `results.csv` and `best.cnn` beside it.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cnnspec.commands.arguments import FOLDER
from cnnspec.commands.inputs import BadUsage, require_folder, run_named
from cnnspec.commands.output import print_json, report_problems
from cnnspec.core.terminal import show
from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import tell
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.report.sweep.finalize import keep
from cnnspec.runs.run import Run
from cnnspec.sweeps.folder import Sweep
from cnnspec.sweeps.results import Results


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        complete=FOLDER,
        help="a run folder, one with several seeds, or a sweep; `@last` is the newest in runs",
    )
    parser.add_argument(
        "--by",
        choices=METRIC_NAMES,
        metavar="METRIC",
        help=f"the metric that chooses points of a sweep (accuracy): {', '.join(METRIC_NAMES)}",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        complete=FOLDER,
        help="write to FOLDER/<name of the run> instead",
    )


def run(args: Namespace) -> int:
    """Writes every report; one that cannot be written does not stop the others."""
    require_folder("--out", args.out)
    folders = [run_named(name) for name in args.runs]
    names = [Path(folder).resolve().name for folder in folders]
    if args.out and len(set(names)) < len(names):
        raise CnnspecError(BadUsage(None, "two runs have the same name", "leave out `--out`"))
    load_extra()
    code = 0
    written: list[dict[str, Any]] = []
    for folder, name in zip(folders, names, strict=True):
        try:
            page = _write(Path(folder), args.out / name if args.out else None, args.by)
        except CnnspecError as problems:
            if args.json:
                raise
            code = max(code, report_problems("report", problems, "text"))
            continue
        written.append({"run": folder, "page": str(page)})
        if not args.json:
            show([[(str(page), "strong")]])
    if args.json:
        print_json({"command": "report", "ok": True, "reports": written})
    return code


def _write(folder: Path, out: Path | None, by: str | None) -> Path:
    """Writes the report of a run or a sweep, and returns its page."""
    sweep = Sweep.find(folder)
    if sweep:
        from cnnspec.report.sweep.page import write as write_sweep

        results = Results.read(sweep, by or "accuracy")
        keep(results, out or folder)
        return write_sweep(results, out)
    if by:
        fault = f"`--by` is for sweeps, and {folder} is not one"
        raise CnnspecError(BadUsage(None, fault, "leave it out"))
    from cnnspec.report.page import write

    return write(Run(folder), out, warn=tell)


def load_extra() -> None:
    """Sees that figures and pages can be made; raises `CnnspecError` where a package is missing."""
    from importlib.util import find_spec

    for package in ("numpy", "matplotlib", "jinja2"):
        if find_spec(package) is None:
            fault = f"a report needs {package}, which is not installed"
            raise CnnspecError(MissingExtra(None, fault, "pip install 'cnnspec[training]'"))
