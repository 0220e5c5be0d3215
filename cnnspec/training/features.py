"""The features of images by which a picture is held against those of training."""

import math
from typing import Any

import keras
import numpy as np

from cnnspec.targets.keras.recursion import deep_enough
from cnnspec.training.batches import scale
from cnnspec.training.novelty import MOST_CHANNELS, Features

_IMAGES = 500
"""Images in a forward pass, at most."""
_VALUES = 16_000_000


def features_of(model: keras.Model) -> Features:
    """What computes the features of images: those of its first and last layers, and the logits."""
    wanted = [_position_means(layer.output) for layer in _ends(model)]
    outputs = keras.ops.concatenate([*wanted, _logits(model)], axis=1)
    with deep_enough(len(model.layers)):
        network = keras.Model(model.input, outputs)
    largest = max(math.prod(layer.output.shape[1:]) for layer in model.layers)
    at_once = min(_IMAGES, max(1, _VALUES // largest))

    def features(images: np.ndarray) -> np.ndarray:
        parts = [
            network(scale(images[start : start + at_once]), training=False)
            for start in range(0, len(images), at_once)
        ]
        return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts]).astype(float)

    return features


def _ends(model: keras.Model) -> list[Any]:
    """The first and the last layer with weights that have few enough values, but the output."""
    inner = [
        layer
        for layer in model.layers[:-1]
        if layer.weights and layer.output.shape[-1] <= MOST_CHANNELS
    ]
    return list(dict.fromkeys([*inner[:1], *inner[-1:]]))


def _position_means(output: Any) -> Any:
    """The mean over all positions of an output (n, h, w, c); one without positions as it is."""
    return keras.ops.mean(output, axis=(1, 2)) if len(output.shape) == 4 else output


def _logits(model: keras.Model) -> Any:
    """The output before its softmax, which forgets how large all of them were."""
    last = model.layers[-1]
    if not last.weights:
        flat = last.input
    else:
        config = last.get_config()
        config["activation"] = "linear"
        plain = type(last).from_config(config)
        flat = plain(last.input)
        plain.set_weights(last.get_weights())
    return keras.ops.reshape(flat, (-1, math.prod(flat.shape[1:])))
