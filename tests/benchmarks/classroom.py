"""What a class takes: 40 submissions by `cnnspec class`, and a shell loop of `cnnspec train`."""

import shlex
import tempfile
from pathlib import Path

from tests.benchmarks.measuring import Measure, Row, Taken, compare, ended, program
from tests.support.classroom import write_class

RIGHT = 17
"""Submissions that are right, with which there are 40."""
UNTRAINED = ("broken-", "cheats-data", "cheats-input", "cheats-fewer", "cheats-validates")
UNTRAINED += ("cheats-stops", "cheats-reads", "cheats-markup")
"""What the loop leaves out, for a class trains none of them, and some would take hours."""


def rows(repeats: int, backends: tuple[str, ...] = ("native", "tensorflow")) -> list[Row]:
    """A class of 40 and a loop over those of it that are trained, on each backend.

    Both measure what was held out from training. Of the native backend also with networks that
    were compiled before, as in the second round of an assignment.
    """
    found = []
    for backend in backends:
        with tempfile.TemporaryDirectory() as folder:
            home = write_class(Path(folder), RIGHT)
            options = ["--backend", backend, "--set", "measure=held_out"]
            trained = [
                path for path in sorted(home.iterdir()) if not path.stem.startswith(UNTRAINED)
            ]
            judged = ["class", f"{folder}/rules.cnn", str(home), *options]
            single = [["train", str(path), *options] for path in trained]
            name = f"40 submissions, {backend}, and a loop of `train` over {len(trained)}"
            for cache in ("", f"{folder}/cache") if backend == "native" else ("",):
                ours, loop = _measured([judged], cache), _measured(single, cache)
                of = f"{name}, compiled before" if cache else name
                found.append(compare(of, ours, loop, repeats, warm=bool(cache)))
    return found


def _measured(commands: list[list[str]], cache: str) -> Measure:
    """Some commands in a shell, one after another, compiled networks kept in a folder.

    Without one nothing was compiled before.
    """
    lines = [
        f"{shlex.join([program('cnnspec'), *command])} --out $made || true" for command in commands
    ]

    def run() -> Taken:
        with tempfile.TemporaryDirectory() as made:
            kept = shlex.quote(cache or f"{made}/cache")
            head = [f"made={shlex.quote(made)}", f"export XDG_CACHE_HOME={kept}"]
            done = ended("sh", "-c", "\n".join([*head, *lines]))
        return Taken(done.seconds, done.megabytes)

    return run
