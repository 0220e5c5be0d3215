"""A training as a task for another process, and how it ended.

A task says everything that its result follows from, and what it does is kept in its run
folder, so that it does not matter which process does it. Light.
"""

from pathlib import Path
from typing import Any

from cnnspec.core.record import Record
from cnnspec.diagnostics.environment import TrainingKilled


class Task(Record):
    """A training, or a part of one, for a process that knows nothing else.

    `folder` is that of its run, `log` the file for what it prints, `document` the IR
    document of its spec as JSON, `source` the name of the text that it came from. `data`
    is the path of data of the user's own, `until` the epoch to pause after (to its end where
    it is `None`), `threads` how many it computes with.
    """

    name: str
    folder: Path
    log: Path
    document: str
    source: str
    data: str | None = None
    until: int | None = None
    backend: str | None = None
    threads: int = 1
    offline: bool = False


DONE = "done"
PAUSED = "paused"
FAILED = "failed"
STOPPED = "stopped"
BLOCKED = "blocked"


class Ended(Record):
    """How a task ended.

    `how` is `done`; `paused` after the epoch it was to pause after; `failed`, which another
    attempt would not change; `stopped` by a signal, with what it had trained kept; or
    `blocked` by something that blocks every other task as well, such as a full disk.
    `code`, `message` and `remedy` are those of its error.
    """

    how: str
    code: str = ""
    message: str = ""
    remedy: str = ""
    attempts: int = 1


STOP = "stop"
"""What a worker is sent in place of a task, to keep what it has trained and to answer."""

MOST_ATTEMPTS = 3
"""How often a task is begun whose process is killed, before it counts as failed."""


def killed(signal: int | None, attempts: int, log: Path) -> Ended:
    """A task whose process ended too often before it was done."""
    by = f", by signal {signal}" if signal else ""
    message = f"its process ended {attempts} times before it was done{by}"
    remedy = f"see whether it needs more memory than there is; {log} has what it printed"
    return Ended(FAILED, TrainingKilled.code, message, remedy, attempts)


def dump(record: Record) -> dict[str, Any]:
    """A task or how it ended, as JSON."""
    return {n: str(v) if isinstance(v, Path) else v for n, v in record.as_dict().items()}
