"""Signals that a program watches for: each in a process of its own, as a shell sends them."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

WAITS = """
import time
from cnnspec.diagnostics.errors import Interrupted
from cnnspec.files.interrupts import interrupts
try:
    with interrupts() as pause:
        print("ready", flush=True)
        while True:
            pause()
            time.sleep(0.01)
except Interrupted as stopped:
    print(stopped.number, flush=True)
"""


def started(ignored=()):
    return subprocess.Popen(
        [sys.executable, "-c", WAITS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: [signal.signal(number, signal.SIG_IGN) for number in ignored],
    )


@pytest.mark.parametrize(
    ("sent", "taken_for"),
    [("SIGINT", signal.SIGINT), ("SIGTERM", signal.SIGTERM), ("SIGHUP", signal.SIGTERM)],
)
def test_a_signal_is_raised_as_what_it_is_taken_for(sent, taken_for):
    process = started()
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, sent))
    out, err = process.communicate()
    assert (process.returncode, out) == (0, f"{int(taken_for)}\n")
    assert "stopping" in err


def test_a_hangup_that_was_ignored_from_the_beginning_stays_ignored():
    """As under `nohup`."""
    process = started(ignored=(signal.SIGHUP,))
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.communicate()[0] == f"{int(signal.SIGTERM)}\n"


def test_a_program_whose_terminal_has_gone_ends_with_its_code(monkeypatch):
    """Nothing can be written then, and the code is what a script sees."""
    from cnnspec.commands.output import report_stopped
    from cnnspec.diagnostics.errors import Interrupted

    read, written = os.pipe()
    os.close(read)
    with contextlib.suppress(BrokenPipeError), os.fdopen(written, "w", buffering=1) as gone:
        monkeypatch.setattr(sys, "stderr", gone)
        code = report_stopped("train", Interrupted(signal.SIGTERM, "train"), "text")
        monkeypatch.undo()
    assert code == 143
