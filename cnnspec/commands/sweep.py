"""Trains every point of a spec's `sweep { … }`, or some of them.

Points whose shapes or budgets fail are dropped first. Each point is a run in the folder
`runs/<model>-sweep-<n>`, beside a table of all points, the spec of the best one and a
report. `--resume` continues a sweep that was stopped or killed and trains nothing twice.
Exit code 1 if a training failed, for example because its loss is not a number.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.commands.arguments import (
    add_backend,
    add_kept,
    add_overrides,
    add_sources,
    add_threads,
    count,
)
from cnnspec.commands.inputs import BadUsage, overrides, sources
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.source import Source
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import tell
from cnnspec.expansion.state import Overrides
from cnnspec.files.processes import processors as machine_processors
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.report.sweep.finalize import finalize
from cnnspec.report.sweep.writing import lines
from cnnspec.runs.run import PAGE, command_line
from cnnspec.sweeps import MAX_RUNS
from cnnspec.sweeps.dimensions import has_ranges, size
from cnnspec.sweeps.engines.base import Engine
from cnnspec.sweeps.folder import BEST, FAILED, TABLE, Sweep
from cnnspec.sweeps.guided.journal import is_search
from cnnspec.sweeps.halving import ASHA, HALVING
from cnnspec.sweeps.plan import Plan, plan
from cnnspec.sweeps.points import MAX_POINTS, axes_of, require_few, survey
from cnnspec.sweeps.survey_lines import survey_lines

ENGINES = ("local", "ray")
RULES = (HALVING, ASHA)


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)
    parser.add_argument(
        "--names",
        default="",
        metavar="TEMPLATE",
        help="a name for each point, such as 'net_{depth}-{filters}'",
    )
    parser.add_argument("--sample", type=count, metavar="N", help="train N random points")
    parser.add_argument(
        "--max-runs",
        type=count,
        metavar="N",
        help=f"refuse to start more than N trainings ({MAX_RUNS:,})",
    )
    parser.add_argument(
        "--jobs", type=count, metavar="N", help="trainings at the same time (one per processor)"
    )
    add_threads(parser, without="1")
    parser.add_argument(
        "--stop-early",
        choices=RULES,
        default="",
        help="after a ninth and a third of the epochs only the best third of the points continues: "
        "each point once all are there (halving), or, on Ray, as they come (asha)",
    )
    parser.add_argument(
        "--by",
        choices=METRIC_NAMES,
        default="accuracy",
        metavar="METRIC",
        help=f"the metric that chooses the best point (accuracy): {', '.join(METRIC_NAMES)}",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="where trainings run: processes on this machine (local) or Ray",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="with `--engine ray` the cluster to run on (default: a private Ray on this machine)",
    )
    parser.add_argument("--dry-run", action="store_true", help="check every point and train none")
    add_kept(parser, "a sweep that was stopped or killed", "sweep folders")
    parser.add_argument(
        "--no-report", dest="report", action="store_false", help="do not write a report"
    )
    parser.add_argument(
        "--latex", action="store_true", help="print the tables for LaTeX (booktabs) at the end"
    )
    add_backend(parser)


def run(args: Namespace) -> int:
    """Runs a sweep, or goes on with one."""
    if args.latex and (args.json or args.dry_run):
        fault = "`--latex` prints the tables of what was trained"
        raise CnnspecError(BadUsage(None, fault, "leave out `--json` and `--dry-run`"))
    if args.dry_run:
        return _dry(args)
    from cnnspec.training.backends.choose import choose

    if args.resume:
        sweep = _resumed(args)
        choose(sweep.plan.backend)
        engine, jobs = _engine(args, sweep.plan)
    else:
        choose(args.backend)
        todo, source = _planned(args)
        # Before there is a folder for what nothing could run.
        engine, jobs = _engine(args, todo)
        sweep = Sweep.create(args.out, todo, source)
    try:
        from cnnspec.sweeps.drive import drive

        show([[(str(sweep), "strong"), (f": {_described(sweep.plan, jobs)}", "")]], sys.stderr)
        drive(sweep, engine, tell, offline=args.offline)
    finally:
        engine.close()
    results = finalize(sweep, args.by, tell, page=args.report, best_points=True)
    if args.json:
        print_json({"command": "sweep", "ok": True, **results.dump()})
    elif args.latex:
        from cnnspec.report.latex import sweep_latex

        print_text(sweep_latex(results))
        show(kept_lines(sweep.folder), sys.stderr)
    else:
        show([[], *lines(results), [], *kept_lines(sweep.folder)])
    return 1 if results.states.get(FAILED) else 0


def kept_lines(folder: Path) -> list[Line]:
    """Returns where everything is."""
    found: list[Line] = [[("kept in ", ""), (str(folder), "strong")]]
    for what, name in (("table", TABLE), ("best", BEST), ("report", PAGE)):
        path = folder / name
        found += [[(f"{what}: ", ""), (str(path), "strong")]] if path.is_file() else []
    return found


def _engine(args: Namespace, todo: Plan) -> tuple[Engine, int]:
    """The engine, and how many trainings it runs at the same time. Raises `CnnspecError`."""
    jobs = args.jobs or machine_processors()
    if args.engine == "local":
        if args.address:
            raise CnnspecError(
                BadUsage(None, "a cluster is for `--engine ray`", "add `--engine ray`")
            )
        if todo.stop_early == ASHA:
            fault = "`--stop-early asha` is for `--engine ray`"
            raise CnnspecError(BadUsage(None, fault, "on one machine take `--stop-early halving`"))
        from cnnspec.sweeps.engines.local import LocalEngine

        return LocalEngine(jobs), jobs
    from cnnspec.training.distributed.connection import connect, processors

    connect(args.address, None if args.address else jobs * todo.threads)
    from cnnspec.sweeps.engines.ray import RayEngine

    return RayEngine(args.jobs), args.jobs or max(1, processors() // todo.threads)


def checked(args: Namespace, named: Source | None = None) -> tuple[CheckedSpec, Overrides]:
    """Returns the spec that is named, right but for its sweep. Raises `CnnspecError`."""
    (source,) = [named] if named else sources(args)
    values = overrides(args)
    result = check(source, values)
    # A point may be right where the values of the lets themselves are not.
    if result.expanded.problems:
        raise CnnspecError(*with_advice(result))
    axes_of(result)
    return result, values


def _planned(args: Namespace) -> tuple[Plan, Source]:
    """What a new sweep is to do, and the text that says so."""
    result, values = checked(args)
    tell(*(p for p in result.problems if p.severity != "error"))
    found = plan(
        result,
        values,
        name=args.names,
        drawn=args.sample,
        most=args.max_runs or MAX_RUNS,
        backend=args.backend,
        threads=args.threads or 1,
        stop_early=args.stop_early,
        command=tuple(command_line()),
    )
    return found, result.source


def _resumed(args: Namespace) -> Sweep:
    """The sweep to go on with; raises `CnnspecError` where another one is asked for as well."""
    others = ("file", "sets", "names", "sample", "max_runs", "threads", "stop_early", "backend")
    if any(getattr(args, name) for name in others) or args.inline is not None:
        fault = "a sweep continues as it began; another spec or other values are not allowed"
        raise CnnspecError(BadUsage(None, fault, f"`cnnspec sweep --resume {args.resume}`"))
    sweep = Sweep.open(args.resume)
    if is_search(sweep):
        fault = f"{sweep} is a search, whose points are not all known yet"
        raise CnnspecError(BadUsage(None, fault, f"`cnnspec search --resume {sweep}`"))
    return sweep


def _dry(args: Namespace) -> int:
    """Says how the points fare, and which there are."""
    result, values = checked(args)
    axes = result.expanded.sweep
    most = args.max_runs or MAX_RUNS
    if args.sample and (has_ranges(axes) or size(axes) > max(most, MAX_POINTS)):
        return _dry_sample(args, result, values)
    require_few(axes, max(most, MAX_POINTS), "`--sample` draws some of them")
    found = survey(result.source, axes, values)
    planned = None
    if found.left and (args.sample or size(axes) <= most):
        planned = plan(result, values, name=args.names, drawn=args.sample, most=most)
    if args.json:
        document = {"command": "sweep", "ok": bool(found.left), **found.dump()}
        if planned:
            document["trainings"] = _trainings(planned)
        print_json(document)
    else:
        show(survey_lines(found))
        if planned:
            show([[], *_training_table(planned)])
    return 0 if found.left else 1


def _dry_sample(args: Namespace, result: CheckedSpec, values: Overrides) -> int:
    """Says which points of very many are drawn; the others are not looked at."""
    most = args.max_runs or MAX_RUNS
    planned = plan(result, values, name=args.names, drawn=args.sample, most=most)
    dropped = sum(planned.reasons.values())
    looked = len(planned.points) + dropped
    if args.json:
        document = {"command": "sweep", "ok": True, "points": planned.total, "drawn": looked}
        more = {"dropped": planned.reasons, "trainings": _trainings(planned)}
        print_json({**document, **more})
        return 0
    facts = f"  {planned.total:,} points, {looked:,} drawn at random, {dropped:,} of those dropped"
    show([[("sweep", "strong"), (facts, "")]])
    if len(planned.points) < args.sample:
        show([[(f"  only {len(planned.points):,} of {args.sample:,} were found", "")]])
    show([[(f"  {count:,} dropped: {why}", "")] for why, count in planned.reasons.items()])
    show([[], *_training_table(planned)])
    return 0


def _trainings(planned: Plan) -> list[dict[str, Any]]:
    """The points that would be trained, as JSON."""
    return [
        {"name": p.name, "values": p.values, "params": p.params, "macs": p.macs}
        for p in planned.points
    ]


def _training_table(planned: Plan) -> list[Line]:
    """The points that would be trained, with what they cost."""
    rows = tuple((p.name, f"{p.params:,}", f"{p.macs:,}") for p in planned.points)
    return Table(("name", "params", "MACs"), rows, "lrr").lines()


def _described(planned: Plan, jobs: int) -> str:
    """What is going to be done, in a line."""
    trainings = sum(len(point.seeds) for point in planned.points)
    dropped = sum(planned.reasons.values())
    facts = [f"{len(planned.points):,} of {planned.total:,} points"]
    facts += [f"{trainings:,} trainings"] if trainings > len(planned.points) else []
    facts += [f"{dropped:,} dropped by the check"] if dropped else []
    facts += [f"{min(jobs, trainings)} at a time"]
    return ", ".join(facts)
