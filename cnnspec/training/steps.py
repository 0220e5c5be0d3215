"""Training steps: many at once in one compiled loop where the backend allows it.

Each step is Keras's own `train_step` on a compiled model, or that in parts. What differs
from `fit` is around it: the images stay on the device as bytes, a batch is gathered, scaled and
augmented there, each step has its own learning rate, and the loop over the steps is
compiled too, so that Python is out of the way.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import keras
import numpy as np

from cnnspec.datasets.arrays import Split
from cnnspec.record import Record
from cnnspec.training.augment import Augmenter
from cnnspec.training.parts import train_step


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


def steps(model: keras.Model, feed: Feed, strategy: Any = None, parts: int = 1) -> Steps:
    """The fastest way to run steps on the backend in use, each in parts on TensorFlow.

    With a strategy of `tf.distribute` they are spread over its devices.
    """
    _prepare(model)
    if strategy:
        from cnnspec.training.replicas import ReplicatedLoop

        return ReplicatedLoop(model, feed, strategy)
    runners: dict[str, Callable[[keras.Model, Feed], Steps]]
    runners = {
        "tensorflow": lambda model, feed: TensorFlowLoop(model, feed, parts),
        "jax": _JaxSteps,
        "torch": _TorchSteps,
    }
    return runners[keras.backend.backend()](model, feed)


def _prepare(model: keras.Model) -> None:
    """Makes every variable now; none may come into being inside a compiled loop."""
    classes = model.output_shape[-1]
    labels = keras.ops.one_hot([0], classes)
    outputs = keras.ops.full((1, classes), 1 / classes)
    model.compute_loss(None, labels, outputs)
    model.compute_metrics(None, labels, outputs)
    model.reset_metrics()
    model.optimizer.build(model.trainable_variables)


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


class _JaxSteps:
    """JAX: a compiled step, data on the device, state handed from step to step.

    No compiled loop: within one, XLA's convolutions on the CPU are many times slower.
    """

    def __init__(self, model: keras.Model, feed: Feed) -> None:
        import jax
        import jax.numpy as jnp

        images = jnp.asarray(feed.split.images)
        columns = [jnp.asarray(each) for each in feed.columns(model.output_shape[-1])]
        augmenter = feed.augmenter
        learning_rate = model.optimizer.learning_rate
        place = next(i for i, v in enumerate(model.optimizer.variables) if v is learning_rate)

        def step(state: Any, seeds: Any, rows: Any, rate: Any) -> Any:
            trained, others, optimizer, metrics = state
            optimizer = [*optimizer[:place], rate, *optimizer[place + 1 :]]
            pixels = images[rows].astype("float32") / 255.0
            if augmenter:
                pixels, seeds = augmenter.stateless(seeds, pixels)
            data = (pixels, *(each[rows] for each in columns))
            logs, state = model.train_step((trained, others, optimizer, metrics), data)
            return state, seeds, logs["loss"]

        self._step = jax.jit(step)
        self._variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
        self._seeds = augmenter.variables if augmenter else []

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        state = tuple([variable.value for variable in group] for group in self._variables)
        seeds = [variable.value for variable in self._seeds]
        loss: Any = 0.0
        for each, rate in zip(rows, rates, strict=True):
            state, seeds, loss = self._step(state, seeds, each, rate)
        for group, values in zip((*self._variables, self._seeds), (*state, seeds), strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        # The loss is a mean of all steps so far: one that is no number stays so.
        return bool(np.isfinite(loss))


class _TorchSteps:
    """PyTorch: one step after another, as Keras runs them there, data on the device."""

    def __init__(self, model: keras.Model, feed: Feed) -> None:
        to_device = keras.ops.convert_to_tensor
        self._model = model
        self._images = to_device(feed.split.images)
        self._columns = [to_device(each) for each in feed.columns(model.output_shape[-1])]
        self._augment = feed.augmenter or unchanged

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        logs = {"loss": 0.0}
        for each, rate in zip(keras.ops.convert_to_tensor(rows), rates, strict=True):
            self._model.optimizer.learning_rate = float(rate)
            pixels = self._augment(self._images[each].float() / 255.0)
            logs = self._model.train_step((pixels, *(column[each] for column in self._columns)))
        # Looked at once, for a look waits for the device; a mean that is no number stays so.
        return bool(np.isfinite(keras.ops.convert_to_numpy(logs["loss"])))
