"""Trains a network, measures it on the test set and writes a run folder.

The folder is `runs/<model>-<n>`; `--out` replaces `runs`. Exit code 1 if an expectation
of the spec does not hold.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.diff import compare
from cnnspec.analysis.load import checked
from cnnspec.commands.arguments import (
    FOLDER,
    add_backend,
    add_devices,
    add_overrides,
    add_sources,
    add_threads,
    count,
    seed,
)
from cnnspec.commands.inputs import BadUsage, overrides, run_named, sources
from cnnspec.commands.output import print_json
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import tell
from cnnspec.diagnostics.runs import CannotResume
from cnnspec.language.arg_types import number_text
from cnnspec.runs.expectations import ExpectationResult
from cnnspec.runs.run import AGREEMENT, INTEGERS, METRICS, PAGE, Run
from cnnspec.runs.seeds import MEASURES, SPLITS, SeedRuns
from cnnspec.training.trackers import TRACKERS, Watch

if TYPE_CHECKING:
    from cnnspec.training.extend import Extension

ENGINES = ("ray",)


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)
    parser.add_argument("--seed", type=seed, metavar="N", help="the same as `--set seed=N`")
    parser.add_argument("--epochs", type=count, metavar="N", help="the same as `--set epochs=N`")
    parser.add_argument(
        "--resume",
        metavar="RUN",
        complete=FOLDER,
        help="continue a run that was stopped or killed; with `--epochs N` go on with a finished "
        "one, as a new run",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        complete=FOLDER,
        help="the folder for run folders (runs)",
    )
    parser.add_argument(
        "--no-report", dest="report", action="store_false", help="do not write a report"
    )
    parser.add_argument(
        "--track",
        dest="trackers",
        action="append",
        default=[],
        metavar="NAME",
        complete=tuple(TRACKERS),
        help=f"also log every metric to {' or '.join(TRACKERS)}; repeatable",
    )
    add_backend(parser)
    add_threads(parser, without="as many as there are processors")
    add_devices(parser, "1, or what a resumed run began with")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        help="train one model by several processes that share every batch, on the machines of a "
        "Ray cluster; each sees the folder of the run, and holds all of the data",
    )
    parser.add_argument(
        "--workers", type=count, default=2, metavar="N", help="how many processes (2)"
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="the cluster (a private one of this machine)"
    )


def run(args: Namespace) -> int:
    """Trains one spec, or goes on with a run."""
    for name in ("seed", "epochs"):
        if getattr(args, name) is not None:
            args.sets.append(f"{name}={getattr(args, name)}")
    from cnnspec.report.write_report import write_report
    from cnnspec.training.start import find, launch

    kept = find(run_named(args.resume)) if args.resume else None
    watch = Watch(args.trackers, kept.folder.parent if kept else args.out, tell)
    begin = _extended(args, kept) if kept else None
    result = begin.checked if begin else _resumed(args, kept) if kept else _named(args)
    if begin and kept:
        # A run of its own, beside the one that it goes on with.
        args.out, kept = kept.folder.parent, None
    if not kept:
        # Of a run that goes on they were told when it began.
        tell(*result.problems)
    if kept and kept.finished:
        more = "`--epochs N` trains it further, as a new run"
        show([[(f"nothing to do: {kept} has finished; {more}", "")]], sys.stderr)
        if args.json:
            print_json({"command": "train", "ok": True, "run": str(kept)})
        return 0
    given: Any = {"backend": args.backend, "threads": args.threads}
    given["offline"] = args.offline
    if args.engine:
        _require_alone(args)
        from cnnspec.training.distributed.launch import launch_together

        given |= {"workers": args.workers, "address": args.address}
        reached = launch_together(result, kept, args.out, tell, **given)
    else:
        given |= {"watch": watch, "devices": args.devices}
        reached = launch(result, kept, args.out, tell, alone=True, begin=begin, **given)
    if args.report:
        write_report(Run(reached.kept.folder), tell, result)
    if args.json:
        print_json({"command": "train", "ok": True, **reached.dump()})
    elif isinstance(reached.kept, Run):
        show([*summary(result, reached.kept, reached.claims), *_followed(watch, reached.kept)])
    else:
        show([*together(result, reached.kept, reached.claims), *_followed(watch, reached.kept)])
    return 0 if all(held.holds for held in reached.claims) else 1


def _extended(args: Namespace, kept: Run | SeedRuns) -> "Extension | None":
    """What more epochs of a finished run go on from; `None` where none are asked for.

    Raises `CnnspecError` where the run cannot go on.
    """
    if args.epochs is None or args.file or args.inline is not None or len(args.sets) > 1:
        return None
    if not kept.finished:
        cause = f"{kept} has not finished, and goes on to the end that it has"
        remedy = f"`cnnspec train --resume {kept}`; then `--epochs` takes it further"
        raise CnnspecError(BadUsage(None, cause, remedy))
    if isinstance(kept, SeedRuns) or args.engine:
        several = "`--engine`" if args.engine else "the runs of several seeds"
        cause = f"more epochs are for one run of one machine, not for {several}"
        remedy = f"name one run: {kept.runs()[0]}" if isinstance(kept, SeedRuns) else ""
        raise CnnspecError(BadUsage(None, cause, remedy or "leave `--engine` out"))
    from cnnspec.training.extend import extension

    return extension(kept, args.epochs, tell)


def _require_alone(args: Namespace) -> None:
    """Raises `CnnspecError` where an option does not go with several machines."""
    for name, given in (("devices", args.devices), ("track", args.trackers)):
        if given:
            cause = f"`--{name}` is of no use with `--engine {args.engine}`"
            raise CnnspecError(BadUsage(None, cause, f"leave `--{name}` out"))


def _named(args: Namespace) -> CheckedSpec:
    (source,) = sources(args)
    return checked(source, overrides(args))


def _resumed(args: Namespace, kept: Run | SeedRuns) -> CheckedSpec:
    """The spec of a run to go on with; raises `CnnspecError` where another one is named as well."""
    result = checked(kept.spec)
    if args.file or args.inline is not None:
        named = _named(args)
        difference = compare(result, named)
        if not difference.same:
            changed = [change.what for change in (*difference.settings, *difference.claims)]
            changed += ["its layers"] if any(p.change != "same" for p in difference.pairs) else []
            where = listing(changed, "and", quote="")
            raise CnnspecError(
                CannotResume(
                    None,
                    f"{named.source.name} is not the spec of {kept}: it differs in {where}",
                    "leave it out to go on with the run, or train anew without `--resume`",
                )
            )
    elif args.sets:
        raise CnnspecError(
            BadUsage(
                None,
                "a run continues as it began; other values are not allowed",
                "train anew instead",
            )
        )
    return result


def summary(result: CheckedSpec, run: Run, claims: tuple[ExpectationResult, ...]) -> list[Line]:
    """What a run has reached, in a few lines."""
    reached = run.read_json(METRICS)
    epochs, seconds, best = reached["epochs"], reached["seconds"], reached["best_epoch"]
    ran = "1 epoch" if epochs == 1 else f"{epochs} epochs"
    each = f"{seconds / max(epochs, 1):.2f} s an epoch"
    kept = f", the weights of epoch {best} kept" if best else ""
    return [
        [],
        _headline(result),
        [(f"{ran}: {seconds:.1f} s, {each}{kept}", "")],
        [],
        *figures({name: reached[name] for name in SPLITS if name in reached}),
        *in_int8(reached.get(INTEGERS, {})),
        *verdicts(claims),
        *_target(reached["target"]),
        [],
        *_kept(run.folder),
    ]


def together(
    result: CheckedSpec, series: SeedRuns, claims: tuple[ExpectationResult, ...]
) -> list[Line]:
    """What the seeds of a series have reached, as mean and spread."""
    rows = tuple(
        (split, *(f"{found[measure]:.4f}" for measure in MEASURES))
        for split, found in series.metrics().items()
    )
    count = len(series.runs())
    return [
        [],
        _headline(result),
        [(f"{count} seeds: mean ± standard deviation", "")],
        [],
        *Table(("", "accuracy", "macro F1", "loss"), rows, "lrrr").lines(),
        *verdicts(claims),
        *_target(series.target()),
        [],
        *_kept(series.folder),
    ]


def _followed(watch: Watch, kept: Run | SeedRuns) -> list[Line]:
    """How to see what trackers hold."""
    return [[(f"{name}: ", ""), (how, "strong")] for name, how in watch.shown(kept.folder).items()]


def _kept(folder: Path) -> list[Line]:
    """Where everything is."""
    page = folder / PAGE
    report: list[Line] = [[("report: ", ""), (str(page), "strong")]] if page.is_file() else []
    return [[("kept in ", ""), (str(folder), "strong")], *report]


def _headline(result: CheckedSpec) -> Line:
    assert result.totals is not None
    facts = f"{result.totals.params:,} parameters, {result.totals.macs:,} MACs"
    return [(result.spec.model, "strong"), (f" on {result.spec.data.source}: {facts}", "")]


def in_int8(integers: dict[str, dict[str, Any]]) -> list[Line]:
    """A table of what is reached in int8 by split, where that was measured."""
    if not integers:
        return []
    rows = tuple(
        (name, *(f"{found[each]:.4f}" for each in ("accuracy", "f1", AGREEMENT)))
        for name, found in integers.items()
    )
    header = ("in int8", "accuracy", "macro F1", "same class as float32")
    return [[], *Table(header, rows, "lrrr").lines()]


def _target(reached: dict[str, Any] | None) -> list[Line]:
    """When a target was reached."""
    if reached is None:
        return []
    aim = f"target {reached['quantity']} {number_text(reached['limit'])}: "
    if reached["epoch"] is None:
        return [[(aim, ""), ("not reached", "bad")]]
    when = f" in epoch {reached['epoch']:.3g}, after {reached['seconds']:.1f} s"
    return [[(aim, ""), ("reached", "good"), (when, "")]]


def figures(scores: dict[str, dict[str, Any]]) -> list[Line]:
    """A table of accuracy, F1 and loss for each split, from scores as JSON."""
    rows = tuple(
        (
            name,
            f"{sum(map(sum, found['confusion'])):,}",
            *("nan" if found[each] is None else f"{found[each]:.4f}" for each in MEASURES),
        )
        for name, found in scores.items()
    )
    return Table(("", "images", "accuracy", "macro F1", "loss"), rows, "lrrrr").lines()


def verdicts(claims: tuple[ExpectationResult, ...]) -> list[Line]:
    """A line for each expectation."""
    lines: list[Line] = [[]] if claims else []
    for held in claims:
        words = ("held", "good") if held.holds else ("not held", "bad")
        lines.append([(f"{held.claim}: {held.value:.4f} ", ""), words])
    return lines
