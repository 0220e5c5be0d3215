"""What the language server takes: its start, and from a key to the diagnostics of the text.

Bytes are written to its pipes and read from them, so that no client is measured. Each size is
typed into as a person does, with a pause after every key; then comes a burst.
"""

import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

from tests.benchmarks.measuring import Row, figure
from tests.support.paths import ROOT

URI = (ROOT / "specs" / "typed.cnn").as_uri()
KEYS = 30
BURST = 20


def rows(repeats: int) -> list[Row]:
    """Everything about the language server."""
    found = [figure("lsp: start to initialized, CPU", (started() for _ in range(repeats)), "s")]
    lenet = (ROOT / "specs" / "lenet5.cnn").read_text(encoding="utf-8")
    texts = {
        "lenet5": lenet.replace("61_706", "99_999"),
        "200 layers": "conv 8x3 same relu\n" * 199 + "dense 10 softmax\n",
        "1,000 layers": "conv 8x3 same relu\n" * 999 + "dense 10 softmax\n",
    }
    for name, text in texts.items():
        taken = [each for _ in range(min(repeats, 3)) for each in typed(text)]
        found.append(figure(f"lsp: key to diagnostics, {name}", taken, "ms"))
    errors = (first_error(lenet) for _ in range(min(repeats, 3)))
    found.append(figure("lsp: the first syntax error, lenet5", errors, "ms"))
    bursts = [burst(texts["1,000 layers"]) for _ in range(repeats)]
    found.append(figure(f"lsp: a burst of {BURST} on 1,000 layers", (b[0] for b in bursts), "ms"))
    found.append(figure("lsp: publications of a burst", (b[1] for b in bursts), ""))
    return found


def started() -> float:
    """Seconds of CPU of a server that is started, initialized and ended."""
    before = _cpu()
    Server().end()
    return _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def typed(text: str) -> list[float]:
    """Milliseconds from each key to the diagnostics; the last layer gets other units."""
    server = Server()
    server.open(text)
    server.published(1)
    taken = []
    for version in range(2, KEYS + 2):
        time.sleep(0.05)
        began = time.perf_counter()
        server.change(version, text.replace("dense 10", f"dense {version}"))
        server.published(version)
        taken.append(1e3 * (time.perf_counter() - began))
    server.end()
    # The first answers still load what they need.
    return taken[KEYS // 3 :]


def first_error(text: str) -> float:
    """Milliseconds from the first key that leaves a text unreadable, a while after the start."""
    server = Server()
    server.open(text)
    server.published(1)
    time.sleep(3)
    began = time.perf_counter()
    server.change(2, text.replace("dense 10", "dense (10"))
    server.published(2)
    taken = 1e3 * (time.perf_counter() - began)
    server.end()
    return taken


def burst(text: str) -> tuple[float, int]:
    """Milliseconds from the first of many changes to the diagnostics of the last; how many."""
    server = Server()
    server.open(text)
    server.published(1)
    began = time.perf_counter()
    for version in range(2, BURST + 2):
        server.change(version, text.replace("dense 10", f"dense {version}"))
    count = server.published(BURST + 1)
    taken = 1e3 * (time.perf_counter() - began)
    server.end()
    return taken, count


class Server:
    """The program with its pipes, initialized."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-m", "cnnspec", "lsp"]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        self.send("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1)
        while self.read().get("id") != 1:
            pass
        self.send("initialized", {})

    def send(self, method: str, params: Any, number: int | None = None) -> None:
        """Sends a message, with a number one that is answered."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        data = json.dumps(message | ({"id": number} if number else {})).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next message."""
        assert self.process.stdout
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message

    def open(self, text: str) -> None:
        """Opens a text."""
        item = {"uri": URI, "languageId": "cnn", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})

    def change(self, version: int, text: str) -> None:
        """Changes the text."""
        named = {"uri": URI, "version": version}
        changes = {"textDocument": named, "contentChanges": [{"text": text}]}
        self.send("textDocument/didChange", changes)

    def published(self, version: int) -> int:
        """Waits for the diagnostics of a version; how many were published until then."""
        for count in range(1, 1000):
            if self.read()["params"]["version"] == version:
                return count
        raise SystemExit("the server publishes without an end")

    def end(self) -> None:
        """Ends the session."""
        self.send("shutdown", None, 2)
        while self.read().get("id") != 2:
            pass
        self.send("exit", None)
        assert self.process.stdin
        assert self.process.stdout
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
