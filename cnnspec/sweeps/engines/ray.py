"""Ray Tune: trainings on this machine or on every machine of a cluster.

A process of Ray does many tasks, one after another; the class it runs is in
`cnnspec.sweeps.engines.trainable`. What is killed is begun again, on another machine where its
own is gone. Results are in the run folders, which every machine must see; of what Tune
would write nothing is kept.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.diagnostics.machines import NoCluster
from cnnspec.runs.run import Run
from cnnspec.runs.tasks import BLOCKED, DONE, MOST_ATTEMPTS, Ended, Task, killed
from cnnspec.sweeps.engines.base import Tell
from cnnspec.sweeps.engines.trainable import BUDGET, METRIC, Bell, Tasks
from cnnspec.sweeps.halving import SHARE
from cnnspec.training.distributed.connection import leave

_SEEN = 60
"""Seconds until this machine must see what another has written; NFS takes up to 30."""

_QUIET = {
    # The older way of telling a person is the one that can be silent.
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    # A task that has failed has no metric.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


class RayEngine:
    """Runs tasks on the Ray that `cnnspec.training.distributed.connection.connect` has joined.

    `jobs` is how many at once, by itself as many as there are processors for.
    """

    def __init__(self, jobs: int | None = None) -> None:
        os.environ.update(_QUIET)
        self._jobs = jobs

    def run(self, tasks: Iterable[Task], on_event: Tell, poll: Callable[[], None]) -> None:
        """See `Engine.run`."""
        self._tune(list(tasks), (None,), FIFOScheduler(), on_event, poll)

    def race(
        self, tasks: Iterable[Task], rungs: Iterable[int], on_event: Tell, poll: Callable[[], None]
    ) -> None:
        """Runs tasks, of which the hopeless end at one of some epochs: they are told `paused`.

        A task goes on after a rung if it is among the best third of those that came there
        before it (ASHA: Li et al., "A System for Massively Parallel Hyperparameter Tuning",
        MLSys 2020). Who that is depends on who was first. To go on with a race, hand over
        every task again, with `until` where it was ended before: what has been trained is
        only compared.
        """
        parts = (*rungs, None)
        asha = ASHAScheduler(
            time_attr=BUDGET,
            metric=METRIC,
            mode="max",
            grace_period=1,
            max_t=SHARE ** (len(parts) - 1),
            reduction_factor=SHARE,
        )
        self._tune(list(tasks), parts, asha, on_event, poll)

    def close(self) -> None:
        """Leaves Ray."""
        leave()

    def _tune(
        self,
        tasks: list[Task],
        rungs: tuple[int | None, ...],
        scheduler: TrialScheduler,
        on_event: Tell,
        poll: Callable[[], None],
    ) -> None:
        if not tasks:
            return
        threads = max(task.threads for task in tasks)
        _require_room(threads)
        # Beside the driver: on any other machine it could be lost.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        bell = ray.remote(num_cpus=0, scheduling_strategy=here)(Bell).remote()
        watch = _Watch(_Feed(tasks), bell, on_event, poll)
        work = tune.with_parameters(Tasks, bell=bell, rungs=rungs)
        with tempfile.TemporaryDirectory() as folder:
            tune.Tuner(
                tune.with_resources(work, {"cpu": threads}),
                tune_config=tune.TuneConfig(
                    num_samples=-1,
                    search_alg=watch.feed,
                    scheduler=scheduler,
                    # Each process loads its framework once.
                    reuse_actors=True,
                    max_concurrent_trials=self._jobs,
                ),
                run_config=tune.RunConfig(
                    storage_path=folder,
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                    failure_config=tune.FailureConfig(max_failures=MOST_ATTEMPTS - 1),
                    callbacks=[watch],
                    verbose=0,
                ),
            ).fit()
        ray.kill(bell)
        if watch.stopped:
            raise watch.stopped


def _require_room(threads: int) -> None:
    """Raises `CnnspecError` where no machine has so many processors: Tune would wait forever."""
    most = max((n["Resources"].get("CPU", 0) for n in ray.nodes() if n["Alive"]), default=0)
    if most < threads:
        cause = f"each training takes {threads} threads, and no machine has more than {most:g}"
        raise CnnspecError(NoCluster(None, cause, "lower `--threads`, or add a machine"))


class _Feed(Searcher):  # type: ignore[misc]
    """Hands one task after another to Tune, as long as it is open."""

    def __init__(self, tasks: list[Task]) -> None:
        super().__init__()
        self._waiting = tasks[::-1]

    def suggest(self, trial_id: str) -> Any:
        del trial_id
        return {"task": self._waiting.pop()} if self._waiting else Searcher.FINISHED

    def end(self) -> None:
        """No further task is to begin."""
        self._waiting.clear()

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """The results of others change nothing about a task."""

    def save(self, checkpoint_path: str) -> None:
        """What is left of a sweep is in its folder."""

    def restore(self, checkpoint_path: str) -> None:
        """See `save`."""


class _Watch(tune.Callback):  # type: ignore[misc]
    """Tells what becomes of tasks, and looks for signals, in the thread of the driver."""

    def __init__(self, feed: _Feed, bell: Any, on_event: Tell, poll: Callable[[], None]) -> None:
        self.feed = feed
        self.stopped: Interrupted | None = None
        self._bell = bell
        self._tell = on_event
        self._look = poll
        self._begun: set[str] = set()

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Comes about ten times a second."""
        if self.stopped:
            return
        try:
            self._look()
        except Interrupted as stopped:
            self.stopped = stopped
            self.feed.end()
            self._bell.ring.remote()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        task = trial.config["task"]
        if task.name not in self._begun:
            self._begun.add(task.name)
            self._tell(task, None)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        task = trial.config["task"]
        told = {name: trial.last_result[name] for name in Ended.fields}
        ended = _seen(task, Ended(**{**told, "attempts": trial.num_failures + 1}))
        if ended.how == BLOCKED:
            self.feed.end()
        self._tell(task, ended)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        task = trial.config["task"]
        self._tell(task, killed(None, trial.num_failures, task.log))


def _seen(task: Task, ended: Ended) -> Ended:
    """How a task ended, once this machine sees what another has written of it."""
    until = time.monotonic() + _SEEN
    while ended.how == DONE and not Run(task.folder).finished:
        if time.monotonic() > until:
            message = f"{task.name} was trained, and nothing of it is to be seen in {task.folder}"
            remedy = "every machine must see the folder of the sweep: `cnnspec cluster doctor`"
            return Ended(BLOCKED, NoCluster.code, message, remedy)
        time.sleep(0.5)
    return ended
