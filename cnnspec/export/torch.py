"""Exports to PyTorch: a module with one class and the weights for it."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.diagnostics.packages import require_packages
from cnnspec.export.compare import compared, scaled
from cnnspec.export.job import Exported, Job
from cnnspec.export.module import MODULE, WEIGHTS, executed
from cnnspec.export.packages import versions
from cnnspec.program.build import build_program
from cnnspec.runs.weights import weights_file
from cnnspec.targets.torch.source import module_of
from cnnspec.version import __version__


def require() -> None:
    """Raises `CnnspecError` where PyTorch is missing, which runs what is compared."""
    require_packages("an export to torch", "torch", "torch")


def export(job: Job) -> Exported:
    """Returns the module and its weights, after it gave what the run gives."""
    program = build_program(job.checked.graph)
    module = module_of(program, job.weights, job.checked.spec.model, __version__)
    weights = weights_file(module.state)
    with tempfile.TemporaryDirectory() as place:
        network = executed(job, Path(place), module.text, weights)
        figures = compared(job, _predictor(network), f"the module {MODULE}")
    numbers = sum(parameter.numel() for parameter in network.parameters())
    files: dict[str, str | bytes] = {MODULE: module.text, WEIGHTS: weights}
    return Exported(files, {"parameters": numbers, **figures}, versions("torch"))


def _predictor(network: Any) -> Any:
    """The scores of a network for images, uint8, in parts that fit in memory."""
    import torch

    def predict(images: np.ndarray) -> np.ndarray:
        found = []
        with torch.no_grad():
            for start in range(0, len(images), 256):
                part = scaled(images[start : start + 256])
                first = np.moveaxis(part, -1, 1) if part.ndim == 4 else part
                found.append(network(torch.from_numpy(np.ascontiguousarray(first))).numpy())
        return np.concatenate(found)

    return predict
