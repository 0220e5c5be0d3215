"""Checks, trains and ranks every submission of a class by the rules of its assignment.

FOLDER holds a .cnn file or a folder for each student. Those that keep the rules are trained, on the
data that the rules name and by their settings; what a submission says of itself counts for nothing.
The folder `runs/<rules>-class-<n>` gets `report.html`, `results.csv`, `results.json` and a page
for each student in `students/`. `--resume` continues a class that was stopped and trains nothing
twice. Exit code 1 if a submission does not keep every rule.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnspec.commands.arguments import (
    FOLDER,
    SPEC,
    add_backend,
    add_kept,
    add_overrides,
    add_threads,
    count,
)
from cnnspec.commands.inputs import BadUsage, overrides
from cnnspec.commands.output import print_json
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import tell

if TYPE_CHECKING:
    from cnnspec.classes.folder import Class

TIME_LIMIT = 900
"""Seconds that a training may take."""


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "rules", nargs="?", metavar="RULES", complete=SPEC, help="the rules of the assignment"
    )
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        type=Path,
        complete=FOLDER,
        help="the submissions: a .cnn file, or a folder with one, for each student",
    )
    add_overrides(parser, "a setting of training for everyone, whatever a submission says")
    parser.add_argument("--epochs", type=count, metavar="N", help="the same as `--set epochs=N`")
    parser.add_argument(
        "--hide-names",
        action="store_true",
        help="show numbers instead of names; `names.csv` alone says who is who",
    )
    parser.add_argument(
        "--time-limit",
        type=count,
        default=TIME_LIMIT,
        metavar="SECONDS",
        help=f"stop a training that takes longer ({TIME_LIMIT})",
    )
    parser.add_argument(
        "--jobs", type=count, metavar="N", help="trainings at the same time (one per processor)"
    )
    add_threads(parser, without="1")
    add_kept(parser, "a class that was stopped", "the folders of classes", "CLASS")
    add_backend(parser)


def run(args: Namespace) -> int:
    """Judges and trains a class, or goes on with one."""
    from cnnspec.classes.folder import Class
    from cnnspec.files.processes import processors
    from cnnspec.report.classroom.writing import finalize, lines

    jobs = args.jobs or processors()
    if args.resume:
        _require_alone(args)
        found = Class.open(args.resume)
    else:
        found = _begun(args, jobs)
    count_of = len(found.trainings.plan.points) if found.trainings else 0
    facts = f": {len(found.entries):,} submissions, {count_of:,} to train"
    at_once = f", {min(jobs, count_of)} at a time" if count_of else ""
    show([[(str(found.folder), "strong"), (f"{facts}{at_once}", "")]], sys.stderr)
    if found.trainings:
        _train(args, found, jobs)
    results = finalize(found, tell)
    if args.json:
        print_json({"command": "class", "ok": results.ok, **results.dump()})
    else:
        show([[], *lines(results), [], *_kept(found)])
    return 0 if results.ok else 1


def _begun(args: Namespace, jobs: int) -> "Class":
    """A class that was judged, and trained nothing yet."""
    if args.rules is None or args.folder is None:
        cause = "a class takes the file of its rules and the folder of the submissions"
        raise CnnspecError(BadUsage(None, cause, "as in `cnnspec class rules.cnn submissions`"))
    if args.epochs is not None:
        args.sets.append(f"epochs={args.epochs}")
    from cnnspec.analysis.assignment import read_rules
    from cnnspec.classes.begin import Means, begin
    from cnnspec.files.sources import read_source
    from cnnspec.runs.run import command_line
    from cnnspec.training.backends.choose import choose

    rules = read_rules(read_source(args.rules))
    backend = choose(args.backend)
    means = Means(backend, jobs, args.threads or 1, args.time_limit, args.offline)
    return begin(
        rules,
        args.folder,
        args.out,
        means,
        overrides=overrides(args),
        settings=args.sets,
        hidden=args.hide_names,
        command=command_line(),
    )


def _require_alone(args: Namespace) -> None:
    """Raises `CnnspecError` where a class that goes on is given something else as well."""
    others = ("rules", "folder", "sets", "epochs", "hide_names", "threads", "backend")
    if any(getattr(args, name) for name in others) or args.time_limit != TIME_LIMIT:
        cause = "a class continues as it began; other rules or values are not allowed"
        raise CnnspecError(BadUsage(None, cause, f"`cnnspec class --resume {args.resume}`"))


def _train(args: Namespace, found: "Class", jobs: int) -> None:
    """Does the trainings that are left."""
    from cnnspec.sweeps.drive import drive
    from cnnspec.sweeps.engines.local import LocalEngine

    assert found.trainings
    engine = LocalEngine(jobs)
    again = ("class", str(found.folder))
    try:
        drive(found.trainings, engine, tell, offline=args.offline, again=again)
    finally:
        engine.close()


def _kept(found: "Class") -> list[Line]:
    """Where everything is."""
    from cnnspec.classes.folder import NAMES, STUDENTS
    from cnnspec.runs.run import PAGE
    from cnnspec.sweeps.folder import TABLE

    lines: list[Line] = [[("kept in ", ""), (str(found.folder), "strong")]]
    for what, name in (("report", PAGE), ("table", TABLE), ("a page for each", STUDENTS)):
        path = found.folder / name
        lines += [[(f"{what}: ", ""), (str(path), "strong")]] if path.exists() else []
    if found.hidden:
        lines.append([("who is who: ", ""), (str(found.folder / NAMES), "strong")])
    return lines
