"""What a machine of a cluster tells of itself. Sent there as it stands, so it needs nothing there.

Knows only the standard library; cnnspec is asked for what it knows if it is there.
"""

import hashlib
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGES = ("ray", "keras", "tensorflow", "numpy")
"""What must be the same everywhere, beside Python and cnnspec."""


def facts(datasets: list[str], paths: list[str]) -> dict[str, Any]:
    """Versions, what Ray was started with, and which data is there."""
    return {
        "host": platform.node(),
        "python": platform.python_version(),
        "cnnspec": _cnnspec(),
        **{name: _version(name) for name in PACKAGES},
        "processors": os.cpu_count() or 1,
        "token": os.environ.get("RAY_AUTH_MODE") == "token",
        "data": {**_known(datasets), **{path: Path(path).exists() for path in paths}},
    }


def seen(path: str, content: str, patience: float) -> float | None:
    """After how many seconds a file is seen with its content; `None` for never."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < patience:
        try:
            # Asked for its names, a folder of the network looks again for what was not there.
            list(Path(path).parent.iterdir())
            if Path(path).read_text(encoding="utf-8") == content:
                return round(waited, 1)
        except OSError:
            if not Path(path).parent.is_dir():
                return None
        time.sleep(0.2)
    return None


def leave(path: str, content: str) -> str:
    """Writes a file; returns why it could not, or nothing."""
    try:
        Path(path).write_text(content, encoding="utf-8")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cnnspec() -> str | None:
    """The version of cnnspec, and a digest of its files: a checkout may differ in these alone."""
    found = find_spec("cnnspec")
    if found is None or found.origin is None:
        return None
    digest = hashlib.sha256()
    for path in sorted(Path(found.origin).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{_version('cnnspec') or 'of a checkout'} ({digest.hexdigest()[:8]})"


def _known(names: list[str]) -> dict[str, bool]:
    """Which datasets are on this machine, without reading them."""
    try:
        from cnnspec.datasets.files import locate
        from cnnspec.ir.datasets import DATASETS
    except ImportError:
        return {}
    return {name: locate(DATASETS[name]) is not None for name in names if name in DATASETS}
