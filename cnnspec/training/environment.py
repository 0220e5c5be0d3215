"""What a training runs on and with: recorded, and compared before it goes on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from cnnspec.datasets.splits import Splits
from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import ResultsMayDiffer
from cnnspec.diagnostics.runs import CannotResume
from cnnspec.runs.run import ENVIRONMENT, Run, command_line
from cnnspec.training.backends.base import Backend
from cnnspec.version import __version__


def environment(backend: Backend, splits: Splits) -> dict[str, Any]:
    """What a training ran on and with, so that it can be done again."""
    return {
        "cnnspec": __version__,
        "python": platform.python_version(),
        **backend.described(),
        "numpy": version("numpy"),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command_line(),
        "data": {
            "name": splits.images.dataset.name,
            "origin": splits.images.place.origin,
            "path": str(splits.images.place.folder),
            "labels": list(splits.images.dataset.labels),
            "sha256": {f.name: f.sha256 for f in splits.images.dataset.files},
            "train": len(splits.train),
            "validation": len(splits.validation) if splits.validation else 0,
            "test": len(splits.test),
        },
    }


_SAME = ("keras", "backend", "data")
"""What a resumed training must have in common with its beginning."""


def same_surroundings(
    run: Run, now: dict[str, Any], warn: Warn, immaterial: frozenset[str] = frozenset()
) -> None:
    """Raises `CnnspecError` where a training cannot go on; warns where it may differ.

    `immaterial` names what no result depends on.
    """
    before = run.read_json(ENVIRONMENT)
    anywhere = {"origin": "", "path": ""}
    known = {"devices": 1, "parts": 1, "first_weights": before.get("backend")}
    then = {**known, **before, "data": {**before.get("data", {}), **anywhere}}
    here = {**now, "data": {**now["data"], **anywhere}}
    passing = {"started", "command", "platform", *immaterial}
    differing = {
        name: f"{name} was {_short(then.get(name))} and is {_short(here.get(name))}"
        for name in here
        if name not in passing and then.get(name) != here.get(name)
    }
    graver = [text for name, text in differing.items() if name in (*_SAME, now["backend"])]
    if graver:
        cause = f"cannot go on with {run}: {'; '.join(graver)}"
        raise CnnspecError(
            CannotResume(None, cause, "train again, or go back to what it began with")
        )
    for text in differing.values():
        warn(ResultsMayDiffer(None, f"the end may differ in its last bits: {text}"))


def _short(value: Any) -> str:
    return "other" if isinstance(value, dict) else str(value)
