"""An export from a run folder to its own: data read, made, compared, then written."""

import hashlib
import platform
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.analysis.load import checked
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import ExportFailed
from cnnspec.export.folder import require_free, write_folder
from cnnspec.export.job import Exported, Job
from cnnspec.export.table import Exporter
from cnnspec.runs.data import of_run
from cnnspec.runs.run import METRICS, Run
from cnnspec.runs.weights import HASH, read_weights
from cnnspec.targets.table import TARGETS, require_target
from cnnspec.version import __version__


def export(
    run: Run,
    exporter: Exporter,
    folder: Path,
    *,
    name: str,
    dtype: str,
    options: Mapping[str, Any] | None = None,
    data: Path | None = None,
    offline: bool = False,
    force: bool = False,
) -> Exported:
    """Exports a run to a folder and returns what it has made.

    Raises `CnnspecError`: the run has not finished, the folder is taken, something that
    the exporter needs is missing, the target does not do all of the spec, or what was made
    differs from the run.
    """
    require_free(folder, force=force)
    module: Any = import_module(exporter.module)
    module.require()
    result = checked(run.spec)
    require_target(result, TARGETS[exporter.target].replace(trains=False))
    weights = read_weights(run)
    bad = [key for key, array in weights.items() if not np.isfinite(array).all()]
    if bad:
        cause = f"{run} cannot be exported: `{bad[0]}` holds values that are not finite"
        raise CnnspecError(ExportFailed(None, cause, "train again with a smaller learning rate"))
    splits = divide(result.spec, of_run(result.spec.data, run, data), offline=offline)
    held = splits.validation if splits.validation is not None else splits.train
    job = Job(
        run,
        result,
        weights,
        name,
        dtype,
        options or {},
        splits.test.images,
        splits.test.labels,
        splits.train.images,
        held.images,
    )
    made: Exported = module.export(job)
    write_folder(folder, made.files, manifest(job, exporter, made), force=force)
    return made


def manifest(job: Job, exporter: Exporter, made: Exported) -> dict[str, Any]:
    """What an export says of itself; the same run gives the same text."""
    return {
        "cnnspec": __version__,
        "target": exporter.name,
        "dtype": job.dtype,
        "name": job.name,
        **({"options": dict(job.options)} if job.options else {}),
        "model": job.checked.spec.model,
        "spec_sha256": hashlib.sha256(str(job.checked.spec).encode()).hexdigest(),
        HASH: job.run.read_json(METRICS).get(HASH),
        "made_with": {"python": platform.python_version(), "numpy": np.__version__} | made.versions,
        "figures": made.figures,
    }
