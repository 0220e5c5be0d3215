"""Averaged weights: Keras's exponential moving average, in use wherever a figure is measured.

The averages are variables of the optimizer. What no gradient moves, such as the moving
statistics of batch norm, is not averaged and is used as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


def averages(model: keras.Model) -> bool:
    """Whether a compiled model has averages of its weights."""
    optimizer = model.optimizer
    # Loss scaling wraps the optimizer that has them.
    return bool(getattr(optimizer, "inner_optimizer", optimizer).use_ema)


def settle(model: keras.Model) -> None:
    """Makes the averaged weights those of the model; nothing where there are none."""
    if averages(model):
        model.optimizer.finalize_variable_values(model.trainable_variables)


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """The averaged weights in place of those that are trained, for as long as it lasts."""
    if not averages(model):
        yield
        return
    trained = [keras.ops.convert_to_numpy(v).copy() for v in model.trainable_variables]
    settle(model)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, trained, strict=True):
            variable.assign(value)
