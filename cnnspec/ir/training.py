"""The `train { … }` block: optimizers, losses and every other setting, as tables."""

from typing import ClassVar

from cnnspec.ir.claims import MEASURES
from cnnspec.language.choices import Choice, Either, Several, Switch
from cnnspec.language.entries import Entry, flag, option, positional
from cnnspec.language.kinds import Real, Whole
from cnnspec.language.tables import Made, OneOf
from cnnspec.layers.base import Keras

_BETA = Real(high=1, below=True)


class Optimizer(Entry):
    """How the weights are moved. Fields are named as Keras's arguments; so are defaults."""

    keras_name: ClassVar[str]

    learning_rate: float = positional(Real(above=True), "how far a step goes", default=1e-3)

    def keras(self) -> Keras:
        """The Keras optimizer."""
        given = {name: getattr(self, name) for name in type(self).specs}
        return Keras(f"optimizers.{self.keras_name}", given)


class Sgd(Optimizer):
    """Stochastic gradient descent, with momentum if asked for."""

    word: ClassVar[str] = "sgd"
    keras_name: ClassVar[str] = "SGD"

    learning_rate: float = positional(Real(above=True), "how far a step goes", default=0.01)
    momentum: float = option(
        Real(high=1, below=True), "the share of the last step kept", default=0.0
    )
    nesterov: bool = flag(
        Switch("nesterov", means=True), "looks ahead along the momentum", default=False
    )


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015)."""

    word: ClassVar[str] = "adam"
    keras_name: ClassVar[str] = "Adam"

    beta_1: float = option(_BETA, "the decay of the mean gradient", default=0.9)
    beta_2: float = option(_BETA, "the decay of the mean squared gradient", default=0.999)
    epsilon: float = option(Real(above=True), "keeps the division from zero", default=1e-7)
    amsgrad: bool = flag(Switch("amsgrad", means=True), "never lets steps grow", default=False)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019)."""

    word: ClassVar[str] = "adamw"
    keras_name: ClassVar[str] = "AdamW"

    weight_decay: float = option(Real(), "the share of a weight taken off each step", default=0.004)


class Nadam(Optimizer):
    """Adam with Nesterov momentum (Dozat, 2016)."""

    word: ClassVar[str] = "nadam"
    keras_name: ClassVar[str] = "Nadam"

    beta_1: float = option(_BETA, "the decay of the mean gradient", default=0.9)
    beta_2: float = option(_BETA, "the decay of the mean squared gradient", default=0.999)
    epsilon: float = option(Real(above=True), "keeps the division from zero", default=1e-7)


class Adamax(Nadam):
    """Adam with the infinity norm (Kingma and Ba, 2015)."""

    word: ClassVar[str] = "adamax"
    keras_name: ClassVar[str] = "Adamax"


class RmsProp(Optimizer):
    """Steps divided by the root of a moving mean of squared gradients (Hinton)."""

    word: ClassVar[str] = "rmsprop"
    keras_name: ClassVar[str] = "RMSprop"

    rho: float = option(_BETA, "the decay of the mean squared gradient", default=0.9)
    momentum: float = option(Real(), "the share of the last step kept", default=0.0)
    epsilon: float = option(Real(above=True), "keeps the division from zero", default=1e-7)
    centered: bool = flag(
        Switch("centered", means=True), "takes the mean gradient off first", default=False
    )


class Adagrad(Optimizer):
    """Steps that shrink with the gradients seen so far (Duchi et al., 2011)."""

    word: ClassVar[str] = "adagrad"
    keras_name: ClassVar[str] = "Adagrad"

    epsilon: float = option(Real(above=True), "keeps the division from zero", default=1e-7)


class Adadelta(Optimizer):
    """Steps in proportion to those before (Zeiler, 2012)."""

    word: ClassVar[str] = "adadelta"
    keras_name: ClassVar[str] = "Adadelta"

    rho: float = option(_BETA, "the decay of the means", default=0.95)
    epsilon: float = option(Real(above=True), "keeps the division from zero", default=1e-7)


class Lion(Optimizer):
    """Steps of the sign of the momentum (Chen et al., 2023)."""

    word: ClassVar[str] = "lion"
    keras_name: ClassVar[str] = "Lion"

    beta_1: float = option(_BETA, "how much of the momentum makes the step", default=0.9)
    beta_2: float = option(_BETA, "the decay of the momentum", default=0.99)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    cls.word: cls for cls in (Sgd, Adam, AdamW, Nadam, Adamax, RmsProp, Adagrad, Adadelta, Lion)
}
"""Every optimizer by its word."""


class Loss(Entry):
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
        Real(high=1, below=True), "the share spread evenly over all classes", default=0.0
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

    alpha: float = option(Real(high=1), "the weight of every class", default=0.25)
    gamma: float = option(Real(), "how fast easy examples lose weight", default=2.0)


class MeanSquaredError(Loss):
    """Mean of the squared differences."""

    word: ClassVar[str] = "mse"
    keras_name: ClassVar[str] = "MeanSquaredError"


LOSSES: dict[str, type[Loss]] = {
    cls.word: cls
    for cls in (CategoricalCrossentropy, BinaryCrossentropy, Poisson, Focal, MeanSquaredError)
}
"""Every loss by its word."""

_MONITORED = tuple(prefix + measure for prefix in ("val_", "train_") for measure in MEASURES)


class EarlyStop(Entry):
    """Ends training when a figure has not improved for some epochs."""

    word: ClassVar[str] = "early_stop"

    monitor: str = positional(
        Choice(*_MONITORED), "the figure watched: the lower the better for a loss, else the higher"
    )
    patience: int = option(Whole(), "epochs to wait for an improvement", default=5)
    min_delta: float = option(Real(), "what counts as an improvement", default=0.0)
    restore: bool = flag(
        Switch("restore", means=True), "goes back to the weights of the best epoch", default=False
    )


class Training(Entry):
    """Every setting of training, each with a default."""

    word: ClassVar[str] = "train"

    optimizer: Optimizer = option(
        OneOf("optimizer", OPTIMIZERS), "how the weights are moved", default=Adam()
    )
    loss: Loss = option(
        OneOf("loss", LOSSES), "what training makes small", default=CategoricalCrossentropy()
    )
    metrics: tuple[str, ...] = option(
        Several("accuracy", "f1"), "the figures shown after each epoch", default=("accuracy",)
    )
    batch: int = option(Whole(high=65536), "images in a step", default=128)
    epochs: int = option(Whole(high=100_000), "passes over the training images", default=10)
    validation: float | str = option(
        Either(Real(high=1, above=True, below=True), "none", "test"),
        "the share of the training images held back to validate on; `test` takes the test set",
        default=0.1,
    )
    early_stop: EarlyStop | None = option(Made(EarlyStop), "when to end early", default=None)
    seed: int = option(Whole(0), "what every random number follows from", default=1)

    def statements(self, *, full: bool = False) -> list[str]:
        """The settings as statements: those that differ from their defaults, or all with `full`."""
        return [
            f"{name} {spec.kind.write_full(value) if full else spec.kind.write(value)}"
            for name, spec in type(self).specs.items()
            if (value := getattr(self, name)) is not None and (full or value != spec.default)
        ]
