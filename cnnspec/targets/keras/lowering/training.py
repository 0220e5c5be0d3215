"""Optimizers and losses as Keras objects. Their fields are named as Keras's arguments are."""

from cnnspec.ir.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Focal,
    Loss,
    MeanSquaredError,
    Poisson,
)
from cnnspec.ir.optimizers import (
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lamb,
    Lion,
    Nadam,
    Optimizer,
    RmsProp,
    Sgd,
)
from cnnspec.targets.keras.objects import Keras

OPTIMIZERS: dict[type[Optimizer], str] = {
    Sgd: "SGD",
    Adam: "Adam",
    AdamW: "AdamW",
    Nadam: "Nadam",
    Adamax: "Adamax",
    Lamb: "Lamb",
    RmsProp: "RMSprop",
    Adagrad: "Adagrad",
    Adadelta: "Adadelta",
    Lion: "Lion",
}
LOSSES: dict[type[Loss], str] = {
    CategoricalCrossentropy: "CategoricalCrossentropy",
    BinaryCrossentropy: "BinaryCrossentropy",
    Poisson: "Poisson",
    Focal: "CategoricalFocalCrossentropy",
    MeanSquaredError: "MeanSquaredError",
}


def optimizer(given: Optimizer) -> Keras:
    """The Keras optimizer."""
    arguments = {name: getattr(given, name) for name in type(given).specs if name != "ema"}
    if given.ema is not None:
        arguments |= {"use_ema": True, "ema_momentum": given.ema}
    return Keras(f"optimizers.{OPTIMIZERS[type(given)]}", arguments)


def loss(given: Loss) -> Keras:
    """The Keras loss."""
    arguments = {name: getattr(given, name) for name in type(given).specs}
    return Keras(f"losses.{LOSSES[type(given)]}", arguments)
