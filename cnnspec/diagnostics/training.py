"""Faults of training settings: each fine by itself, and at odds with the rest of the spec."""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic


class WarmupTooLong(Diagnostic):
    """A warm-up that is as long as the training never lets it reach its learning rate.

    The rate rises evenly through the warm-up and falls along a cosine in what is left.
    """

    code: ClassVar[str] = "CNN501"
    bad: ClassVar[str] = "dense 10 softmax; train { schedule cosine(warmup=10); epochs 5 }"
    good: ClassVar[str] = "dense 10 softmax; train { schedule cosine(warmup=1); epochs 5 }"

    warmup: str
    epochs: int

    @property
    def message(self) -> str:
        return f"the warm-up takes {_epochs(self.warmup)}, and the training {self.epochs}"

    @property
    def help(self) -> str:
        if self.epochs == 1:
            return "train for more epochs, or warm up for a part of one: `warmup=0.1`"
        return f"write `warmup={max(1, self.epochs // 10)}`, or train for more epochs"


def _epochs(number: object) -> str:
    return f"{number} epoch{'' if str(number) == '1' else 's'}"


class WrongWeights(Diagnostic):
    """Class weights are one number for each class, in the order of the labels.

    The loss of an image is multiplied by the weight of its class. `balanced` takes
    n / (classes * images of the class), so that each class counts the same in all.
    """

    code: ClassVar[str] = "CNN502"
    bad: ClassVar[str] = "dense 10 softmax; train { class_weight 1, 1, 2 }"
    good: ClassVar[str] = "dense 10 softmax; train { class_weight balanced }"

    weights: int
    classes: int

    @property
    def message(self) -> str:
        verb = "is 1 class weight" if self.weights == 1 else f"are {self.weights} class weights"
        return f"there {verb}, and there are {self.classes} classes"

    @property
    def help(self) -> str:
        return "give one for each class, or write `class_weight balanced`"


class CropTooLarge(Diagnostic):
    """An image is padded and cut out of that again; nothing of it may be left.

    `crop=4` pads four pixels on each side and cuts the old size out at a random place
    (He et al., 2016), which moves the image by at most as many pixels.
    """

    code: ClassVar[str] = "CNN503"
    bad: ClassVar[str] = "dense 10 softmax; train { augment crop=28 }"
    good: ClassVar[str] = "dense 10 softmax; train { augment crop=4 }"

    crop: int
    image: str

    @property
    def message(self) -> str:
        pixels = "1 pixel" if self.crop == 1 else f"{self.crop} pixels"
        return f"a crop of {pixels} can move an image of {self.image} out of itself"

    @property
    def help(self) -> str:
        return "4 is usual for small images: `augment crop=4`"
