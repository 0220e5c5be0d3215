"""Augmentation at work: Keras's preprocessing layers on whole batches of training images."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from cnnspec.core.shapes import Image
from cnnspec.ir.augmentation import Augment
from cnnspec.targets.keras.build import Seeds, make
from cnnspec.targets.keras.lowering.augmentation import augmentation

_AUGMENT = 0xA06
"""Keeps these seeds apart from those of layers and of dropout."""


class Augmenter:
    """Changes images at random. What it draws follows from the seed and the epoch alone."""

    def __init__(self, augment: Augment, shape: Image, seed: int) -> None:
        self._seed = seed
        seeds = Seeds(seed, _AUGMENT)
        # Pixels are moved in float32 whatever the precision of the network.
        self._layers = [
            make(layer, seeds, dtype="float32") for layer in augmentation(augment, shape)
        ]
        # Built now; no variable may come into being inside a compiled loop.
        self(keras.ops.zeros((1, *shape.dims)))

    def __call__(self, images: Any) -> Any:
        """Other images of the same shape, (batch, height, width, channels) of float32."""
        for layer in self._layers:
            images = layer(images, training=True)
        return images

    @property
    def variables(self) -> list[Any]:
        """The states of the random numbers."""
        return [_generator(layer).state for layer in self._layers]

    def reseed(self, epoch: int) -> None:
        """Sets what is drawn next from (seed, epoch), whatever was drawn before."""
        seeds = Seeds(self._seed, _AUGMENT, epoch)
        for state in self.variables:
            state.assign(np.array([seeds.next(), 0], np.uint32))

    def stateless(self, values: Sequence[Any], images: Any) -> tuple[Any, list[Any]]:
        """The images and the next states, given the states, for backends without variables."""
        mapping = list(zip(self.variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            images = self(images)
        return images, [scope.get_current_value(state) for state in self.variables]


def _generator(layer: Any) -> Any:
    """Keras calls it `generator` in its preprocessing layers, `seed_generator` in others."""
    return layer.generator if hasattr(layer, "generator") else layer.seed_generator
