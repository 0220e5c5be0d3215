"""Training steps: the way to run them on the backend in use.

Each step is Keras's own `train_step` on a compiled model, or that in parts. What differs
from `fit` is around it: the images stay on the device as bytes, a batch is gathered, scaled and
augmented there, each step has its own learning rate, and the loop over the steps is
compiled too, so that Python is out of the way.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from cnnspec.training.loops import Feed, Steps, TensorFlowLoop, unchanged


def steps(model: keras.Model, feed: Feed, strategy: Any = None, parts: int = 1) -> Steps:
    """The fastest way to run steps on the backend in use, each in parts on TensorFlow.

    With a strategy of `tf.distribute` they are spread over its devices.
    """
    _prepare(model)
    if strategy:
        from cnnspec.training.distributed.replicas import ReplicatedLoop

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
