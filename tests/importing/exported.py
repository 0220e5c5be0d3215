"""Networks of specs as files of ONNX and LiteRT, by the exporters, with weights drawn at random."""

from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked
from cnnspec.core.source import Source
from cnnspec.program.build import build_program
from cnnspec.program.inference import unfused_program
from tests.program.networks import weights
from tests.support.paths import ROOT

SPECS = sorted((ROOT / "specs").rglob("*.cnn"), key=lambda path: path.stem)


def network(path: Path) -> tuple[CheckedSpec, dict[str, np.ndarray]]:
    """A spec with weights that no initializer leaves, in float32."""
    return network_of(path.read_text(encoding="utf-8"), path.stem)


def network_of(text: str, name: str = "net") -> tuple[CheckedSpec, dict[str, np.ndarray]]:
    spec = checked(Source(f"{name}.cnn", text))
    drawn = weights(build_program(spec.graph), 1)
    shapes = spec.graph.weights()
    return spec, {key: drawn[key].reshape(shapes[key]).astype(np.float32) for key in shapes}


def onnx_file(folder: Path, spec: CheckedSpec, arrays: Any, **form: Any) -> Path:
    from cnnspec.targets.onnx.model import Form, onnx_model

    model = onnx_model(unfused_program(spec.graph), arrays, "net", Form(**form))
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def litert_file(folder: Path, spec: CheckedSpec, arrays: Any) -> Path:
    from cnnspec.targets.keras.source import plain_model
    from cnnspec.targets.litert.convert import converted

    path = folder / "net.tflite"
    path.write_bytes(converted(plain_model(spec, arrays, batch=1), None))
    return path
