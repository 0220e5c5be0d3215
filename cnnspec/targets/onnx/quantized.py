"""A model of ONNX in 8-bit integers, by the quantizer of ONNX Runtime.

Kernels have a scale for each filter, values one; the ranges are those of training images.
Operators that have no form in integers stay in float32 between two conversions.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from cnnspec.targets.onnx.model import INPUT, Form

_CALIBRATED = 200
"""Images that show the ranges of values, as many as in `targets/quantize`."""


class _Images(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Batches of images, each as an input of the model."""

    def __init__(self, images: np.ndarray, form: Form) -> None:
        if form.layout == "nchw":
            images = images.transpose(0, 3, 1, 2)
        size = form.batch or len(images)
        whole = len(images) // size * size
        self._batches = iter([images[at : at + size] for at in range(0, whole, size)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Returns the next input, `None` after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: np.ascontiguousarray(batch)}


def quantized(model: onnx.ModelProto, images: np.ndarray, form: Form) -> onnx.ModelProto:
    """Returns the model in int8; `images` are training images, float32 from 0 to 1.

    It takes and gives float32 as before.
    """
    images = images[:_CALIBRATED]
    if form.batch:
        images = np.resize(images, (-(-len(images) // form.batch) * form.batch, *images.shape[1:]))
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            path,
            _Images(images, form),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without advice to prepare the model, of whose values all shapes are known already."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
