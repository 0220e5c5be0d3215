"""Trains a network, measures it on the test set and leaves a run folder.

The folder is `runs/<model>-<n>`, or below the one `--out` names. Exit code 1 if
an expectation of the spec does not hold.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnspec.check import Checked
from cnnspec.commands.arguments import add_backend, add_overrides, add_sources
from cnnspec.commands.inputs import checked, overrides, sources
from cnnspec.commands.output import print_json
from cnnspec.diagnostics.render import render
from cnnspec.runs import METRICS
from cnnspec.terminal import Line, show, table

if TYPE_CHECKING:
    from cnnspec.training.score import Score
    from cnnspec.training.session import Held, Outcome


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=False)
    add_overrides(parser)
    parser.add_argument("--seed", metavar="N", help="the same as `--set seed=N`")
    parser.add_argument("--epochs", metavar="N", help="the same as `--set epochs=N`")
    parser.add_argument(
        "--out", type=Path, default=Path("runs"), help="where run folders go (runs)"
    )
    add_backend(parser)


def run(args: Namespace) -> int:
    """Trains one spec."""
    for name in ("seed", "epochs"):
        if getattr(args, name) is not None:
            args.sets.append(f"{name}={getattr(args, name)}")
    (source,) = sources(args)
    result = checked(source, overrides(args))
    if result.problems:
        show([*render(result.problems), []], sys.stderr)
    from cnnspec.training.backend import start

    backend = start(args.backend)
    from cnnspec.training.session import train

    outcome = train(result, args.out, backend, offline=args.offline)
    if args.json:
        metrics = outcome.run.read_json(METRICS)
        print_json({"command": "train", "ok": True, "run": str(outcome.run), **metrics})
    else:
        show(summary(result, outcome))
    return 0 if all(held.holds for held in outcome.claims) else 1


def summary(result: Checked, outcome: "Outcome") -> list[Line]:
    """What was reached, in a few lines."""
    fitted, spec = outcome.fitted, result.spec
    assert result.totals is not None
    epochs = len(fitted.history)
    ran = "1 epoch" if epochs == 1 else f"{epochs} epochs"
    each = f"{fitted.seconds / max(epochs, 1):.2f} s an epoch"
    kept = f", the weights of epoch {fitted.best_epoch} kept" if fitted.best_epoch else ""
    facts = f"{result.totals.params:,} parameters, {result.totals.macs:,} MACs"
    return [
        [],
        [(spec.model, "strong"), (f" on {spec.data.source}: {facts}", "")],
        [(f"{ran}: {fitted.seconds:.1f} s, {each}{kept}", "")],
        [],
        *figures(outcome.scores),
        *verdicts(outcome.claims),
        [],
        [("kept in ", ""), (str(outcome.run), "strong")],
    ]


def figures(scores: "dict[str, Score]") -> list[Line]:
    """A table of accuracy, F1 and loss for each split."""
    rows = [
        (name, f"{s.confusion.sum():,}", f"{s.accuracy:.4f}", f"{s.f1:.4f}", f"{s.loss:.4f}")
        for name, s in scores.items()
    ]
    return table(("", "images", "accuracy", "macro F1", "loss"), rows, 4)


def verdicts(claims: "tuple[Held, ...]") -> list[Line]:
    """A line for each expectation."""
    lines: list[Line] = [[]] if claims else []
    for held in claims:
        words = ("held", "good") if held.holds else ("not held", "bad")
        lines.append([(f"{held.claim}: {held.value:.4f} ", ""), words])
    return lines
