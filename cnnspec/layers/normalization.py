"""Normalization: batch, layer and group norm."""

from typing import ClassVar

from cnnspec.core.counts import ZERO, Count, count
from cnnspec.core.shapes import Shape, sizes
from cnnspec.diagnostics.shapes import ChannelsDoNotDivide
from cnnspec.language.arg_types import Float, Int
from cnnspec.language.choices import Bool, Union
from cnnspec.language.constructs import flag, option, positional
from cnnspec.layers.base import Inference, SameShape, ShapeError
from cnnspec.operations.base import Operation
from cnnspec.operations.values import BatchNormalization, GroupNormalization


class Normalization(SameShape):
    """Values brought to mean 0 and variance 1, then scaled and shifted, channel by channel."""

    center: bool = flag(
        Bool("no_center", means=False), "whether a trainable number is added", default=True
    )
    scale: bool = flag(
        Bool("no_scale", means=False), "whether a trainable factor is applied", default=True
    )
    epsilon: float = option(
        Float(above=True), "added to the variance so that nothing divides by zero", default=1e-3
    )

    @property
    def names(self) -> dict[str, str]:
        """The names of the weights with its factor and its offset, empty where it has none."""
        return {"scale": "gamma" if self.scale else "", "offset": "beta" if self.center else ""}

    def starts_at_zero(self, key: str) -> bool:
        return key == "beta"

    def trainable(self, shape: Shape) -> Count:
        """How many weights are trainable: one or two for each channel."""
        each = self.center + self.scale
        return count(each) * count(shape.dims[-1], "Cin") if each else ZERO

    def infer(self, shape: Shape) -> Inference:
        return Inference(sizes(shape), params=self.trainable(shape))

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        given = {"gamma": self.scale, "beta": self.center}
        return {name: shape.dims[-1:] for name, there in given.items() if there}


class BatchNorm(Normalization):
    """Batch norm: mean and variance of each channel over the batch.

    Its moving mean and variance are weights too, which no gradient changes.
    """

    word: ClassVar[str] = "bn"

    momentum: float = option(
        Float(high=1, below=True), "how slowly the moving statistics follow", default=0.99
    )

    def infer(self, shape: Shape) -> Inference:
        statistics = count(2) * count(shape.dims[-1], "Cin")
        return Inference(sizes(shape), params=self.trainable(shape), frozen=statistics)

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        statistics = ("moving_mean", "moving_variance")
        return super().weights(shape) | dict.fromkeys(statistics, shape.dims[-1:])

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (BatchNormalization(self.epsilon, self.momentum, then=None, **self.names),)


class LayerNorm(Normalization):
    """Layer norm: mean and variance over the channels of each position."""

    word: ClassVar[str] = "ln"

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (GroupNormalization(1, False, self.epsilon, **self.names),)


class GroupNorm(Normalization):
    """Group norm: mean and variance over an image and a group of channels.

    `gn instance` makes each channel a group of its own.
    """

    word: ClassVar[str] = "gn"

    groups: int | str = positional(
        Union(Int(), "instance"), "how many groups; `instance` for one a channel", default=32
    )

    def infer(self, shape: Shape) -> Inference:
        channels = shape.dims[-1]
        if isinstance(self.groups, int) and channels % self.groups:
            problem = ChannelsDoNotDivide(
                None, shape, groups=self.groups, channels=channels, which="channels"
            )
            raise ShapeError("groups", problem)
        return super().infer(shape)

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        groups = self.groups if isinstance(self.groups, int) else shape.dims[-1]
        return (GroupNormalization(groups, True, self.epsilon, **self.names),)
