"""The `augment` setting: what is done to training images."""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.structure import WrongForm
from cnnspec.language.arg_types import Float, Int
from cnnspec.language.choices import Choice
from cnnspec.language.constructs import Construct, option

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
    fill: str = option(
        Choice("background", "nearest", "reflect"),
        "what comes in at the edges",
        default="background",
    )

    @classmethod
    def usage(cls) -> str:
        return _EXAMPLE

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """There is something to be done."""
        if any(getattr(self, name) for name in type(self).specs if name != "fill"):
            return None
        return "", WrongForm(None, word=self.word, form=_EXAMPLE, found="nothing")
