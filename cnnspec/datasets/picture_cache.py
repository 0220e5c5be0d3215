"""Keeps decoded pictures in the user's cache, so that a folder is decoded only once.

The key of an entry is made of the folder, the shape, and the name, size and times of every picture:
if one of them changes, it is another entry. What is read must have the SHA-256 that was written
with it. Nothing depends on the cache: where it cannot be written or read, pictures are decoded.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL

from cnnspec.datasets.files import cache_folder
from cnnspec.datasets.raw import DAMAGED, Found, Raw, Request, note
from cnnspec.datasets.readers import npy
from cnnspec.ir.datasets import File

if TYPE_CHECKING:
    from cnnspec.datasets.readers.folders import Listed

FEWEST = 1000
"""Fewer pictures are not cached, because decoding them is fast."""
MOST_BYTES = 2**31
"""The most bytes of all entries; the least recently used are removed first."""
_SETTLED = 2 * 10**9
"""Nanoseconds after which a change of a file is visible in its time."""
_VERSION = 1


def key(
    folder: Path, splits: "dict[str, Listed]", classes: tuple[str, ...], request: Request
) -> str:
    """The name of an entry; empty where nothing is to be cached."""
    if sum(len(listed.paths) for listed in splits.values()) < FEWEST:
        return ""
    newest = max(max(times[1:]) for listed in splits.values() for times in listed.stats)
    if time.time_ns() - newest < _SETTLED:
        return ""
    digest = hashlib.sha256()
    asked = [request.shape, request.data.skip_broken, request.part, classes]
    head = [_VERSION, np.__version__, PIL.__version__, str(folder.absolute()), asked]
    digest.update(json.dumps(head).encode())
    for part, listed in splits.items():
        digest.update(json.dumps([part, listed.labels]).encode())
        digest.update("\0".join(listed.names).encode("utf-8", "surrogateescape"))
        digest.update(np.array(listed.stats, np.int64).tobytes())
    return digest.hexdigest()


def _folder() -> Path:
    return cache_folder() / "pictures"


def load(name: str) -> Found | None:
    """Reads the entry of a name, if it is undamaged."""
    if not name:
        return None
    folder = _folder() / name
    try:
        head = json.loads((folder / "head.json").read_bytes())
        arrays = {}
        for array, digest in head["sha256"].items():
            values = npy.of_file(folder / f"{array}.npy")
            if _digest(values) != digest:
                return None
            arrays[array] = values
        found = _found(head, arrays)
        os.utime(folder)
    except (*DAMAGED, AttributeError):
        return None
    return found


def _found(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> Found:
    raws = {
        part: Raw(arrays[f"{part}_images"], arrays.get(f"{part}_labels"), where, where)
        for part, where in head["parts"].items()
    }
    return Found(
        head["title"],
        tuple(File(*row) for row in head["files"]),
        raws["train"],
        raws.get("test"),
        tuple(head["labels"]),
        tuple(note(text) for text in head["notes"]),
        raws.get("validation"),
        broken=tuple(head["broken"]),
    )


def save(name: str, found: Found) -> None:
    """Writes the entry of a name; a full or read-only disk is not an error."""
    if not name or any(said.severity != "note" for said in found.notes):
        return
    final = _folder() / name
    folder = final.with_name(f".{name}.{os.getpid()}")
    try:
        _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir()
        arrays = {
            f"{part}_{what}": values
            for part, raw in found.parts.items()
            for what, values in (("images", raw.images), ("labels", raw.labels))
            if values is not None
        }
        for array, values in arrays.items():
            np.save(folder / f"{array}.npy", values, allow_pickle=False)
        (folder / "head.json").write_text(json.dumps(_head(found, arrays)))
        _remove(final)
        folder.rename(final)
        _prune(final)
    except (OSError, ValueError):
        _remove(folder)


def _head(found: Found, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return {
        "title": found.title,
        "files": [[file.name, file.size, file.sha256] for file in found.files],
        "labels": found.labels,
        "notes": [said.message for said in found.notes],
        "broken": found.broken,
        "parts": {part: raw.where for part, raw in found.parts.items()},
        "sha256": {array: _digest(values) for array, values in arrays.items()},
    }


def _digest(values: np.ndarray) -> str:
    content: Any = np.ascontiguousarray(values)
    return hashlib.sha256(content).hexdigest()


def _prune(newest: Path) -> None:
    """Removes the least recently used entries until all fit into `MOST_BYTES`."""
    entries = sorted(_folder().iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for entry in entries:
        total += sum(file.stat().st_size for file in entry.iterdir())
        if total > MOST_BYTES and entry != newest:
            _remove(entry)


def _remove(folder: Path) -> None:
    try:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    except OSError:
        pass
