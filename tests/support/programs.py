"""Programs in processes of their own, most of them without waiting for TensorFlow to load.

`start("train", "x.cnn", folder=...)` is `cnnspec train x.cnn`, and with `code` it is
`python -c code train x.cnn`. Both are processes that signals reach and that can be killed,
and have of `subprocess.Popen` what tests need of it.

To load TensorFlow takes most of the time of a small training. So one process loads it and
computes nothing, and programs are forks of that. With `cold=True` a program is a Python of
its own from the beginning, as users start it; so it is where a fork is not safe.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import traceback
from functools import cache
from multiprocessing.reduction import DupFd
from typing import Any

from tests.support.paths import ROOT

WARM = "tests.support.warm"
"""The module that is imported once for all programs."""


def start(
    *arguments: str,
    folder: Any,
    code: str | None = None,
    file_size: int | None = None,
    ignored: tuple[int, ...] = (),
    cold: bool = False,
) -> "subprocess.Popen[str] | Forked":
    """Starts a program.

    `file_size` limits the files that it writes, in bytes; a child may lift that again.
    `ignored` are signals that it ignores from its beginning, as under `nohup`.
    """
    limits = (file_size, ignored)
    if not cold and sys.platform == "linux":
        return Forked(arguments, str(folder), code, limits)
    program = ["-m", "cnnspec"] if code is None else ["-c", code]
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: _limit(*limits)) if any(limits) else None,
    )


def run(*arguments: str, folder: Any, **options: Any) -> tuple[int, str, str]:
    """Runs a program to its end: its exit code, and what it printed on both streams."""
    program = start(*arguments, folder=folder, **options)
    printed = program.communicate()
    return program.returncode, *printed


def _environment() -> dict[str, str]:
    """That of the test, in which `cnnspec` is the one under test."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _limit(file_size: int | None, ignored: tuple[int, ...]) -> None:
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    if file_size:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, resource.RLIM_INFINITY))


@cache
def _context() -> Any:
    """Where forks come from: a process that has imported `WARM` and done nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])
    return context


class Forked:
    """A program that was forked, with what `subprocess.Popen` has of one with pipes and text."""

    def __init__(self, arguments: Any, folder: str, code: str | None, limits: Any) -> None:
        ends = [os.pipe() for _ in range(2)]
        # Pickled while the process starts, which is when ends of pipes can be handed over.
        given = (arguments, folder, code, limits, _environment())
        self._process = _context().Process(target=_child, args=(*given, _Ends(ends)))
        self._process.start()
        for _, written in ends:
            os.close(written)
        self.stdout, self.stderr = (os.fdopen(read, encoding="utf-8") for read, _ in ends)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative after a signal, and `None` while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """See `returncode`."""
        return self._process.exitcode

    def wait(self) -> int:
        """Waits for its end; returns its exit code."""
        self._process.join()
        return self._process.exitcode

    def communicate(self) -> tuple[str, str]:
        """What it prints from now on, when it has ended."""
        printed: dict[Any, str] = {}
        streams = (self.stdout, self.stderr)

        def read(stream: Any) -> None:
            with stream:
                printed[stream] = stream.read()

        threads = [threading.Thread(target=read, args=(stream,)) for stream in streams]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.wait()
        return printed[self.stdout], printed[self.stderr]

    def send_signal(self, number: int) -> None:
        """Sends it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)


class _Ends:
    """The ends of pipes that a program writes to, on their way to its process."""

    def __init__(self, pipes: list[tuple[int, int]]) -> None:
        self.pipes = pipes

    def __reduce__(self) -> Any:
        return _opened, tuple(DupFd(written) for _, written in self.pipes)


def _opened(*ends: Any) -> list[int]:
    return [end.detach() for end in ends]


def _child(
    arguments: Any,
    folder: str,
    code: str | None,
    limits: Any,
    environment: dict[str, str],
    ends: list[int],
) -> None:
    """The program itself, in a process that has been forked for it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _limit(*limits)
    for stream, end in enumerate(ends, 1):
        os.dup2(end, stream)
        os.close(end)
    # As Python opens them; those there were still take what they lead to for a file.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["cnnspec" if code is None else "-c", *arguments]
    ended = 1
    try:
        ended = _program(code)
    except SystemExit as asked:
        ended = asked.code if isinstance(asked.code, int) else int(bool(asked.code))
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    # As a process of a user ends: nothing of the one that it was forked from is done again.
    os._exit(ended)


def _program(code: str | None) -> int:
    if code is None:
        from cnnspec.__main__ import program

        return program()
    exec(compile(code, "<program>", "exec"), {"__name__": "__main__"})
    return 0
