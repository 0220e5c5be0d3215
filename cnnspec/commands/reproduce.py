"""Trains a run again from its frozen spec and compares the result bit for bit.

Exit code 1 if anything differs; the differing fields are listed, and so are the differences
between the two environments.
"""

import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.analysis.load import checked
from cnnspec.commands.arguments import FOLDER, add_backend, add_devices, add_run
from cnnspec.commands.inputs import run_named
from cnnspec.commands.output import print_json
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.diagnostics.runs import BadRun
from cnnspec.runs.run import ENVIRONMENT, HISTORY, METRICS, Run
from cnnspec.runs.seeds import one_run

if TYPE_CHECKING:
    from cnnspec.training.reproduce import Differing

_SHOWN = 20


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_run(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        complete=FOLDER,
        help="keep the new run in DIR (default: delete it)",
    )
    add_backend(parser)
    add_devices(parser, "as many as the run had")


def run(args: Namespace) -> int:
    """Reproduces one run."""
    kept = one_run(run_named(args.run))
    if not kept.finished:
        fault = BadRun(None, f"{kept} has not finished", f"`cnnspec train --resume {kept}` goes on")
        raise CnnspecError(fault)
    result = checked(kept.spec)
    from cnnspec.training.backends.choose import backend_for, start
    from cnnspec.training.start import begun_with

    # What is compared at the end is read before anything is trained.
    known = {name: kept.read_json(name) for name in (ENVIRONMENT, HISTORY, METRICS)}
    threads = known[ENVIRONMENT].get("threads")
    backend = start(backend_for(kept, args.backend), threads, begun_with(kept, "parts") or 1)
    from cnnspec.runs.data import of_run
    from cnnspec.training.reproduce import results, surroundings
    from cnnspec.training.session import train

    given: Any = {"offline": args.offline, "where": of_run(result.spec.data, kept)}
    backend = backend.spread(result, args.devices or begun_with(kept, "devices") or 1)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            again = train(result, args.out or Path(temporary), backend, **given).run
        except Interrupted as stopped:
            raise Interrupted(stopped.number, stopped.run if args.out else "") from None
        found, around = results(kept, again), surroundings(kept, again)
    if args.json:
        print_json(
            {
                "command": "reproduce",
                "ok": not found,
                "run": str(kept),
                "again": str(again) if args.out else None,
                "differing": [_dump(each) for each in found],
                "surroundings": [_dump(each) for each in around],
            }
        )
    else:
        show(lines(kept, found, around))
    return 1 if found else 0


def _dump(each: "Differing") -> dict[str, str]:
    return {"field": each.field, "before": each.before, "after": each.after}


def lines(kept: Run, found: "list[Differing]", around: "list[Differing]") -> list[Line]:
    """The verdict, and what it rests on."""
    if not found:
        verdict = [("bit-equal", "good"), (f" to {kept}: weights, figures of epochs, scores", "")]
        return [[], verdict]
    count = "1 field differs" if len(found) == 1 else f"{len(found)} fields differ"
    said: list[Line] = [[], [(count, "bad"), (f" from {kept}", "")], []]
    said += _rows(found)
    if around:
        said += [[], [("the two ran with", "")], [], *_rows(around)]
    return said


def _rows(found: "list[Differing]") -> list[Line]:
    cells = tuple((each.field, each.before[:40], each.after[:40]) for each in found[:_SHOWN])
    more = len(found) - _SHOWN
    rest: list[Line] = [[(f"and {more} more", "dim")]] if more > 0 else []
    return [*Table(("field", "before", "now"), cells).lines(), *rest]
