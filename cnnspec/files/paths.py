"""Paths as seen from a folder."""

import os
from pathlib import Path


def seen_from(path: Path, folder: Path) -> str:
    """Returns a path as seen from a folder, with `/`; the absolute one where none leads there.

    On Windows none leads from one drive to another.
    """
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.absolute().as_posix()
