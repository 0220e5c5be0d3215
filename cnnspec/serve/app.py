"""The page with this machine behind it: answers, trainings, and what they have left.

| request | answer |
|---|---|
| `GET /` and files | the page |
| `GET /machine` | the text to begin with, the folder of runs, the training that runs |
| `POST /ask` | `page.answers`, on the text in the request |
| `POST /save` | writes the file that the server was started with |
| `GET /kept` | the runs and sweeps in the folder |
| `GET /kept/NAME` | the report of one |
| `POST /trainings` | trains a text, or goes on with a run |
| `GET /trainings/N` | what it says, as server-sent events |
| `POST /trainings/N/stop` | stops it; what has been trained is kept |
"""

import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cnnspec.analysis.load import checked
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.page.answers import Answers
from cnnspec.page.files import STATIC
from cnnspec.runs.named import kept_in
from cnnspec.runs.run import PAGE
from cnnspec.serve.desk import Desk
from cnnspec.serve.guard import report_policy
from cnnspec.serve.kept import kept
from cnnspec.serve.trainings import Trainings

Json = dict[str, Any]
MAX_REQUEST = 8 * 2**20
"""Bytes of the largest request: a text of a spec is far smaller."""


class Server:
    """What the requests share."""

    def __init__(
        self, desk: Desk, runs: Path, given: Json, leaving: Callable[[], bool] = lambda: False
    ) -> None:
        """`given` is what each training gets besides its text, and `leaving` whether it ends."""
        self._desk = desk
        self._runs = runs
        self._given = given
        self._leaving = leaving
        self._answers = Answers(desk.name)
        # What is known of a text is worked out by one thread at a time.
        self._lock = threading.Lock()
        self._trainings = Trainings()

    def app(self) -> Starlette:
        """Returns the application."""
        routes = [
            Route("/machine", self.machine),
            Route("/ask", self.ask, methods=["POST"]),
            Route("/save", self.save, methods=["POST"]),
            Route("/kept", self.kept),
            Route("/kept/{name}", self.report),
            Route("/trainings", self.train, methods=["POST"]),
            Route("/trainings/{number:int}", self.events),
            Route("/trainings/{number:int}/stop", self.stop, methods=["POST"]),
            Mount("/", StaticFiles(directory=STATIC, html=True)),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        await self._trainings.end()

    async def machine(self, request: Request) -> Response:
        """What the page must know of this machine before it begins."""
        last = self._trainings.last
        return JSONResponse(
            {
                **self._desk.dump(),
                "runs": str(self._runs),
                "training": last.number if last else None,
            }
        )

    async def ask(self, request: Request) -> Response:
        """An answer of the checker."""
        asked = await _read(request)

        def answer() -> Json:
            with self._lock:
                return self._answers.answer(asked)

        try:
            return JSONResponse(await run_in_threadpool(answer))
        except (ValueError, KeyError, TypeError) as error:
            return _refused(400, f"this is not a question: {error}")

    async def save(self, request: Request) -> Response:
        """Writes the file, unless it has changed since the page read it."""
        asked = await _read(request)
        try:
            return JSONResponse(
                self._desk.save(str(asked.get("text", "")), str(asked.get("version", "")))
            )
        except CnnspecError as error:
            return _problems(409, error)

    async def kept(self, request: Request) -> Response:
        """The runs and sweeps in the folder."""
        return JSONResponse({"rows": await run_in_threadpool(kept, self._runs)})

    async def report(self, request: Request) -> Response:
        """The report of one of them, by its name in the list: no other file can be asked for."""
        name = request.path_params["name"]
        found = {path.name: path for path in kept_in(self._runs)} if self._runs.is_dir() else {}
        page = found[name] / PAGE if name in found else None
        if page is None or not page.is_file():
            return _refused(404, f"there is no report of {name}")
        return FileResponse(page, headers={"content-security-policy": report_policy()})

    async def train(self, request: Request) -> Response:
        """Begins a training of a text, or goes on with a run."""
        asked = await _read(request)
        resume, text = str(asked.get("resume") or ""), str(asked.get("text", ""))
        try:
            if resume:
                names = {path.name for path in kept_in(self._runs)}
                if resume not in names:
                    return _refused(404, f"there is no run {resume}")
            else:
                await run_in_threadpool(checked, Source(self._desk.name, text))
        except CnnspecError as error:
            return _problems(422, error)
        job = {**self._given, "text": text, "name": self._desk.name, "out": str(self._runs)}
        training = await self._trainings.begin(
            job | ({"resume": str(self._runs / resume)} if resume else {})
        )
        if training is None:
            return _refused(409, "another training runs: wait for it, or stop it")
        return JSONResponse({"number": training.number})

    async def events(self, request: Request) -> Response:
        """What a training says: what it has said, then news until it ends."""
        training = self._trainings.get(request.path_params["number"])
        if training is None:
            return _refused(404, "there is no such training")
        seen = request.headers.get("last-event-id", "")
        after = int(seen) if seen.isdecimal() else 0

        async def lines() -> AsyncIterator[str]:
            async for news in training.stream(after):
                if news is not None:
                    yield f"id: {news[0]}\ndata: {json.dumps(news[1])}\n\n"
                elif self._leaving():
                    return
                else:
                    yield ": still here\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def stop(self, request: Request) -> Response:
        """Asks a training to stop."""
        training = self._trainings.get(request.path_params["number"])
        if training is None:
            return _refused(404, "there is no such training")
        training.stop()
        return JSONResponse({})


async def _read(request: Request) -> Json:
    """The JSON of a request; one that is none is empty."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MAX_REQUEST:
            return {}
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": [{"message": why, "help": ""}]}, status)


def _problems(status: int, error: CnnspecError) -> Response:
    told = [{"message": each.message, "help": each.help} for each in error.diagnostics]
    return JSONResponse({"error": told}, status)
