"""Errors of training settings that are each allowed, but not with the rest of the spec."""

from typing import ClassVar

from cnnspec.core.edits import Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic


class WarmupTooLong(Diagnostic):
    """A warm-up as long as the training never reaches the learning rate.

    The rate rises evenly through the warm-up and falls along a cosine in what is left.
    """

    code: ClassVar[str] = "CNN501"
    bad: ClassVar[str] = "dense 10 softmax; train { schedule cosine(warmup=10); epochs 5 }"
    good: ClassVar[str] = "dense 10 softmax; train { schedule cosine(warmup=1); epochs 5 }"

    warmup: str
    epochs: int

    @property
    def message(self) -> str:
        return f"the warm-up takes {_epochs(self.warmup)}, and the training has {self.epochs:,}"

    @property
    def help(self) -> str:
        if self.epochs == 1:
            return "train for more epochs, or warm up for a part of one: `warmup=0.1`"
        return f"write `warmup={self._shorter}`, or train for more epochs"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_option

        return set_option(span, "warmup", self._shorter)

    @property
    def _shorter(self) -> str:
        """A tenth of the training."""
        return "0.1" if self.epochs == 1 else str(max(1, self.epochs // 10))


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
        return f"there {verb} for {self.classes} classes"

    @property
    def help(self) -> str:
        return "give one for each class, or write `class_weight balanced`"

    def fixes_at(self, span: Span) -> Fixes:
        title = "write `class_weight balanced`"
        return (write(span, "class_weight balanced", title=title),)


class CropTooLarge(Diagnostic):
    """A crop as large as the image can leave nothing of it.

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
        return f"a crop of {pixels} can move an image of {self.image} out of view"

    @property
    def help(self) -> str:
        return f"write `crop={self._usual}`, which is usual for small images"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_option

        return set_option(span, "crop", str(self._usual))

    @property
    def _usual(self) -> int:
        """Four pixels, or fewer for an image smaller than that."""
        return min(4, min(map(int, self.image.split("x"))) - 1)


class QuantizesTooLate(Diagnostic):
    """Training that may end before it quantizes would leave a network that was never rounded.

    `quantize int8` rounds in the last half of the epochs. Where `early_stop` or `target … stop`
    can end the training before that, it has to round from the first epoch.
    """

    code: ClassVar[str] = "CNN504"
    bad: ClassVar[str] = (
        "dense 10 softmax; train { epochs 20; early_stop val_loss restore; quantize int8 }"
    )
    good: ClassVar[str] = (
        "dense 10 softmax; train { epochs 20; early_stop val_loss restore; quantize int8 last=1 }"
    )

    ends: str
    begins: int

    @property
    def message(self) -> str:
        return (
            f"`{self.ends}` may end training before epoch {self.begins:,}, the first that "
            "`quantize` rounds"
        )

    @property
    def help(self) -> str:
        return "write `quantize int8 last=1`, which rounds from the first epoch"

    def fixes_at(self, span: Span) -> Fixes:
        title = "write `quantize int8 last=1`"
        return (write(span, "quantize int8 last=1", title=title),)
