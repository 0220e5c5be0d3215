"""The process of a worker: `python -m cnnspec.training.worker`, started by an engine.

It reads a task from each line of standard input and writes how it ended as a line of
standard output, both as JSON. A line may also ask it to stop the task that it does.
Whatever else it prints goes to the log of the task. When its input ends the driver is
gone, and so is the worker, whatever it is doing.
"""

import gc
import json
import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.interrupts import stop_this_process
from cnnspec.runs.run import Run
from cnnspec.runs.tasks import BLOCKED, DONE, STOP, Ended, Task, dump


def main() -> None:
    """Does tasks until there are no more."""
    # Ctrl-C is for the driver, which asks workers to stop by a line.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    _leads_to(0, os.devnull, os.O_RDONLY)
    tasks: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, tasks), daemon=True).start()
    while True:
        data = tasks.get()
        task = Task(**{**data, "folder": Path(data["folder"]), "log": Path(data["log"])})
        ended = do(task)
        replies.write(json.dumps(dump(ended)) + "\n")
        replies.flush()


def do(task: Task) -> Ended:
    """Does a task in this process; what it prints goes to its log."""
    if Run(task.folder).finished:
        # Its process was killed between its last write and its answer.
        return Ended(DONE)
    for stream in (1, 2):
        _leads_to(stream, str(task.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    from cnnspec.training.backends.choose import start

    try:
        backend = start(task.backend, task.threads)
    except CnnspecError as problems:
        fault = problems.diagnostics[0]
        return Ended(BLOCKED, fault.code, fault.message, fault.help)
    from cnnspec.training.trial import advance

    if not gc.get_freeze_count():
        # What is there by now stays; garbage is looked for after each training.
        gc.freeze()
    ended = advance(task, backend)
    sys.stdout.flush()
    sys.stderr.flush()
    return ended


def _listen(requests: TextIO, tasks: "SimpleQueue[dict[str, Any]]") -> None:
    for line in requests:
        request = json.loads(line)
        if request == STOP:
            # Ends this process at once where nothing watches for it, as before a training.
            stop_this_process()
        else:
            tasks.put(request)
    os._exit(0)


def _leads_to(stream: int, path: str, mode: int) -> None:
    """Makes a standard stream lead to a file."""
    opened = os.open(path, mode)
    os.dup2(opened, stream)
    os.close(opened)


if __name__ == "__main__":
    main()
