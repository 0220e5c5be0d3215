"""A network of another tool as every reader hands it on: steps, and what runs the file itself."""

from typing import Protocol

import numpy as np

from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.importing.steps import Steps


class Runtime(Protocol):
    """Runs the file itself, to be compared with."""

    @property
    def name(self) -> str:
        """What a reader knows it by: `Keras`."""

    def start(self) -> None:
        """Raises `CnnspecError` where what it needs is not installed."""

    def run(self, images: np.ndarray) -> np.ndarray:
        """Returns the outputs (n, classes) for images (n, height, width, channels).

        Pixels are as the file takes them. Raises whatever the other tool raises.
        """


class Network(Record):
    """A network of another tool with one image as input and one output.

    `shapes` are those of the values of all `steps`, by their keys. `notes` say what was left out.
    """

    name: str
    tool: str
    """The program that wrote the file, with its version where that is known."""
    steps: Steps
    output: str
    shapes: dict[str, Shape]
    runtime: Runtime
    notes: tuple[str, ...] = ()
