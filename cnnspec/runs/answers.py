"""Answers of a trained network to pictures, and when they are doubted. Values, no framework."""

from typing import TYPE_CHECKING, Any

from cnnspec.core.record import Record

if TYPE_CHECKING:
    import numpy as np


class Doubt(Record):
    """The distance beyond which a picture is unlike the training images, and its calibration."""

    limit: float
    """The squared distance."""
    rate: float
    """The rate of false alarms: the share of calibration images beyond the limit."""
    split: str
    """The split it was calibrated on: `validation` or `test`."""
    images: int
    """How many images that were."""

    @property
    def share(self) -> str:
        """The rate as text: `1 %`."""
        return f"{100 * self.rate:.2g} %"

    def dump(self) -> dict[str, Any]:
        """The values as JSON."""
        return {name: getattr(self, name) for name in type(self).fields}


class Answer(Record):
    """The answer of a network to one picture."""

    name: str
    """The file, or the number of the picture."""
    outputs: "np.ndarray"
    """float32 (classes,)"""
    labels: tuple[str, ...]
    """The names of the classes."""
    given: "np.ndarray"
    """The picture as given, uint8 (h, w, 3), upright and opaque."""
    seen: "np.ndarray"
    """What the network saw, uint8 (height, width, channels)."""
    steps: tuple[str, ...]
    """What was done to turn `given` into `seen`."""
    doubt: Doubt | None = None
    """The limit beyond which the answer is doubted; `None` where the run has none."""
    distance: float | None = None
    """The distance from the training images, as a multiple of the limit."""

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
        """Whether it is unlike the training images; `None` where the run has no limit."""
        return None if self.distance is None else self.distance > 1
