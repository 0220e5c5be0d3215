"""Opens what a training left: a run, runs of several seeds, a sweep, a class, a folder of runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnspec.api.classroom import Class
from cnnspec.api.comparison import Comparison
from cnnspec.api.sweep import Sweep
from cnnspec.api.trained import Trained
from cnnspec.classes.folder import CLASS
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.report.seeds import seeds
from cnnspec.runs.named import kept_in, resolve
from cnnspec.runs.run import SWEEP

OPENERS: dict[str, Callable[[Path], Any]] = {SWEEP: Sweep, CLASS: Class}
"""What opens a folder, by the file that only such a folder has; all others hold runs."""


def opened(folder: Path) -> Any:
    """Opens a folder, or what its name means. Raises `CnnspecError` where there is nothing."""
    known = _opener(folder)
    if known or seeds(folder):
        return (known or Trained)(folder)
    try:
        path = resolve(str(folder))
    except CnnspecError:
        # Several: all of them beside each other.
        kept = kept_in(folder) if folder.is_dir() else []
        if not kept:
            raise
        return Comparison(*kept)
    return (_opener(path) or Trained)(path)


def _opener(folder: Path) -> Callable[[Path], Any] | None:
    return next((OPENERS[name] for name in OPENERS if (folder / name).is_file()), None)
