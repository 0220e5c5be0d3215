"""Starts the server on the loopback address, and ends it with what it has begun."""

import contextlib
import secrets
import socket
from collections.abc import Iterator
from errno import EACCES, EADDRINUSE
from pathlib import Path
from typing import Any

import uvicorn

from cnnspec.core.terminal import messages, show
from cnnspec.diagnostics.environment import CannotListen
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import json_text
from cnnspec.serve.app import Server
from cnnspec.serve.desk import Desk
from cnnspec.serve.guard import Guard

ADDRESS = "127.0.0.1"


def serve(
    file: Path | None,
    runs: Path,
    port: int,
    given: dict[str, Any],
    *,
    browser: bool,
    as_json: bool,
) -> int:
    """Serves until a signal comes; returns the exit code. Raises `CnnspecError`."""
    desk = Desk(file)
    with _listening(port) as listener:
        port = listener.getsockname()[1]
        token = secrets.token_urlsafe(24)
        url = f"http://{ADDRESS}:{port}/?token={token}"
        server: uvicorn.Server
        app = Server(desk, runs, given, lambda: server.should_exit).app()
        server = uvicorn.Server(
            uvicorn.Config(
                Guard(app, port, token),
                log_level="error",
                access_log=False,
                lifespan="on",
                # Streams end by themselves within a second.
                timeout_graceful_shutdown=3,
            )
        )
        if as_json:
            show_json = json_text({"command": "serve", "ok": True, "url": url, "port": port})
            print(show_json, end="", flush=True)  # noqa: T201 - before the server begins
        else:
            show([[("open ", ""), (url, "strong")], [("Ctrl-C ends it", "dim")]], messages())
        if browser:
            import webbrowser

            webbrowser.open(url)
        # A signal that ends a server is how one ends it.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    return 0


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A socket that listens on the loopback address; raises `CnnspecError` where it cannot."""
    if not 0 <= port < 2**16:
        raise CnnspecError(CannotListen(None, f"there is no port {port}", "ports are 0 to 65535"))
    with socket.socket() as listener:
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # A port of a server that has just ended is free, where the system still waits.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
            listener.listen(128)
        except OSError as error:
            taken = error.errno in (EADDRINUSE, EACCES)
            cause = f"port {port} is taken" if taken else f"cannot listen on port {port}: {error}"
            remedy = "`--port 0` takes one that is free"
            raise CnnspecError(CannotListen(None, cause, remedy)) from None
        yield listener
