"""What each call of another tool is here: a layer with its weights, or a factor and an offset."""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.layers.base import Layer

Numbers = np.ndarray | float


class Affine(Record):
    """Values times a factor, plus an offset: one number, or one for each channel.

    `learned` where they are weights: those of a batch norm in a file that has none, or a bias.
    """

    factor: Numbers
    offset: Numbers
    learned: bool = False

    def then(self, other: "Affine") -> "Affine":
        """This one, and the other on what it gives."""
        return Affine(
            self.factor * other.factor,
            self.offset * other.factor + other.offset,
            self.learned or other.learned,
        )

    def is_number(self, factor: float, offset: float) -> bool:
        """Whether it is these two numbers for every channel, as far as float32 tells."""
        return bool(np.allclose(self.factor, factor) and np.allclose(self.offset, offset))


class Step(Record):
    """One value of a network: what makes it of others.

    `layer` is `None` for the input, for an `affine` map and for what changes nothing. `arrays`
    are its weights in the order of `Layer.weights`. Steps with one `owner` share their weights.
    """

    key: str
    name: str
    layer: Layer | None
    inputs: tuple[str, ...]
    owner: str = ""
    arrays: tuple[np.ndarray, ...] = ()
    affine: Affine | None = None


Steps = dict[str, Step]
"""Every step by its key, in an order in which they can be computed; the first one is the input."""


def used(steps: Steps, output: str) -> dict[str, list[str]]:
    """The keys of the steps that take each value; those that the output needs alone."""
    needed = {output}
    users: dict[str, list[str]] = {key: [] for key in steps}
    for step in reversed(steps.values()):
        if step.key in needed:
            needed.update(step.inputs)
            for source in dict.fromkeys(step.inputs):
                users[source].insert(0, step.key)
    return users


def alone(users: dict[str, list[str]], steps: Steps, key: str) -> Step | None:
    """The only step that takes a value and takes no other; `None` where there are several."""
    taking = users[key]
    return steps[taking[0]] if len(taking) == 1 and len(steps[taking[0]].inputs) == 1 else None
