"""A process of Ray that does the tasks of a sweep, one after another.

Its driver is `cnnspec.sweeps.engines.ray`. Loads no framework before it has a task.
"""

import asyncio
import contextlib
import platform
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import ray
from ray import tune

from cnnspec.diagnostics.errors import Interrupted
from cnnspec.diagnostics.runs import RunInUse
from cnnspec.files.atomic import cannot_write
from cnnspec.files.interrupts import stop_this_process
from cnnspec.runs.run import HISTORY, METRICS, Run
from cnnspec.runs.tasks import BLOCKED, DONE, PAUSED, STOPPED, Ended, Task, dump
from cnnspec.sweeps.halving import SHARE, metric_of
from cnnspec.training.worker import do

BUDGET = "budget"
"""What a part of a training counts for: 1 to the first rung, three times as much to each next."""

METRIC = "metric"
"""The metric that trainings are compared by; the more the better."""

_PATIENCE = 30
"""Seconds to wait for a process that has lost its cluster, and is about to end."""


class Bell:
    """An actor that rings once, when everything under way is to keep what it has."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    async def ring(self) -> None:
        """Rings."""
        self._rung.set()

    async def rung(self) -> None:
        """Comes back once it has rung."""
        await self._rung.wait()


class Tasks(tune.Trainable):  # type: ignore[misc]
    """Does the task of its configuration, and with another one that of the next.

    With `rungs` a task is done in parts, each up to an epoch (`None` is its end) and each
    an iteration of Tune, which may end it after any. What has been trained before is told
    again from its history: so a task goes on wherever its process was lost. A task with an
    `until` of its own ends there.
    """

    def setup(self, config: dict[str, Any], *, bell: Any, rungs: tuple[int | None, ...]) -> None:
        """Prepares the process, and the first task."""
        del config
        self._rungs = rungs
        self._rung = False
        self._busy = False
        threading.Thread(target=self._hear, args=(bell,), daemon=True).start()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Takes the next task; loading a framework anew would take longer than many of them."""
        return new_config is not None

    def step(self) -> dict[str, Any]:
        """Does a part of the task. How it ended, as `dump` has it, with what Tune looks at."""
        task: Task = self.config["task"]
        ends = [self._rungs[self.iteration], task.until]
        until = min((end for end in ends if end is not None), default=None)
        with self._stoppable() as ended:
            ended.append(self._part(task.replace(until=until)))
        how = ended[0].how
        history = Run(task.folder).read_json(HISTORY) if how in (DONE, PAUSED) else []
        last = until == task.until or how not in (DONE, PAUSED)
        last |= how == DONE and len(history) <= (until or len(history))
        told = {**dump(ended[0]), BUDGET: SHARE**self.iteration, "done": last}
        if history:
            at = history[: until or len(history)]
            told[METRIC] = at[-1][metric_of(at)]
        return told

    def _part(self, task: Task) -> Ended:
        run = Run(task.folder)
        if task.until is not None and (run.folder / HISTORY).is_file():
            if (run.folder / METRICS).is_file():
                return Ended(DONE)
            if len(run.read_json(HISTORY)) >= task.until:
                return Ended(PAUSED)
        until = time.monotonic() + _PATIENCE
        try:
            while True:
                ended = do(task)
                if ended.code != RunInUse.code or time.monotonic() > until:
                    return ended
                # By a process that has lost its driver or its cluster, and is being ended.
                time.sleep(1)
        except OSError as error:
            fault = cannot_write(task.log, error)
            remedy = "every machine must see the folder of the sweep: `cnnspec cluster doctor`"
            return Ended(BLOCKED, fault.code, f"{platform.node()} {fault.message}", remedy)

    @contextlib.contextmanager
    def _stoppable(self) -> Iterator[list[Ended]]:
        """As long as it lasts the bell stops the task, whatever it is doing."""
        ended: list[Ended] = []
        before = signal.signal(signal.SIGTERM, _stop)
        try:
            self._busy = True
            if self._rung:
                raise Interrupted(signal.SIGTERM)
            yield ended
        except Interrupted:
            ended[:] = [Ended(STOPPED)]
        finally:
            self._busy = False
            signal.signal(signal.SIGTERM, before)

    def _hear(self, bell: Any) -> None:
        # Who has no driver any more is ended by Ray itself.
        with contextlib.suppress(ray.exceptions.RayError):
            ray.get(bell.rung.remote())
            self._rung = True
            if self._busy:
                stop_this_process()


def _stop(number: int, frame: FrameType | None) -> None:
    """A signal before a training watches for it: nothing of it is there to keep."""
    del frame
    raise Interrupted(number)
