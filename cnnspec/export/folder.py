"""The folder of an export: written whole or not at all, with a manifest of what is in it."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import cannot_write, json_text, sync_folder, umask
from cnnspec.runs.exports import MANIFEST


def require_free(folder: Path, *, force: bool) -> None:
    """Raises `CnnspecError` where a folder exists and may not be replaced.

    With `force` an earlier export is replaced, and nothing else: a folder without a
    manifest holds what somebody else has put there.
    """
    if not os.path.lexists(folder):
        return
    if folder.is_dir() and not folder.is_symlink():
        names = {path.name for path in folder.iterdir()}
        if not names:
            return
        if MANIFEST not in names:
            cause = f"{folder} exists and is not an export: it has no {MANIFEST}"
            raise CnnspecError(CannotWrite(None, cause, "name another folder with `--out`"))
        if force:
            return
    cause = f"{folder} exists"
    raise CnnspecError(CannotWrite(None, cause, "replace it with `--force`, or choose `--out`"))


def write_folder(
    folder: Path, files: Mapping[str, str | bytes], manifest: dict[str, Any], *, force: bool
) -> None:
    """Writes an export and its manifest; a failure leaves what was there before.

    Raises `CnnspecError`.
    """
    contents = {name: _bytes(data) for name, data in files.items()}
    listed = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(contents.items())
    }
    contents[MANIFEST] = _bytes(json_text({**manifest, "files": listed}))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise CnnspecError(cannot_write(folder, error)) from None
    try:
        for name, data in contents.items():
            (made / name).write_bytes(data)
        made.chmod(0o777 & ~umask())
        _replace(folder, made, force=force)
        sync_folder(folder.parent)
    except OSError as error:
        raise CnnspecError(cannot_write(folder, error)) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _replace(folder: Path, made: Path, *, force: bool) -> None:
    """Puts a folder in its place; an earlier one goes only when the new one is there."""
    # Again, because the place may have been taken in the meantime.
    require_free(folder, force=force)
    if not folder.exists():
        made.replace(folder)
        return
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        folder.replace(aside / "old")
        try:
            made.replace(folder)
        except OSError:
            (aside / "old").replace(folder)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data
