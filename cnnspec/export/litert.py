"""Exports to LiteRT (`.tflite`), by TensorFlow's converter; its interpreter runs the result."""

from typing import Any

import numpy as np

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import ExportFailed
from cnnspec.diagnostics.packages import require_packages
from cnnspec.export.compare import TOLERANCE, compared, scaled
from cnnspec.export.job import Exported, Job
from cnnspec.export.packages import versions


def require() -> None:
    """Raises `CnnspecError` where TensorFlow is missing, or Keras runs on something else."""
    require_packages("an export to litert", "litert", "tensorflow", "keras")
    from cnnspec.targets.keras.backend import choose

    choose("tensorflow")


def export(job: Job) -> Exported:
    """Returns the file of a run for one image, after it gave what the run gives."""
    from cnnspec.targets.keras.backend import start

    start("tensorflow")
    from cnnspec.targets.keras.recursion import deep_enough
    from cnnspec.targets.keras.source import plain_model
    from cnnspec.targets.litert.convert import converted, stripped

    whole = job.dtype == "int8"
    try:
        with deep_enough(len(job.checked.graph.calls)):
            model = plain_model(job.checked, job.weights, batch=1)
            data = converted(model, scaled(job.calibration) if whole else None)
    except ValueError as error:
        cause = f"TensorFlow does not convert {job.run}: {error}"
        remedy = "the layer that it names has no form in LiteRT; use another one"
        raise CnnspecError(ExportFailed(None, cause, remedy)) from None
    if job.options.get("strip"):
        data = stripped(data)
    return Exported({f"{job.name}.tflite": data}, _compared(job, data), versions("tensorflow"))


def _compared(job: Job, data: bytes) -> dict[str, Any]:
    """Runs a file; returns its figures. Raises `CnnspecError` where it does not do what it must."""
    from cnnspec.targets.litert.convert import Session

    def predict(images: np.ndarray) -> np.ndarray:
        return session.predict(scaled(images))

    try:
        session = Session(data)
        tolerance = TOLERANCE if job.dtype == "float32" else None
        figures = compared(job, predict, "the LiteRT file", tolerance=tolerance)
    except (ValueError, RuntimeError) as error:
        cause = f"LiteRT does not run the file made of {job.run}: {error}"
        raise CnnspecError(ExportFailed(None, cause, "report it with the run folder")) from None
    return {
        "file_bytes": len(data),
        **_form("input", session.input),
        **_form("output", session.output),
        **figures,
    }


def _form(side: str, details: dict[str, Any]) -> dict[str, Any]:
    """What a file takes or gives: its type and sizes, and what a number of int8 stands for."""
    found: dict[str, Any] = {
        side: f"{np.dtype(details['dtype']).name} {' x '.join(map(str, details['shape']))}"
    }
    if details["dtype"] == np.int8:
        factor, zero_point = details["quantization"]
        found |= {f"{side}_factor": float(factor), f"{side}_zero_point": int(zero_point)}
    return found
