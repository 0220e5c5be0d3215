"""The forward pass of a Keras model over many images, as fast as each of its backends can."""

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

import keras
import numpy as np

from cnnspec.targets.keras.backend import parts
from cnnspec.training.microbatches import bounds

_IMAGES = 1000
"""Images in a forward pass, at most; enough to be fast."""
_VALUES = 16_000_000
"""Values of a layer's output in a forward pass; of large images few go at once."""

Forwards = Callable[[np.ndarray, np.ndarray], tuple[Any, Any]]
"""From float images and one-hot labels to the output of the network and the losses."""


def _plain(model: keras.Model) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Output and loss of each image, layer after layer.

    A loss is computed from the output itself and not from its numbers: Keras
    takes a loss from what went into a softmax or sigmoid where it knows it. Each has the
    penalties of the weights in it, as their mean has in Keras.
    """

    def forwards(images: Any, labels: Any) -> tuple[Any, Any]:
        outputs = model(images, training=False)
        return outputs, model.loss.call(labels, outputs) + sum(model.losses)

    return forwards


def _in_tensorflow(model: keras.Model) -> Forwards:
    import tensorflow as tf

    shapes = ((None, *model.input_shape[1:]), model.output_shape)
    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    forwards = _plain(model)

    @cache
    def compiled(parts: int) -> Any:
        def in_parts(images: Any, labels: Any) -> tuple[Any, Any]:
            ends = bounds(tf.shape(images)[0], parts)
            found = [forwards(images[first:last], labels[first:last]) for first, last in ends]
            outputs, losses = (tf.concat(each, 0) for each in zip(*found, strict=True))
            return outputs, losses

        whole = parts == 1
        return tf.function(forwards if whole else in_parts, input_signature=signature)

    def call(images: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
        found: tuple[Any, Any]
        found = compiled(parts() if len(images) >= parts() else 1)(images, labels)
        return found

    return call


def _in_jax(model: keras.Model) -> Forwards:
    import jax

    forwards = _plain(model)

    def stateless(values: list[Any], images: Any, labels: Any) -> tuple[Any, Any]:
        with keras.StatelessScope(list(zip(model.variables, values, strict=True))):
            return forwards(images, labels)

    compiled = jax.jit(stateless)
    return lambda images, labels: compiled([v.value for v in model.variables], images, labels)


def _in_torch(model: keras.Model) -> Forwards:
    import torch

    return torch.no_grad()(_plain(model))  # type: ignore[no-any-return]


_FORWARDS: dict[str, Callable[[keras.Model], Forwards]]
_FORWARDS = {"tensorflow": _in_tensorflow, "jax": _in_jax, "torch": _in_torch}


def at_once(model: keras.Model) -> int:
    """Images of a forward pass, so that no layer makes too many values."""
    largest = max(prod(layer.output.shape[1:]) for layer in model.layers)
    found: int = min(_IMAGES, max(1, _VALUES // largest))
    return found


def forwards(model: keras.Model) -> Forwards:
    """Output and loss of each image, as one function of the backend.

    That takes half the time of layer after layer.
    """
    return _FORWARDS[keras.backend.backend()](model)
