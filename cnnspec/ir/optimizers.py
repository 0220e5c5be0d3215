"""Optimizers, as a table: how the weights are moved.

A new one also needs a line in `targets/keras/lowering/training.py` and a rule in
`targets/c/optimizers.py`; tests ask for both.
"""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic, listing
from cnnspec.diagnostics.values import Incompatible
from cnnspec.language.arg_types import Float
from cnnspec.language.choices import Bool
from cnnspec.language.constructs import Construct, flag, option, positional

_BETA = Float(high=1, below=True)


class Optimizer(Construct):
    """How the weights are moved. Fields are named as Keras's arguments; so are defaults."""

    usual_rates: ClassVar[tuple[float, float]] = (1e-5, 1e-2)
    """The learning rates it is used with: around its default in Keras and its paper's."""

    learning_rate: float = positional(Float(above=True), "how far a step goes", default=1e-3)
    weight_decay: float | None = option(
        Float(), "the share of a kernel taken off each step, times the learning rate", default=None
    )
    clipnorm: float | None = option(
        Float(above=True), "the largest norm of the gradient of each weight", default=None
    )
    clipvalue: float | None = option(
        Float(above=True), "the largest value within a gradient", default=None
    )
    global_clipnorm: float | None = option(
        Float(above=True), "the largest norm of all gradients together", default=None
    )
    ema: float | None = option(
        Float(high=1, above=True, below=True),
        "keeps a moving average of the weights with this momentum, and uses it",
        default=None,
    )

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """Gradients are clipped in one way."""
        ways = ("clipnorm", "clipvalue", "global_clipnorm")
        given = [name for name in ways if getattr(self, name) is not None]
        if len(given) < 2:
            return None
        reason = f"{listing(given, 'and')} at once"
        remedy = "clip in one way; `global_clipnorm` keeps the direction of the gradient"
        return given[-1], Incompatible(None, of=self.word, reason=reason, remedy=remedy)


COMMON = tuple(name for name in Optimizer.specs if name != "learning_rate")
"""The options that every optimizer takes."""


class Sgd(Optimizer):
    """Stochastic gradient descent, with momentum if asked for."""

    word: ClassVar[str] = "sgd"
    usual_rates: ClassVar[tuple[float, float]] = (1e-4, 0.5)

    learning_rate: float = positional(Float(above=True), "how far a step goes", default=0.01)
    momentum: float = option(
        Float(high=1, below=True), "the share of the last step kept", default=0.0
    )
    nesterov: bool = flag(
        Bool("nesterov", means=True), "looks ahead along the momentum", default=False
    )


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015)."""

    word: ClassVar[str] = "adam"

    beta_1: float = option(_BETA, "the decay of the mean gradient", default=0.9)
    beta_2: float = option(_BETA, "the decay of the mean squared gradient", default=0.999)
    epsilon: float = option(Float(above=True), "keeps the division from zero", default=1e-7)
    amsgrad: bool = flag(Bool("amsgrad", means=True), "never lets steps grow", default=False)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019)."""

    word: ClassVar[str] = "adamw"

    weight_decay: float | None = option(
        Float(), "the share of a kernel taken off each step, times the learning rate", default=0.004
    )


class Nadam(Optimizer):
    """Adam with Nesterov momentum (Dozat, 2016)."""

    word: ClassVar[str] = "nadam"

    beta_1: float = option(_BETA, "the decay of the mean gradient", default=0.9)
    beta_2: float = option(_BETA, "the decay of the mean squared gradient", default=0.999)
    epsilon: float = option(Float(above=True), "keeps the division from zero", default=1e-7)


class Adamax(Nadam):
    """Adam with the infinity norm (Kingma and Ba, 2015)."""

    word: ClassVar[str] = "adamax"
    usual_rates: ClassVar[tuple[float, float]] = (1e-5, 2e-2)


class Lamb(Nadam):
    """Adam with steps in proportion to the weights of a layer (You et al., 2020)."""

    word: ClassVar[str] = "lamb"
    usual_rates: ClassVar[tuple[float, float]] = (1e-4, 0.1)


class RmsProp(Optimizer):
    """Steps divided by the root of a moving mean of squared gradients (Hinton)."""

    word: ClassVar[str] = "rmsprop"

    rho: float = option(_BETA, "the decay of the mean squared gradient", default=0.9)
    momentum: float = option(Float(), "the share of the last step kept", default=0.0)
    epsilon: float = option(Float(above=True), "keeps the division from zero", default=1e-7)
    centered: bool = flag(
        Bool("centered", means=True), "takes the mean gradient off first", default=False
    )


class Adagrad(Optimizer):
    """Steps that shrink with the gradients seen so far (Duchi et al., 2011)."""

    word: ClassVar[str] = "adagrad"
    usual_rates: ClassVar[tuple[float, float]] = (1e-3, 0.5)

    epsilon: float = option(Float(above=True), "keeps the division from zero", default=1e-7)


class Adadelta(Optimizer):
    """Steps in proportion to those before (Zeiler, 2012)."""

    word: ClassVar[str] = "adadelta"
    usual_rates: ClassVar[tuple[float, float]] = (1e-3, 1.0)

    rho: float = option(_BETA, "the decay of the means", default=0.95)
    epsilon: float = option(Float(above=True), "keeps the division from zero", default=1e-7)


class Lion(Optimizer):
    """Steps of the sign of the momentum (Chen et al., 2023)."""

    word: ClassVar[str] = "lion"
    usual_rates: ClassVar[tuple[float, float]] = (1e-6, 1e-3)

    beta_1: float = option(_BETA, "how much of the momentum makes the step", default=0.9)
    beta_2: float = option(_BETA, "the decay of the momentum", default=0.99)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    cls.word: cls
    for cls in (Sgd, Adam, AdamW, Nadam, Adamax, Lamb, RmsProp, Adagrad, Adadelta, Lion)
}
"""Every optimizer by its word."""
