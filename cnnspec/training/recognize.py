"""What a trained network says of pictures that people give, prepared as it was trained."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.datasets import given, user_data
from cnnspec.datasets.given import Picture
from cnnspec.datasets.prepare import Prepared, prepare
from cnnspec.datasets.raw import Raw
from cnnspec.runs.answers import Answer
from cnnspec.training.inputs import Inputs
from cnnspec.training.novelty import Features

Outputs = Callable[[np.ndarray], np.ndarray]
"""From uint8 images to the output of the network for each: float32 (n, classes)."""


class Recognizer:
    """A trained network that looks at pictures one by one.

    `outputs` computes them from uint8 images (n, height, width, channels), `features` what
    their distance from the training images is measured by; without it none is doubted.
    """

    def __init__(
        self,
        inputs: Inputs,
        shape: tuple[int, ...],
        labels: Sequence[str],
        outputs: Outputs,
        features: Features | None,
    ) -> None:
        self._inputs = inputs if features else inputs.replace(gaussians=None, doubt=None)
        self._shape = shape
        self._labels = tuple(labels)
        self._outputs = outputs
        self._features = features

    def __call__(
        self, pictures: Sequence[Picture], names: Sequence[str] = (), *, as_is: bool = False
    ) -> list[Answer]:
        """The answers for pictures, prepared if not taken `as_is`. Raises `CnnspecError`."""
        read = [given.read(picture) for picture in pictures]
        prepared = [
            self._prepared(picture, known, as_is)
            for picture, known in zip(pictures, read, strict=True)
        ]
        images = np.stack([each.image for each in prepared])
        outputs = self._outputs(images)
        distances = self._distances(images)
        names = names or [str(number) for number in range(len(pictures))]
        return [
            Answer(
                name=name,
                outputs=output,
                labels=self._labels,
                given=known.pixels,
                seen=made.image,
                steps=made.steps,
                doubt=self._inputs.doubt,
                distance=distance,
            )
            for name, output, known, made, distance in zip(
                names, outputs, read, prepared, distances, strict=True
            )
        ]

    def _prepared(self, picture: Picture, known: given.Given, as_is: bool) -> Prepared:
        framing = self._inputs.framing
        if as_is or framing is None:
            return Prepared(self._plain(picture, known), ("taken as it is",))
        made = prepare(known.pixels, framing)
        return made.replace(steps=(*known.steps, *made.steps))

    def _plain(self, picture: Picture, known: given.Given) -> np.ndarray:
        """A picture as the reader of folders of pictures takes it: stretched, on white."""
        if isinstance(picture, str | Path):
            found: Any = user_data.images(Path(picture), None, self._shape)
            image: np.ndarray = found.images[0]
            return image
        raw = Raw(np.asarray(picture)[None], None, "the picture")
        plain: np.ndarray = user_data.fitting(raw, self._shape, [])[0]
        return plain

    def _distances(self, images: np.ndarray) -> list[float | None]:
        known, doubt = self._inputs.gaussians, self._inputs.doubt
        if known is None or doubt is None or self._features is None:
            return [None] * len(images)
        squared = known.distances(self._features(images)) / max(doubt.limit, 1e-12)
        return [float(each) for each in np.sqrt(squared)]
