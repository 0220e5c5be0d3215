"""Keeps an imported network as a run, to predict with, to evaluate and to export."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

from cnnspec.core.source import Source
from cnnspec.importing.session import Imported
from cnnspec.runs.run import ENVIRONMENT, HISTORY, METRICS, Run, command_line
from cnnspec.runs.weights import HASH, save_weights
from cnnspec.version import __version__


def keep(imported: Imported, runs: Path) -> Run:
    """Makes a run with the weights of a file; no epoch of it was trained here.

    Raises `CnnspecError` where the folder cannot be written.
    """
    checked = imported.checked
    run = Run.create(runs, checked.spec, Source(checked.source.name, imported.text))
    run.write_json(
        ENVIRONMENT,
        {
            "cnnspec": __version__,
            "python": platform.python_version(),
            "numpy": version("numpy"),
            "command": command_line(),
            "imported": {
                "file": str(imported.path.absolute()),
                "sha256": hashlib.sha256(imported.path.read_bytes()).hexdigest(),
                "tool": imported.network.tool,
            },
        },
    )
    digest = save_weights(run, imported.weights)
    run.write_json(HISTORY, [])
    assert checked.totals is not None
    costs = {"params": checked.totals.params, "macs": checked.totals.macs}
    # Written last: a run with it is complete.
    run.write_json(METRICS, {"epochs": 0, "seconds": 0, HASH: digest, **costs})
    return run
