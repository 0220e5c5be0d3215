"""Checkpoints of a run: arrays and figures in one file each, listed with their hashes.

`checkpoints/manifest.json` names the last two, each with size and SHA-256. A file is
written whole before the manifest names it, and only what the manifest no longer names
is removed; so whatever ends a program, one that is sound is left. Knows files and numpy,
no framework. Nothing is unpickled.
"""

import contextlib
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun, DamagedCheckpoint
from cnnspec.files.atomic import read_bytes
from cnnspec.runs.arrays import unpack_arrays
from cnnspec.runs.documents import CHECKPOINT, parse
from cnnspec.runs.run import Run

VERSION = 1
"""Grows when an older program could not go on from what is written."""

KEPT = 2
FOLDER = "checkpoints"
MANIFEST = f"{FOLDER}/manifest.json"
_FACTS = "facts"


class Listed(Record):
    """A checkpoint as the manifest names it."""

    file: str
    size: int
    sha256: str


class Checkpoint(Record):
    """What a training goes on from."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


def save(run: Run, name: str, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint and forgets all but the last two. Raises `CnnspecError`."""
    data = pack(checkpoint)
    run.make(FOLDER)
    file = f"{FOLDER}/{name}.npz"
    run.write(file, data)
    listed = [old for old in _listed(run) if old.file != file]
    listed = [*listed, Listed(file, len(data), hashlib.sha256(data).hexdigest())][-KEPT:]
    entries = [each.as_dict() for each in listed]
    run.write_json(MANIFEST, {"version": VERSION, "checkpoints": entries})
    delete(run, frozenset(run.folder / file for file in (MANIFEST, *(e.file for e in listed))))


def delete(run: Run, but: frozenset[Path] = frozenset()) -> None:
    """Removes checkpoints; one that cannot be removed is in nobody's way."""
    folder = run.folder / FOLDER
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path not in but:
                path.unlink(missing_ok=True)
        if not but:
            folder.rmdir()


def pack(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as the bytes of an `.npz` file."""
    facts = np.frombuffer(json.dumps(checkpoint.facts, allow_nan=False).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{_FACTS: facts}, **checkpoint.arrays)
    return file.getvalue()


def unpack(data: bytes) -> Checkpoint:
    """A checkpoint from its bytes; raises `ValueError`."""
    arrays = unpack_arrays(data)
    try:
        text = arrays.pop(_FACTS).tobytes()
    except KeyError:
        raise ValueError(f"it has no {_FACTS}") from None
    facts, damages = parse(text, CHECKPOINT)
    if damages:
        raise ValueError(damages[0])
    return Checkpoint(arrays, facts)


def _listed(run: Run) -> list[Listed]:
    """What the manifest names, oldest first; raises `CnnspecError` where it cannot be read."""
    if not (run.folder / MANIFEST).exists():
        return []
    manifest = run.read_json(MANIFEST)
    if manifest["version"] > VERSION:
        newer = f"its checkpoints are of version {manifest['version']}, newer than this program"
        raise CnnspecError(BadRun(None, f"cannot go on with {run}: {newer} reads ({VERSION})"))
    return [Listed(*(entry[name] for name in Listed.fields)) for entry in manifest["checkpoints"]]


def valid(run: Run) -> tuple[list[Checkpoint], list[DamagedCheckpoint]]:
    """The checkpoints of a run that are as they were written, newest first, and what is not."""
    found: list[Checkpoint] = []
    damaged: list[DamagedCheckpoint] = []
    for entry in reversed(_listed(run)):
        path = run.folder / entry.file
        try:
            data = read_bytes(path)
            if len(data) != entry.size:
                raise ValueError(f"it has {len(data):,} bytes, not {entry.size:,}")
            if hashlib.sha256(data).hexdigest() != entry.sha256:
                raise ValueError("it is not what was written")
            found.append(unpack(data))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            damaged.append(DamagedCheckpoint(None, f"cannot use {path}: {reason}"))
    return found, damaged
