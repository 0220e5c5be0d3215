"""Writes the report of trained runs: one self-contained page, plots, Markdown and JSON.

Everything comes from the files of the run folder, so a report can be written at any time,
also for a run of another machine or an unfinished one. A folder with the runs `seed-1`,
`seed-2`, … gets one report with mean and standard deviation. Each RUN gets `report.html`,
and `report/` with every plot as PNG and SVG, `report.md` and `report.json`; an existing
report is replaced. The report of a sweep has its winners and all of its points, and writes
`results.json`, `results.csv` and `best.cnn` beside it.

`--latex` prints the tables of each RUN for a paper instead, and writes nothing. `--handin`
writes one page to hand in or to print: numbered sections, figures and tables, the spec, every
formula, the results. Further RUNs are variants that the first one is compared with.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cnnspec.commands.arguments import FOLDER
from cnnspec.commands.inputs import BadUsage, require_ending, require_folder, run_named
from cnnspec.commands.output import print_json, print_text, report_problems
from cnnspec.core.terminal import show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.packages import require_packages
from cnnspec.diagnostics.render import tell
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.report.sweep.finalize import keep
from cnnspec.report.write_report import write_point_reports
from cnnspec.runs.run import HANDIN, Run
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
        help="the metric that chooses points of a sweep (accuracy; of a search its objective): "
        + ", ".join(METRIC_NAMES),
    )
    parser.add_argument(
        "--points",
        action="store_true",
        help="also write the report of every finished point of a sweep that has none",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        complete=FOLDER,
        help="write to FOLDER/<name of the run> instead; with --handin, to this file",
    )
    parser.add_argument(
        "--latex", action="store_true", help="print the tables for LaTeX (booktabs)"
    )
    parser.add_argument(
        "--handin",
        action="store_true",
        help="write one page to hand in, RUN/handin.html, that prints well to PDF",
    )
    parser.add_argument(
        "--author", default="", metavar="NAME", help="with --handin: who hands it in"
    )
    parser.add_argument(
        "--force", action="store_true", help="let `--handin` replace an existing page"
    )


def run(args: Namespace) -> int:
    """Writes every report; one that cannot be written does not stop the others."""
    _require_consistent(args)
    folders = [run_named(name) for name in args.runs]
    if args.latex:
        print_text("\n".join(_latex(Path(folder), args.by) for folder in folders))
        return 0
    if args.handin:
        return _hand_in([Path(folder) for folder in folders], args)
    require_folder("--out", args.out)
    names = [Path(folder).resolve().name for folder in folders]
    if args.out and len(set(names)) < len(names):
        raise CnnspecError(BadUsage(None, "two runs have the same name", "leave out `--out`"))
    load_extra()
    code = 0
    written: list[dict[str, Any]] = []
    for folder, name in zip(folders, names, strict=True):
        try:
            page = _write(Path(folder), args.out / name if args.out else None, args.by, args.points)
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


def _require_consistent(args: Namespace) -> None:
    """Raises `CnnspecError` for options that do not go together."""
    printing = args.json or args.handin or args.out
    for wrong, cause, remedy in (
        (
            args.latex and printing,
            "`--latex` prints tables and writes nothing",
            "leave out `--json`, `--handin` and `--out`",
        ),
        (args.author and not args.handin, "`--author` goes with `--handin`", "add `--handin`"),
        (
            args.force and not args.handin,
            "a report replaces an older one; `--force` is for `--handin`",
            "leave it out",
        ),
    ):
        if wrong:
            raise CnnspecError(BadUsage(None, cause, remedy))


def _latex(folder: Path, by: str | None) -> str:
    """The tables of a run or a sweep for LaTeX."""
    from cnnspec.report.latex import run_latex, sweep_latex

    sweep = _sweep(folder, by)
    if sweep:
        return sweep_latex(Results.read(sweep, by or "accuracy"))
    from cnnspec.report.seeds import gather

    return run_latex(gather(folder))


def _hand_in(folders: list[Path], args: Namespace) -> int:
    """Writes the page to hand in about the first folder, with the others as variants."""
    for folder in folders:
        _sweep(folder, args.by)
    out = args.out or folders[0] / HANDIN
    require_ending("--out", args.out, (".html", ".htm"), "HTML; a browser prints it to PDF")
    if out.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{out} exists", "replace it with `--force`"))
    load_extra()
    from cnnspec.report.handin import gathered, write

    found = gathered(folders, args.by or "accuracy")
    write(found, out, args.author, tell)
    if args.json:
        pages = [{"run": str(folders[0]), "page": str(out)}]
        print_json({"command": "report", "ok": True, "reports": pages})
    else:
        show([[(str(out), "strong")]])
    return 0


def _sweep(folder: Path, by: str | None, *, points: bool = False) -> Sweep | None:
    """The sweep in a folder; raises `CnnspecError` where an option needs one and there is none."""
    sweep = Sweep.find(folder)
    if (by or points) and not sweep:
        option = "--by" if by else "--points"
        fault = f"`{option}` is for sweeps, and {folder} is not one"
        raise CnnspecError(BadUsage(None, fault, "leave it out"))
    return sweep


def _write(folder: Path, out: Path | None, by: str | None, points: bool) -> Path:
    """Writes the report of a run or a sweep, and returns its page."""
    sweep = _sweep(folder, by, points=points)
    if sweep:
        from cnnspec.report.sweep.page import write as write_sweep

        results = Results.read(sweep, by or sweep.plan.by)
        keep(results, out or folder)
        if points:
            write_point_reports(results, (row.name for row in results.finished), tell)
        return write_sweep(results, out)
    from cnnspec.report.page import write

    return write(Run(folder), out, warn=tell)


def load_extra() -> None:
    """Sees that figures and pages can be made; raises `CnnspecError` where a package is missing."""
    require_packages("a report", "training", "numpy", "matplotlib", "jinja2")
