"""A training as a task for another process, and how it ended.

A task has everything that its result depends on, and its progress is kept in its run folder, so
that any process can do it. Light.
"""

from pathlib import Path
from typing import Any

from cnnspec.core.record import Record
from cnnspec.diagnostics.machines import TrainingKilled, TrainingTooLong


class Task(Record):
    """A training, or a part of one, as everything that another process needs.

    `folder` is that of its run, `log` the file for what it prints, `document` the IR document of
    its spec as JSON, `source` the name of the text that it came from. `data` is the path of the
    user's own data, `until` the epoch to pause after (`None`: train to the end), `threads` the
    number of threads. `limit` is the number of seconds that it may take, `None` for any. An
    `isolated` task is by someone else, and graded: none of its errors blocks others, and its run
    keeps nothing to doubt pictures with.
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
    limit: float | None = None
    isolated: bool = False


DONE = "done"
PAUSED = "paused"
FAILED = "failed"
STOPPED = "stopped"
BLOCKED = "blocked"


class Ended(Record):
    """How a task ended.

    `how` is `done`; `paused` after the epoch it was to pause after; `failed` in a way that another
    attempt would not change; `stopped` by a signal, with its progress kept; or `blocked` by
    something that blocks every other task as well, such as a full disk. `code`, `message` and
    `remedy` are those of its error.
    """

    how: str
    code: str = ""
    message: str = ""
    remedy: str = ""
    attempts: int = 1


STOP = "stop"
"""Sent to a worker instead of a task: save the progress and answer."""

MOST_ATTEMPTS = 3
"""How often a task is started whose process is killed, before it counts as failed."""


def killed(signal: int | None, attempts: int, log: Path) -> Ended:
    """The result of a task whose process was killed too often."""
    by = f", by signal {signal}" if signal else ""
    message = f"its process ended {attempts} times before it was done{by}"
    remedy = f"see whether it needs more memory than there is; {log} has what it printed"
    return Ended(FAILED, TrainingKilled.code, message, remedy, attempts)


def too_long(task: Task) -> Ended:
    """The result of a task that took longer than its limit."""
    message = f"it took longer than {task.limit:g} s"
    remedy = "train a smaller network or fewer epochs, or allow more with `--time-limit`"
    return Ended(FAILED, TrainingTooLong.code, message, remedy)


def dump(record: Record) -> dict[str, Any]:
    """A task or how it ended, as JSON."""
    return {n: str(v) if isinstance(v, Path) else v for n, v in record.as_dict().items()}
