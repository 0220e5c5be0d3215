"""Training steps: many at once in one compiled loop where the backend allows it.

Each step is Keras's own `train_step` on a compiled model. What differs from `fit` is
around it: the images stay on the device as bytes, a batch is gathered and scaled there,
and the loop over the steps is compiled too, so that Python is out of the way.
"""

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np

from cnnspec.datasets.arrays import Split
from cnnspec.training.batches import scale


class Steps(Protocol):
    """Runs training steps on some images."""

    def run(self, rows: np.ndarray) -> bool:
        """A step for each row of `rows`, (steps, batch) indices of images.

        Returns whether the loss is still a finite number; if not it has stopped there.
        """


def steps(model: keras.Model, split: Split) -> Steps:
    """The fastest way to run steps on the backend in use."""
    _prepare(model)
    runners: dict[str, Callable[[keras.Model, Split], Steps]]
    runners = {"tensorflow": _TensorFlowLoop, "jax": _JaxSteps, "torch": _TorchSteps}
    return runners[keras.backend.backend()](model, split)


def _prepare(model: keras.Model) -> None:
    """Makes every variable now; none may come into being inside a compiled loop."""
    classes = model.output_shape[-1]
    labels = keras.ops.one_hot([0], classes)
    outputs = keras.ops.full((1, classes), 1 / classes)
    model.compute_loss(None, labels, outputs)
    model.compute_metrics(None, labels, outputs)
    model.reset_metrics()
    model.optimizer.build(model.trainable_variables)


class _TensorFlowLoop:
    """TensorFlow: a while loop over the steps, data as device tensors."""

    def __init__(self, model: keras.Model, split: Split) -> None:
        import tensorflow as tf

        one_hot = np.eye(model.output_shape[-1], dtype=np.float32)
        images = tf.constant(split.images)
        labels = tf.constant(one_hot[split.known])

        def step(rows: Any) -> Any:
            pixels = tf.cast(tf.gather(images, rows), tf.float32) / 255.0
            logs = model.train_step((pixels, tf.gather(labels, rows)))
            return tf.math.is_finite(logs["loss"])

        def loop(rows: Any) -> Any:
            _, finite = tf.while_loop(
                lambda number, finite: tf.logical_and(number < tf.shape(rows)[0], finite),
                lambda number, _: (number + 1, step(rows[number])),
                (0, True),
                parallel_iterations=1,
            )
            return finite

        shape = tf.TensorSpec([None, None], tf.int32)
        self._loop = tf.function(loop, input_signature=[shape])

    def run(self, rows: np.ndarray) -> bool:
        return bool(self._loop(rows))


class _JaxSteps:
    """JAX: a compiled step, data on the device, state handed from step to step.

    No compiled loop: within one, XLA's convolutions on the CPU are many times slower.
    """

    def __init__(self, model: keras.Model, split: Split) -> None:
        import jax
        import jax.numpy as jnp

        one_hot = np.eye(model.output_shape[-1], dtype=np.float32)
        images = jnp.asarray(split.images)
        labels = jnp.asarray(one_hot[split.known])

        def step(state: Any, rows: Any) -> Any:
            pixels = images[rows].astype("float32") / 255.0
            logs, state = model.train_step(state, (pixels, labels[rows]))
            return state, logs["loss"]

        self._step = jax.jit(step)
        self._variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )

    def run(self, rows: np.ndarray) -> bool:
        state = tuple([variable.value for variable in group] for group in self._variables)
        loss: Any = 0.0
        for each in rows:
            state, loss = self._step(state, each)
        for group, values in zip(self._variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        # The loss is a mean of all steps so far: one that is no number stays so.
        return bool(np.isfinite(loss))


class _TorchSteps:
    """PyTorch: one step after another, as Keras runs them there."""

    def __init__(self, model: keras.Model, split: Split) -> None:
        self._model = model
        self._split = split
        self._one_hot = np.eye(model.output_shape[-1], dtype=np.float32)

    def run(self, rows: np.ndarray) -> bool:
        to_device = keras.ops.convert_to_tensor
        for each in rows:
            chosen = self._split.take(each)
            pixels = to_device(scale(chosen.images))
            labels = to_device(self._one_hot[chosen.known])
            logs = self._model.train_step((pixels, labels))
            if not np.isfinite(keras.ops.convert_to_numpy(logs["loss"])):
                return False
        return True
