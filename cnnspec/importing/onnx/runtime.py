"""ONNX Runtime running a file that was read as data before."""

import numpy as np
import onnx

from cnnspec.diagnostics.packages import require_packages


class OnnxRuntime:
    """Runs a model, all weights of which are in it; `channels` is their axis in its input."""

    name = "ONNX Runtime"

    def __init__(self, model: onnx.ModelProto, channels: int, batch: int | None) -> None:
        self._model = model
        self._channels = channels
        self._batch = batch

    def start(self) -> None:
        """Raises `CnnspecError` where it is not installed."""
        require_packages("a comparison", "onnx", "onnxruntime")

    def run(self, images: np.ndarray) -> np.ndarray:
        """Returns the outputs for images. Raises whatever ONNX Runtime raises."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(
            self._model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        (name, *_) = [each.name for each in session.get_inputs()]
        given = np.ascontiguousarray(np.moveaxis(images, -1, self._channels), np.float32)
        size = self._batch or len(given)
        more = -len(given) % size
        given = np.concatenate([given, given[:1].repeat(more, 0)]) if more else given
        parts = [
            session.run(None, {name: given[at : at + size]})[0] for at in range(0, len(given), size)
        ]
        found: np.ndarray = np.concatenate(parts)[: len(images)]
        return found.reshape(len(found), -1)
