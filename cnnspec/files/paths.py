"""Paths relative to a folder."""

import os
from pathlib import Path


def seen_from(path: Path, folder: Path) -> str:
    """Returns a path relative to a folder, with `/`; the absolute path where there is none.

    On Windows there is none from one drive to another.
    """
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def beside(named: str, file: str) -> Path:
    """Returns the absolute path of what a file names, seen from the folder of that file."""
    return Path(file).parent.joinpath(Path(named).expanduser()).absolute()
