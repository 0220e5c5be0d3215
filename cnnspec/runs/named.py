"""Finds the run that a name means: a folder, the only one in it, or the newest. Files only."""

import re
from pathlib import Path

from cnnspec.core.natural import natural
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import AmbiguousRun, BadRun
from cnnspec.runs.run import IR, SOURCE, SPEC, SWEEP

LAST = "@last"
"""The name of the newest run in a folder (default: `runs`)."""

RUNS = Path("runs")
"""Where `train` keeps runs by default."""

_SHOWN = 8
"""The most candidates that a message lists."""


def resolve(name: str) -> Path:
    """Returns the folder that a name means: a run, the runs of several seeds, or a sweep.

    `FOLDER/@last` is the newest in a folder, and a folder with a single one means that one.
    `runs/lenet5` also means `runs/lenet5-1` where there is no other `lenet5-<n>`. A path that is
    none of these is returned as it is.

    Raises:
        CnnspecError: the name fits several, or `@last` names a folder without any.
    """
    path = Path(name)
    if _is_kept(path):
        return path
    if path.name == LAST:
        return _newest(RUNS if name == LAST else path.parent)
    found = kept_in(path) if path.is_dir() else _numbered(path)
    if len(found) > 1:
        newest = path / LAST if path.is_dir() else path.parent / LAST
        cause = f"{name} can be any of {len(found):,} runs: {_listed(found)}"
        raise CnnspecError(AmbiguousRun(None, cause, f"name one of them; {newest} is the newest"))
    return found[0] if found else path


def _is_kept(path: Path) -> bool:
    """Whether a folder is a run, holds the runs of several seeds, or is a sweep."""
    return any((path / name).is_file() for name in (IR, SPEC, SWEEP))


def kept_in(folder: Path) -> list[Path]:
    """Returns the runs, the runs of several seeds and the sweeps in a folder, by their names."""
    found = [path for path in folder.iterdir() if path.is_dir() and _is_kept(path)]
    return sorted(found, key=lambda path: natural(path.name))


def _numbered(path: Path) -> list[Path]:
    """The runs `<name>-<n>` of a model, for a path that does not exist."""
    if path.exists() or not path.name or not path.parent.is_dir():
        return []
    form = re.compile(re.escape(path.name) + r"-\d+")
    return [each for each in kept_in(path.parent) if form.fullmatch(each.name)]


def _newest(folder: Path) -> Path:
    found = kept_in(folder) if folder.is_dir() else []
    if not found:
        remedy = "name a folder with runs of `cnnspec train`"
        raise CnnspecError(BadRun(None, f"there are no runs in {folder}", remedy))
    times = {path: begun(path) for path in found}
    newest = [path for path in found if times[path] == max(times.values())]
    if len(newest) > 1:
        cause = f"{len(newest):,} runs in {folder} began at the same time: {_listed(newest)}"
        raise CnnspecError(AmbiguousRun(None, cause, "name one of them"))
    return newest[0]


def begun(folder: Path) -> int:
    """Returns when a training began, in ns: the time of its source, written first and only once."""
    file = folder / SOURCE
    return (file if file.is_file() else folder).stat().st_mtime_ns


def _listed(found: list[Path]) -> str:
    shown = [str(path) for path in found[:_SHOWN]]
    more = len(found) - len(shown)
    return listing([*shown, f"{more:,} more"] if more else shown, "and", quote="")
