"""Averaged weights: Keras's exponential moving average, in use wherever a figure is measured.

The averages are variables of the optimizer. The moving statistics of batch norm, which no
gradient moves, belong to the weights as they were trained. So they are measured once more with
the averaged weights, as for stochastic weight averaging (Izmailov et al., Averaging Weights Leads
to Wider Optima and Better Generalization, 2018).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

Batches = Callable[[], Iterable[Any]]
"""Makes batches of training images, (batch, height, width, channels) float32 from 0 to 1."""


def averages(model: keras.Model) -> bool:
    """Whether a compiled model has averages of its weights."""
    optimizer = model.optimizer
    # Loss scaling wraps the optimizer that has them.
    return bool(getattr(optimizer, "inner_optimizer", optimizer).use_ema)


def settle(model: keras.Model, batches: Batches = tuple) -> None:
    """Makes the averaged weights those of the model; nothing where there are none.

    The statistics of batch norm become the means of those of `batches`.
    """
    if averages(model):
        model.optimizer.finalize_variable_values(model.trainable_variables)
        for variable, value in _statistics(model, batches):
            variable.assign(value)


@contextmanager
def averaged(model: keras.Model, batches: Batches = tuple) -> Iterator[None]:
    """The averaged weights in place of those that are trained, for as long as it lasts."""
    if not averages(model):
        yield
        return
    variables = [*model.trainable_variables, *_moving(model)]
    trained = [keras.ops.convert_to_numpy(v).copy() for v in variables]
    settle(model, batches)
    try:
        yield
    finally:
        for variable, value in zip(variables, trained, strict=True):
            variable.assign(value)


def _norms(model: keras.Model) -> list[Any]:
    return [each for each in model.layers if isinstance(each, keras.layers.BatchNormalization)]


def _moving(model: keras.Model) -> list[Any]:
    return [v for norm in _norms(model) for v in (norm.moving_mean, norm.moving_variance)]


def _statistics(model: keras.Model, batches: Batches) -> list[tuple[Any, np.ndarray]]:
    """The moving statistics of each batch norm, and the means of those of batches.

    Without momentum a call leaves exactly the statistics of its batch. Nothing is assigned, so
    this is the same on several devices.
    """
    moving = _moving(model)
    if not moving:
        return []
    places = {id(v): n for n, v in enumerate(model.non_trainable_variables)}
    trained, still = (
        [keras.ops.convert_to_tensor(keras.ops.convert_to_numpy(v)) for v in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    )
    drawing = [places[id(v)] for layer in model.layers for v in _seeds(layer) if id(v) in places]
    sums = [np.zeros(v.shape) for v in moving]
    count = 0
    with _without_momentum(model):
        for pixels in batches():
            # What dropout and noise draw follows from the batch, whatever was drawn before.
            for place in drawing:
                still[place] = keras.ops.convert_to_tensor(np.array([place, count], np.uint32))
            _, found = model.stateless_call(trained, still, pixels, training=True)
            for total, variable in zip(sums, moving, strict=True):
                total += keras.ops.convert_to_numpy(found[places[id(variable)]])
            count += 1
    means = [(total / max(count, 1)).astype(np.float32) for total in sums]
    return list(zip(moving, means, strict=True)) if count else []


def _seeds(layer: Any) -> list[Any]:
    """The state of the random numbers of a layer, if it draws any."""
    generator = getattr(layer, "seed_generator", None)
    return [] if generator is None else [generator.state]


@contextmanager
def _without_momentum(model: keras.Model) -> Iterator[None]:
    momenta = [norm.momentum for norm in _norms(model)]
    for norm in _norms(model):
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(_norms(model), momenta, strict=True):
            norm.momentum = momentum
