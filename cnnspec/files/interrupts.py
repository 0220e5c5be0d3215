"""Signals while a network trains: the first stops it soon and safely, the second at once.

They are Ctrl-C, SIGTERM, and SIGHUP, which a closed terminal or a lost connection sends.

A signal only sets a flag, which is read between groups of steps; saving inside a handler could
hang. The message at the first signal and the exit at the second come from a separate thread,
because a Python handler waits while a framework computes.
"""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

from cnnspec.core.terminal import interactive, messages
from cnnspec.diagnostics.errors import Interrupted

_MEANT = {
    signal.SIGINT: signal.SIGINT,
    signal.SIGTERM: signal.SIGTERM,
    # SIGHUP does not exist on Windows. SIGBREAK exists only there, where no SIGTERM comes from
    # outside: it is Ctrl-Break, or the console that is closed.
    **{
        getattr(signal, name): signal.SIGTERM
        for name in ("SIGHUP", "SIGBREAK")
        if hasattr(signal, name)
    },
}
"""The signals that are watched, each with the one that it counts as."""


class StopFlag:
    """Called between portions of work; raises `Interrupted` once a signal has come."""

    def __init__(self) -> None:
        self.caught = 0

    def __call__(self) -> None:
        if self.caught:
            raise Interrupted(self.caught)


@contextlib.contextmanager
def interrupts() -> Iterator[StopFlag]:
    """Watches for signals inside the `with` block.

    A signal that was ignored when the program began stays ignored. In other threads than the main
    one, where signals never arrive, nothing is watched.
    """
    pause = StopFlag()
    if threading.current_thread() is not threading.main_thread():
        yield pause
        return
    handlers = {number: signal.getsignal(number) for number in _MEANT}
    watched = [n for n, handler in handlers.items() if handler not in (signal.SIG_IGN, None)]
    with _listening(lambda number: _take(pause, number, watched)):
        before = {number: signal.signal(number, lambda *_: None) for number in watched}
        try:
            yield pause
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def stop_this_process() -> None:
    """Sends this process SIGTERM, from any of its threads.

    On Windows `os.kill` would end it before it could save anything. Elsewhere `os.kill` also
    reaches a waiting main thread, which `raise_signal` in another thread does not.
    """
    if hasattr(signal, "SIGBREAK"):
        signal.raise_signal(signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)


def _take(pause: StopFlag, number: int, watched: list[signal.Signals]) -> None:
    """Records a signal, in the listening thread."""
    if number not in watched:
        return
    meant = _MEANT[signal.Signals(number)]
    if pause.caught and interactive():
        # An interactive session holds more than this training and must survive it.
        return
    if pause.caught:
        # Exits at once, whatever is running; files are written so that this does no harm.
        os._exit(128 + meant)
    pause.caught = meant
    again = "" if interactive() else " (again: stop at once)"
    _say(f"\nstopping; what has been trained is being kept{again}\n")


def _say(text: str) -> None:
    if stream := messages():
        with contextlib.suppress(OSError, ValueError):
            stream.write(text)
            stream.flush()


@contextlib.contextmanager
def _listening(take: Callable[[int], None]) -> Iterator[None]:
    """Calls `take` in a thread for every signal that arrives, whatever the main thread does."""
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)

    def listen() -> None:
        while numbers := receiver.recv(64):
            for number in numbers:
                take(number)

    thread = threading.Thread(target=listen, name="interrupts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        sender.close()
        thread.join()
        receiver.close()
