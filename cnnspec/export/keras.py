"""Exports to Keras: a module of plain Keras with its weights, and the `.keras` file it gives."""

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import ExportFailed
from cnnspec.export.compare import compared, scaled
from cnnspec.export.job import Exported, Job
from cnnspec.export.module import MODULE, WEIGHTS, executed
from cnnspec.export.packages import versions
from cnnspec.runs.weights import weights_file
from cnnspec.version import __version__


def require() -> None:
    """Raises `CnnspecError` where there is no Keras, or none of the frameworks it runs on."""
    from cnnspec.targets.keras.backend import choose

    choose(what="an export to keras")


def export(job: Job) -> Exported:
    """Returns the module, its weights and the `.keras` file, after both gave what the run gives.

    The module is executed as a person would: from a folder with the weights beside it.
    """
    from cnnspec.targets.keras.backend import start

    backend = start()
    import keras

    # Operations without a name of ours are numbered from one, so that bytes are the same again.
    keras.utils.clear_session(free_memory=False)
    from cnnspec.targets.keras.recursion import deep_enough
    from cnnspec.targets.keras.source import layer_names, module_text

    text = module_text(job.checked, __version__)
    weights = weights_file(named(job, layer_names(job.checked)))
    with tempfile.TemporaryDirectory() as place, deep_enough(len(job.checked.graph.calls)):
        folder = Path(place)
        model = executed(job, folder, text, weights)
        compared(job, predictor(model), f"the module {MODULE}")
        saved = _saved(model, folder)
        figures = compared(job, predictor(_loaded(job, saved, folder)), "the Keras file")
    files: dict[str, str | bytes] = {MODULE: text, WEIGHTS: weights, f"{job.name}.keras": saved}
    figures = {"parameters": int(model.count_params()), "layers": len(model.layers), **figures}
    return Exported(files, figures, versions("keras", backend))


def named(job: Job, names: dict[str, str]) -> dict[str, np.ndarray]:
    """The weights of a run by the names that their layers have in Keras."""
    found = {}
    for key, array in job.weights.items():
        layer, _, weight = key.rpartition("/")
        found[f"{names[layer]}/{weight}"] = array
    return found


def predictor(model: Any) -> Any:
    """The scores of a Keras model for images, uint8."""
    return lambda images: np.asarray(model.predict(scaled(images), batch_size=256, verbose=0))


def _saved(model: Any, folder: Path) -> bytes:
    """The `.keras` file without its time: the same model gives the same bytes."""
    model.save(folder / "saved.keras")
    file = io.BytesIO()
    with (
        zipfile.ZipFile(folder / "saved.keras") as before,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.namelist():
            data = before.read(entry)
            if entry == "metadata.json":
                about = json.loads(data)
                data = json.dumps({"keras_version": about["keras_version"]}).encode()
            elif entry == "config.json":
                data = _numbered(data.decode()).encode()
            after.writestr(zipfile.ZipInfo(entry), data)
    return file.getvalue()


def _numbered(config: str) -> str:
    """A configuration whose objects have numbers from one, not their places in memory."""
    ids: dict[str, int] = {}
    return re.sub(
        r'("shared_object_id": )(\d+)',
        lambda found: f"{found[1]}{ids.setdefault(found[2], len(ids) + 1)}",
        config,
    )


def _loaded(job: Job, saved: bytes, folder: Path) -> Any:
    """The model of a file as Keras loads it. Raises `CnnspecError`."""
    import keras

    (folder / "again.keras").write_bytes(saved)
    try:
        return keras.models.load_model(folder / "again.keras")
    except (ValueError, TypeError, KeyError, OSError) as error:
        cause = f"Keras does not load the file made of {job.run}: {error}"
        raise CnnspecError(ExportFailed(None, cause, "report it with the run folder")) from None
