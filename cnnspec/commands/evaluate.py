"""Measures a trained run again: rebuilds its network, loads its weights, scores its data.

Exit code 1 if an expectation of its spec does not hold.
"""

from argparse import ArgumentParser, Namespace

from cnnspec.commands.arguments import add_backend, add_run
from cnnspec.commands.output import print_json
from cnnspec.commands.train import figures, verdicts
from cnnspec.series import one_run
from cnnspec.terminal import show


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_run(parser)
    add_backend(parser)


def run(args: Namespace) -> int:
    """Evaluates one run."""
    kept = one_run(args.run)
    from cnnspec.training.backend import start

    start(args.backend)
    from cnnspec.datasets.splits import divide
    from cnnspec.training.score import score
    from cnnspec.training.session import judge, restore

    checked, model = restore(kept)
    splits = divide(checked.spec, offline=args.offline)
    scores = {name: score(model, split) for name, split in splits.named().items()}
    claims = judge(checked.spec, {name: found.figures for name, found in scores.items()})
    if args.json:
        print_json(
            {
                "command": "evaluate",
                "ok": True,
                "run": str(kept),
                **{name: figures.dump() for name, figures in scores.items()},
                "expectations": [held.dump() for held in claims],
            }
        )
    else:
        show([*figures(scores), *verdicts(claims)])
    return 0 if all(held.holds for held in claims) else 1
