"""What an engine is: it sees that tasks are done, by processes of its own.

The choice of an engine never changes a result. Light.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from cnnspec.runs.tasks import Ended, Task

Tell = Callable[[Task, Ended | None], None]
"""Is told that a task begins (`None`) and how it ended, from the thread of the driver."""


class Engine(Protocol):
    """Runs tasks. What a process leaves undone that is killed, another does."""

    def run(self, tasks: Iterable[Task], on_event: Tell, poll: Callable[[], None]) -> None:
        """Runs every task, in an order of its own.

        `poll` is called a few times a second and raises `Interrupted` once a signal has come:
        then what is under way is asked to keep what it has and awaited, and `Interrupted` goes
        on to the caller. After a task that is `blocked` no further one is begun.
        """

    def close(self) -> None:
        """Ends its processes."""


@runtime_checkable
class Racer(Engine, Protocol):
    """An engine that can end a task because others are better."""

    def race(
        self, tasks: Iterable[Task], rungs: Iterable[int], on_event: Tell, poll: Callable[[], None]
    ) -> None:
        """Runs tasks as `run` does; the hopeless are `paused` at one of some epochs (ASHA).

        To go on with a race, every task is handed over again, those that were ended with
        that epoch as their `until`: what has been trained is only compared.
        """
