"""`cnnspec check --watch`: a process that sees files change, until Ctrl-C."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnnspec.commands import main
from cnnspec.commands.watch import with_used
from tests.support.paths import ROOT

SECONDS = 30


class Watching:
    """The program, with its lines as they come."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        command = [sys.executable, "-m", "cnnspec", "check", "--watch", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes)
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line.rstrip())

    def until(self, text: str) -> list[str]:
        """The lines up to the first that holds a text."""
        found = []
        ends = time.monotonic() + SECONDS
        while not found or text not in found[-1]:
            found.append(self.lines.get(timeout=max(ends - time.monotonic(), 0.01)))
        return found

    def end(self) -> int:
        """The exit code after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(SECONDS)
        self.reader.join(SECONDS)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Any]:
    running: list[Watching] = []

    def start(*arguments: str) -> Watching:
        running.append(Watching(*arguments, folder=tmp_path))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.end()


needs_signals = pytest.mark.skipif(os.name == "nt", reason="no SIGINT can be sent to one process")


@needs_signals
def test_a_file_is_checked_when_it_is_saved(started, tmp_path):
    spec = tmp_path / "x.cnn"
    spec.write_text("dense 10 softmax\n")
    watching = started("x.cnn")
    assert any("7,850" in line for line in watching.until("watching 1 file; Ctrl-C ends"))
    spec.write_text("dens 10 softmax\n")
    found = watching.until("watching")
    assert any("error[CNN101]" in line for line in found)
    # As many editors save: a new file in the place of the old one.
    other = tmp_path / "x.cnn.new"
    other.write_text("dense 20 relu; dense 10 softmax\n")
    other.replace(spec)
    assert any("15,910" in line for line in watching.until("watching"))
    spec.unlink()
    assert any("there is no file x.cnn" in line for line in watching.until("watching"))
    spec.write_text("dense 10 softmax\n")
    assert any("7,850" in line for line in watching.until("watching"))
    assert watching.end() == 130
    assert watching.lines.get(timeout=SECONDS) == "interrupted"


@needs_signals
def test_a_file_that_is_used_is_watched_before_it_is_there(started, tmp_path):
    (tmp_path / "x.cnn").write_text('use "lib.cnn"\nunit 8\ndense 10 softmax\n')
    watching = started("x.cnn")
    assert any("there is no such file" in line for line in watching.until("watching 2 files"))
    (tmp_path / "lib.cnn").write_text("block unit(f) { conv (f)x3 relu }\n")
    assert any("unit.conv" in line for line in watching.until("watching 2 files"))
    assert watching.end() == 130


def test_files_that_are_used_are_found_through_others(tmp_path):
    texts = {"a": 'use "b.cnn"', "b": 'use "c.cnn"; use "b.cnn"', "c": "block c { relu }"}
    for name, text in texts.items():
        (tmp_path / f"{name}.cnn").write_text(text)
    paths = [str(tmp_path / f"{name}.cnn") for name in texts]
    assert with_used(paths[:1]) == paths


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x.cnn", "--json"], "prints what a person reads"),
        (["x.cnn", "--fix"], "changes no file"),
        (["x.cnn", "--format", "sarif"], "prints what a person reads"),
        (["-"], "looks at files"),
        (["-e", "dense 10"], "looks at files"),
        ([], "looks at files"),
        (["nowhere.cnn"], "there is no file nowhere.cnn"),
    ],
)
def test_what_cannot_be_watched(arguments, said, capsys):
    assert main(["check", "--watch", *arguments]) == 2
    printed = capsys.readouterr()
    assert said in printed.err + printed.out
