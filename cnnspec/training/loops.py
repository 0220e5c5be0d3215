"""What training steps are fed with, and the compiled loop that runs many of them at once."""

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import keras
import numpy as np

from cnnspec.core.record import Record
from cnnspec.datasets.arrays import Split
from cnnspec.training.augment import Augmenter
from cnnspec.training.microbatches import train_step


class Steps(Protocol):
    """Runs training steps on some images."""

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        """A step for each row of `rows`, (steps, batch) indices of images, at its learning rate.

        Returns whether the loss is still a finite number; if not the rest means nothing.
        """


class Feed(Record):
    """What training is fed with: images, what is done to them and what each counts.

    `weights` are float32 of shape (images,); without them all images count the same.
    """

    split: Split
    augmenter: Augmenter | None = None
    weights: np.ndarray | None = None

    def columns(self, classes: int) -> list[np.ndarray]:
        """One-hot labels, and weights where there are any, a row for each image."""
        one_hot = np.eye(classes, dtype=np.float32)[self.split.known]
        return [one_hot] if self.weights is None else [one_hot, self.weights]


def unchanged(images: Any) -> Any:
    """What stands where no augmenter is."""
    return images


def compiled_loop(step: Callable[[Any, Any], Any]) -> Any:
    """A `tf.function` that takes a step for each row of indices, at the rate of its place.

    `step` returns whether the loss is a finite number; the loop ends where it is not, and
    returns that.
    """
    import tensorflow as tf

    def loop(rows: Any, rates: Any) -> Any:
        _, finite = tf.while_loop(
            lambda number, finite: tf.logical_and(number < tf.shape(rows)[0], finite),
            lambda number, _: (number + 1, step(rows[number], rates[number])),
            (0, True),
            parallel_iterations=1,
        )
        return finite

    shapes = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.float32)]
    return tf.function(loop, input_signature=shapes)


class TensorFlowLoop:
    """TensorFlow: a while loop over the steps, data as device tensors, batches in parts.

    A batch of fewer images than parts stays whole, for kernels fail on no images at all.
    """

    def __init__(self, model: keras.Model, feed: Feed, parts: int = 1) -> None:
        import tensorflow as tf

        images = tf.constant(feed.split.images)
        columns = [tf.constant(each) for each in feed.columns(model.output_shape[-1])]
        augment = feed.augmenter or unchanged

        @cache
        def loop(parts: int) -> Any:
            train = train_step(model, parts)

            def step(rows: Any, rate: Any) -> Any:
                model.optimizer.learning_rate.assign(rate)
                pixels = augment(tf.cast(tf.gather(images, rows), tf.float32) / 255.0)
                logs = train(pixels, *(tf.gather(each, rows) for each in columns))
                return tf.math.is_finite(logs["loss"])

            return compiled_loop(step)

        self._loop = loop
        self._parts = parts

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        parts = self._parts if rows.shape[1] >= self._parts else 1
        return bool(self._loop(parts)(rows, rates))
