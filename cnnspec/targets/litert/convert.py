"""A trained network as a file of LiteRT (`.tflite`), by TensorFlow's own converter.

The model is built for one image from the start. To wrap a model with an open batch instead would
give another order of branches, and with it another peak of memory.
"""

import contextlib
import io
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from cnnspec.targets.keras.backend import without_chatter

CALIBRATED = 200
"""Images that show the ranges of values in int8."""


def converted(model: Any, calibration: np.ndarray | None) -> bytes:
    """Returns a Keras model of one image as a file, in int8 with calibration images.

    `calibration` are training images, float32 from 0 to 1; the file then takes and gives int8.
    Raises `ValueError` with the converter's reason where it does not convert.
    """
    reason = ""
    with _quiet():
        converter: Any = tf.lite.TFLiteConverter.from_keras_model(model)
        if calibration is not None:
            images = calibration[:CALIBRATED]
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([each[None]] for each in images)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.int8
            converter.inference_output_type = tf.int8
        try:
            return bytes(converter.convert())
        except Exception as error:
            # Its own class of errors is no public name.
            reason = str(error).strip() or type(error).__name__
    raise ValueError(reason.splitlines()[0][:400])


def stripped(data: bytes) -> bytes:
    """Returns a file without names and metadata, which a device does not need."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    flatbuffer_utils.strip_strings(model)
    model.metadata = None
    model.metadataBuffer = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


class Session:
    """A file loaded once, for images one by one."""

    def __init__(self, data: bytes) -> None:
        """Raises `ValueError` or `RuntimeError` for a file that does not run.

        Without delegates: in int8 that of XNNPACK rounds otherwise than the operators themselves.
        """
        with _quiet():
            self._interpreter = tf.lite.Interpreter(
                model_content=data,
                num_threads=1,
                experimental_op_resolver_type=(
                    tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                ),
            )
            self._interpreter.allocate_tensors()
        (self.input,) = self._interpreter.get_input_details()
        (self.output,) = self._interpreter.get_output_details()

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Returns scores for images (n, height, width, channels), float32 from 0 to 1."""
        given = self._taken(images)
        found = []
        for image in given:
            self._interpreter.set_tensor(self.input["index"], image[None])
            self._interpreter.invoke()
            found.append(self._interpreter.get_tensor(self.output["index"])[0])
        scores = np.array(found)
        if scores.dtype != np.int8:
            return scores
        factor, zero_point = self.output["quantization"]
        real: np.ndarray = ((scores.astype(np.float32) - zero_point) * factor).astype(np.float32)
        return real

    def _taken(self, images: np.ndarray) -> np.ndarray:
        if self.input["dtype"] != np.int8:
            return images.astype(np.float32)
        factor, zero_point = self.input["quantization"]
        whole = np.rint(images / np.float32(factor)) + zero_point
        found: np.ndarray = np.clip(whole, -128, 127).astype(np.int8)
        return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the converter prints, and without the warning that it is to move elsewhere."""
    with (
        without_chatter(),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
