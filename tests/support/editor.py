"""An editor for tests: a client that speaks to the real language server over its pipes.

Pygls has a client beside its server; it runs in a thread here, so that tests need no plugin
for `async`.
"""

import asyncio
import os
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.support.paths import ROOT

SECONDS = 30
"""How long an answer may take before a test fails, on a machine with other work."""


class Editor:
    """One session, from `initialize` to `exit`. `with Editor(folder) as editor: …`."""

    def __init__(self, folder: Path, *, encodings: list[str] | None = None, **options: Any) -> None:
        self.folder = folder
        self.encodings = encodings
        self.options = options
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = defaultdict(list)
        self.shown: list[str] = []
        self.versions: dict[str, int] = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.client = LanguageClient("tests", "1")
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(
            lambda params: self._publish(params)
        )
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(lambda said: self.shown.append(said.message))
        self.exit_code: int | None = None

    def _publish(self, params: types.PublishDiagnosticsParams) -> None:
        self.published[params.uri].append(params)

    def __enter__(self) -> "Editor":
        self.thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(SECONDS)
        self.loop.close()

    def leave(self) -> int | None:
        """Ends the session as the protocol wants it; returns the exit code of the server."""
        if self.exit_code is None:
            self.run(self.client.shutdown_async(None))
            self.client.exit(None)
            self.exit_code = self.run(self.client._server.wait())
            self.run(self.client.stop())
        return self.exit_code

    async def _start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await self.client.start_io(sys.executable, "-m", "cnnspec", "lsp", env=environment)
        uri = self.folder.as_uri()
        item = types.ClientCompletionItemOptions(snippet_support=True)
        text = types.TextDocumentClientCapabilities(
            completion=types.CompletionClientCapabilities(completion_item=item),
            rename=types.RenameClientCapabilities(prepare_support=True),
        )
        general = types.GeneralClientCapabilities(position_encodings=self.encodings)
        self.told = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(text_document=text, general=general),
                root_uri=uri,
                workspace_folders=[types.WorkspaceFolder(uri=uri, name="tests")],
                initialization_options=self.options or None,
            )
        )
        self.client.initialized(types.InitializedParams())

    def run(self, work: Any) -> Any:
        """Waits for something that the client does."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)

    def call(self, function: Any, *given: Any) -> None:
        """Lets the client send something that has no answer."""
        done = threading.Event()

        def both() -> None:
            function(*given)
            done.set()

        self.loop.call_soon_threadsafe(both)
        assert done.wait(SECONDS)

    def uri(self, name: str) -> str:
        """The address of a file of the folder."""
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> str:
        """Opens a text; returns its address."""
        uri = self.uri(name) if ":" not in name else name
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri=uri, language_id="cnn", version=1, text=text)
        self.call(self.client.text_document_did_open, types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, text: str) -> int:
        """Changes a text; returns its version."""
        self.versions[uri] += 1
        named = types.VersionedTextDocumentIdentifier(uri=uri, version=self.versions[uri])
        whole = types.TextDocumentContentChangeWholeDocument(text=text)
        self.call(
            self.client.text_document_did_change,
            types.DidChangeTextDocumentParams(text_document=named, content_changes=[whole]),
        )
        return self.versions[uri]

    def close(self, uri: str) -> None:
        """Closes a text."""
        named = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri=uri))
        self.call(self.client.text_document_did_close, named)

    def problems(self, uri: str, version: int | None = None) -> list[types.Diagnostic]:
        """What was last published of a text, once it is of the latest version."""
        version = version or self.versions[uri]
        return self.until(uri, lambda last: (last.version or 0) >= version)

    def until(self, uri: str, holds: Any) -> list[types.Diagnostic]:
        """What was last published of a text, once something holds for it."""
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            if self.published[uri] and holds(self.published[uri][-1]):
                return list(self.published[uri][-1].diagnostics)
            time.sleep(0.001)
        raise AssertionError(f"waited in vain: {self.published[uri][-1:]}")

    def ask(self, method: str, uri: str, **given: Any) -> Any:
        """Asks about a text by a method of the client: `hover`, `completion`."""
        function = getattr(self.client, f"text_document_{method}_async")
        kind = (
            types.METHOD_TO_TYPES[_METHODS[method]][2] or types.METHOD_TO_TYPES[_METHODS[method]][0]
        )
        params = kind(text_document=types.TextDocumentIdentifier(uri=uri), **given)
        answer = self.run(function(params))
        return list(answer) if isinstance(answer, tuple) else answer


_METHODS = {
    "hover": types.TEXT_DOCUMENT_HOVER,
    "completion": types.TEXT_DOCUMENT_COMPLETION,
    "signature_help": types.TEXT_DOCUMENT_SIGNATURE_HELP,
    "inlay_hint": types.TEXT_DOCUMENT_INLAY_HINT,
    "document_symbol": types.TEXT_DOCUMENT_DOCUMENT_SYMBOL,
    "folding_range": types.TEXT_DOCUMENT_FOLDING_RANGE,
    "semantic_tokens_full": types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
    "formatting": types.TEXT_DOCUMENT_FORMATTING,
    "range_formatting": types.TEXT_DOCUMENT_RANGE_FORMATTING,
    "definition": types.TEXT_DOCUMENT_DEFINITION,
    "references": types.TEXT_DOCUMENT_REFERENCES,
    "document_highlight": types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT,
    "prepare_rename": types.TEXT_DOCUMENT_PREPARE_RENAME,
    "rename": types.TEXT_DOCUMENT_RENAME,
    "code_action": types.TEXT_DOCUMENT_CODE_ACTION,
    "code_lens": types.TEXT_DOCUMENT_CODE_LENS,
}


def at(text: str, place: int) -> types.Position:
    """The position of a character, in a text of characters of one unit."""
    before = text[:place]
    return types.Position(before.count("\n"), place - before.rfind("\n") - 1)


def whole() -> types.Range:
    """A range around every text."""
    return types.Range(types.Position(0, 0), types.Position(100_000, 0))


def cut(text: str, where: types.Range) -> str:
    """The text of a range, in a text of characters of one unit."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    first = starts[where.start.line] + where.start.character
    return text[first : starts[where.end.line] + where.end.character]


def edited(text: str, edits: list[types.TextEdit]) -> str:
    """A text after edits, which an editor applies from the last to the first."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character))[::-1]:
        first = starts[edit.range.start.line] + edit.range.start.character
        last = starts[edit.range.end.line] + edit.range.end.character
        text = text[:first] + edit.new_text + text[last:]
    return text
