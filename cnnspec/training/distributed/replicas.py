"""Training steps on several devices, each with its part of every batch, to the same result.

The model, its optimizer and its figures stay where they are, as on one device. A step
hands the weights to every device; each computes the gradient of its part; they are summed,
and what one device would do with the sum is done with it. That it is the same sum takes
three things. The loss of a part is divided by the size of the whole batch. Batch norm
takes its statistics over the whole batch. Layers that draw random numbers draw them for
the whole batch, as one device would, and use those of their part. What is left to differ is
the order in which numbers are added up, so the last bits.

Knows Keras's public parts and `tf.distribute`; not how many machines the devices are of,
nor how a training goes on from step to step.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnspec.training.loops import Feed, TensorFlowLoop, compiled_loop, unchanged


class ReplicatedLoop:
    """TensorFlow: a while loop over the steps, each spread over the devices of a strategy.

    Of a batch of n images, device i of N takes those from i*n//N on. A batch of fewer
    images than devices is left to one of them, for kernels fail on no images at all.
    """

    def __init__(self, model: keras.Model, feed: Feed, strategy: Any) -> None:
        images = tf.constant(feed.split.images)
        columns = [tf.constant(each) for each in feed.columns(model.output_shape[-1])]
        augment = feed.augmenter or unchanged
        (running,) = (metric for metric in model.metrics if metric.name == "loss")
        devices = strategy.num_replicas_in_sync
        parts = _Parts(devices)

        def step(rows: Any, rate: Any) -> Any:
            model.optimizer.learning_rate.assign(rate)
            parts.count = count = tf.shape(rows)[0]
            # Augmented before they are shared out, by the numbers that one device draws.
            pixels = augment(tf.cast(tf.gather(images, rows), tf.float32) / 255.0)
            labels, *weights = (tf.gather(each, rows) for each in columns)
            trained = [tf.convert_to_tensor(v) for v in model.trainable_variables]
            others = [tf.convert_to_tensor(v) for v in model.non_trainable_variables]

            def part() -> Any:
                first, last = parts.mine()
                with tf.GradientTape() as tape:
                    tape.watch(trained)
                    outputs, states, penalties = model.stateless_call(
                        trained, others, pixels[first:last], training=True, return_losses=True
                    )
                    losses = model.loss.call(labels[first:last], outputs)
                    for weight in weights:
                        losses *= weight[first:last]
                    loss = tf.reduce_sum(losses) / tf.cast(count, tf.float32)
                    loss += sum(penalties) / devices
                    scaled = model.optimizer.scale_loss(loss)
                gradients = tape.gradient(scaled, trained)
                # With zeros for the images of other devices, so that the sum has those of all.
                placed = tf.pad(outputs, [[first, count - last], [0, 0]])
                return _sum_of_all([loss, placed, *gradients]), states

            # The same on every device.
            (loss, outputs, *gradients), states = tf.nest.map_structure(
                lambda each: strategy.experimental_local_results(each)[0], strategy.run(part)
            )
            model.optimizer.apply(gradients, model.trainable_variables)
            for variable, state in zip(model.non_trainable_variables, states, strict=True):
                variable.assign(state)
            running.update_state(loss, sample_weight=count)
            logs = model.compute_metrics(pixels, labels, outputs, *weights)
            return tf.math.is_finite(logs["loss"])

        with _as_on_one_device(model, parts):
            self._loop = compiled_loop(step).get_concrete_function()
        self._devices = devices
        self._processes = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self._one = TensorFlowLoop(model, feed)

    def run(self, rows: np.ndarray, rates: np.ndarray) -> bool:
        if rows.shape[1] < self._devices:
            return self._one.run(rows, rates)
        # How many steps go at once is a matter of each process, and the sums of several
        # processes meet only where all are in the same turn of a loop.
        at_once = 1 if self._processes else len(rows)
        return all(
            bool(
                self._loop(
                    tf.constant(rows[at : at + at_once]), tf.constant(rates[at : at + at_once])
                )
            )
            for at in range(0, len(rows), at_once)
        )


def _here() -> Any:
    """The device that is being computed for."""
    return tf.distribute.get_replica_context()


def _sum_of_all(values: Any) -> Any:
    """What all devices have of some tensors, added up."""
    return _here().all_reduce(tf.distribute.ReduceOp.SUM, values)


class _Parts:
    """How a batch of `count` images is shared out."""

    count: Any

    def __init__(self, devices: int) -> None:
        self._devices = devices

    def mine(self) -> tuple[Any, Any]:
        """The first image of the device that is computed for, and the first of the next."""
        number = _here().replica_id_in_sync_group
        return tuple(each * self.count // self._devices for each in (number, number + 1))


@contextmanager
def _as_on_one_device(model: keras.Model, parts: _Parts) -> Iterator[None]:
    """Makes the layers that look beyond one image see the whole batch, while steps are traced."""
    norms = [each for each in model.layers if isinstance(each, keras.layers.BatchNormalization)]
    drawing = [each for each in model.layers if hasattr(each, "seed_generator")]
    # Not by subclasses: the network as it is written has Keras's own layers, and it is these
    # whose steps are to be the same on several devices.
    for layer in norms:
        layer.call = _normed_by_all(layer, parts)
    for layer in drawing:
        layer.call = _drawn_for_all(layer.call, parts)
    try:
        yield
    finally:
        for layer in (*norms, *drawing):
            del layer.call


def _normed_by_all(layer: Any, parts: _Parts) -> Callable[..., Any]:
    """Batch norm with the mean and the variance of the whole batch.

    Keras's own `synchronized` takes the variance as E[x²] - E[x]², which loses digits that
    one device has: it is E[(x - E[x])²] here, as there.
    """

    def of_part(inputs: Any, training: bool = False, mask: None = None) -> Any:
        x = tf.cast(inputs, tf.float32)
        axes = list(range(len(inputs.shape) - 1))
        values = parts.count * tf.reduce_prod(tf.shape(x)[1:-1])

        def mean_of_all(of: Any) -> Any:
            total = _sum_of_all(tf.reduce_sum(of, axes))
            return total / tf.cast(values, tf.float32)

        mean = mean_of_all(x)
        variance = mean_of_all(tf.math.squared_difference(x, tf.stop_gradient(mean)))
        for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + now * (1.0 - layer.momentum))
        outputs = tf.nn.batch_normalization(
            x, mean, variance, layer.beta, layer.gamma, layer.epsilon
        )
        return tf.cast(outputs, layer.compute_dtype)

    return of_part


def _drawn_for_all(call: Callable[..., Any], parts: _Parts) -> Callable[..., Any]:
    """A layer that changes each value by a number of its own, drawn for all of the batch.

    It gets zeros in place of the images of other devices.
    """

    def of_part(inputs: Any, training: bool = False) -> Any:
        first, last = parts.mine()
        rest = [[0, 0]] * (len(inputs.shape) - 1)
        padded = tf.pad(inputs, [[first, parts.count - last], *rest])
        return call(padded, training=training)[first:last]

    return of_part
