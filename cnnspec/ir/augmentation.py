"""The `augment` setting: what is done to training images, as data for Keras's own layers."""

from typing import ClassVar

from cnnspec.core.shapes import Image
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.structure import WrittenAs
from cnnspec.language.arg_types import Float, Int
from cnnspec.language.choices import Choice
from cnnspec.language.constructs import Construct, option
from cnnspec.layers.base import Keras

_FILLS = {"background": "constant", "nearest": "nearest", "reflect": "reflect"}
"""What comes in from outside of an image, and Keras's word for it."""

_EXAMPLE = "augment shift=0.1 rotate=10"


class Augment(Construct):
    """Changes training images at random, each in its own way and anew in every epoch.

    Done on whole batches within the compiled step, in the order of the options; never to
    images that are validated, tested or predicted, and no part of the saved model.
    """

    word: ClassVar[str] = "augment"

    flip: str | None = option(
        Choice("horizontal", "vertical", "both"), "mirrors half of the images", default=None
    )
    crop: int = option(
        Int(0), "pads by so many pixels and cuts the old size out of it somewhere", default=0
    )
    shift: float = option(
        Float(high=1, below=True), "how far it moves at most, as a share of a side", default=0
    )
    rotate: float = option(Float(high=180), "how far it turns at most, in degrees", default=0)
    shear: float = option(
        Float(high=1, below=True), "how far lines lean at most, as a share of a side", default=0
    )
    zoom: float = option(
        Float(high=1, below=True), "how much larger or smaller it gets at most", default=0
    )
    erase: float = option(
        Float(high=1), "the share of the images in which a rectangle becomes background", default=0
    )
    noise: float = option(
        Float(), "the standard deviation of Gaussian noise, of pixels from 0 to 1", default=0
    )
    fill: str = option(Choice(*_FILLS), "what comes in at the edges", default="background")

    @classmethod
    def usage(cls) -> str:
        return _EXAMPLE

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """There is something to be done."""
        if any(getattr(self, name) for name in type(self).specs if name != "fill"):
            return None
        return "", WrittenAs(None, word=self.word, form=_EXAMPLE, found="nothing")

    def keras(self, shape: Image) -> list[Keras]:
        """The Keras layers for images of a shape, in the order in which they work."""
        found: list[Keras] = []

        def add(name: str, **arguments: object) -> None:
            found.append(Keras(f"layers.{name}", arguments, seeded=True))

        filled = {"fill_mode": _FILLS[self.fill], "fill_value": 0.0}
        # Keras's own `horizontal_and_vertical` does both or none.
        for mode in ("horizontal", "vertical"):
            if self.flip in (mode, "both"):
                add("RandomFlip", mode=mode)
        if self.crop:
            # Keras's `RandomCrop` cuts all images of a batch alike. Moving each to the
            # nearest of 2 * crop + 1 pixels is the same cut for each by itself.
            sides = [(self.crop + 0.49) / side for side in (shape.height, shape.width)]
            add("RandomTranslation", **_sides(sides), **filled, interpolation="nearest")
        if self.shift:
            add("RandomTranslation", **_sides([self.shift] * 2), **filled)
        if self.rotate:
            add("RandomRotation", factor=self.rotate / 360, **filled)
        if self.shear:
            add("RandomShear", x_factor=self.shear, y_factor=self.shear, **filled)
        if self.zoom:
            # With one factor the image keeps its proportions.
            add("RandomZoom", height_factor=self.zoom, **filled)
        if self.erase:
            # A single number would be drawn from 0 up to it.
            probability = (self.erase, self.erase)
            add("RandomErasing", factor=probability, fill_value=0.0, value_range=(0, 1))
        if self.noise:
            add("GaussianNoise", stddev=self.noise)
        return found


def _sides(factors: list[float]) -> dict[str, float]:
    return dict(zip(("height_factor", "width_factor"), factors, strict=True))
