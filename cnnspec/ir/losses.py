"""Losses, as a table: what training makes small."""

from typing import ClassVar

from cnnspec.language.arg_types import Float
from cnnspec.language.constructs import Construct, option
from cnnspec.layers.base import Keras


class Loss(Construct):
    """What training makes small. Labels are one-hot."""

    keras_name: ClassVar[str]

    def keras(self) -> Keras:
        """The Keras loss."""
        given = {name: getattr(self, name) for name in type(self).specs}
        return Keras(f"losses.{self.keras_name}", given)


class CategoricalCrossentropy(Loss):
    """-log of the probability given to the right class; for softmax."""

    word: ClassVar[str] = "categorical_crossentropy"
    keras_name: ClassVar[str] = "CategoricalCrossentropy"

    label_smoothing: float = option(
        Float(high=1, below=True), "the share spread evenly over all classes", default=0.0
    )


class BinaryCrossentropy(CategoricalCrossentropy):
    """Crossentropy of each class by itself; for sigmoid."""

    word: ClassVar[str] = "binary_crossentropy"
    keras_name: ClassVar[str] = "BinaryCrossentropy"


class Poisson(Loss):
    """Mean of prediction - label * log(prediction)."""

    word: ClassVar[str] = "poisson"
    keras_name: ClassVar[str] = "Poisson"


class Focal(CategoricalCrossentropy):
    """Crossentropy that looks away from what is already right (Lin et al., 2017)."""

    word: ClassVar[str] = "focal"
    keras_name: ClassVar[str] = "CategoricalFocalCrossentropy"

    alpha: float = option(Float(high=1), "the weight of every class", default=0.25)
    gamma: float = option(Float(), "how fast easy examples lose weight", default=2.0)


class MeanSquaredError(Loss):
    """Mean of the squared differences."""

    word: ClassVar[str] = "mse"
    keras_name: ClassVar[str] = "MeanSquaredError"


LOSSES: dict[str, type[Loss]] = {
    cls.word: cls
    for cls in (CategoricalCrossentropy, BinaryCrossentropy, Poisson, Focal, MeanSquaredError)
}
"""Every loss by its word."""
