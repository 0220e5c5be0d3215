"""One model on several machines: processes that Ray starts, and all anew when one is lost.

Each is a worker (`worker.py`) with a GPU of its own where the cluster has them, else with
a processor. They go on from the last checkpoint, so the folder of the run must be one that
every machine sees. Knows Ray's actors; nothing of what a worker does.

Ray Train would start them as well. It hides what a worker raises in errors of its own, and
begins a training anew that can never succeed; actors bring back how they have ended.
"""

import socket
from collections.abc import Callable
from typing import Any

import ray

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotDistribute
from cnnspec.runs.tasks import DONE, MOST_ATTEMPTS, Ended, Task, killed

_PACE = 0.3
"""Seconds between two looks at the keyboard."""

_PATIENCE = 20
"""Seconds in which Ray knows of a lost process; those that lost it mostly know before."""


class _Actor:
    """A process of the group."""

    def address(self) -> str:
        """Where the others find it."""
        with socket.socket() as free:
            free.bind(("", 0))
            return f"{ray.util.get_node_ip_address()}:{free.getsockname()[1]}"

    def train(self, task: Task, addresses: list[str], rank: int) -> Ended:
        """See `worker.train`."""
        from cnnspec.training.distributed import worker

        return worker.train(task, addresses, rank)


def run(task: Task, workers: int, poll: Callable[[], None]) -> Ended:
    """Does a task by so many processes together; `poll` is called a few times a second.

    What `poll` raises ends them. Raises `CnnspecError` where the cluster is too small.
    """
    needs = _needs(workers)
    for _ in range(MOST_ATTEMPTS):
        kind = ray.remote(_Actor).options(scheduling_strategy="SPREAD", **needs)
        actors = [kind.remote() for _ in range(workers)]
        try:
            addresses = _await([actor.address.remote() for actor in actors], poll)
            answers = [a.train.remote(task, addresses, rank) for rank, a in enumerate(actors)]
            return _outcome(answers, poll)
        except ray.exceptions.RayActorError:
            continue
        finally:
            for actor in actors:
                ray.kill(actor)
    return killed(None, MOST_ATTEMPTS, task.log)


def _needs(workers: int) -> dict[str, int]:
    """What a process of the group needs for itself; raises `CnnspecError` where there is less."""
    there = ray.cluster_resources()
    if there.get("GPU", 0) >= workers:
        return {"num_gpus": 1, "num_cpus": 0}
    processors = int(there.get("CPU", 0))
    if processors < workers:
        cause = f"{workers} workers are asked for, and the cluster has {processors} processors"
        raise CnnspecError(
            CannotDistribute(None, cause, f"`--workers {processors}`, or more machines")
        )
    return {"num_cpus": 1}


def _await(answers: list[Any], poll: Callable[[], None]) -> list[Any]:
    """What all answer."""
    left = answers
    while left:
        poll()
        _, left = ray.wait(left, num_returns=len(left), timeout=_PACE)
    return list(ray.get(answers))


def _outcome(answers: list[Any], poll: Callable[[], None]) -> Ended:
    """How the first process ended, or one that did not come to its end.

    Raises `RayActorError` where a process was lost.
    """
    ended: Ended
    left = answers
    while left:
        poll()
        done, left = ray.wait(left, timeout=_PACE)
        for ended in ray.get(done):
            if ended.how != DONE:
                ray.get(ray.wait(left, num_returns=len(left), timeout=_PATIENCE)[0] if left else [])
                return ended
    ended = ray.get(answers[0])
    return ended
