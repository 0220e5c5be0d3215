"""The language server: an editor on one side, the service on the other. Speaks through pygls.

Every answer is about the latest text: a request waits until that is checked, and an editor
that has lost interest can cancel it. Texts come whole: pygls would cut one into lines at form
feeds and at U+2028, where no editor does, and apply a change in the wrong place.
"""

import asyncio
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from cnnspec.core.source import Source
from cnnspec.language.parse import parse
from cnnspec.lsp.answers import ANSWERS, Asked
from cnnspec.lsp.convert import Converter
from cnnspec.lsp.documents import Document, Documents
from cnnspec.version import __version__

SHOW_TRAIN = "cnnspec.server.train"
"""Says how to train: what the lens does in an editor that brings no command of its own."""


class SpecServer(LanguageServer):
    """A server for one editor."""

    def __init__(self) -> None:
        super().__init__("cnnspec", __version__, types.TextDocumentSyncKind.Full)
        self.documents = Documents(self.publish)
        self.train_command = SHOW_TRAIN
        self.ended = False
        """Whether the editor has asked for the end, as it should before it leaves."""

    def converter(self, document: Document) -> Converter:
        """Returns what turns places of a document into those that the editor counts."""
        unit = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        return Converter(document, types.PositionEncodingKind(unit).value)

    async def asked(self, uri: str) -> Asked | None:
        """Returns what is known of the latest text, `None` for one that is not open."""
        found = await self.documents.current(uri)
        document = self.documents.get(uri)
        if found is None or document is None:
            return None
        return Asked(
            found,
            self.converter(document),
            document.path is not None,
            lambda: self.documents.others(self.folders()),
            self.snippets(),
            self.train_command,
        )

    def publish(self, document: Document) -> None:
        """Sends what is wrong with a text."""
        convert = self.converter(document)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri=document.uri,
                version=document.version,
                diagnostics=[
                    convert.diagnostic(problem, document.known) for problem in document.problems
                ],
            )
        )

    def folders(self) -> list[Path]:
        """Returns the folders that the editor has open."""
        found = [uris.to_fs_path(uri) for uri in self.workspace.folders]
        return [Path(path) for path in found or [self.workspace.root_path] if path]

    def snippets(self) -> bool:
        """Whether the editor fills in the places of what is completed."""
        text = self.client_capabilities.text_document
        completion = text.completion.completion_item if text and text.completion else None
        return bool(completion and completion.snippet_support)


def make_server() -> SpecServer:
    """Returns a server with all that it answers."""
    server = SpecServer()
    for name, notice in _NOTICES.items():
        server.feature(name)(_noticed(server, notice))
    for name, (options, answer) in ANSWERS.items():
        given = [] if options is None else [options]
        server.feature(name, *given)(_waiting(server, answer))
    server.command(SHOW_TRAIN)(lambda uri: _show_train(server, uri))
    return server


def _noticed(server: SpecServer, notice: Callable[[SpecServer, Any], None]) -> Any:
    return lambda params=None: notice(server, params)


def _waiting(server: SpecServer, answer: Callable[[Asked, Any], Any]) -> Any:
    """An answer that waits for the latest text; it is a task, which can be cancelled."""

    async def waiting(params: Any) -> Any:
        asked = await server.asked(params.text_document.uri)
        return answer(asked, params) if asked else None

    return waiting


def run() -> int:
    """Serves one editor on standard input and output; returns the exit code."""
    # What pygls logs on standard error is shown by editors as if something were wrong.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    server = make_server()
    # What is imported stays: no look for garbage goes through it.
    gc.freeze()
    # Pygls closes the stream it writes to, and nothing else may write to that one.
    editor = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with editor, contextlib.redirect_stdout(sys.stderr):
        server.start_io(stdout=editor)
    return 0 if server.ended else 1


def _initialize(server: SpecServer, params: types.InitializeParams) -> None:
    options: Any = params.initialization_options
    command = options.get("trainCommand") if isinstance(options, dict) else None
    if isinstance(command, str):
        server.train_command = command


def _initialized(_: SpecServer, __: Any) -> None:
    asyncio.get_running_loop().call_later(_IDLE, _warm_up)


_IDLE = 1.0
"""Seconds after which an editor that starts has asked what it asks at first."""


def _warm_up() -> None:
    """Reads a text with an error: lark, which only those need, takes a while to load."""
    parse(Source("", "conv ("))


def _shutdown(server: SpecServer, _: Any) -> None:
    server.ended = True


def _open(server: SpecServer, params: types.DidOpenTextDocumentParams) -> None:
    text = params.text_document
    server.documents.open(text.uri, text.version, text.text)


def _change(server: SpecServer, params: types.DidChangeTextDocumentParams) -> None:
    text = params.text_document
    server.documents.change(text.uri, text.version, params.content_changes[-1].text)


def _save(server: SpecServer, params: types.DidSaveTextDocumentParams) -> None:
    server.documents.save(params.text_document.uri)


def _close(server: SpecServer, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    server.documents.close(uri)
    nothing = types.PublishDiagnosticsParams(uri=uri, diagnostics=[])
    server.text_document_publish_diagnostics(nothing)


def _files(server: SpecServer, params: types.DidChangeWatchedFilesParams) -> None:
    paths = [uris.to_fs_path(change.uri) for change in params.changes]
    server.documents.touched(*(Path(path).resolve() for path in paths if path))


def _show_train(server: SpecServer, uri: str) -> None:
    path = uris.to_fs_path(uri) or uri
    server.window_show_message(
        types.ShowMessageParams(types.MessageType.Info, f"in a terminal: cnnspec train {path}")
    )


_NOTICES: dict[str, Callable[[SpecServer, Any], None]] = {
    types.INITIALIZE: _initialize,
    types.INITIALIZED: _initialized,
    types.SHUTDOWN: _shutdown,
    types.TEXT_DOCUMENT_DID_OPEN: _open,
    types.TEXT_DOCUMENT_DID_CHANGE: _change,
    types.TEXT_DOCUMENT_DID_SAVE: _save,
    types.TEXT_DOCUMENT_DID_CLOSE: _close,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _files,
}
"""What an editor tells, and what is done with it."""
