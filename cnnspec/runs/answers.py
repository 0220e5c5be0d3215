"""What a trained network says of pictures, and when that is doubted. Values, no framework."""

from typing import TYPE_CHECKING, Any

from cnnspec.core.record import Record

if TYPE_CHECKING:
    import numpy as np


class Doubt(Record):
    """From which distance a picture is unlike the training images, and how that was found."""

    limit: float
    """The squared distance."""
    rate: float
    """The share of images like the calibration images that is beyond it: false alarms."""
    split: str
    """What it was calibrated on: `validation` or `test`."""
    images: int
    """How many those were."""

    @property
    def share(self) -> str:
        """The rate as text: `1 %`."""
        return f"{100 * self.rate:.2g} %"

    def dump(self) -> dict[str, Any]:
        """These metrics as JSON."""
        return {name: getattr(self, name) for name in type(self).fields}


class Answer(Record):
    """What a network says of one picture."""

    name: str
    """The file, or the number of the picture."""
    outputs: "np.ndarray"
    """float32 (classes,)"""
    labels: tuple[str, ...]
    """The names of the classes."""
    given: "np.ndarray"
    """What was given, uint8 (h, w, 3), upright and opaque."""
    seen: "np.ndarray"
    """What the network saw, uint8 (height, width, channels)."""
    steps: tuple[str, ...]
    """What was done to get from one to the other."""
    doubt: Doubt | None = None
    """What decides whether the answer is doubted; `None` where the run cannot tell."""
    distance: float | None = None
    """How far it is from the training images, as a multiple of where doubt begins."""

    @property
    def label(self) -> str:
        """The class with the highest output."""
        return self.labels[int(self.outputs.argmax())]

    @property
    def top(self) -> tuple[tuple[str, float], ...]:
        """The three classes with the highest outputs, the highest first."""
        pairs = zip(self.labels, self.outputs.tolist(), strict=True)
        return tuple(sorted(pairs, key=lambda pair: -pair[1])[:3])

    @property
    def doubted(self) -> bool | None:
        """Whether it is unlike the training images; `None` where the run cannot tell."""
        return None if self.distance is None else self.distance > 1
