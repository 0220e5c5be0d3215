"""`cnnspec check --watch`: a check whenever a file has changed, for people without an editor.

Looks at the files a few times in a second. That works on every system and every network
drive, and costs less than what a watcher of the system would take to load.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cnnspec.core.terminal import has_colour, messages, show
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import render
from cnnspec.expansion.imports import MAX_FILES
from cnnspec.files.sources import read_source
from cnnspec.language.parse import parse
from cnnspec.language.syntax import String

PAUSE = 0.2
"""Seconds between two looks."""
_SETTLE = 0.05
"""Seconds that an editor may take to write a file whose beginning is there."""

_Seen = dict[str, tuple[int, ...] | None]


def watch(files: list[str], once: Callable[[], int]) -> int:
    """Checks once, and again whenever one of the files or of those that they use has changed.

    Goes on until Ctrl-C, which raises `KeyboardInterrupt`. A file that is not there at the
    beginning raises `CnnspecError`; later, as while an editor replaces it, that is shown.
    """
    first = True
    while True:
        _clear()
        # Before the check: what changes while it runs is a change.
        watched = with_used(files)
        seen = _look(watched)
        try:
            once()
        except CnnspecError as error:
            # A name that was mistyped; what is wrong in a file will be mended.
            if first and error.exit_code == 2:
                raise
            show(render(error.diagnostics), sys.stderr)
        first = False
        sys.stdout.flush()
        count = f"{len(watched)} file{'' if len(watched) == 1 else 's'}"
        now = time.strftime("%H:%M:%S")
        show([[], [(f"{now}  watching {count}; Ctrl-C ends", "dim")]], messages())
        while _look(watched) == seen:
            time.sleep(PAUSE)
        time.sleep(_SETTLE)


def with_used(files: Iterable[str]) -> list[str]:
    """Returns files with those that they use, also those that are not there yet."""
    found = dict.fromkeys(files)
    todo = list(found)
    most = len(found) + MAX_FILES
    while todo and len(found) < most:
        for path in _used_by(todo.pop()):
            if path not in found:
                found[path] = None
                todo.append(path)
    return list(found)


def _used_by(path: str) -> list[str]:
    try:
        statements = parse(read_source(path)).statements
    except CnnspecError:
        return []
    return [
        str(Path(path).parent / value.value)
        for statement in statements
        if statement.word == "use"
        for value in statement.arguments
        if isinstance(value, String)
    ]


def _look(paths: Iterable[str]) -> _Seen:
    """What tells that a file has changed, `None` for one that is not there."""
    found: _Seen = {}
    for path in paths:
        try:
            state = os.stat(path)  # noqa: PTH116 - a Path would take longer to make
            found[path] = state.st_mtime_ns, state.st_size, state.st_ino
        except OSError:
            found[path] = None
    return found


def _clear() -> None:
    """Empties the screen of a terminal, so that what is there is what holds now."""
    if has_colour(sys.stdout):
        sys.stdout.write("\x1b[2J\x1b[H")
