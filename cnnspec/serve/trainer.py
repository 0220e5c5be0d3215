"""A training in a process of its own, which says what happens as lines of JSON.

Its first line of standard input is what to train: `text`, the `name` of its file, `out`,
`backend` and `offline`, or with `resume` the folder of a run to go on with. It is stopped as
any training is: by Ctrl-C, after which the run can go on.
"""

import json
import os
import sys
from pathlib import Path
from typing import IO, Any

from cnnspec.analysis.load import checked
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.ir.spec import Spec
from cnnspec.report.write_report import write_report
from cnnspec.runs.run import PAGE, Run
from cnnspec.runs.seeds import SeedRuns
from cnnspec.training.start import find, launch
from cnnspec.training.trackers import Figures, Watch

Json = dict[str, Any]


class Telling:
    """A tracker that writes what happens to a stream, a line for each event."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def say(self, event: str, **facts: Any) -> None:
        """Writes an event."""
        self._stream.write(json.dumps({"event": event, **facts}, allow_nan=False) + "\n")
        self._stream.flush()

    def warn(self, *found: Diagnostic) -> None:
        """Writes what a person should know."""
        for each in found:
            self.say("note", severity=each.severity, message=each.message, help=each.help)

    def begin(self, run: Run, spec: Spec, environment: Figures) -> int:
        self.say(
            "begun",
            run=str(run),
            model=spec.model,
            epochs=spec.train.epochs,
            seed=spec.train.seed,
            backend=environment.get("backend"),
        )
        return 0

    def epoch(self, figures: Figures) -> None:
        self.say("epoch", **dict(figures))

    def end(self, metrics: Figures | None) -> None:
        if metrics is not None:
            self.say("measured", **dict(metrics))

    def shown(self, folder: Path) -> str:
        return ""


def train(asked: Json, telling: Telling) -> None:
    """Trains what is asked for; tells how it ended."""
    kept = find(asked["resume"]) if asked.get("resume") else None
    result = checked(kept.spec if kept else Source(asked["name"], asked["text"]))
    if not kept:
        telling.warn(*result.problems)
    watch = Watch(warn=telling.warn, made={"page": telling})
    reached = launch(
        result,
        kept,
        Path(asked["out"]),
        telling.warn,
        backend=asked.get("backend"),
        offline=bool(asked.get("offline")),
        watch=watch,
        alone=True,
    )
    telling.say("reporting")
    write_report(Run(reached.kept.folder), telling.warn, result)
    telling.say(
        "ended",
        run=str(reached.kept),
        report=(reached.kept.folder / PAGE).is_file(),
        seeds=len(reached.kept.runs()) if isinstance(reached.kept, SeedRuns) else 1,
        expectations=[claim.dump() for claim in reached.claims],
    )


def main() -> int:
    """Trains what the first line of standard input asks for; returns the exit code."""
    # What frameworks print must not come between the lines.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as stream:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        telling = Telling(stream)
        try:
            train(json.loads(sys.stdin.readline()), telling)
        except Interrupted as stopped:
            telling.say("stopped", run=stopped.run)
            return 130
        except CnnspecError as error:
            problems = [{"message": d.message, "help": d.help} for d in error.diagnostics]
            telling.say("failed", problems=problems)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
