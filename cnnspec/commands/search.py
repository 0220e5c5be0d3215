"""Looks for the best points of a spec's `sweep { … }`: what was trained decides what is next.

The names of the sweep may have ranges: `filters in 4..64`, `rate in 1e-4..1e-1 log`. A sampler
proposes points; those whose shapes or budgets fail are rejected by the checker in milliseconds
and never built. Points are compared by validation images alone. The folder
`runs/<model>-search-<n>` is that of a sweep: a run for each point, a table, the best spec and a
report; `best/` has the best spec within each budget, half of it, a quarter, and so on.
`--resume` continues a search that was stopped or killed, trains nothing twice, and ends as it
would have ended. Exit code 1 if a training failed.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cnnspec.commands.arguments import (
    add_backend,
    add_kept,
    add_overrides,
    add_sources,
    add_threads,
    count,
)
from cnnspec.commands.inputs import BadUsage
from cnnspec.commands.output import print_json
from cnnspec.commands.sweep import checked, kept_lines
from cnnspec.core.source import Source
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line, show
from cnnspec.datasets.locate import beside
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import tell
from cnnspec.files.atomic import read_text
from cnnspec.files.processes import processors
from cnnspec.report.phrases import spread
from cnnspec.report.sweep.finalize import finalize
from cnnspec.report.sweep.writing import lines
from cnnspec.runs.metrics import MEASURED_METRICS, METRICS, measure_of
from cnnspec.runs.run import SOURCE, command_line
from cnnspec.sweeps.dimensions import size
from cnnspec.sweeps.folder import FAILED, Sweep
from cnnspec.sweeps.guided.drive import Search, begin, opened
from cnnspec.sweeps.guided.goal import COSTS, OBJECTIVES, Goal
from cnnspec.sweeps.guided.journal import Journal, is_search
from cnnspec.sweeps.guided.picks import FOLDER as BEST
from cnnspec.sweeps.guided.picks import Picks, picks_of, write_picks
from cnnspec.sweeps.guided.proposals import Space
from cnnspec.sweeps.guided.samplers import CMA_ES, SAMPLERS, TPE, require_sampler
from cnnspec.sweeps.halving import HALVING
from cnnspec.sweeps.plan import Plan, template_of
from cnnspec.sweeps.points import survey
from cnnspec.sweeps.rows import PointResult
from cnnspec.sweeps.survey_lines import survey_lines

POINTS = 40
"""How many points are trained unless a person asks for another number."""


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)
    parser.add_argument(
        "--points", type=count, metavar="N", help=f"train N points ({POINTS}); more on `--resume`"
    )
    parser.add_argument(
        "--objective",
        choices=OBJECTIVES,
        metavar="METRIC",
        help=f"the metric to look for ({OBJECTIVES[0]}): {', '.join(OBJECTIVES)}",
    )
    parser.add_argument(
        "--against",
        choices=COSTS,
        metavar="COST",
        help="look for the front of the metric against a cost, and not for the best alone: "
        + ", ".join(f"'{cost}'" if " " in cost else cost for cost in COSTS),
    )
    parser.add_argument(
        "--sampler",
        choices=tuple(SAMPLERS),
        help=f"what proposes points ({TPE}); all but random need the extra `search`",
    )
    parser.add_argument(
        "--jobs",
        type=count,
        metavar="N",
        help="trainings at the same time (one per processor); points are proposed in groups of "
        "so many, so another number is another search",
    )
    add_threads(parser, without="1")
    parser.add_argument(
        "--stop-early",
        choices=(HALVING,),
        default="",
        help="after a ninth and a third of its epochs a point only continues if it is among the "
        "best third of all that have come as far",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="check points drawn at random and train none"
    )
    resumed = "a search that was stopped or killed, or one that is to train more points"
    add_kept(parser, resumed, "search folders")
    parser.add_argument(
        "--no-report", dest="report", action="store_false", help="do not write a report"
    )
    add_backend(parser)


def run(args: Namespace) -> int:
    """Runs a search, or goes on with one."""
    if args.dry_run:
        return _dry(args)
    from cnnspec.sweeps.engines.local import LocalEngine
    from cnnspec.training.backends.choose import choose

    search = _resumed(args) if args.resume else None
    require_sampler(search.journal.sampler if search else args.sampler or TPE)
    choose(search.sweep.plan.backend if search else args.backend)
    search = search or _begun(args)
    engine = LocalEngine(args.jobs or search.journal.width)
    try:
        show([[(str(search.sweep), "strong"), (f": {_described(search)}", "")]], sys.stderr)
        search.run(engine, tell, offline=args.offline)
    finally:
        engine.close()
    goal = search.journal.goal
    results = finalize(search.sweep, goal.metric, tell, page=args.report)
    found = picks_of(results, goal)
    write_picks(results, found)
    if args.json:
        print_json({"command": "search", "ok": True, **results.dump(), "search": found.dump()})
    else:
        show([[], *lines(results), *_pick_lines(found), [], *_notes(search)])
        show([[], *kept_lines(search.sweep.folder), *_kept(search.sweep.folder)])
    return 1 if results.states.get(FAILED) else 0


def _begun(args: Namespace) -> Search:
    """A new search in a folder of its own. Raises `CnnspecError`."""
    goal = Goal(args.objective or OBJECTIVES[0], args.against or "")
    sampler = args.sampler or TPE
    if sampler == CMA_ES and goal.against:
        fault = "the sampler cma-es has one objective"
        raise CnnspecError(BadUsage(None, fault, "leave out `--against`, or take `--sampler tpe`"))
    result, values = checked(args)
    tell(*(problem for problem in result.problems if problem.severity != "error"))
    train = result.spec.train
    if train.validation in ("none", "test"):
        fault = (
            f"a search compares points by validation images, and `validation {train.validation}`"
        )
        fault += " leaves none" if train.validation == "none" else " takes the test images"
        raise CnnspecError(BadUsage(None, fault, "write `validation 0.1`, or another share"))
    axes = result.expanded.sweep
    names = [axis.name for axis in axes]
    where = beside(result.spec.data, result.source.name)
    plan = Plan(
        model=result.spec.model,
        source=result.source.name,
        names={},
        total=size(axes),
        points=(),
        reasons={},
        dropped=(),
        data=str(where.path) if where else None,
        backend=args.backend,
        threads=args.threads or 1,
        stop_early=args.stop_early,
        command=tuple(command_line()),
        by=goal.metric,
    )
    jobs = args.jobs or processors()
    points = args.points or POINTS
    journal = Journal(sampler, train.seed, points, min(jobs, points), goal, tuple(args.sets))
    space = Space(result.source, axes, values, template_of(plan.model, names), train.runs)
    return begin(args.out, plan, journal, space)


def _resumed(args: Namespace) -> Search:
    """The search to go on with; raises `CnnspecError` where another one is asked for as well."""
    others = ("file", "sets", "objective", "against", "sampler", "threads", "stop_early", "backend")
    if any(getattr(args, name) for name in others) or args.inline is not None:
        fault = "a search continues as it began; another spec or other values are not allowed"
        remedy = f"`cnnspec search --resume {args.resume}`"
        raise CnnspecError(BadUsage(None, fault, remedy))
    sweep = Sweep.open(args.resume)
    if not is_search(sweep):
        fault = f"{sweep} is a sweep without a sampler"
        raise CnnspecError(BadUsage(None, fault, f"`cnnspec sweep --resume {sweep}`"))
    journal = opened(sweep)
    points = args.points or journal.points
    if points < len(journal.trained):
        fault = f"{sweep} has {len(journal.trained):,} points already"
        raise CnnspecError(BadUsage(None, fault, f"give `--points` {journal.points:,} or more"))
    text = read_text(sweep.folder / SOURCE)
    args.inline, args.sets = None, list(journal.sets)
    result, values = checked(args, Source(sweep.plan.source, text))
    axes = result.expanded.sweep
    template = template_of(sweep.plan.model, [axis.name for axis in axes])
    space = Space(result.source, axes, values, template, result.spec.train.runs)
    return Search(sweep, journal.replace(points=points), space)


def _dry(args: Namespace) -> int:
    """Says how points drawn at random fare."""
    result, values = checked(args)
    found = survey(result.source, result.expanded.sweep, values, DRAWN)
    if args.json:
        print_json({"command": "search", "ok": bool(found.left), **found.dump()})
    else:
        show(survey_lines(found))
    return 0 if found.left else 1


DRAWN = 1_000
"""Points that a dry run looks at."""


def _described(search: Search) -> str:
    """What is going to be done, in a line."""
    journal, plan = search.journal, search.sweep.plan
    facts = [f"{min(journal.points, plan.total):,} of {plan.total:,} points", f"{journal.goal}"]
    return ", ".join([*facts, f"by {journal.sampler}", f"{journal.width} at a time"])


def _pick_lines(found: Picks) -> list[Line]:
    """The front by the cost of the goal, and the best within each budget."""
    goal = found.goal
    keys = [goal.metric, measure_of(goal.metric)]
    titles = tuple(MEASURED_METRICS[key].title for key in keys)
    told: list[Line] = []
    if found.front:
        rows = tuple((row.name, f"{cost:,}", *_cells(row, keys)) for row, cost in found.front)
        table = Table(("point", goal.against, *titles), rows, "lrrr")
        told += [[], [(f"Front against {goal.against}", "strong")], *table.lines()]
    if found.picks:
        rows = tuple(
            (str(p.budget).partition(" ")[2], p.row.name, f"{p.cost:,}", *_cells(p.row, keys))
            for p in found.picks
        )
        table = Table(("budget", "point", "cost", *titles), rows, "llrrr")
        told += [[], [("Best within each budget", "strong")], *table.lines()]
    return told


def _cells(row: PointResult, keys: list[str]) -> tuple[str, ...]:
    return tuple(spread(row.value(key), METRICS[key].form) for key in keys)


def _notes(search: Search) -> list[Line]:
    """What the figures are, and whether the search ended before its time."""
    found: list[Line] = [
        [
            ("note: ", "note"),
            (
                "every choice was made by the validation images; the test images were measured "
                "once for each point and chose nothing",
                "",
            ),
        ]
    ]
    trained = len(search.journal.trained)
    if trained < search.journal.points:
        text = f"{trained:,} points were trained and not {search.journal.points:,}: "
        text += "no other within the budgets was found"
        found.append([("note: ", "note"), (text, "")])
    return found


def _kept(folder: Path) -> list[Line]:
    path = folder / BEST
    return [[("best within each budget: ", ""), (str(path), "strong")]] if path.is_dir() else []
