"""Processes on this machine, each with a framework loaded once: the engine by itself.

A worker is a program of its own, so that a program that sweeps is never imported again
by its workers, and one that is killed takes only its own task with it.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from cnnspec.diagnostics.errors import Interrupted
from cnnspec.files.processes import own_group
from cnnspec.runs.tasks import (
    BLOCKED,
    MOST_ATTEMPTS,
    STOP,
    STOPPED,
    Ended,
    Task,
    dump,
    killed,
    too_long,
)
from cnnspec.sweeps.engines.base import Tell

_LIFETIME = 30
"""Tasks that a worker does before another takes its place: each leaves some memory taken."""

_GRACE = 20
"""Seconds that a task past its limit has to stop, before its process is killed."""

_PACE = 0.2
"""Seconds between two looks at the keyboard."""


class LocalEngine:
    """Runs tasks by so many workers at once."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._workers: list[_Worker] = []

    def run(self, tasks: Iterable[Task], on_event: Tell, poll: Callable[[], None]) -> None:
        """See `Engine.run`."""
        waiting = deque(tasks)
        events: SimpleQueue[tuple[Task, Ended | None] | None] = SimpleQueue()
        stopping = threading.Event()
        jobs = min(self._jobs, len(waiting))
        while len(self._workers) < jobs:
            self._workers.append(_Worker())

        def serve(worker: _Worker) -> None:
            try:
                while waiting and not stopping.is_set():
                    task = waiting.popleft()
                    events.put((task, None))
                    ended = worker.do(task, stopping)
                    events.put((task, ended))
                    if ended.how == BLOCKED:
                        waiting.clear()
            except IndexError:
                pass  # another worker has taken the last one
            finally:
                events.put(None)

        threads = [
            threading.Thread(target=serve, args=(worker,), daemon=True)
            for worker in self._workers[:jobs]
        ]
        for thread in threads:
            thread.start()
        working = len(threads)
        stopped: Interrupted | None = None
        while working:
            with contextlib.suppress(Empty):
                event = events.get(timeout=_PACE)
                if event:
                    on_event(*event)
                else:
                    working -= 1
            try:
                poll()
            except Interrupted as signal:
                stopped = stopped or signal
                if not stopping.is_set():
                    stopping.set()
                    for worker in self._workers:
                        worker.stop()
        if stopped:
            raise stopped

    def close(self) -> None:
        """Ends the workers, at once."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()


class _Worker:
    """A worker process, begun when there is something to do, and anew after it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._done = 0
        self._writing = threading.Lock()
        self._stopped = False
        self._late = False

    def do(self, task: Task, stopping: threading.Event) -> Ended:
        """How a task ended, after as many attempts as it may have."""
        code = 0
        for attempt in range(1, MOST_ATTEMPTS + 1):
            with self._limited(task):
                answer = self._ask(task)
            if answer is None:
                code = self.end()
            if stopping.is_set() and (answer is None or answer.how == STOPPED):
                return Ended(STOPPED)
            if self._late and (answer is None or answer.how == STOPPED):
                return too_long(task)
            if answer is not None:
                return answer.replace(attempts=attempt)
        return killed(-code if code < 0 else None, MOST_ATTEMPTS, task.log)

    @contextlib.contextmanager
    def _limited(self, task: Task) -> Iterator[None]:
        """Stops a task that takes too long: it is asked to stop, then its process is killed."""
        self._late = False
        timers = []
        if task.limit is not None:
            timers = [threading.Timer(task.limit, self._overdue)]
            timers += [threading.Timer(task.limit + _GRACE, self._kill)]
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            for timer in timers:
                timer.cancel()

    def _overdue(self) -> None:
        self._late = True
        with contextlib.suppress(OSError, ValueError):
            self._send(STOP)

    def _kill(self) -> None:
        process = self._process
        if process:
            process.kill()

    def _ask(self, task: Task) -> Ended | None:
        """Hands a task to the process; `None` where that ends without an answer."""
        if self._done >= _LIFETIME:
            self.end()
        if self._process is None:
            self._process, self._done = _begin(), 0
        assert self._process.stdout
        try:
            self._send(dump(task))
            if self._stopped:
                # Asked before there was a process to ask.
                self._send(STOP)
        except OSError:
            return None
        line = self._process.stdout.readline()
        self._done += 1
        return Ended(**json.loads(line)) if line.endswith("\n") else None

    def _send(self, request: Any) -> None:
        """Hands the process a line of JSON, if there is one."""
        with self._writing:
            if self._process and self._process.stdin:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()

    def stop(self) -> None:
        """Asks the process to keep what it has and to answer.

        By a line and not by a signal: on Windows the only one for a process is its end.
        """
        self._stopped = True
        # Closed where the process has ended meanwhile.
        with contextlib.suppress(OSError, ValueError):
            self._send(STOP)

    def end(self) -> int:
        """Ends the process and returns its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.stdin
        assert process.stdout
        process.kill()
        code = process.wait()
        process.stdout.close()
        # What was still to be written has no reader any more.
        with contextlib.suppress(OSError):
            process.stdin.close()
        return code


def _begin() -> "subprocess.Popen[str]":
    # The worker finds the same cnnspec as this process, wherever it was imported from.
    home = str(Path(__file__).parents[3])
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "cnnspec.training.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        # A Ctrl-C at the terminal is for the driver alone.
        **own_group(),
    )
