"""Exports to ONNX, by the `onnx` package; ONNX Runtime runs what is compared."""

from typing import Any

import numpy as np

from cnnspec.core.names import plain_names
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import ExportFailed
from cnnspec.diagnostics.packages import require_packages
from cnnspec.export.compare import TOLERANCE, compared, scaled
from cnnspec.export.job import Exported, Job
from cnnspec.export.packages import versions
from cnnspec.program.inference import unfused_program

_PACKAGES = ("onnx", "onnxruntime")


def require() -> None:
    """Raises `CnnspecError` where a package is missing."""
    require_packages("an export to onnx", "onnx", *_PACKAGES)


def export(job: Job) -> Exported:
    """Returns the model of a run as one file, after it gave what the run gives."""
    from cnnspec.targets.onnx.model import Form, onnx_model

    form = Form(**job.options)
    (title,) = plain_names([job.checked.spec.model]).values()
    model = onnx_model(unfused_program(job.checked.graph), job.weights, title, form)
    if job.dtype == "int8":
        from cnnspec.targets.onnx.quantized import quantized

        model = quantized(model, scaled(job.calibration), form)
    data = model.SerializeToString(deterministic=True)
    figures = {
        "model_bytes": len(data),
        "opset": form.opset,
        "operators": len(model.graph.node),
        "input": _form(model.graph.input[0]),
        "output": _form(model.graph.output[0]),
        **compare(job, data, form),
    }
    return Exported({f"{job.name}.onnx": data}, figures, versions(*_PACKAGES))


def _form(value: Any) -> str:
    """The name of an input or output and its sizes: `image: n x 28 x 28 x 1`."""
    sizes = [each.dim_param or str(each.dim_value) for each in value.type.tensor_type.shape.dim]
    return f"{value.name}: {' x '.join(sizes)}"


def compare(job: Job, data: bytes, form: Any) -> dict[str, Any]:
    """Runs a model; returns how it compares with the run. Raises `CnnspecError`."""
    from cnnspec.targets.onnx.run import RUNTIME_ERRORS, Session

    try:
        session = Session(data, form)

        def predict(images: np.ndarray) -> np.ndarray:
            return session.predict(scaled(images))

        tolerance = TOLERANCE if job.dtype == "float32" else None
        return compared(job, predict, "the ONNX model", tolerance=tolerance)
    except RUNTIME_ERRORS as error:
        cause = f"ONNX Runtime does not run the model made of {job.run}: {error}"
        raise CnnspecError(ExportFailed(None, cause, "try another `--opset`")) from None
