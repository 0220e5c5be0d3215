"""What to say of a folder that cannot be read as it is: what it looks like, and what to change."""

import os
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path

from cnnspec.datasets.raw import PICTURES, bad
from cnnspec.datasets.readers import table
from cnnspec.datasets.readers.part_files import part_of
from cnnspec.diagnostics.errors import CnnspecError

_OTHER_PICTURES = (
    ".tif",
    ".tiff",
    ".heic",
    ".heif",
    ".avif",
    ".svg",
    ".pgm",
    ".ppm",
    ".jp2",
    ".ico",
)
"""Pictures that are not read."""
_MOST_FILES = 1000
"""How many files are looked at."""
_MOST_OPENED = 20
_SPLITS = ("train", "validation", "test")


def several(path: Path, found: list[tuple[Path, str]]) -> CnnspecError:
    """Returns the error for a folder with data in several folders, each with its reader."""
    inner = [folder.relative_to(path).as_posix() for folder, _ in found]
    cause = f"there is data in several folders of it: {', '.join(inner[:6])}"
    parts = {part_of(Path(name).name): name for name in inner}
    if "train" in parts and len(parts) == len(inner) and None not in parts:
        others = [f'{part}="{path / parts[part]}"' for part in _SPLITS[1:] if part in parts]
        line = " ".join([f'data "{path / parts["train"]}"', *others])
        return bad(path, cause, f"name each: `{line}`")
    if any(reader != "folders" for _, reader in found):
        return bad(path, cause, "name one of them")
    if all(_splits(folder) for folder, _ in found):
        remedy = f"put the splits around the classes: `train/{Path(inner[0]).name}`"
        return bad(path, cause, remedy)
    remedy = "name one of them; if each is a class, put its pictures directly into it"
    return bad(path, cause, remedy)


def _splits(folder: Path) -> bool:
    """Whether all folders in a folder are called like splits."""
    names = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    return bool(names) and all(part_of(name) for name in names)


def nothing(path: Path) -> CnnspecError:
    """Returns the error for a folder without any data that is known."""
    found = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    files = list(islice(found, _MOST_FILES))
    suffixes = Counter(file.suffix.lower() for file in files)
    if not files:
        return bad(path, "it has no files", table.TAKEN)
    others = [suffix for suffix, _ in suffixes.most_common() if suffix in _OTHER_PICTURES]
    if others:
        cause = f"its pictures are {others[0]}, which are not read"
        return bad(path, cause, "save them as .png")
    if any(map(_is_idx, files[:_MOST_OPENED])):
        remedy = "name them as MNIST's: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`"
        return bad(path, "it has IDX files, whose names do not say what they are", remedy)
    known = ", ".join(PICTURES)
    cause = f"it has no data that is known, and no folder with pictures ({known})"
    return bad(path, cause, table.TAKEN)


def _is_idx(file: Path) -> bool:
    """Whether a plain file begins as IDX files do."""
    if not file.is_file():
        return False
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(3) in table.reader("idx").begins
    return False
