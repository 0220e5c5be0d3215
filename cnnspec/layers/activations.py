"""Activation functions as layers of their own.

Every function a layer can end with is also a statement. Those with parameters are
written out; the others are made from their names.
"""

from typing import ClassVar, cast

from cnnspec.core.counts import count
from cnnspec.core.record import RecordMeta
from cnnspec.core.shapes import Image, Shape, sizes
from cnnspec.language.arg_types import Float
from cnnspec.language.choices import Bool
from cnnspec.language.constructs import flag, option, positional
from cnnspec.layers.base import Inference, SameShape
from cnnspec.layers.weighted import ACTIVATIONS, ENDINGS
from cnnspec.operations.base import Function, Operation
from cnnspec.operations.values import LearnedSlope, Map


class Activation(SameShape):
    """A function applied to every value."""

    @property
    def function(self) -> str:
        return self.word

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (ENDINGS[self.word],)


class Relu(Activation):
    """max(x, 0), with a ceiling or a slope below zero where given."""

    word: ClassVar[str] = "relu"

    max: float | None = option(Float(), "the largest value let through", default=None)
    slope: float = option(Float(), "the slope below zero", default=0.0)

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (Map(Function("relu", slope=self.slope, ceiling=self.max)),)


class LeakyRelu(Activation):
    """x above zero, a small multiple of x below.

    The default slope is 0.3, as in Keras's layer. Keras's function of that name,
    which `conv 8x3 leaky_relu` means, has 0.2.
    """

    word: ClassVar[str] = "leaky_relu"

    slope: float = positional(Float(), "the slope below zero", default=0.3)

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (Map(Function("relu", slope=self.slope)),)


class Prelu(Activation):
    """Leaky ReLU with a trainable slope for each value, or for each channel if `shared`."""

    word: ClassVar[str] = "prelu"

    shared: bool = flag(Bool("shared", means=True), "one slope for a whole channel", default=False)

    def infer(self, shape: Shape) -> Inference:
        if self.shared:
            image = self.image(shape)
            return Inference(sizes(image), params=count(image.channels, "Cin"))
        if isinstance(shape, Image):
            height, width, channels = sizes(shape)
            return Inference((height, width, channels), params=height * width * channels)
        (units,) = sizes(shape)
        return Inference((units,), params=units)

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {"alpha": (1, 1, shape.dims[-1]) if self.shared else shape.dims}

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (LearnedSlope(per_channel=self.shared),)


class Elu(Activation):
    """x above zero, alpha * (exp(x) - 1) below."""

    word: ClassVar[str] = "elu"

    alpha: float = positional(Float(), "the limit far below zero, negated", default=1.0)

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (Map(Function("elu", alpha=self.alpha)),)


def _plain(word: str) -> type[Activation]:
    name = "".join(part.capitalize() for part in word.split("_"))
    doc = f"The function `{word}`, applied to every value."
    body = {"__doc__": doc, "__annotations__": {}, "word": word, "__module__": __name__}
    return cast(type[Activation], RecordMeta(name, (Activation,), body))


_WITH_PARAMETERS = (Relu, LeakyRelu, Prelu, Elu)

ACTIVATION_LAYERS: dict[str, type[Activation]] = {cls.word: cls for cls in _WITH_PARAMETERS} | {
    word: _plain(word) for word in ACTIVATIONS if word not in {c.word for c in _WITH_PARAMETERS}
}
"""Every activation layer by its word."""
