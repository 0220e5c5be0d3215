"""Losses, as a table: what training makes small."""

from typing import ClassVar

from cnnspec.language.arg_types import Float
from cnnspec.language.constructs import Construct, option


class Loss(Construct):
    """What training makes small. Labels are one-hot."""

    reads: ClassVar[tuple[str, ...]] = ()
    """The last functions whose outputs it can read, the best one first; empty if any will do."""


class CategoricalCrossentropy(Loss):
    """-log of the probability given to the right class; for softmax."""

    word: ClassVar[str] = "categorical_crossentropy"
    reads: ClassVar[tuple[str, ...]] = ("softmax",)

    label_smoothing: float = option(
        Float(high=1, below=True), "the share spread evenly over all classes", default=0.0
    )


class BinaryCrossentropy(CategoricalCrossentropy):
    """Crossentropy of each class by itself; for sigmoid."""

    word: ClassVar[str] = "binary_crossentropy"
    reads: ClassVar[tuple[str, ...]] = ("sigmoid", "hard_sigmoid")


class Poisson(Loss):
    """Mean of prediction - label * log(prediction)."""

    word: ClassVar[str] = "poisson"
    reads: ClassVar[tuple[str, ...]] = ("softmax", "sigmoid", "softplus", "exponential")


class Focal(CategoricalCrossentropy):
    """Crossentropy that looks away from what is already right (Lin et al., 2017)."""

    word: ClassVar[str] = "focal"
    reads: ClassVar[tuple[str, ...]] = ("softmax",)

    alpha: float = option(Float(high=1), "the weight of every class", default=0.25)
    gamma: float = option(Float(), "how fast easy examples lose weight", default=2.0)


class MeanSquaredError(Loss):
    """Mean of the squared differences."""

    word: ClassVar[str] = "mse"


LOSSES: dict[str, type[Loss]] = {
    cls.word: cls
    for cls in (CategoricalCrossentropy, BinaryCrossentropy, Poisson, Focal, MeanSquaredError)
}
"""Every loss by its word."""
