"""Measures a trained run again: rebuilds its network, loads its weights, scores its data.

Exit code 1 if an expectation of its spec does not hold.
"""

from argparse import ArgumentParser, Namespace

from cnnspec.commands.arguments import add_backend, add_data, add_run
from cnnspec.commands.inputs import run_named
from cnnspec.commands.output import print_json
from cnnspec.commands.train import figures, in_int8, verdicts
from cnnspec.core.terminal import show
from cnnspec.diagnostics.render import tell
from cnnspec.diagnostics.runs import DamagedRunFile
from cnnspec.runs.run import ENVIRONMENT, INTEGERS
from cnnspec.runs.seeds import one_run


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_run(parser)
    add_data(parser)
    add_backend(parser)


def run(args: Namespace) -> int:
    """Evaluates one run."""
    kept = one_run(run_named(args.run))
    from cnnspec.training.backends.choose import backend_for, start

    known, damage = kept.salvage(ENVIRONMENT)
    if damage:
        tell(DamagedRunFile(None, damage, "the last digits may differ from what was measured"))
    # As it was trained, so that every figure is the same to the last digit.
    backend = start(backend_for(kept, args.backend), parts=known.get("parts", 1))
    from cnnspec.training.evaluate import evaluate

    scores, integers, claims = evaluate(kept, backend, args.data, offline=args.offline)
    if args.json:
        print_json(
            {
                "command": "evaluate",
                "ok": True,
                "run": str(kept),
                **{name: found.dump() for name, found in scores.items()},
                **({INTEGERS: integers} if integers else {}),
                "expectations": [held.dump() for held in claims],
            }
        )
    else:
        measured = figures({name: found.dump() for name, found in scores.items()})
        show([*measured, *in_int8(integers), *verdicts(claims)])
    return 0 if all(held.holds for held in claims) else 1
