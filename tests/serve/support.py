"""A server in a process of its own, as a person starts it, and requests to it."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.paths import ROOT


class Served:
    """`cnnspec serve` in a folder: `with Served(folder) as server: …`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder = folder
        self._arguments = arguments

    def __enter__(self) -> "Served":
        command = [sys.executable, "-m", "cnnspec", "serve", "--no-browser", "--json"]
        # Without a framework to load a training begins at once, where a compiler is found.
        command += ["--backend", "native"] if any(map(shutil.which, ("cc", "gcc", "clang"))) else []
        self.process = subprocess.Popen(
            [*command, "--port", "0", *self._arguments],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        lines = ""
        while not lines.endswith("}\n"):
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1]
            lines += line
        self.url = json.loads(lines)["url"]
        self.port = urlsplit(self.url).port
        self.token = urlsplit(self.url).query.removeprefix("token=")
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> int:
        """Ends the server as Ctrl-C does; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def ask(
        self, method: str, path: str, data: Any = None, **headers: str | None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Status, headers and text of an answer; a header that is `None` is left out."""
        given = {
            "Host": f"127.0.0.1:{self.port}",
            "Cookie": f"cnnspec-{self.port}={self.token}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True)
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        body = b"" if data is None else json.dumps(data).encode()
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def post(self, path: str, data: Any) -> Any:
        """The JSON of an answer that is none of refusal."""
        status, _, text = self.ask("POST", path, data)
        assert status == 200, text
        return json.loads(text)

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        status, _, text = self.ask("GET", path)
        assert status == 200, text
        return json.loads(text)

    def events(self, number: int, after: int = 0) -> list[dict[str, Any]]:
        """What a training says until it ends."""
        _, _, text = self.ask("GET", f"/trainings/{number}", Last_Event_ID=str(after))
        lines = [line for line in text.splitlines() if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: ")) for line in lines]
