"""The texts that an editor has open, each checked soon after it has changed.

Latest wins: a change waits for a moment in which no other one comes, so that while keys are
hit or a burst of edits arrives only the last text is checked. The moment is a part of what
the last check took, so that a short spec is answered at once.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pygls import uris

from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import OverBudget
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.statements import NothingToTrain
from cnnspec.expansion.imports import ALLOWED
from cnnspec.files.sources import decode
from cnnspec.language.scan import MAX_BYTES
from cnnspec.service.names import uses_file
from cnnspec.service.snapshot import Snapshot, snapshot

_WAIT = 0.2
"""How long a change waits for the next one, as a share of what the last check took."""
_LONGEST_WAIT = 0.1
"""Seconds that a change waits at most for the next one."""
_MOST_WAITS = 5
"""Waits after which a text is checked although changes go on, for one who never pauses."""
_FEW_LAYERS = 50
"""Layers of a network for which advice on its budgets is found within some milliseconds."""
_PAUSE = 0.2
"""Seconds without a change after which advice is looked for that takes longer."""
_MOST_FILES = 2_000
"""Files of a folder that are looked through for uses of a name."""


class Document:
    """An open text: its version, and what was known when it was last checked."""

    def __init__(self, uri: str, version: int, text: str) -> None:
        self.uri = uri
        self.path = path_of(uri)
        self.file = self.path.resolve() if self.path else None
        """The file itself, however links lead to it."""
        self.unreadable: tuple[Diagnostic, ...] = ()
        """Why the file on disk is not the text that the editor shows, if so."""
        self.set(version, text)
        self.known: Snapshot | None = None
        self.advised = False
        """Whether the problems have advice on budgets, which takes longer than a check."""
        self.ready = asyncio.Event()
        self.seconds = 0.0
        """What the last check took."""
        self.timer: asyncio.TimerHandle | None = None
        self.since = 0.0
        """When the first change came that is not checked yet; 0 where there is none."""

    def set(self, version: int, text: str) -> None:
        """Takes another text."""
        self.version = version
        self.text = text

    @property
    def source(self) -> Source:
        """The text with the name of its file."""
        return Source(str(self.path) if self.path else "<untitled>", self.text)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """What is said of the text. A file of blocks for others is not a spec without layers."""
        if self.known is None:
            return self.unreadable
        found = self.known.problems if self.advised else self.known.checked.problems
        if is_library(self.known):
            found = tuple(p for p in found if not isinstance(p, NothingToTrain))
        return (*self.unreadable, *found)


def path_of(uri: str) -> Path | None:
    """Returns the file of an address, `None` for a text that is in no file yet."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def is_library(found: Snapshot) -> bool:
    """Returns whether a text is made to be used by others: it has blocks, and no layers."""
    words = {statement.word for statement in found.parsed.statements}
    return "block" in words and words <= set(ALLOWED)


class Documents:
    """All open texts. `checked` is called for each whose check is new."""

    def __init__(self, checked: Callable[[Document], None]) -> None:
        self._checked = checked
        self._open: dict[str, Document] = {}

    def open(self, uri: str, version: int, text: str) -> None:
        """Takes a text that an editor has opened."""
        document = self._open[uri] = Document(uri, version, text)
        document.unreadable = _not_text(document.path)
        self._schedule(document)

    def change(self, uri: str, version: int, text: str) -> None:
        """Takes the text after a change."""
        document = self._open[uri]
        document.set(version, text)
        self._schedule(document)

    def save(self, uri: str) -> None:
        """Looks at the file that was written."""
        document = self._open.get(uri)
        if document and document.unreadable:
            document.unreadable = _not_text(document.path)
            self._schedule(document)

    def close(self, uri: str) -> None:
        """Forgets a text; those that use its file read it from disk again."""
        document = self._open.pop(uri, None)
        if document is None:
            return
        if document.timer:
            document.timer.cancel()
        # Who waits for it learns that it is gone.
        document.ready.set()
        self.touched(document.file)

    def touched(self, *files: Path | None) -> None:
        """Checks the texts again that use one of some files, whose paths are resolved."""
        for document in self._open.values():
            known = document.known
            if known and any(file and uses_file(known, file) for file in files):
                self._schedule(document)

    def get(self, uri: str) -> Document | None:
        """Returns an open text."""
        return self._open.get(uri)

    async def current(self, uri: str) -> Snapshot | None:
        """Returns what is known of the latest text; `None` for one that is not open."""
        document = self._open.get(uri)
        while document and uri in self._open and not document.ready.is_set():
            await document.ready.wait()
        return document.known if document and uri in self._open else None

    def _schedule(self, document: Document) -> None:
        """Checks a text once no change has come for a while."""
        loop = asyncio.get_running_loop()
        if document.timer:
            document.timer.cancel()
        document.ready.clear()
        now = loop.time()
        document.since = document.since or now
        wait = min(_WAIT * document.seconds, _LONGEST_WAIT)
        if now - document.since > _MOST_WAITS * wait + document.seconds:
            wait = 0
        document.timer = loop.call_later(wait, self._check, document)

    def _check(self, document: Document) -> None:
        began = time.perf_counter()
        before = document.known
        # Only at the beginning of a check: no other one is under way.
        document.since, document.timer = 0.0, None
        known = document.known = snapshot(document.source, None, self.unsaved(document))
        over = any(isinstance(problem, OverBudget) for problem in known.checked.problems)
        document.advised = not over or len(known.layers) <= _FEW_LAYERS
        self._checked(document)
        document.seconds = time.perf_counter() - began
        document.ready.set()
        # Not where it was checked again for the sake of another: files may use each other.
        if before is None or before.source.text != document.text:
            self.touched(document.file)
        if not document.advised:
            document.timer = asyncio.get_running_loop().call_later(_PAUSE, self._advise, document)

    def _advise(self, document: Document) -> None:
        """Looks for what would keep the budgets, and tells the problems again with it."""
        document.timer = None
        document.advised = True
        self._checked(document)

    def unsaved(self, besides: Document | None = None) -> dict[str, str]:
        """Returns the open texts by the paths of their files, without one of them."""
        return {
            str(document.file): document.text
            for document in self._open.values()
            if document.file and document is not besides
        }

    def others(self, folders: list[Path]) -> Iterator[Source]:
        """Yields the open texts, and those of the .cnn files in some folders."""
        seen = set()
        for document in self._open.values():
            if document.file:
                seen.add(document.file)
                yield document.source
        left = _MOST_FILES
        for folder in folders:
            for path in folder.rglob("*.cnn"):
                left -= 1
                if left < 0:
                    return
                if path.resolve() not in seen and path.is_file():
                    yield from _read(path)


def _read(path: Path) -> Iterator[Source]:
    """The text of a file, if it is one."""
    try:
        if path.stat().st_size <= MAX_BYTES:
            yield decode(path.read_bytes(), str(path))
    except (OSError, CnnspecError):
        return


def _not_text(path: Path | None) -> tuple[Diagnostic, ...]:
    """Why a file is not UTF-8. An editor shows such a file all the same, with other characters."""
    try:
        if path and path.is_file() and path.stat().st_size <= MAX_BYTES:
            decode(path.read_bytes(), str(path))
    except CnnspecError as error:
        return error.diagnostics
    except OSError:
        pass
    return ()
