"""Runs a model with ONNX Runtime."""

import numpy as np
import onnxruntime

from cnnspec.targets.onnx.model import INPUT, OUTPUT, Form

RUNTIME_ERRORS: tuple[type[Exception], ...] = tuple(
    each
    for each in vars(onnxruntime.capi.onnxruntime_pybind11_state).values()
    if isinstance(each, type) and issubclass(each, Exception)
)
"""What ONNX Runtime raises for a model that it does not run."""


class Session:
    """A model loaded once, for any number of images."""

    def __init__(self, model: bytes, form: Form) -> None:
        """Raises one of `RUNTIME_ERRORS` for a model that it does not run."""
        options = onnxruntime.SessionOptions()
        # Errors come as exceptions; warnings are about what a runtime could do better.
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        self._form = form
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Returns what it gives for images (n, height, width, channels), float32 from 0 to 1."""
        if self._form.layout == "nchw" and images.ndim == 4:
            images = images.transpose(0, 3, 1, 2)
        size = self._form.batch
        given = np.ascontiguousarray(images, np.float32)
        if size is None:
            return self._run(given)
        # The last images fill a batch with copies of the first.
        more = -len(given) % size
        filled = np.concatenate([given, given[:1].repeat(more, 0)]) if more else given
        parts = [self._run(filled[at : at + size]) for at in range(0, len(filled), size)]
        return np.concatenate(parts)[: len(given)]

    def _run(self, images: np.ndarray) -> np.ndarray:
        (scores,) = self._session.run([OUTPUT], {INPUT: images})
        found: np.ndarray = np.asarray(scores)
        return found
