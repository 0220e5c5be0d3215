"""Compares trained runs side by side: parameters, MACs, losses, accuracy, F1, epochs, time.

RUN is a run folder, one with the runs `seed-1`, `seed-2`, … (shown as mean and standard
deviation), the folder of a sweep, or one that holds runs. `--out FILE.html` writes a page: what
differs between the networks, how far each is from the best and how sure that is, accuracy
against cost, claims, curves, and where two differ most; with each plot as PNG and SVG in a
folder of its name.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cnnspec.commands.arguments import FILE, FOLDER
from cnnspec.commands.inputs import BadUsage, run_named
from cnnspec.commands.output import print_json, print_text
from cnnspec.commands.report import load_extra
from cnnspec.core.table import csv_text
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.report.run_table import TABLE_METRICS, Compared, cautions, compare
from cnnspec.report.tables import comparison


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        complete=FOLDER,
        help="a run folder, a sweep, or a folder that holds runs",
    )
    parser.add_argument(
        "--sort",
        choices=("name", *TABLE_METRICS),
        default="",
        help="sort by a column, best first",
    )
    parser.add_argument("--csv", action="store_true", help="print CSV")
    parser.add_argument("--markdown", action="store_true", help="print a table in Markdown")
    parser.add_argument("--latex", action="store_true", help="print a table for LaTeX (booktabs)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.html",
        complete=FILE,
        help="write a page about all of them",
    )
    parser.add_argument("--force", action="store_true", help="let `--out` replace an existing page")


def run(args: Namespace) -> int:
    """Compares two or more trained networks."""
    forms = [form for form in ("json", "csv", "markdown", "latex") if getattr(args, form)]
    if len(forms) > 1:
        fault = f"`--{forms[0]}` and `--{forms[1]}` are two formats"
        raise CnnspecError(BadUsage(None, fault, "give one of the two"))
    if args.out:
        _free(args.out, force=args.force)
        load_extra()
    left_out: list[str] = []
    folders = [Path(name if Path(name).exists() else run_named(name)) for name in args.runs]
    rows = compare(folders, args.sort, left_out.append)
    if len(rows) < 2:
        fault = f"there is one run in {args.runs[0]}, and a comparison needs two"
        raise CnnspecError(BadUsage(None, fault, "name another, or a folder that holds several"))
    warnings = [*cautions(rows), *left_out]
    files: list[Path] = []
    if args.out:
        from cnnspec.report.overlay import write

        files = write(rows, args.out, left_out)
    if args.json:
        dumped = [row.dump() for row in rows]
        written = [str(path) for path in files]
        head = {"command": "compare", "ok": True}
        print_json({**head, "runs": dumped, "cautions": warnings, "files": written})
        return 0
    if args.csv:
        dumped = [row.dump() for row in rows]
        print_text(csv_text(dumped[0], (row.values() for row in dumped)))
    elif args.markdown:
        print_text(f"{comparison(rows).markdown()}\n")
    elif args.latex:
        print_text(comparison(rows).latex())
    else:
        show(_lines(rows))
    show([[("warning: ", "warning"), (text, "")] for text in warnings], sys.stderr)
    if args.out:
        beside = f", its figures in {files[0].parent}" if len(files) > 1 else ""
        show([[("written: ", ""), (str(args.out), "strong"), (beside, "")]], sys.stderr)
    return 0


def _free(page: Path, *, force: bool) -> None:
    """Sees that a page can be written where it is to be; raises `CnnspecError`."""
    if page.suffix.lower() not in (".html", ".htm"):
        fault = f"`--out {page}` does not end in .html"
        raise CnnspecError(
            BadUsage(None, fault, "the page is HTML; for others redirect the output")
        )
    if page.exists() and not force:
        raise CnnspecError(CannotWrite(None, f"{page} exists", "replace it with `--force`"))


def _lines(rows: tuple[Compared, ...]) -> list[Line]:
    lines = comparison(rows).lines()
    if any(row.trained.several for row in rows):
        note = "± is the standard deviation of the sample over seeds, with n - 1"
        lines += [[], [(note, "dim")]]
    return lines
