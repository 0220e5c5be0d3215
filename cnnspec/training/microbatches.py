"""A batch in parts, each of which goes through the network on a thread of its own.

Where every operation is spread over all threads, they wait for each other at its end, a
hundred times a step. Parts of a batch wait for each other once. It is the same step: the
loss is the mean over the whole batch, one gradient moves the weights, and what layers draw
they draw for the whole batch. Only the order in which numbers are added up is another.

Knows Keras's public parts; where it needs TensorFlow it imports it.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cnnspec.analysis.check import CheckedSpec

MAX_PROCESSORS = 4
"""Processors up to which batches are parted; what it does on more of them is not known."""
MIN_PART_IMAGES = 32
"""Images of a part that are worth a thread of their own."""


def separable(checked: CheckedSpec) -> bool:
    """Whether each image goes through the network by itself."""
    chains = checked.graph.operations
    return not any(operation.mixes_images for chain in chains for operation in chain)


def parts_of(checked: CheckedSpec) -> int:
    """Into how many parts a batch is best divided on this machine, 1 where it is left whole."""
    processors = os.cpu_count() or 1
    enough = checked.spec.train.batch >= MIN_PART_IMAGES * processors
    return processors if separable(checked) and enough and processors <= MAX_PROCESSORS else 1


def bounds(count: Any, parts: int) -> Iterator[tuple[Any, Any]]:
    """The first image of each part of `count`, and the first of the next."""
    for number in range(parts):
        yield number * count // parts, (number + 1) * count // parts


Train = Callable[..., dict[str, Any]]
"""Takes a step on images, labels and perhaps weights; gives the figures so far."""


def train_step(model: Any, parts: int) -> Train:
    """Keras's `train_step` of a compiled model in parts; TensorFlow."""
    if parts == 1:
        return lambda *batch: model.train_step(batch)
    import tensorflow as tf

    (running,) = (metric for metric in model.metrics if metric.name == "loss")

    def step(images: Any, labels: Any, *weights: Any) -> dict[str, Any]:
        count = tf.shape(labels)[0]
        outputs, sums = [], []
        drawing = _Drawing(model, count)
        with tf.GradientTape() as tape, drawing.for_all():
            for first, last in bounds(count, parts):
                drawing.begin(first, last)
                outputs.append(model(images[first:last], training=True))
                losses = model.loss.call(labels[first:last], outputs[-1])
                for weight in weights:
                    losses *= weight[first:last]
                sums.append(tf.reduce_sum(losses))
            loss = tf.add_n(sums) / tf.cast(count, tf.float32) + sum(model.losses)
            scaled = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_variables)
        model.optimizer.apply(gradients, model.trainable_variables)
        running.update_state(loss, sample_weight=count)
        figures: dict[str, Any]
        figures = model.compute_metrics(images, labels, tf.concat(outputs, 0), *weights)
        return figures

    return step


class _Drawing:
    """Has layers draw for a batch of `count` images, of which each part takes its own."""

    def __init__(self, model: Any, count: Any) -> None:
        self._layers = [each for each in model.layers if hasattr(each, "seed_generator")]
        self._count = count
        self._drawn: dict[tuple[str, int], Any] = {}

    def begin(self, first: Any, last: Any) -> None:
        """The part that goes through the model next."""
        self._ends = first, last
        self._uses = Counter[str]()

    @contextmanager
    def for_all(self) -> Iterator[None]:
        """As long as it lasts, layers that draw do so."""
        for layer in self._layers:
            # Not by a subclass of each layer that draws: the network as it is written has
            # Keras's own, and must take the same steps.
            layer.call = self._call(layer, layer.call)
        try:
            yield
        finally:
            for layer in self._layers:
                del layer.call

    def _call(self, layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        import keras
        import tensorflow as tf

        adds = isinstance(layer, keras.layers.GaussianNoise)

        def of_part(inputs: Any, training: bool = False) -> Any:
            # A layer that is used again draws again.
            use = layer.name, self._uses[layer.name]
            self._uses[layer.name] += 1
            shape, (first, last) = tf.shape(inputs), self._ends
            if hasattr(layer, "draw"):
                if use not in self._drawn:
                    self._drawn[use] = layer.seed_generator.next()
                skip = first * tf.reduce_prod(shape[1:])
                return inputs * layer.draw(shape, self._drawn[use], skip)
            if use not in self._drawn:
                whole = tf.concat([[self._count], shape[1:]], 0)
                nothing = tf.fill(whole, tf.cast(0 if adds else 1, inputs.dtype))
                self._drawn[use] = call(nothing, training=training)
            mine = self._drawn[use][first:last]
            return inputs + mine if adds else inputs * mine

        return of_part
