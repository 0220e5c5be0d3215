"""The training that the page has begun: a process, and everything that it has said.

A page that is closed or reloaded misses nothing: what happened is kept and told again.
"""

import asyncio
import json
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from cnnspec.files.processes import own_group

Json = dict[str, Any]
_LAST_WORDS = 12
"""Lines of the end of standard error that are told where a training ends without a word."""
_GRACE = 20.0
"""Seconds that a training gets to keep what it has trained when the server ends."""
_STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)
_ENDS = ("ended", "stopped", "failed")


class Training:
    """One training, with the events that it has had."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.events: list[Json] = []
        self._news = asyncio.Condition()
        self._asked_to_stop = False
        self._process: asyncio.subprocess.Process | None = None
        self._follower: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return bool(self.events) and self.events[-1]["event"] in _ENDS

    async def begin(self, asked: Json) -> None:
        """Starts the process; `asked` is what `trainer` reads."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cnnspec.serve.trainer",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=2**24,
            **own_group(),
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        await self._process.stdin.drain()
        self._process.stdin.close()
        self._follower = asyncio.create_task(self._follow(self._process))

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        words = asyncio.create_task(_last_words(process.stderr))
        async for line in process.stdout:
            await self._tell(json.loads(line))
        code = await process.wait()
        said = await words
        if not self.over and self._asked_to_stop:
            # Before the first epoch there was nothing to keep.
            await self._tell({"event": "stopped", "run": ""})
        elif not self.over:
            cause = f"the training ended without a result (exit code {code})"
            problem = {"message": cause, "help": "", "output": said}
            await self._tell({"event": "failed", "problems": [problem]})

    async def _tell(self, event: Json) -> None:
        async with self._news:
            self.events.append(event)
            self._news.notify_all()

    async def stream(self, after: int = 0) -> AsyncIterator[tuple[int, Json] | None]:
        """Yields the events behind the first ones, and new ones as they come.

        Yields `None` now and then where nothing happens, so that who listens can see whether
        anyone still does.
        """
        while True:
            while after < len(self.events):
                after += 1
                yield after, self.events[after - 1]
            if self.over:
                return
            async with self._news:
                if after == len(self.events):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), 1.0)
            if after == len(self.events):
                yield None

    def stop(self) -> None:
        """Asks it to stop; what has been trained is kept."""
        self._asked_to_stop = True
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(_STOP)

    async def end(self) -> None:
        """Stops it and waits until it has kept what it has trained."""
        self.stop()
        if self._follower:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._follower), _GRACE)


async def _last_words(stream: asyncio.StreamReader) -> str:
    """The last lines of a stream; each is also passed on to the terminal of the server."""
    lines: deque[str] = deque(maxlen=_LAST_WORDS)
    async for line in stream:
        text = line.decode("utf-8", "replace")
        lines.append(text)
        sys.stderr.write(text)
    return "".join(lines)


class Trainings:
    """The trainings of a server, of which one runs at a time."""

    def __init__(self) -> None:
        self._all: list[Training] = []

    @property
    def last(self) -> Training | None:
        """The newest one, `None` before the first."""
        return self._all[-1] if self._all else None

    def get(self, number: int) -> Training | None:
        """Returns a training by its number, from 1."""
        return self._all[number - 1] if 0 < number <= len(self._all) else None

    async def begin(self, asked: Json) -> Training | None:
        """Begins a training; `None` while another one runs."""
        if self.last and not self.last.over:
            return None
        training = Training(len(self._all) + 1)
        self._all.append(training)
        await training.begin(asked)
        return training

    async def end(self) -> None:
        """Ends the one that runs."""
        if self.last and not self.last.over:
            await self.last.end()
