"""The intermediate representation: what a spec says, without sugar and with every default.

A frozen value. Spans and the places of fields take no part in equality; `str()`
prints canonical `.cnn` text, which parses to an equal spec.
"""

import re
from collections.abc import Generator
from typing import Any, ClassVar

from cnnspec.datasets.catalog import DATASETS
from cnnspec.ir.claims import Budget, Expectation
from cnnspec.ir.training import Training
from cnnspec.language.entries import Entry, Made, option, positional
from cnnspec.language.kinds import Choice, Dimensions, Name, Whole
from cnnspec.layers.base import Layer
from cnnspec.layers.table import LAYERS
from cnnspec.record import Record
from cnnspec.shapes import Shape, shape_of
from cnnspec.source import Span

NAME = Name()


class Node(Record):
    """A layer in its place: its name, and where it and its fields were written."""

    ignored: ClassVar[tuple[str, ...]] = ("span", "places")

    name: str
    layer: Layer
    span: Span | None = None
    places: dict[str, Span] = {}  # noqa: RUF012 - a record never changes its defaults

    def __str__(self) -> str:
        own = "" if is_automatic(self.name) else f" name={NAME.write(self.name)}"
        return f"{self.layer}{own}"


class Data(Entry):
    """The images to train and test on."""

    word: ClassVar[str] = "data"

    source: str = positional(Choice(*DATASETS), "the name of a dataset")


class Spec(Entry):
    """A network with its input, budgets, claims and training."""

    model: str = option(NAME, "the name of the network", default="model")
    data: Data = option(Made(Data), "the images", default=Data("fashion_mnist_mini"))
    input: tuple[int, ...] = option(
        Dimensions(2), "height, width and channels of an image", default=(28, 28, 1)
    )
    classes: int = option(Whole(2), "how many classes there are", default=10)
    nodes: tuple[Node, ...] = ()
    budgets: tuple[Budget, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    train: Training = Training()

    @property
    def shape(self) -> Shape:
        """The shape of one input image."""
        return shape_of(self.input)

    def __str__(self) -> str:
        settings = self.train.statements()
        parts = [
            self.header(),
            [str(node) for node in self.nodes],
            [str(claim) for claim in (*self.budgets, *self.expectations)],
            ["train {", *(f"  {line}" for line in settings), "}"] if settings else [],
        ]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def header(self) -> list[str]:
        """The statements before the layers. The data is always named; it decides so much."""
        return [
            f"{name} {spec.kind.write(getattr(self, name))}"
            for name, spec in type(self).specs.items()
            if name == "data" or getattr(self, name) != spec.default
        ]


_AUTOMATIC = re.compile(rf"({'|'.join(LAYERS)})(_[0-9]+)?")


def is_automatic(name: str) -> bool:
    """Whether a name looks like one that layers get by themselves: `conv`, `conv_2`."""
    return _AUTOMATIC.fullmatch(name) is not None


def automatic_names() -> Generator[Any, str, None]:
    """A generator that is sent the word of a layer and yields its name: `conv`, `conv_2`, ..."""
    counts: dict[str, int] = {}
    word = yield
    while True:
        counts[word] = number = counts.get(word, 0) + 1
        word = yield word if number == 1 else f"{word}_{number}"
