"""Exports that are a Python module: executed as a person would, with its weights beside it."""

import importlib.util
from pathlib import Path
from typing import Any

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import ExportFailed
from cnnspec.export.job import Job

MODULE, WEIGHTS = "network.py", "weights.npz"


def executed(job: Job, folder: Path, text: str, weights: bytes) -> Any:
    """Writes a module and its weights into a folder; returns what its `load` gives.

    Raises `CnnspecError`.
    """
    path = folder / MODULE
    path.write_text(text, encoding="utf-8")
    (folder / WEIGHTS).write_bytes(weights)
    spec = importlib.util.spec_from_file_location("exported_network", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return module.load()
    except Exception as error:
        # Whatever the text does wrong is a mistake of ours, which must leave nothing.
        cause = f"the module {MODULE} made of {job.run} does not run: {error}"
        raise CnnspecError(ExportFailed(None, cause, "report it with the run folder")) from None
