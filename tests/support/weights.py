"""Keras models made by hand and the weights in them, as a run would keep them."""

from typing import Any

import keras
import numpy as np

from tests.support.keras_by_hand import Drawn
from tests.support.keras_network import KerasByHand


def weights_of(drawn: Drawn) -> dict[str, np.ndarray]:
    """The weights of the model by hand, by the name of the layer that has them first."""
    found: dict[str, np.ndarray] = {}
    for applied in drawn.applied():
        for weight in applied.layer.weights:
            found.setdefault(f"{applied.name}/{weight.name}", np.asarray(weight))
    return found


def model_in_double(drawn: Drawn) -> keras.Model | None:
    """The same model by hand with the same weights in float64.

    `None` where TensorFlow cannot: a dilated transposed convolution takes float32 only.
    """
    if any(_dilated(applied.layer) for applied in drawn.applied()):
        return None
    keras.config.set_dtype_policy("float64")
    try:
        model = KerasByHand(drawn.network).model()
    finally:
        keras.config.set_dtype_policy("float32")
    for double, single in zip(model.weights, drawn.keras_model().weights, strict=True):
        double.assign(np.asarray(single, np.float64))
    return model


def outputs_in_double(drawn: Drawn, images: np.ndarray) -> np.ndarray | None:
    """What the same model by hand gives in float64; `None` where TensorFlow cannot."""
    model = model_in_double(drawn)
    return None if model is None else np.asarray(model(images.astype(np.float64), training=False))


def _dilated(layer: Any) -> bool:
    transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    return transposed and tuple(layer.dilation_rate) != (1, 1)
